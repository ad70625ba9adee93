//! Typed values through serde.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;
use hypha_codec::{
    Binary, CodecRegistry, Custom, DType, EncodeErrorKind, Encoder, ErrorValue, Ext, Integer, Map,
    Method, NdArray, Object, Text, Timestamp, TypedArray, Value, Writer, decode, encode,
    from_value, to_value,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// By way of a value and by way of bytes, both must give the same.
fn wire<T: Serialize>(value: &T) -> Value {
    let direct = Encoder::new(CodecRegistry::builtin())
        .typed(value)
        .expect("encodes")
        .into_bytes();
    let made = to_value(value).expect("becomes a value");
    assert_eq!(
        direct,
        encode(&made).expect("encodes"),
        "both ways of encoding agree"
    );
    made
}

#[track_caller]
fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    typed: &T,
    value: impl Into<Value>,
) {
    let made = wire(typed);
    assert_eq!(made, value.into());
    assert_eq!(
        from_value::<T>(decode(encode(&made).expect("encodes")).expect("decodes"))
            .expect("reads back"),
        *typed
    );
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Point {
    x: f64,
    y: i32,
    label: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Empty,
    Circle(f64),
    Line(Point, Point),
    Named { name: String, sides: u8 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Wrapper(u16);

fn point() -> Point {
    Point {
        x: 1.5,
        y: -2,
        label: None,
    }
}

fn point_value() -> Value {
    Value::from(Map::from([
        ("x", Value::from(1.5)),
        ("y", Value::from(-2)),
        ("label", Value::Null),
    ]))
}

#[test]
fn plain_types() {
    there_and_back(&true, true);
    there_and_back(&u64::MAX, u64::MAX);
    there_and_back(&i64::MIN, i64::MIN);
    there_and_back(&1.5_f32, 1.5);
    there_and_back(&'ß', "ß");
    there_and_back(&(), Value::Null);
    there_and_back(&Some(3), 3);
    there_and_back(&None::<i32>, Value::Null);
    there_and_back(&String::from("text"), "text");
    there_and_back(&(1, String::from("a")), [Value::from(1), "a".into()]);
    there_and_back(&vec![1, 2], [1, 2]);
    there_and_back(&Wrapper(7), 7);
    there_and_back(&point(), point_value());
    there_and_back(&i128::from(u64::MAX), u64::MAX);
    assert_eq!(
        to_value(&(i128::from(u64::MAX) + 1))
            .expect_err("too large")
            .kind(),
        &EncodeErrorKind::IntegerTooLarge
    );
}

#[test]
fn enums_are_tagged_from_outside() {
    there_and_back(&Shape::Empty, "Empty");
    there_and_back(&Shape::Circle(2.0), Map::from([("Circle", 2.0)]));
    there_and_back(
        &Shape::Line(point(), point()),
        Map::from([("Line", [point_value(), point_value()])]),
    );
    let named = Map::from([("name", Value::from("square")), ("sides", 4.into())]);
    there_and_back(
        &Shape::Named {
            name: "square".into(),
            sides: 4,
        },
        Map::from([("Named", named)]),
    );
}

#[test]
fn maps_have_text_keys() {
    there_and_back(
        &BTreeMap::from([(1, true), (20, false)]),
        Map::from([("1", true), ("20", false)]),
    );
    there_and_back(&BTreeMap::from([(true, 1)]), Map::from([("true", 1)]));
    there_and_back(&BTreeMap::from([('c', 1)]), Map::from([("c", 1)]));
    there_and_back(
        &BTreeMap::from([(Text::from("k"), 1)]),
        Map::from([("k", 1)]),
    );
    let refused = to_value(&BTreeMap::from([((1, 2), 3)])).expect_err("a tuple is no key");
    assert_eq!(
        refused.to_string(),
        "map key is not text but list; an ordered map takes keys of any kind"
    );
    let pairs = Value::OrderedMap(vec![
        (Value::from(1), "x".into()),
        (Value::from("2"), "y".into()),
    ]);
    let read: HashMap<u8, String> = from_value(pairs).expect("keys of both kinds are integers");
    assert_eq!(read, HashMap::from([(1, "x".into()), (2, "y".into())]));
}

#[test]
fn whole_floats_and_integers_are_the_same_number() {
    assert_eq!(from_value::<u8>(Value::from(15.0)).expect("whole"), 15);
    assert_eq!(from_value::<f64>(Value::from(15)).expect("exact"), 15.0);
    assert_eq!(from_value::<f32>(Value::from(-3)).expect("exact"), -3.0);
    assert!(
        from_value::<f32>(Value::from(1e300)).is_err(),
        "not infinity"
    );
    assert!(from_value::<f32>(Value::from(f64::INFINITY)).is_ok());
    assert!(from_value::<u8>(Value::from(15.5)).is_err());
    assert!(from_value::<u8>(Value::from(256)).is_err());
    assert!(from_value::<i64>(Value::from(u64::MAX)).is_err());
    assert!(
        from_value::<f64>(Value::from((1_u64 << 53) + 1)).is_err(),
        "it would lose digits"
    );
    assert_eq!(
        from_value::<Integer>(Value::from(2.0)).expect("whole"),
        Integer::from(2)
    );
}

#[test]
fn sequences_read_everything_that_is_one() {
    assert_eq!(
        from_value::<Vec<u8>>(Value::from(vec![1_u8, 2])).expect("bytes"),
        [1, 2]
    );
    let set = Value::Set(vec![1.into(), 2.into()]);
    assert_eq!(
        from_value::<HashSet<i32>>(set.clone()).expect("a set"),
        HashSet::from([1, 2])
    );
    assert_eq!(from_value::<Vec<i32>>(set).expect("a set"), [1, 2]);
    let floats = NdArray::new(
        DType::Float32,
        [2, 1],
        [1.5_f32.to_le_bytes(), 2_f32.to_le_bytes()].concat(),
    );
    let floats = Value::from(floats.expect("two floats"));
    assert_eq!(
        from_value::<Vec<Vec<f64>>>(floats.clone()).expect("two rows"),
        [[1.5], [2.0]]
    );
    assert_eq!(
        from_value::<[[f32; 1]; 2]>(floats).expect("two rows"),
        [[1.5], [2.0]]
    );
    let typed =
        Value::from(TypedArray::new(DType::Int16, vec![1, 0, 255, 255]).expect("two elements"));
    assert_eq!(
        from_value::<Vec<i64>>(typed.clone()).expect("numbers"),
        [1, -1]
    );
    assert_eq!(
        from_value::<NdArray>(typed)
            .expect("one-dimensional")
            .shape(),
        [2]
    );
    let scalar = Value::from(
        NdArray::new(DType::Int64, [], 7_i64.to_le_bytes().to_vec()).expect("one element"),
    );
    assert_eq!(
        from_value::<u8>(scalar.clone()).expect("a numpy scalar is a number"),
        7
    );
    assert_eq!(
        from_value::<f64>(scalar).expect("a numpy scalar is a number"),
        7.0
    );
    let huge = NdArray::new(DType::Int64, [usize::MAX, 0], vec![]).expect("no elements");
    assert!(
        from_value::<Vec<Vec<i64>>>(huge.into()).is_err(),
        "rows without end"
    );
    let pairs = Value::OrderedMap(vec![(Value::Null, 1.into())]);
    assert_eq!(
        from_value::<Vec<(Option<u8>, u8)>>(pairs).expect("pairs"),
        [(None, 1)]
    );
}

#[test]
fn too_many_items_are_an_error() {
    let error = from_value::<(u8, u8)>(Value::from([1, 2, 3])).expect_err("one too many");
    assert_eq!(
        error.to_string(),
        "invalid length 3, expected a sequence of 2 items"
    );
    assert!(from_value::<(u8, u8)>(Value::from([1])).is_err());
}

#[derive(Debug, Deserialize)]
struct Call {
    #[expect(dead_code, reason = "only its errors matter")]
    args: (u8, Point),
}

#[test]
fn errors_say_where() {
    let args = Value::from([
        Value::from(1),
        Map::from([("x", Value::from(1)), ("y", "two".into())]).into(),
    ]);
    let error = from_value::<Call>(Map::from([("args", args)]).into()).expect_err("y is text");
    assert_eq!(error.path(), "args[1].y");
    assert_eq!(
        error.to_string(),
        "args[1].y: invalid type: string \"two\", expected i32"
    );
    let error = from_value::<u8>(Value::from(Ext::new(5, vec![]))).expect_err("no number");
    assert_eq!(error.to_string(), "invalid type: extension, expected u8");
    let error = from_value::<Shape>(Map::from([("Circle", "x")]).into()).expect_err("no radius");
    assert_eq!(error.path(), "Circle");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Natives {
    bytes: Binary,
    text: Text,
    array: Option<NdArray>,
    any: Value,
    map: Map,
    both: (TypedArray, Timestamp),
    list: Vec<Ext>,
    method: Box<Method>,
    error: ErrorValue,
    number: Integer,
}

fn natives(large: Bytes) -> Natives {
    Natives {
        bytes: Binary::from(large.clone()),
        text: Text::from("text"),
        array: NdArray::new(DType::Uint8, [large.len()], large.clone()).ok(),
        any: Value::from([
            Value::from(large),
            Value::Set(vec![1.into()]),
            Map::from([("k", 1)]).into(),
        ]),
        map: Map::from([("n", 1)]),
        both: (
            TypedArray::new(DType::Int8, vec![1]).expect("one element"),
            Timestamp::new(-1, 5).expect("a valid time"),
        ),
        list: vec![Ext::new(5, vec![1])],
        method: Box::new(Method::new("ws/client", "services.s.f").with_name("f")),
        error: ErrorValue::new("boom"),
        number: Integer::from(u64::MAX),
    }
}

#[test]
fn native_types_travel_whole_inside_everything() {
    let large = Bytes::from(vec![7; 100_000]);
    let natives = natives(large.clone());
    let value = wire(&natives);
    assert_eq!(
        value
            .get("bytes")
            .and_then(Value::as_bytes)
            .map(|bytes| bytes.as_ptr()),
        Some(large.as_ptr())
    );
    let read: Natives = from_value(value).expect("reads back");
    assert_eq!(read, natives);
    assert_eq!(read.bytes.as_ptr(), large.as_ptr());
    assert_eq!(
        read.array.expect("an array").data().as_ptr(),
        large.as_ptr()
    );
    let rope = Encoder::new(CodecRegistry::builtin())
        .typed(&natives)
        .expect("encodes");
    let by_reference = rope
        .segments()
        .filter(|segment| segment.as_ptr() == large.as_ptr())
        .count();
    assert_eq!(by_reference, 3, "bytes, array and the bytes in the value");
}

#[test]
fn native_types_have_a_readable_form_elsewhere() {
    let natives = natives(Bytes::from_static(b"\x00\xff"));
    let json = serde_json::to_string(&natives).expect("serialises");
    assert!(json.starts_with(
        r#"{"bytes":{"_rtype":"bytes","_rvalue":"00ff"},"text":"text","array":{"_rtype":"ndarray""#
    ));
    assert_eq!(
        serde_json::from_str::<Natives>(&json).expect("reads back"),
        natives
    );
    let packed = rmp_serde::to_vec_named(&natives).expect("serialises");
    assert_eq!(
        rmp_serde::from_slice::<Natives>(&packed).expect("reads back"),
        natives
    );
    let refused =
        serde_json::to_string(&Value::from(Object::new(1_u8))).expect_err("objects have no form");
    assert_eq!(
        refused.to_string(),
        "no codec for type u8, and it cannot be exported here"
    );
}

#[test]
fn a_foreign_serialiser_inside_leaves_nothing_behind() {
    struct Json(Value);
    impl Serialize for Json {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer
                .serialize_str(&serde_json::to_string(&self.0).map_err(serde::ser::Error::custom)?)
        }
    }
    let value = to_value(&(Json(Value::from(vec![1_u8])), Wrapper(2))).expect("serialises");
    assert_eq!(
        value,
        Value::from([
            Value::from(r#"{"_rtype":"bytes","_rvalue":"01"}"#),
            2.into()
        ])
    );
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(f64),
    Native(Box<Natives>),
    Any(Value),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    id: u32,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

#[test]
fn buffered_types_read_natives_too() {
    there_and_back(&Either::Number(1.5), 1.5);
    let natives = Natives {
        any: Value::from([Value::from(Ext::new(1, vec![2]))]),
        ..natives(Bytes::from_static(b"ab"))
    };
    assert_eq!(
        from_value::<Either>(wire(&natives)).expect("a struct of natives"),
        Either::Native(Box::new(natives))
    );
    assert_eq!(
        from_value::<Either>(Value::from("x")).expect("anything"),
        Either::Any(Value::from("x"))
    );
    let rest = HashMap::from([
        ("a".to_owned(), Value::from(vec![1_u8])),
        ("b".to_owned(), ErrorValue::new("e").into()),
    ]);
    let flat = Flat { id: 1, rest };
    assert_eq!(from_value::<Flat>(wire(&flat)).expect("reads back"), flat);
}

#[derive(Debug, Clone, PartialEq)]
struct Secret(u8);

#[test]
fn objects_pass_through() {
    let value = to_value(&(Custom::new(Secret(1)), Some(Custom::new(Secret(2)))))
        .expect("objects are values");
    let (one, two): (Custom<Secret>, Option<Custom<Secret>>) =
        from_value(value.clone()).expect("reads back");
    assert_eq!(
        (one.into_inner(), two.map(Custom::into_inner)),
        (Secret(1), Some(Secret(2)))
    );
    let wrong = from_value::<(Custom<u8>, Value)>(value).expect_err("another type");
    assert!(
        wrong.to_string().starts_with("[0]: invalid type: "),
        "{wrong}"
    );
}

#[test]
fn unknown_lengths_are_counted() {
    struct Unknown(Vec<Bytes>);
    impl Serialize for Unknown {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;
            let mut seq = serializer.serialize_seq(None)?;
            for bytes in &self.0 {
                seq.serialize_element(&(Binary::from(bytes.clone()), 1))?;
            }
            seq.end()
        }
    }
    let large = Bytes::from(vec![1; 20_000]);
    for count in [0, 1, 15, 16, 70_000] {
        let small = Unknown(vec![Bytes::from_static(b"x"); count]);
        assert_eq!(wire(&small).as_list().map(<[Value]>::len), Some(count));
    }
    let nested = vec![
        Unknown(vec![large.clone(), large.clone()]),
        Unknown(vec![large]),
    ];
    assert_eq!(wire(&nested).as_list().map(<[Value]>::len), Some(2));
}

#[test]
fn a_serializer_that_miscounts_is_an_error() {
    struct Liar;
    impl Serialize for Liar {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;
            let mut seq = serializer.serialize_seq(Some(2))?;
            seq.serialize_element(&1)?;
            seq.end()
        }
    }
    let mut writer = Writer::new(CodecRegistry::builtin());
    let error = writer.typed(&Liar).expect_err("one item is missing");
    assert_eq!(error.to_string(), "serialised 1 items after announcing 2");
}

#[test]
fn serde_bytes_read_and_write_bin() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Blob {
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
    }
    there_and_back(
        &Blob { data: vec![1, 2] },
        Map::from([("data", Value::from(vec![1_u8, 2]))]),
    );
}
