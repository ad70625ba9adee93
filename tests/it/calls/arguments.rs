//! Positional and keyword arguments, and both forms of a promise: features A5.02 to A5.06.

use hypha_client::{CallError, Map, RemoteErrorKind, Value};
use hypha_tests::{Call, Language, notation};
use serde_json::json;

use crate::fixture::{BOTH, Provider, caller, connect};
use crate::provider::RustProvider;
use crate::raw::{Answer, Raw, frame, header, payload, session, written_promise};

#[tokio::test]
async fn a5_04_kwargs_rust_to_python() {
    let provider = Provider::shared(Language::Python).await;
    let service = connect()
        .await
        .get_service(provider.id("interop"))
        .await
        .unwrap();
    let collected: Value = service
        .method("collect")
        .args((1, "two"))
        .kwarg("k", "v")
        .kwarg("n", 2.0)
        .await
        .unwrap();
    let expected = json!({ "args": [1, "two"], "kwargs": { "k": "v", "n": { "$f": 2.0 } } });
    assert_eq!(notation::of(&collected), expected);
    let sum: i64 = service
        .method("add")
        .kwarg("b", 4)
        .kwarg("a", 3)
        .returns()
        .await
        .unwrap();
    assert_eq!(sum, 7);
    let error = service
        .method("add")
        .args((1,))
        .kwarg("c", 4)
        .await
        .unwrap_err();
    assert_eq!(
        error.remote().unwrap().type_name(),
        Some("TypeError"),
        "{error}"
    );
}

#[tokio::test]
async fn a5_06_kwargs_rust_to_javascript() {
    let provider = Provider::shared(Language::JavaScript).await;
    let service = connect()
        .await
        .get_service(provider.id("interop"))
        .await
        .unwrap();
    let sum: i64 = service
        .method("add")
        .kwarg("b", 4)
        .kwarg("a", 3)
        .returns()
        .await
        .unwrap();
    assert_eq!(sum, 7);
    let sum: i64 = service.call("add", (3, 5)).await.unwrap();
    assert_eq!(sum, 8);
}

#[tokio::test]
async fn a5_04_a5_05_kwargs_python_and_javascript_to_rust() {
    let provider = RustProvider::start().await;
    let id = provider.id("interop");
    for language in BOTH {
        let caller = caller(language).await;
        let add = |args, kwargs| caller.run(Call::new(&id, "add").args(args).kwargs(kwargs));
        assert_eq!(add(json!([1, 2]), json!({})).await.unwrap(), json!(3));
        assert_eq!(
            add(json!([1]), json!({})).await.unwrap(),
            json!(11),
            "{language:?}: the default"
        );
        assert_eq!(
            add(json!([]), json!({ "b": 4, "a": 3 })).await.unwrap(),
            json!(7)
        );
        assert_eq!(add(json!([3]), json!({ "b": 1 })).await.unwrap(), json!(4));
        for (args, kwargs, words) in [
            (json!([3]), json!({ "c": 1 }), "no parameter `c`"),
            (json!([3]), json!({ "a": 1 }), "`a` was given twice"),
            (json!([]), json!({ "b": 1 }), "`a` is missing"),
            (json!(["three"]), json!({}), "argument `a`"),
            (
                json!([1, 2, 3]),
                json!({}),
                "takes 2 arguments, 3 were given",
            ),
        ] {
            let error = add(args, kwargs).await.unwrap_err();
            assert!(error.message().contains(words), "{language:?}: {error}");
        }
        let collect = Call::new(&id, "collect")
            .args(json!([1]))
            .kwargs(json!({ "k": "v" }));
        assert_eq!(
            caller.run(collect).await.unwrap(),
            json!({ "args": [1], "kwargs": { "k": "v" } })
        );
    }
}

#[tokio::test]
async fn a5_04_kwargs_rust_to_rust() {
    let provider = RustProvider::start().await;
    let service = connect()
        .await
        .get_service(&provider.id("interop"))
        .await
        .unwrap();
    let sum: i64 = service
        .method("add")
        .kwarg("b", 4)
        .kwarg("a", 3)
        .returns()
        .await
        .unwrap();
    assert_eq!(sum, 7);
    let error = service
        .method("add")
        .args((1,))
        .kwarg("c", 4)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, CallError::Remote(error) if error.kind() == RemoteErrorKind::InvalidArguments),
        "{error:?}"
    );
}

#[tokio::test]
async fn a5_02_both_forms_of_a_promise_are_answered() {
    let rust = RustProvider::start().await;
    let rust = rust.client.address().as_str().to_owned();
    let mut raw = Raw::connect().await;
    for to in [
        rust,
        provider_address(Language::Python).await,
        provider_address(Language::JavaScript).await,
    ] {
        let short = raw
            .call(
                &to,
                "services.interop.echo",
                payload([Value::from("short")]),
            )
            .await;
        assert_eq!(short, Answer::Resolved("short".into()), "{to}");

        let ours = raw.address();
        for target in [ours.as_str(), ours.split_once('/').unwrap().1] {
            let session = session();
            let (resolve, reject) = (format!("{session}.resolve"), format!("{session}.reject"));
            let mut written = payload([Value::from("written")]);
            written.insert(
                "promise",
                written_promise((target, &resolve), (target, &reject)),
            );
            raw.send(frame(
                header(&to, "services.interop.echo", &session),
                written,
            ))
            .await;
            let answer = raw.answer(&session).await;
            assert_eq!(
                answer,
                Answer::Resolved("written".into()),
                "{to} at {target}"
            );
        }
    }
}

#[tokio::test]
async fn a5_03_a_call_that_wants_no_answer_gets_none() {
    let mut provider = RustProvider::start().await;
    let mut raw = Raw::connect().await;
    let to = provider.client.address().as_str().to_owned();
    let header = Map::from([
        ("type", "method"),
        ("to", &to),
        ("method", "services.interop.keep"),
    ]);
    let silent = Map::from([("args", Value::from(vec![Value::from("quiet")]))]);
    raw.send(frame(header, silent)).await;
    assert_eq!(provider.event("kept").await, Value::from("quiet"));
    // Whatever came for the first call would be here before the answer to the second.
    let session = session();
    raw.send(frame(
        crate::raw::header(&to, "services.interop.echo", &session),
        payload([1.into()]),
    ))
    .await;
    let (method, args) = raw.next().await;
    assert_eq!(
        (method, args),
        (format!("{session}.resolve"), vec![1.into()])
    );
}

async fn provider_address(language: Language) -> String {
    let peer = &Provider::shared(language).await.peer;
    format!("{}/{}", peer.workspace(), peer.client_id())
}
