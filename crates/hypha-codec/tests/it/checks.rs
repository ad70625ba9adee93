//! What must hold for any bytes at all. The fuzz targets run the same checks.

use bytes::Bytes;
use hypha_codec::{
    CodecRegistry, DecodeLimits, Decoder, EncodeErrorKind, Encoder, HeaderEdits, Packet, Payload,
    Value,
};

/// Decodes as one value, in every way there is.
pub(crate) fn value(input: &[u8]) {
    let bytes = Bytes::copy_from_slice(input);
    let decoder = Decoder::new(CodecRegistry::builtin());
    let tight = DecodeLimits::default()
        .with_max_depth(8)
        .with_max_values(64)
        .with_max_bytes(512);
    if decoder.limits(tight).decode(bytes.clone()).is_ok() {
        assert!(
            decoder.keep_tagged_maps().decode(bytes.clone()).is_ok(),
            "looser is not stricter"
        );
    }
    drop(Payload::decode(bytes.clone(), &decoder));
    let Ok((value, rest)) = decoder.decode_prefix(bytes.clone()) else {
        return;
    };
    assert_eq!(decoder.decode(bytes).is_ok(), rest.is_empty());
    drop(format!("{value:?}"));
    written_again(&value);
    written_again(&value.detach());
}

/// What was read can be written, unless a map has a key that cannot be sent; and then it is a fixed point.
fn written_again(value: &Value) {
    match Encoder::new(CodecRegistry::builtin()).value(value) {
        Ok(rope) => {
            let pieces = rope.clone().chunks(100).collect::<Vec<Bytes>>().concat();
            let written = rope.into_bytes();
            assert_eq!(pieces, written);
            let again = Decoder::new(CodecRegistry::builtin())
                .decode(written.clone())
                .expect("we wrote it");
            let rope = Encoder::new(CodecRegistry::builtin())
                .value(&again)
                .expect("we read it");
            assert_eq!(rope.into_bytes(), written);
        }
        Err(error) => {
            let explained = matches!(
                error.kind(),
                EncodeErrorKind::NonTextKey { .. } | EncodeErrorKind::TooDeep { .. }
            );
            assert!(explained, "{error}");
        }
    }
}

/// Takes as a frame, and rewrites its header.
pub(crate) fn frame(input: &[u8]) {
    let Ok(packet) = Packet::parse(Bytes::copy_from_slice(input)) else {
        return;
    };
    drop((packet.header_value(), packet.field("data"), packet.user()));
    drop(Payload::decode(
        packet.payload(),
        &Decoder::new(CodecRegistry::builtin()),
    ));
    let edits = HeaderEdits::new()
        .from("ws/from")
        .to("ws/to")
        .ws("ws")
        .user(b"\x81\xa2id\xa1u");
    match (packet.header(), packet.rewrite(&edits)) {
        (Ok(header), Ok(frame)) => {
            let rewritten = Packet::parse(frame).expect("we wrote it");
            assert_eq!(rewritten.payload(), packet.payload());
            let after = rewritten.header().expect("we wrote it");
            assert_eq!(
                (after.from(), after.to(), after.ws()),
                (Some("ws/from"), Some("ws/to"), Some("ws"))
            );
            assert_eq!(after.user_bytes(), Some(&b"\x81\xa2id\xa1u"[..]));
            assert_eq!(
                (after.kind(), after.method()),
                (header.kind(), header.method())
            );
            assert_eq!(
                (after.session(), after.parent()),
                (header.session(), header.parent())
            );
        }
        // A field that is no UTF-8 and is replaced is no error of the rewritten frame.
        (Err(_), rewritten) => drop(rewritten),
        (Ok(_), Err(error)) => panic!("readable, but not to be rewritten: {error}"),
    }
}
