//! The payload segment of calls.

use bytes::Bytes;
use hypha_codec::{
    CodecRegistry, DecodeError, Decoder, Import, Map, Method, Object, Payload, Promise, Promised,
    Scalar, Value, encode,
};

fn payload(fields: impl Into<Map>) -> Result<Payload, DecodeError> {
    let bytes = encode(&Value::Map(fields.into())).expect("encodes");
    Payload::decode(bytes, &Decoder::new(CodecRegistry::builtin()))
}

#[test]
fn an_absent_segment_is_an_empty_one() {
    let decoder = Decoder::new(CodecRegistry::builtin());
    assert_eq!(
        Payload::decode(Bytes::new(), &decoder).expect("nothing"),
        Payload::default()
    );
    assert_eq!(
        payload(Map::new()).expect("an empty map"),
        Payload::default()
    );
    let trailing = Payload::decode(Bytes::from_static(b"\x80more"), &decoder)
        .expect("the rest does not matter");
    assert_eq!(trailing, Payload::default());
}

#[test]
fn arguments_by_name_are_the_last_argument() {
    let args = Value::from([Value::from(1), Map::from([("k", 2)]).into()]);
    let call = payload([("args", args.clone()), ("with_kwargs", true.into())]).expect("a call");
    assert_eq!(
        (call.args, call.kwargs),
        (vec![1.into()], Some(Map::from([("k", 2)])))
    );
    let call = payload([("args", args), ("with_kwargs", false.into())]).expect("a call");
    assert_eq!((call.args.len(), call.kwargs), (2, None));
    assert!(payload([("args", Value::from([1])), ("with_kwargs", true.into())]).is_err());
}

/// Identity comes from the header; a payload that says otherwise is not even read.
#[test]
fn keys_of_the_header_are_not_read() {
    let forged = [
        ("from", Value::from("*/admin")),
        ("args", Value::from([1])),
        ("ctx", Map::from([("ws", "x")]).into()),
    ];
    let call = payload(forged).expect("a call");
    assert_eq!(call.args, [Value::from(1)]);
    // Not even when it would be an error: an array without shape, a key that is an array.
    let bytes = b"\x82\xa3ctx\x81\xa6_rtype\xa7ndarray\x91\x01\xc0";
    let decoder = Decoder::new(CodecRegistry::builtin());
    assert_eq!(
        Payload::decode(Bytes::from_static(bytes), &decoder).expect("skipped"),
        Payload::default()
    );
}

#[test]
fn both_forms_of_a_promise() {
    let star = payload([("promise", Value::from("*")), ("t", 15.into())]).expect("a call");
    assert_eq!((star.promise, star.interval), (Promise::Star, Some(15.0)));
    let function = |name: &str| Value::from(Method::answer("client", format!("S.{name}")));
    let mut written = Map::from([
        ("heartbeat", function("heartbeat")),
        ("resolve", function("resolve")),
    ]);
    assert_eq!(
        payload([("promise", written.clone())])
            .expect("a call")
            .promise,
        Promise::Invalid
    );
    written.insert("reject", function("reject"));
    written.insert("interval", 7.5);
    let Promise::Written(promise) = payload([("promise", written)]).expect("a call").promise else {
        panic!("a promise written out");
    };
    assert_eq!(promise.resolve.method, "S.resolve");
    assert_eq!(promise.reject.promise, Promised::Never);
    assert_eq!(
        (promise.heartbeat.is_some(), promise.interval),
        (true, Some(7.5))
    );
    assert_eq!(
        payload([("promise", false)]).expect("a call").promise,
        Promise::None
    );
    assert_eq!(
        payload([("promise", true)]).expect("a call").promise,
        Promise::Invalid
    );
}

#[test]
fn encrypted_payloads_are_envelopes() {
    let envelope = Map::from([
        ("v", Value::from(2)),
        ("pub", vec![1_u8; 32].into()),
        ("nonce", vec![2_u8; 24].into()),
    ]);
    let sealed = [
        ("_enc", Value::from(envelope)),
        ("data", vec![3_u8; 50].into()),
        ("args", Value::from([1])),
    ];
    let call = payload(sealed).expect("an encrypted call");
    assert!(
        call.args.is_empty(),
        "what is beside the envelope does not count"
    );
    let envelope = call.encrypted.expect("an envelope");
    assert_eq!((envelope.version, envelope.public_key.len()), (2, 32));
    assert_eq!((envelope.nonce.len(), envelope.data.len()), (24, 50));
    assert!(payload([("_enc", Map::new())]).is_err());
}

/// Makes objects of functions, as the RPC layer does.
struct Importer;

impl Import for Importer {
    fn method(&self, method: Method) -> Result<Value, DecodeError> {
        if method.target.is_empty() {
            return Err(DecodeError::custom("function without a holder"));
        }
        Ok(Value::from(Object::new(method.method)))
    }
}

#[test]
fn functions_in_arguments_are_imported_and_those_of_the_promise_are_not() {
    let function = Value::from(Method::new("client", "S.f"));
    let nested = Value::from([Map::from([("cb", function.clone())])]);
    let promise = Map::from([("resolve", function.clone()), ("reject", function)]);
    let call = Map::from([("args", nested), ("promise", promise.into())]);
    let bytes = encode(&call.into()).expect("encodes");
    let decoder = Decoder::new(CodecRegistry::builtin()).import(&Importer);
    let call = Payload::decode(bytes, &decoder).expect("a call");
    let Some(Value::Object(object)) = call.args[0].get("cb") else {
        panic!("an object expected")
    };
    assert_eq!(
        object
            .downcast_ref::<hypha_codec::Text>()
            .map(|path| path.as_str()),
        Some("S.f")
    );
    assert!(matches!(call.promise, Promise::Written(_)));
    let refused = encode(&Value::from([Value::from(Method::new("", "S.f"))])).expect("encodes");
    assert_eq!(
        decoder.decode(refused).expect_err("refused").to_string(),
        "function without a holder"
    );
}

#[test]
fn plain_arguments_are_read_without_decoding() {
    let large = Bytes::from(vec![7; 60]);
    let args = Value::from(vec![
        Value::from("key"),
        3.into(),
        large.clone().into(),
        true.into(),
        Value::Null,
        Value::from(vec![Value::Null]),
        Map::from([("deep", vec![Value::Null])]).into(),
        1.5.into(),
        "the ninth is not read".into(),
    ]);
    let fields = [
        ("before", Value::from(vec![Value::Null; 3])),
        ("args", args),
        ("promise", "*".into()),
    ];
    let segment = encode(&Value::Map(Map::from(fields))).expect("encodes");
    let scalars = Payload::scalars(&segment).expect("a payload");
    let expected = [
        Scalar::Text("key"),
        Scalar::Int(3.into()),
        Scalar::Bytes(large),
        Scalar::Bool(true),
        Scalar::Null,
        Scalar::Other,
        Scalar::Other,
        Scalar::Other,
    ];
    assert_eq!(scalars, expected);
    let Scalar::Bytes(bytes) = &scalars[2] else {
        panic!("no bytes")
    };
    assert!(segment.as_ptr_range().contains(&bytes.as_ptr()));
}

#[test]
fn what_has_no_plain_arguments_is_refused_or_empty() {
    let cases: [(&[u8], Option<usize>); 8] = [
        (b"", Some(0)),
        (b"\x80", Some(0)),
        (b"\x81\xa4args\x90", Some(0)),
        (b"\x81\xa4args\x91\xc0", Some(1)),
        (b"\x90", None),
        (b"\x81\xa4args\xc0", None),
        (b"\x81\xa4args\x92\xc0", None),
        (b"\x81\xa4args\x91\xa1\xff", None),
    ];
    for (bytes, expected) in cases {
        let segment = Bytes::from_static(bytes);
        let found = Payload::scalars(&segment).ok().map(|scalars| scalars.len());
        assert_eq!(found, expected, "{bytes:?}");
    }
}
