//! Frames and their headers.

use bytes::Bytes;
use hypha_codec::{
    CodecRegistry, HeaderEdits, Map, OutgoingHeader, Packet, Rope, Value, Writer, decode, encode,
    encode_frame,
};

fn frame(header: impl Into<Map>, payload: &[u8]) -> Bytes {
    let header = encode(&Value::Map(header.into())).expect("encodes");
    [&header[..], payload].concat().into()
}

fn call() -> Bytes {
    frame(
        [
            ("type", "method"),
            ("to", "other"),
            ("x-trace", "1"),
            ("method", "services.s.f"),
            ("session", "S"),
        ],
        b"\x81\xa4args\x90garbage",
    )
}

#[test]
fn headers_are_read_without_the_payload() {
    let packet = Packet::parse(call()).expect("a frame");
    let header = packet.header().expect("a header");
    assert_eq!(header.kind(), Some("method"));
    assert_eq!((header.from(), header.to()), (None, Some("other")));
    assert_eq!(
        (header.method(), header.session()),
        (Some("services.s.f"), Some("S"))
    );
    assert_eq!(
        (header.parent(), header.ws(), header.user_bytes()),
        (None, None, None)
    );
    assert_eq!(packet.payload(), &b"\x81\xa4args\x90garbage"[..]);
    assert_eq!(
        packet.field("x-trace").expect("a header"),
        Some(Value::from("1"))
    );
    assert_eq!(packet.field("missing").expect("a header"), None);
    assert_eq!(
        packet.header_value().expect("a header").get("to"),
        Some(&Value::from("other"))
    );
}

#[test]
fn fields_that_are_no_text_count_as_absent() {
    let header = Map::from([
        ("to", Value::Null),
        ("from", 5.into()),
        ("user", Map::from([("id", "u")]).into()),
    ]);
    let packet = Packet::parse(frame(header, b"")).expect("a frame");
    let fields = packet.header().expect("a header");
    assert_eq!((fields.to(), fields.from()), (None, None));
    assert_eq!(
        packet.user().expect("a header").map(decode),
        Some(Ok(Map::from([("id", "u")]).into()))
    );
    assert!(packet.payload().is_empty());
}

#[test]
fn rewriting_keeps_places_and_everything_else() {
    let user = encode(&Map::from([("id", "root")]).into()).expect("encodes");
    let edits = HeaderEdits::new()
        .from("ws/me")
        .to("ws/other")
        .ws("ws")
        .user(&user);
    let rewritten = Packet::parse(call())
        .expect("a frame")
        .rewrite(&edits)
        .expect("rewrites");
    let packet = Packet::parse(rewritten).expect("a frame");
    let expected = Map::from([
        ("type", Value::from("method")),
        ("to", "ws/other".into()),
        ("x-trace", "1".into()),
        ("method", "services.s.f".into()),
        ("session", "S".into()),
        ("from", "ws/me".into()),
        ("ws", "ws".into()),
        ("user", Map::from([("id", "root")]).into()),
    ]);
    assert_eq!(
        packet.header_value().expect("a header"),
        Value::from(expected)
    );
    assert_eq!(packet.payload(), &b"\x81\xa4args\x90garbage"[..]);
    let unchanged = packet.rewrite(&HeaderEdits::new()).expect("rewrites");
    assert_eq!(&unchanged, packet.frame());
}

/// A receiver takes the last of two equal keys: leaving a second `from` would let a sender undo the edit.
#[test]
fn a_second_copy_of_an_edited_field_is_dropped() {
    let mut bytes = vec![0x85];
    for (key, value) in [
        ("from", "a"),
        ("to", "b"),
        ("from", "forged"),
        ("x", "1"),
        ("x", "2"),
    ] {
        for text in [key, value] {
            bytes.push(0xa0 | text.len() as u8);
            bytes.extend(text.bytes());
        }
    }
    bytes.extend(b"\x80");
    let packet = Packet::parse(bytes.into()).expect("a frame");
    assert_eq!(
        packet.header().expect("a header").from(),
        Some("forged"),
        "the last one counts"
    );
    let rewritten = packet
        .rewrite(&HeaderEdits::new().from("ws/true"))
        .expect("rewrites");
    assert!(!rewritten.windows(6).any(|window| window == b"forged"));
    let packet = Packet::parse(rewritten).expect("a frame");
    assert_eq!(packet.header().expect("a header").from(), Some("ws/true"));
    assert_eq!(packet.payload(), &b"\x80"[..]);
}

/// The same trick with a key of bytes, which the references take for the same key.
#[test]
fn a_field_with_a_key_of_bytes_is_the_same_field() {
    let bytes = b"\x82\xa4from\xa1a\xc4\x04from\xa6forged";
    let packet = Packet::parse(Bytes::from_static(bytes)).expect("a frame");
    let rewritten = packet
        .rewrite(&HeaderEdits::new().from("true"))
        .expect("rewrites");
    assert_eq!(&rewritten[..], b"\x81\xa4from\xa4true");
}

#[test]
fn headers_are_written_in_the_order_of_the_references() {
    let header = OutgoingHeader::call("ws/b", "S.resolve")
        .from("ws/a")
        .parent(Some("S"))
        .session(Some("T"));
    let small = encode_frame(&header, Rope::from(Bytes::from_static(b"\x80")));
    assert_eq!(small.segments().count(), 1);
    let mut writer = Writer::new(CodecRegistry::builtin());
    writer.header(&header).map_header(0);
    assert_eq!(writer.finish().into_bytes(), small.clone().into_bytes());
    let packet = Packet::parse(small.into_bytes()).expect("a frame");
    let keys = packet.header_value().expect("a header");
    let keys: Vec<&str> = keys.as_map().expect("a map").keys().collect();
    assert_eq!(keys, ["type", "from", "to", "method", "parent", "session"]);

    let large = Bytes::from(vec![1; 10_000]);
    let frame = encode_frame(
        &OutgoingHeader::event("note", "*"),
        Rope::from(large.clone()),
    );
    assert_eq!(
        frame.segments().last().map(|segment| segment.as_ptr()),
        Some(large.as_ptr())
    );
    let packet = Packet::parse(frame.into_bytes()).expect("a frame");
    assert_eq!(packet.header().expect("a header").kind(), Some("note"));
}

#[test]
fn a_message_inside_others_takes_its_identity_from_them_and_its_payload_is_not_copied() {
    let outer = Map::from([
        ("type", Value::from("method")),
        ("from", "ws/sender".into()),
        ("to", "ws/me".into()),
        ("method", "services.built-in.message_cache.process".into()),
        ("user", Map::from([("id", "u")]).into()),
    ]);
    let outer = Packet::parse(frame(outer, b"")).expect("a frame");
    let inner = Map::from([
        ("type", Value::from("method")),
        ("from", "ws/victim".into()),
        ("to", "elsewhere/victim".into()),
        ("ws", "forged".into()),
        ("method", "services.s.f".into()),
        ("user", "forged".into()),
        ("session", "S".into()),
        ("user", "forged again".into()),
    ]);
    let packet = Packet::parse(frame(inner, b"\x81payload")).expect("a frame");
    let at = packet.payload().as_ptr();
    let header = outer.header().expect("a header");
    let packet = packet
        .edited(&HeaderEdits::new().identity_of(&header))
        .expect("edited");
    let read = packet.header().expect("a header");
    assert_eq!(
        (read.from(), read.to(), read.ws()),
        (Some("ws/sender"), Some("ws/me"), None)
    );
    assert_eq!(
        (read.method(), read.session()),
        (Some("services.s.f"), Some("S"))
    );
    assert_eq!(packet.payload().as_ptr(), at);
    let user = Value::from(Map::from([("id", "u")]));
    assert_eq!(packet.field("user").expect("a header"), Some(user));
    let names: Vec<String> = match packet.header_value().expect("a header") {
        Value::Map(map) => map.keys().map(|key| format!("{key:?}")).collect(),
        other => panic!("{other:?}"),
    };
    assert_eq!(names.len(), 6, "{names:?}");
}

#[test]
fn a_header_is_looked_for_no_further_than_asked() {
    let long = frame([("x", "y".repeat(100))], b"\x80");
    assert!(Packet::parse_within(long.clone(), 100).is_err());
    let packet = Packet::parse_within(long, 110).expect("a frame");
    assert_eq!(packet.payload(), &b"\x80"[..]);
}
