//! A caller that breaks the rules, on the real server.

use hypha_client::{Map, Value};
use hypha_tests::Language;
use serde_json::json;

use crate::fixture::caller;
use crate::provider::RustProvider;
use crate::raw::{Answer, Raw, frame, header, payload, session};

/// A call with these bytes as its payload segment: the header is good, so the provider can say what is wrong.
async fn call_with(raw: &mut Raw, to: &str, method: &str, segment: &[u8]) -> Answer {
    let session = session();
    let header = header(to, method, &session);
    let mut frame = hypha_codec::encode(&header.into()).unwrap().to_vec();
    frame.extend_from_slice(segment);
    raw.send(frame).await;
    raw.answer(&session).await
}

#[tokio::test]
async fn defect_07_a_call_that_cannot_be_read_is_rejected() {
    let provider = RustProvider::start().await;
    let to = provider.client.address().as_str();
    let mut raw = Raw::connect().await;
    let deep = [
        b"\x83\xa4args\x91".as_slice(),
        &[0x91; 10_000],
        b"\xc0\xa7promise\xa1*\xa1t\x0f",
    ]
    .concat();
    for (name, segment) in [
        ("no map", b"\x01".as_slice()),
        ("broken", b"\xc1"),
        ("cut off", b"\x83\xa4args\x91"),
        ("args that are none", b"\x83\xa4args\x01\xa7promise\xa1*\xa1t\x0f"),
        ("four thousand million args", b"\x83\xa4args\xdd\xff\xff\xff\xff\xa7promise\xa1*\xa1t\x0f"),
        ("text that is none", b"\x83\xa4args\x91\xa2\xff\xfe\xa7promise\xa1*\xa1t\x0f"),
        ("kwargs that are none", b"\x84\xa4args\x91\x01\xabwith_kwargs\xc3\xa7promise\xa1*\xa1t\x0f"),
        ("kwargs that are absent", b"\x84\xa4args\x90\xabwith_kwargs\xc3\xa7promise\xa1*\xa1t\x0f"),
        ("a promise that is none", b"\x83\xa4args\x91\x01\xa7promise\x01\xa1t\x0f"),
        ("a promise of nothing", b"\x83\xa4args\x91\x01\xa7promise\x80\xa1t\x0f"),
        ("an array of the wrong size", b"\x83\xa4args\x91\x84\xa6_rtype\xa7ndarray\xa7_rvalue\xc4\x01\x00\xa7_rshape\x91\x7f\xa7_rdtype\xa7float64\xa7promise\xa1*\xa1t\x0f"),
        ("10,000 levels", &deep),
    ] {
        let text = call_with(&mut raw, to, "services.interop.echo", segment).await.rejected();
        assert!(text.starts_with("Malformed call"), "{name}: {text}");
    }
    assert_eq!(
        raw.call(to, "services.interop.echo", payload([7.into()]))
            .await,
        Answer::Resolved(7.into())
    );
}

#[tokio::test]
async fn a_provider_outlives_garbage_of_its_callers() {
    let provider = RustProvider::start().await;
    let to = provider.client.address().as_str();
    let mut raw = Raw::connect().await;
    for garbage in super::from_server::garbage() {
        // As it is the server drops most of it; behind a header of its own it comes through.
        raw.send(garbage.clone()).await;
        for header in [
            Map::from([
                ("type", "method"),
                ("to", to),
                ("method", "services.interop.echo"),
            ]),
            Map::from([("type", "method"), ("to", to)]),
            Map::from([("type", "client_disconnected"), ("to", to)]),
            Map::from([("to", to)]),
        ] {
            let mut frame = hypha_codec::encode(&header.into()).unwrap().to_vec();
            frame.extend_from_slice(&garbage);
            raw.send(frame).await;
        }
    }
    for (name, odd) in [
        ("method", Value::from(7)),
        ("method", Value::Null),
        ("method", "".into()),
        ("method", ".".into()),
        ("method", "services".into()),
        ("method", "services.interop.".into()),
        ("method", "services..echo".into()),
        ("method", "x".repeat(100_000).into()),
        ("session", 7.into()),
        ("session", Value::List(vec![])),
        ("type", 7.into()),
        ("parent", 7.into()),
        ("parent", "gone".into()),
    ] {
        let mut header = header(to, "services.interop.echo", &session());
        header.insert(name, odd);
        raw.send(frame(header, payload([1.into()]))).await;
    }
    let mut fresh = Raw::connect().await;
    for raw in [&mut raw, &mut fresh] {
        let session = session();
        raw.send(frame(
            header(to, "services.interop.echo", &session),
            payload([7.into()]),
        ))
        .await;
        assert_eq!(raw.answer(&session).await, Answer::Resolved(7.into()));
    }
}

#[tokio::test]
async fn answers_and_heartbeats_of_sessions_that_are_dead_are_ignored() {
    let provider = RustProvider::start().await;
    let to = provider.client.address().as_str();
    let mut raw = Raw::connect().await;
    for end in ["resolve", "reject", "heartbeat"] {
        for _ in 0..10 {
            let header = Map::from([
                ("type", "method"),
                ("to", to),
                ("method", &format!("dead.{end}")),
            ]);
            raw.send(frame(
                header,
                Map::from([("args", Value::from(vec![Value::from(1)]))]),
            ))
            .await;
        }
    }
    let session = session();
    raw.send(frame(
        header(to, "services.interop.echo", &session),
        payload([7.into()]),
    ))
    .await;
    let (method, args) = raw.next().await;
    assert_eq!(
        (method, args),
        (format!("{session}.resolve"), vec![7.into()]),
        "and nobody is told"
    );
}

#[tokio::test]
async fn defect_07_integer_keys_are_read_and_never_sent() {
    let mut provider = RustProvider::start().await;
    let id = provider.id("interop");
    let caller = caller(Language::Python).await;
    let map = json!([{ "$m": [[1, 2]] }]);
    assert_eq!(
        caller.call(&id, "kind", map.clone()).await.unwrap(),
        json!("map")
    );
    let error = caller.call(&id, "keep", map).await.unwrap_err();
    assert!(error.message().contains("map key is not text"), "{error}");
    let kept = provider.event("kept").await;
    assert_eq!(hypha_tests::notation::of(&kept), json!({ "$m": [[1, 2]] }));
    let pairs: std::collections::BTreeMap<i64, i64> = hypha_codec::from_value(kept).unwrap();
    assert_eq!(pairs, [(1, 2)].into());
}
