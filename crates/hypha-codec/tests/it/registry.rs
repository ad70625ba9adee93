//! Codecs for types of the user's own.

use hypha_codec::{
    CodecRegistry, DecodeError, Decoder, EncodeError, EncodeErrorKind, Encoder, Export, Map,
    Method, NdArray, Object, RegisterError, Text, TypeCodec, Value, encode,
};

#[derive(Debug, Clone, PartialEq)]
struct Point {
    x: f64,
    y: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Line(Point, Point);

fn coordinate(map: &Map, key: &str) -> Result<f64, DecodeError> {
    map.get(key)
        .and_then(Value::as_f64)
        .ok_or_else(|| DecodeError::custom(format!("point without {key}")))
}

fn point_codec() -> TypeCodec<Point> {
    TypeCodec::<Point>::new("point")
        .encode(|point| Ok(Map::from([("x", point.x), ("y", point.y)])))
        .decode(|map| {
            Ok(Point {
                x: coordinate(&map, "x")?,
                y: coordinate(&map, "y")?,
            })
        })
}

fn end(map: &mut Map, key: &str) -> Result<Point, DecodeError> {
    match map.remove(key) {
        Some(Value::Object(point)) => point
            .downcast()
            .map_err(|_| DecodeError::custom("no point")),
        _ => Err(DecodeError::custom("line without a point")),
    }
}

/// A type that holds other custom types.
fn line_codec() -> TypeCodec<Line> {
    TypeCodec::<Line>::new("line")
        .encode(|line| {
            Ok(Map::from([
                ("a", Object::new(line.0.clone())),
                ("b", Object::new(line.1.clone())),
            ]))
        })
        .decode(|mut map| Ok(Line(end(&mut map, "a")?, end(&mut map, "b")?)))
}

fn registry() -> CodecRegistry {
    let mut registry = CodecRegistry::new();
    registry
        .register(point_codec())
        .expect("registers")
        .register(line_codec())
        .expect("registers");
    registry
}

fn round_trip(registry: &CodecRegistry, value: &Value) -> Value {
    let bytes = Encoder::new(registry)
        .value(value)
        .expect("encodes")
        .into_bytes();
    Decoder::new(registry).decode(bytes).expect("decodes")
}

/// What goes over the wire.
fn wire(registry: &CodecRegistry, value: &Value) -> Value {
    let bytes = Encoder::new(registry)
        .value(value)
        .expect("encodes")
        .into_bytes();
    Decoder::new(CodecRegistry::builtin())
        .keep_tagged_maps()
        .decode(bytes)
        .expect("decodes")
}

#[test]
fn custom_types_hold_custom_types() {
    let line = Line(Point { x: 0.0, y: 1.0 }, Point { x: 2.0, y: 3.0 });
    let Value::Object(read) = round_trip(&registry(), &Object::new(line.clone()).into()) else {
        panic!("no object")
    };
    assert_eq!(read.downcast_ref::<Line>(), Some(&line));
    let wire = wire(&registry(), &Object::new(line).into());
    let keys: Vec<&str> = wire.as_map().expect("a map").keys().collect();
    assert_eq!(keys, ["a", "b", "_rtype"], "the tag comes last");
    assert_eq!(
        wire.get("a").and_then(|point| point.get("_rtype")),
        Some(&Value::from("point"))
    );
}

#[test]
fn an_unknown_tag_stays_a_map() {
    let point = Value::from(Object::new(Point { x: 1.0, y: 2.0 }));
    let bytes = Encoder::new(&registry())
        .value(&point)
        .expect("encodes")
        .into_bytes();
    let read = hypha_codec::decode(bytes).expect("decodes");
    assert_eq!(read.get("_rtype"), Some(&Value::from("point")));
}

struct Callback;

/// Gives every callback a path, as the RPC layer does.
#[derive(Default)]
struct Exporter(Vec<Object>);

impl Export for Exporter {
    fn export(&mut self, object: &Object) -> Result<Value, EncodeError> {
        if !object.is::<Callback>() {
            return Err(EncodeError::unsupported(object.type_name()));
        }
        self.0.push(object.clone());
        Ok(Method::new("ws/me", format!("S.{}", self.0.len())).into())
    }
}

#[test]
fn custom_types_hold_functions() {
    #[derive(Clone)]
    struct Widget;
    let mut registry = CodecRegistry::new();
    let codec = TypeCodec::<Widget>::new("widget")
        .encode(|_| Ok(Map::from([("click", Object::new(Callback))])));
    registry.register(codec).expect("registers");
    let mut exporter = Exporter::default();
    let value = Value::from([
        Value::from(Object::new(Widget)),
        Object::new(Callback).into(),
    ]);
    let bytes = Encoder::new(&registry)
        .export(&mut exporter)
        .value(&value)
        .expect("encodes")
        .into_bytes();
    assert_eq!(exporter.0.len(), 2);
    let read = hypha_codec::decode(bytes).expect("decodes");
    let [widget, Value::Method(second)] = read.as_list().expect("a list") else {
        panic!("a function expected")
    };
    assert!(matches!(widget.get("click"), Some(Value::Method(first)) if first.method == "S.1"));
    assert_eq!(second.method, "S.2");
}

#[test]
fn objects_nobody_knows_are_errors_that_name_the_type() {
    let object = Value::from([Value::from(Object::new(Callback))]);
    let error = encode(&object).expect_err("no codec");
    assert!(error.to_string().contains("Callback"), "{error}");
    assert!(matches!(
        error.kind(),
        EncodeErrorKind::UnsupportedType { .. }
    ));
    let mut exporter = Exporter::default();
    let other = Value::from(Object::new(5_u8));
    let error = Encoder::new(CodecRegistry::builtin())
        .export(&mut exporter)
        .value(&other)
        .expect_err("not exported");
    assert!(error.to_string().contains("u8"), "{error}");
}

#[test]
fn a_codec_can_encode_as_another_tag() {
    let mut registry = registry();
    let codec = TypeCodec::<Line>::new("line").encode(|line| {
        Ok(Map::from([
            ("_rtype", Value::from("point")),
            ("x", line.1.x.into()),
            ("y", line.1.y.into()),
        ]))
    });
    registry.register(codec).expect("registers");
    let line = Line(Point { x: 0.0, y: 0.0 }, Point { x: 1.0, y: 2.0 });
    let Value::Object(read) = round_trip(&registry, &Object::new(line).into()) else {
        panic!("no object")
    };
    assert_eq!(
        read.downcast_ref::<Point>(),
        Some(&Point { x: 1.0, y: 2.0 })
    );
}

#[test]
fn an_encoder_may_return_no_map_at_all() {
    let mut registry = CodecRegistry::new();
    let codec =
        TypeCodec::<Point>::new("point").encode(|point| Ok(format!("{},{}", point.x, point.y)));
    registry.register(codec).expect("registers");
    assert_eq!(
        wire(&registry, &Object::new(Point { x: 1.0, y: 2.0 }).into()),
        Value::from("1,2")
    );
}

#[test]
fn built_in_types_can_be_replaced() {
    let mut registry = CodecRegistry::new();
    let codec = TypeCodec::<NdArray>::new("ndarray")
        .encode(|array| Ok(Map::from([("sides", array.shape().len())])))
        .decode_value(|map| {
            map.get("sides")
                .cloned()
                .ok_or_else(|| DecodeError::custom("no sides"))
        });
    registry.register(codec).expect("registers");
    let array = NdArray::new("int8", [1, 1], vec![5]).expect("one element");
    assert_eq!(round_trip(&registry, &array.clone().into()), Value::from(2));
    assert_eq!(
        round_trip(&CodecRegistry::new(), &array.clone().into()),
        Value::from(array)
    );
}

#[test]
fn what_goes_over_the_wire_as_it_is_cannot_be_replaced() {
    let mut registry = CodecRegistry::new();
    let refused = registry.register(TypeCodec::<String>::new("text").encode(|_| Ok(Value::Null)));
    assert!(matches!(refused, Err(RegisterError::PrimitiveType { .. })));
    let refused = registry
        .register(TypeCodec::<Point>::new("method").decode(|_| Ok(Point { x: 0.0, y: 0.0 })));
    assert_eq!(
        refused.expect_err("reserved").to_string(),
        "tag \"method\" is reserved"
    );
    let refused = registry.register(TypeCodec::<Method>::new("mine").encode(|_| Ok(Value::Null)));
    assert!(matches!(refused, Err(RegisterError::PrimitiveType { .. })));
    assert!(matches!(
        registry.register(TypeCodec::<Point>::new("point")),
        Err(RegisterError::Empty { .. })
    ));
}

#[test]
fn a_codec_that_encodes_its_type_by_itself_is_an_error() {
    let mut registry = CodecRegistry::new();
    let codec = TypeCodec::<Point>::new("point")
        .encode(|point| Ok(Value::from(Object::new(point.clone()))));
    registry.register(codec).expect("registers");
    let error = Encoder::new(&registry)
        .value(&Object::new(Point { x: 0.0, y: 0.0 }).into())
        .expect_err("no end");
    assert!(matches!(error.kind(), EncodeErrorKind::TooDeep { .. }));
}

#[test]
fn registries_are_values() {
    let base = registry();
    let mut other = base.clone();
    other
        .register(TypeCodec::<Value>::new("extra").decode_value(|_| Ok(Value::Null)))
        .expect("registers");
    assert!(other.decodes("extra") && !base.decodes("extra"));
    assert!(base.decodes("point") && base.decodes("ndarray") && base.decodes("method"));
    assert!(!CodecRegistry::builtin().decodes("point"));
}

#[test]
fn errors_of_decoders_reach_the_caller() {
    let bytes = encode(&Map::from([("_rtype", "point")]).into()).expect("encodes");
    let error = Decoder::new(&registry()).decode(bytes).expect_err("no x");
    assert_eq!(error.to_string(), "point without x");
}

#[test]
fn only_the_built_in_forms_with_their_fields_are_accepted() {
    let refused = |entries: &[(&'static str, Value)]| {
        let bytes = encode(&Value::from(Map::from_iter(entries.iter().cloned()))).expect("encodes");
        hypha_codec::decode(bytes)
            .expect_err("a field is wrong")
            .to_string()
    };
    let tag = |tag: &'static str| ("_rtype", Value::from(tag));
    assert_eq!(
        refused(&[tag("set")]),
        "field _rvalue of set should be a list"
    );
    assert_eq!(
        refused(&[tag("method")]),
        "field _rtarget of method should be text"
    );
    assert_eq!(
        refused(&[tag("generator"), ("_rtarget", "c".into())]),
        "field _rmethod of generator should be text"
    );
    let array = |shape: Value| {
        refused(&[
            tag("ndarray"),
            ("_rvalue", vec![0_u8; 4].into()),
            ("_rshape", shape),
            ("_rdtype", "int16".into()),
        ])
    };
    assert_eq!(array([3].into()), "invalid array");
    assert_eq!(
        array([-2].into()),
        "field _rshape of ndarray should be a list of sizes"
    );
    assert_eq!(
        array([0.5].into()),
        "field _rshape of ndarray should be a list of sizes"
    );
    let error = hypha_codec::decode(
        encode(
            &Map::from([
                tag("error"),
                ("_rvalue", Value::from([1])),
                ("code", 7.into()),
            ])
            .into(),
        )
        .expect("encodes"),
    );
    let Ok(Value::Error(error)) = error else {
        panic!("an error value expected")
    };
    assert_eq!(
        (error.message, error.trace, error.extra),
        (Text::from("[1]"), None, Map::from([("code", 7)]))
    );
}
