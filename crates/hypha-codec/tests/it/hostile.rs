//! Input made to hurt: it is refused at once, without a panic, deep recursion or large allocations.

use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hypha_codec::{
    CodecRegistry, DecodeErrorKind, DecodeLimits, Decoder, EncodeErrorKind, Packet, Payload, Value,
    decode, encode,
};

fn kind(bytes: impl Into<Bytes>) -> DecodeErrorKind {
    decode(bytes.into())
        .expect_err("hostile input")
        .kind()
        .clone()
}

/// So many lists or maps in each other, around one nil.
fn nested(header: &[u8], levels: usize) -> Vec<u8> {
    let mut bytes = header.repeat(levels);
    bytes.push(0xc0);
    bytes
}

/// On a stack as small as those that async runtimes and `std` give their threads.
fn on_small_stack(f: impl FnOnce() + Send + 'static) {
    thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(f)
        .expect("a thread")
        .join()
        .expect("no overflow");
}

#[test]
fn depth_is_bounded() {
    for header in [
        &[0x91][..],
        &[0x81, 0xa1, b'k'],
        &[0x81, 0xc0],
        &[0xdd, 0, 0, 0, 1],
    ] {
        let bytes = nested(header, 100_000);
        on_small_stack(move || assert!(matches!(kind(bytes), DecodeErrorKind::TooDeep { .. })));
    }
    // A map whose key is a map, and so on.
    on_small_stack(|| {
        assert!(matches!(
            kind(vec![0x81; 100_000]),
            DecodeErrorKind::TooDeep { .. }
        ))
    });
}

#[test]
fn the_deepest_value_allowed_fits_a_small_stack() {
    for header in [&[0x91][..], &[0x81, 0xa1, b'k']] {
        let bytes = nested(header, 1024);
        on_small_stack(move || {
            let value = decode(bytes.clone().into()).expect("just deep enough");
            assert_eq!(value.clone(), value);
            assert_eq!(encode(&value).expect("encodes"), bytes);
            assert!(format!("{value:?}").len() > 1024);
            assert_eq!(value.clone().detach(), value);
        });
    }
}

/// The maps of a list that have the same keys are read in another way, which must not be deeper on the stack.
#[test]
fn the_deepest_maps_with_common_keys_fit_a_small_stack() {
    let mut bytes = vec![0x98];
    for levels in [2, 1023, 1, 1, 1, 1, 1, 1] {
        bytes.extend(nested(&[0x81, 0xa1, b'k'], levels));
    }
    on_small_stack(move || {
        let value = decode(bytes.clone().into()).expect("just deep enough");
        assert_eq!(value.clone(), value);
        assert_eq!(encode(&value).expect("encodes"), bytes);
        assert_eq!(value.clone().detach(), value);
    });
}

#[cfg(feature = "serde")]
#[test]
fn deep_values_pass_serde_on_a_small_stack() {
    let bytes = nested(&[0x91], 1024);
    on_small_stack(move || {
        let value = decode(bytes.clone().into()).expect("just deep enough");
        let mut writer = hypha_codec::Writer::new(CodecRegistry::builtin());
        writer.typed(&value).expect("encodes");
        assert_eq!(writer.finish().into_bytes(), bytes);
        assert_eq!(hypha_codec::to_value(&value).expect("serialises"), value);
        assert_eq!(
            hypha_codec::from_value::<Value>(value.clone()).expect("deserialises"),
            value
        );
    });
}

#[cfg(feature = "serde")]
#[test]
fn serde_is_not_led_into_deep_recursion() {
    let bytes = nested(&[0x91], 1024);
    on_small_stack(move || {
        let value = decode(bytes.into()).expect("just deep enough");
        let error = hypha_codec::from_value::<serde_json::Value>(value.clone())
            .expect_err("too deep for a type");
        assert_eq!(error.message(), "values nested deeper than 256 levels");
        let error = serde_json::to_string(&value).expect_err("too deep for another format");
        assert_eq!(error.to_string(), "values nested deeper than 256 levels");
        let shallow = decode(nested(&[0x91], 256).into()).expect("decodes");
        let json: serde_json::Value =
            hypha_codec::from_value(shallow.clone()).expect("deep enough for a type");
        assert_eq!(
            serde_json::to_value(&shallow).expect("deep enough for another format"),
            json
        );
        assert_eq!(hypha_codec::to_value(&json).expect("serialises"), shallow);
    });
}

#[test]
fn lists_600_deep_pass() {
    let bytes = nested(&[0x91], 600);
    on_small_stack(move || {
        assert_eq!(
            encode(&decode(bytes.clone().into()).expect("decodes")).expect("encodes"),
            bytes
        )
    });
}

#[test]
fn too_deep_values_are_not_encoded() {
    let mut value = Value::Null;
    for _ in 0..1025 {
        value = Value::from([value]);
    }
    on_small_stack(move || {
        let error = encode(&value).expect_err("too deep");
        assert!(matches!(
            error.kind(),
            EncodeErrorKind::TooDeep { limit: 1024, .. }
        ));
    });
}

#[test]
fn announced_sizes_are_not_believed() {
    for bytes in [
        &[0xdd, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5][..], // a list
        &[0xdf, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5],     // a map
        &[0xdb, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5],     // a text
        &[0xc6, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5],     // bytes
        &[0xc9, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5],     // an extension
        &[0xdc, 0xff, 0xff],
        &[0x9f],
        &[0xcb, 0],
        &[],
    ] {
        assert_eq!(
            kind(bytes.to_vec()),
            DecodeErrorKind::Truncated,
            "{bytes:x?}"
        );
    }
    // Lists that each announce all of the rest: together they announce far more than there is.
    let mut bytes = [0xdc, 0x07, 0xff].repeat(1000);
    bytes.resize(4000, 0xc0);
    assert_eq!(kind(bytes), DecodeErrorKind::Truncated);
}

#[test]
fn broken_content_is_named() {
    assert_eq!(kind(vec![0xa2, 0xc3, 0x28]), DecodeErrorKind::InvalidUtf8);
    assert!(matches!(
        kind(vec![0xc1]),
        DecodeErrorKind::InvalidMarker { marker: 0xc1, .. }
    ));
    assert_eq!(kind(vec![1, 2]), DecodeErrorKind::TrailingBytes);
    let mut long = vec![0xda, 0x20, 0x00];
    long.resize(0x2003, 0xff);
    assert_eq!(
        kind(long),
        DecodeErrorKind::InvalidUtf8,
        "a text that would be a slice of the frame"
    );
}

#[test]
fn limits_are_kept() {
    let decoder = Decoder::new(CodecRegistry::builtin());
    let kind = |limits, bytes: &'static [u8]| {
        let result = decoder.limits(limits).decode(Bytes::from_static(bytes));
        result.map_err(|error| error.kind().clone())
    };
    let limits = DecodeLimits::default();
    assert_eq!(
        kind(limits.with_max_depth(1), b"\x91\x01"),
        Ok(Value::from([1]))
    );
    assert!(matches!(
        kind(limits.with_max_depth(1), b"\x91\x90"),
        Err(DecodeErrorKind::TooDeep { limit: 1, .. })
    ));
    assert_eq!(
        kind(limits.with_max_values(2), b"\x92\x01\x02"),
        Ok(Value::from([1, 2]))
    );
    assert!(matches!(
        kind(limits.with_max_values(2), b"\x92\x01\x91\x02"),
        Err(DecodeErrorKind::TooManyValues { limit: 2, .. })
    ));
    assert!(matches!(
        kind(limits.with_max_bytes(1), b"\x91\x01"),
        Err(DecodeErrorKind::TooLong { limit: 1, .. })
    ));
    let deep = nested(&[0x91], 5000).into();
    let asked = decoder
        .limits(limits.with_max_depth(usize::MAX))
        .decode(deep)
        .expect_err("the stack is not for sale");
    assert!(matches!(
        asked.kind(),
        DecodeErrorKind::TooDeep { limit: 1024, .. }
    ));
}

#[test]
fn a_hundred_thousand_keys_take_no_time() {
    let mut same = vec![0xdf, 0x00, 0x01, 0x86, 0xa0];
    let mut all = same.clone();
    for key in 0..100_000_u32 {
        same.extend(b"\xa1k\xc0");
        all.push(0xa6);
        all.extend(format!("{key:06}").bytes());
        all.push(0xc0);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "quadratic work would take minutes, so that any clock will do"
    )]
    let started = Instant::now();
    assert_eq!(
        decode(same.into())
            .expect("decodes")
            .as_map()
            .map(hypha_codec::Map::len),
        Some(1)
    );
    assert_eq!(
        decode(all.into())
            .expect("decodes")
            .as_map()
            .map(hypha_codec::Map::len),
        Some(100_000)
    );
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "duplicate keys are looked for in linear time"
    );
}

#[test]
fn frames_that_are_none() {
    for bytes in [
        &b""[..],
        b"\xc0",
        b"\x93",
        b"\x81\xa4type",
        b"\xc1",
        b"\xdf\xff\xff\xff\xff\xa1a",
    ] {
        assert!(
            Packet::parse(Bytes::from_static(bytes)).is_err(),
            "{bytes:x?}"
        );
    }
    let deep = [&b"\x81\xa1k"[..], &nested(&[0x91], 1_000_000)].concat();
    assert!(
        Packet::parse(deep.into()).is_ok(),
        "finding the boundary is no recursion"
    );
    let integer_key = Packet::parse(Bytes::from_static(b"\x81\x01\xc0")).expect("a map");
    assert_eq!(
        integer_key.header().expect_err("an integer key").kind(),
        &DecodeErrorKind::NonTextKey
    );
    let decoder = Decoder::new(CodecRegistry::builtin());
    for bytes in [
        &b"\xc0"[..],
        b"\x81\xa4args",
        b"\x81\xa4args\xa1x",
        b"\x82\xa4args\x90\xabwith_kwargs\xc3",
    ] {
        assert!(
            Payload::decode(Bytes::from_static(bytes), &decoder).is_err(),
            "{bytes:x?}"
        );
    }
}
