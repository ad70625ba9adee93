//! Encrypted payload segments, and what they say of themselves.

use bytes::Bytes;
use hypha_codec::{
    Binding, CodecRegistry, Decoder, Envelope, Map, OutgoingHeader, Packet, Payload, Value, encode,
    encode_frame,
};

fn segment(map: Map) -> Bytes {
    encode(&Value::Map(map)).expect("encodes")
}

fn envelope() -> Envelope {
    Envelope::new(
        Bytes::from_static(&[1; 32]),
        Bytes::from_static(&[2; 24]),
        Bytes::from_static(b"sealed"),
    )
}

#[test]
fn an_envelope_comes_back() {
    let written = envelope().encode().expect("encodes").into_bytes();
    assert_eq!(Envelope::read(&written).expect("reads"), Some(envelope()));
    let decoder = Decoder::new(CodecRegistry::builtin());
    let payload = Payload::decode(written, &decoder).expect("reads");
    assert_eq!(payload.encrypted, Some(envelope()));
}

#[test]
fn the_order_of_its_parts_does_not_matter() {
    let Envelope {
        public_key,
        nonce,
        data,
        ..
    } = envelope();
    let enc = Map::from([
        ("nonce", Value::from(nonce)),
        ("pub", Value::from(public_key)),
        ("v", Value::from(2)),
    ]);
    let turned = segment(Map::from([
        ("data", Value::from(data)),
        ("_enc", Value::Map(enc)),
    ]));
    assert_eq!(Envelope::read(&turned).expect("reads"), Some(envelope()));
}

#[test]
fn other_segments_are_none() {
    for other in [
        segment(Map::new()),
        segment(Map::from([
            ("args", Value::from([1])),
            ("data", Value::from(1)),
        ])),
        segment(Map::from([
            ("data", Value::from([1])),
            ("args", Value::from([1])),
        ])),
        Bytes::new(),
        Bytes::from_static(b"\x82"),
        Bytes::from_static(b"\x82\xa4"),
    ] {
        assert_eq!(Envelope::read(&other).expect("not one"), None, "{other:?}");
    }
}

#[test]
fn an_envelope_without_a_part_is_an_error() {
    let enc = |map: Map| {
        segment(Map::from([
            ("_enc", Value::Map(map)),
            ("data", Value::from(Bytes::new())),
        ]))
    };
    assert!(Envelope::read(&enc(Map::new())).is_err());
    assert!(Envelope::read(&enc(Map::from([("v", Value::from(2))]))).is_err());
    assert!(
        Envelope::read(&segment(Map::from([
            ("_enc", Value::from(1)),
            ("data", Value::from(1))
        ])))
        .is_err()
    );
}

#[test]
fn a_binding_is_read_without_the_rest() {
    let binding = Binding::new("ws/them", "services.a.b", 1_700_000_000_123);
    for binding in [binding.clone().answered_at(Some("S7")), binding] {
        let mut bytes = vec![0x81 + 4];
        bytes.extend_from_slice(b"\xa4args\x91\x01");
        bytes.extend_from_slice(&binding.entries().expect("encodes").into_bytes());
        let bytes = Bytes::from(bytes);
        assert_eq!(Binding::read(&bytes).expect("reads"), Some(binding));
        let decoder = Decoder::new(CodecRegistry::builtin());
        let payload = Payload::decode(bytes, &decoder).expect("reads");
        assert_eq!(payload.args, [Value::from(1)]);
    }
    let without = segment(Map::from([("args", Value::from([1]))]));
    assert_eq!(Binding::read(&without).expect("reads"), None);
}

#[test]
fn a_part_of_a_binding_is_an_error() {
    for part in [
        Map::from([("_to", Value::from("x"))]),
        Map::from([("_to", Value::from("x")), ("_method", Value::from("x"))]),
        Map::from([
            ("_to", Value::from("x")),
            ("_method", Value::from("x")),
            ("_ts", Value::from(1)),
        ]),
        Map::from([
            ("_to", Value::from(1)),
            ("_method", Value::from("x")),
            ("_session", Value::Null),
            ("_ts", Value::from(1)),
        ]),
        Map::from([
            ("_to", Value::from("x")),
            ("_method", Value::from("x")),
            ("_session", Value::from(1)),
            ("_ts", Value::from(1)),
        ]),
        Map::from([
            ("_to", Value::from("x")),
            ("_method", Value::from("x")),
            ("_session", Value::Null),
            ("_ts", Value::from(-1)),
        ]),
    ] {
        assert!(Binding::read(&segment(part)).is_err());
    }
    assert!(Binding::read(&Bytes::new()).is_err());
    assert!(Binding::read(&Bytes::from_static(b"\x01")).is_err());
}

#[test]
fn a_packet_with_another_payload_keeps_its_header() {
    let header = OutgoingHeader::call("ws/them", "services.a.b");
    let frame = encode_frame(&header, envelope().encode().expect("encodes")).into_bytes();
    let packet = Packet::parse(frame).expect("parses");
    let opened = packet.with_payload(segment(Map::from([("args", Value::from([1]))])));
    assert_eq!(
        opened.header().expect("reads").method(),
        Some("services.a.b")
    );
    assert_eq!(
        opened.payload(),
        segment(Map::from([("args", Value::from([1]))]))
    );
}
