//! Properties that hold for every value and every input, with rmpv as the independent witness.

use bytes::Bytes;
use hypha_codec::{
    CodecRegistry, DType, Decoder, Encoder, ErrorValue, Ext, Generator, IoStream, Map, Method,
    NdArray, Packet, Payload, Promised, Rope, Text, Timestamp, TypedArray, Value, decode, encode,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-z_]{0,8}", 1 => any::<String>(), 1 => "\\PC{25,40}"]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i8>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("NaN is not equal to itself", |float| !float.is_nan())
            .prop_map(Value::from),
        text().prop_map(Value::from),
        vec(any::<u8>(), 0..300).prop_map(Value::from),
        (any::<i64>(), 0..1_000_000_000_u32)
            .prop_map(|(seconds, nanos)| Timestamp::new(seconds, nanos).into()),
        (0..=127_i8, vec(any::<u8>(), 0..40)).prop_map(|(kind, data)| Ext::new(kind, data).into()),
    ]
}

fn descriptor() -> impl Strategy<Value = Value> {
    let optional = || proptest::option::of(text().prop_map(Text::from));
    let promised = prop_oneof![
        Just(Promised::Always),
        Just(Promised::Written),
        Just(Promised::Never)
    ];
    let method = (
        text(),
        text(),
        any::<bool>(),
        promised,
        optional(),
        optional(),
        optional(),
        any::<Option<bool>>(),
    );
    prop_oneof![
        method.prop_map(
            |(target, path, of_service, promise, server, name, doc, is_async)| {
                let path = if of_service {
                    format!("services.{path}")
                } else {
                    path
                };
                let mut method = Method::new(target, path);
                (method.promise, method.server, method.name) = (promise, server, name);
                (method.doc, method.is_async) = (doc, is_async);
                Value::from(method)
            }
        ),
        (text(), text()).prop_map(|(target, path)| Generator::new(
            target,
            &path,
            format!("{path}:close")
        )
        .into()),
        (text(), text())
            .prop_map(|(message, trace)| ErrorValue::new(message).with_trace(trace).into()),
        (vec(0..5_usize, 0..4), any::<u8>()).prop_map(|(shape, byte)| {
            let data = vec![byte; shape.iter().product::<usize>() * 2];
            NdArray::new(DType::Int16, shape, data)
                .expect("the size fits")
                .into()
        }),
        vec(any::<u8>(), 0..20)
            .prop_map(|data| TypedArray::new(DType::Uint8, data).expect("whole").into()),
        vec(any::<u8>(), 0..20).prop_map(|data| Value::MemoryView(data.into())),
    ]
}

/// Any value that can be sent.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![4 => scalar(), 1 => descriptor()].prop_recursive(5, 80, 20, |inner| {
        let map = || vec((text(), inner.clone()), 0..20).prop_map(Map::from_iter);
        prop_oneof![
            3 => vec(inner.clone(), 0..20).prop_map(Value::from),
            3 => map().prop_map(Value::from),
            1 => vec(inner.clone(), 0..8).prop_map(Value::Set),
            1 => vec((scalar(), inner.clone()), 0..8).prop_map(Value::OrderedMap),
            1 => map().prop_map(|members| IoStream::new("js:blob", members).into()),
        ]
    })
}

/// Any value of plain MessagePack that can be sent.
fn plain() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(5, 80, 20, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..20).prop_map(Value::from),
            vec((text(), inner), 0..20).prop_map(|entries| Value::from(Map::from_iter(entries))),
        ]
    })
}

/// Lists of maps whose keys are often the same, in the same order, and sometimes not.
fn records() -> impl Strategy<Value = Value> {
    let key = prop_oneof![9 => "[ab]", 1 => "_rtype", 1 => "[a-b]{40}"];
    let record = |keys: Vec<String>| {
        let full = vec(scalar(), keys.len())
            .prop_map(move |values| Map::from_iter(keys.iter().zip(values)));
        let other = vec((prop_oneof!["[abc]", "_rtype"], scalar()), 0..4).prop_map(Map::from_iter);
        prop_oneof![4 => full, 1 => other]
    };
    let records = vec(key, 0..4).prop_flat_map(move |keys| {
        let inner = record(keys.clone());
        vec((record(keys), proptest::option::of(inner)), 0..20)
    });
    records.prop_map(|records| {
        let nest = |(mut record, inner): (Map, Option<Map>)| {
            inner
                .into_iter()
                .for_each(|inner| drop(record.insert("a", inner)));
            Value::from(record)
        };
        records.into_iter().map(nest).collect()
    })
}

/// The same value as rmpv has it; written out here so that no conversion of the crate is trusted.
fn witness(value: &Value) -> rmpv::Value {
    match value {
        Value::Null => rmpv::Value::Nil,
        Value::Bool(b) => (*b).into(),
        Value::Int(n) => n
            .as_u64()
            .map_or_else(|| n.as_i64().expect("negative").into(), rmpv::Value::from),
        Value::Float(float) => (*float).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(bytes) => rmpv::Value::Binary(bytes.to_vec()),
        Value::List(items) => rmpv::Value::Array(items.iter().map(witness).collect()),
        Value::Map(map) => rmpv::Value::Map(
            map.iter()
                .map(|(key, value)| (witness(key), witness(value)))
                .collect(),
        ),
        Value::Ext(ext) => rmpv::Value::Ext(ext.kind(), ext.data().to_vec()),
        Value::Timestamp(time) => rmpv::Value::Ext(
            -1,
            match (time.seconds(), time.nanoseconds()) {
                (seconds @ 0..=0xffff_ffff, 0) => (seconds as u32).to_be_bytes().to_vec(),
                (seconds @ 0..=0x3_ffff_ffff, nanos) => (u64::from(nanos) << 34 | seconds as u64)
                    .to_be_bytes()
                    .to_vec(),
                (seconds, nanos) => [&nanos.to_be_bytes()[..], &seconds.to_be_bytes()].concat(),
            },
        ),
        other => panic!("{} is no plain MessagePack", other.kind()),
    }
}

fn rmpv_bytes(value: &rmpv::Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).expect("writes to memory");
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn what_is_encoded_decodes_to_itself(value in value()) {
        let bytes = encode(&value)?;
        prop_assert_eq!(&decode(bytes.clone())?, &value);
        prop_assert_eq!(encode(&decode(bytes.clone())?)?, bytes);
        prop_assert_eq!(value.clone().detach(), value);
    }

    #[test]
    fn rmpv_reads_what_we_write(value in plain()) {
        let bytes = encode(&value)?;
        let read = rmpv::decode::read_value(&mut &bytes[..])?;
        prop_assert_eq!(read, witness(&value));
    }

    #[test]
    fn we_read_and_write_what_rmpv_writes(value in plain()) {
        let bytes = Bytes::from(rmpv_bytes(&witness(&value)));
        prop_assert_eq!(&decode(bytes.clone())?, &value);
        prop_assert_eq!(encode(&value)?, bytes);
    }

    #[test]
    fn maps_with_common_keys_are_read_as_others(records in records(), longer in any::<bool>()) {
        // Once as a list that is long enough for keys to be shared, once one by one.
        let Value::List(mut records) = records else { unreachable!("records are a list") };
        if longer {
            records.extend(records.clone());
        }
        let alone: Vec<Value> = records.iter().map(|record| decode(encode(record)?).map_err(Into::into))
            .collect::<Result<_, TestCaseError>>()?;
        let bytes = encode(&Value::List(records))?;
        let together = decode(bytes.clone())?;
        prop_assert_eq!(&together, &Value::List(alone));
        prop_assert_eq!(encode(&together)?, bytes);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..600)) {
        let bytes = Bytes::from(bytes);
        if let Ok(value) = decode(bytes.clone()) {
            // What was read can be written, unless it has keys that cannot be sent.
            if let Ok(written) = encode(&value) {
                prop_assert_eq!(encode(&decode(written.clone())?)?, written);
            }
        }
        let decoder = Decoder::new(CodecRegistry::builtin());
        drop(Payload::decode(bytes.clone(), &decoder));
        if let Ok(packet) = Packet::parse(bytes) {
            drop((packet.header(), packet.user(), packet.header_value()));
        }
    }

    #[test]
    fn broken_encodings_never_panic(value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = encode(&value)?.to_vec();
        let at = at.index(bytes.len());
        prop_assert!(decode(Bytes::copy_from_slice(&bytes[..at])).is_err(), "cut off");
        bytes[at] = byte;
        drop(decode(bytes.into()));
    }

    #[test]
    fn chunks_are_the_whole(value in value(), large in 0..40_000_usize, size in 1..5000_usize) {
        let both = Value::from([value, vec![7_u8; large].into(), vec![8_u8; large].into()]);
        let rope = Encoder::new(CodecRegistry::builtin()).value(&both)?;
        let whole = encode(&both)?;
        prop_assert_eq!(rope.len(), whole.len());
        let mut chunks = rope.chunks(size);
        let mut all = Rope::new();
        while let Some(chunk) = chunks.next() {
            prop_assert!(chunk.len() == size || chunks.len() == 0);
            all.push(chunk);
        }
        prop_assert_eq!(all.into_bytes(), whole);
    }
}

#[cfg(feature = "serde")]
proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn serde_passes_values_through(value in value()) {
        let mut writer = hypha_codec::Writer::new(CodecRegistry::builtin());
        writer.typed(&value)?;
        prop_assert_eq!(writer.finish().into_bytes(), encode(&value)?);
        let made = hypha_codec::to_value(&value)?;
        prop_assert_eq!(&made, &value);
        prop_assert_eq!(&hypha_codec::from_value::<Value>(made)?, &value);
        // Another format, which sees the readable form.
        let packed = rmp_serde::to_vec_named(&value)?;
        prop_assert_eq!(rmp_serde::from_slice::<Value>(&packed)?, value);
    }
}
