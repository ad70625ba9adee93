//! Errors in all directions: features A5.09 to A5.11.

use hypha_client::{CallError, RemoteErrorKind, Value};
use hypha_tests::Language;
use serde_json::json;

use crate::fixture::{BOTH, Provider, caller, connect};
use crate::provider::RustProvider;
use crate::raw::{Raw, payload};

#[tokio::test]
async fn a5_09_a5_10_errors_rust_to_python_and_javascript() {
    let client = connect().await;
    for (language, method, type_name, place) in [
        (Language::Python, "boom", "ValueError", "in boom"),
        (Language::Python, "boom_async", "TypeError", "in boom_async"),
        (Language::JavaScript, "boom", "RangeError", "boom"),
        (
            Language::JavaScript,
            "boom_async",
            "TypeError",
            "boom_async",
        ),
    ] {
        let provider = Provider::shared(language).await;
        let service = client.get_service(provider.id("interop")).await.unwrap();
        let error = service
            .call::<Value>(method, ("on purpose: really",))
            .await
            .unwrap_err();
        let CallError::Remote(error) = error else {
            panic!("{language:?} {method}: {error:?}")
        };
        assert_eq!(
            error.message(),
            "on purpose: really",
            "{language:?} {method}"
        );
        assert_eq!(error.type_name(), Some(type_name), "{language:?} {method}");
        assert_eq!(error.kind(), RemoteErrorKind::Application);
        assert!(
            error.trace().unwrap().contains(place),
            "{language:?} {method}: {:?}",
            error.trace()
        );
        assert_eq!(
            error.to_string(),
            format!("{type_name}: on purpose: really"),
            "no trace unless asked for"
        );
    }
}

#[tokio::test]
async fn a5_09_a_thrown_text_rust_to_javascript() {
    let provider = Provider::shared(Language::JavaScript).await;
    let service = connect()
        .await
        .get_service(provider.id("interop"))
        .await
        .unwrap();
    let error = service.call::<Value>("boom_text", ()).await.unwrap_err();
    assert_eq!(error.remote().unwrap().message(), "just text");
}

#[tokio::test]
async fn a5_09_errors_python_and_javascript_to_rust() {
    let provider = RustProvider::start().await;
    let id = provider.id("interop");
    for language in BOTH {
        let caller = caller(language).await;
        for (method, args, words) in [
            ("boom", json!(["on purpose"]), "on purpose"),
            ("boom", json!([]), "where it went wrong"),
            ("boom_io", json!([]), "disk on fire"),
            ("panic", json!(["at the disco"]), "at the disco"),
        ] {
            let error = caller.call(&id, method, args).await.unwrap_err();
            assert!(
                error.message().contains(words),
                "{language:?} {method}: {error}"
            );
        }
        assert_eq!(
            caller.call(&id, "echo", json!([1])).await.unwrap(),
            json!(1),
            "it goes on after a panic"
        );
    }
}

#[tokio::test]
async fn a5_09_errors_rust_to_rust() {
    let provider = RustProvider::start().await;
    let service = connect()
        .await
        .get_service(&provider.id("interop"))
        .await
        .unwrap();
    let error = service
        .call::<Value>("boom", ("on purpose",))
        .await
        .unwrap_err();
    let error = error.remote().unwrap();
    assert_eq!(
        (error.message(), error.trace()),
        ("on purpose", Some("where it went wrong"))
    );
    let error = service
        .call::<Value>("panic", ("at the disco",))
        .await
        .unwrap_err();
    assert_eq!(error.remote().unwrap().kind(), RemoteErrorKind::Panic);
}

#[tokio::test]
async fn a5_11_unknown_methods_have_the_texts_of_python() {
    let rust = RustProvider::start().await;
    let python = &Provider::shared(Language::Python).await.peer;
    let mut raw = Raw::connect().await;
    let (from, rust) = (raw.address(), rust.client.address().as_str().to_owned());
    let python = format!("{}/{}", python.workspace(), python.client_id());
    for (method, expected) in [
        (
            "services.interop.nothing",
            format!("Method expired or not found: {from}:services.interop.nothing"),
        ),
        (
            "services.interop.nested.nothing",
            format!("Method expired or not found: {from}:services.interop.nested.nothing"),
        ),
        (
            "services.nothing.echo",
            format!("Method expired or not found: {from}:services.nothing.echo"),
        ),
        (
            "nosession.callback",
            format!("Session not found: {from}:nosession.callback"),
        ),
        (
            "nothing",
            format!("Method not found: {from}:nothing at CLIENT"),
        ),
        (
            "services.interop.nested",
            format!("Invalid method: {from}:services.interop.nested"),
        ),
    ] {
        for to in [&python, &rust] {
            let text = raw.call(to, method, payload([])).await.rejected();
            let client = to.split_once('/').unwrap().1;
            assert!(
                text.contains(&expected.replace("CLIENT", client)),
                "{method} at {to}: {text}"
            );
        }
    }
}

#[tokio::test]
async fn a5_11_a_method_that_is_gone_python_and_javascript_to_rust() {
    let provider = RustProvider::start().await;
    let id = provider.id("interop");
    let mut callers = Vec::new();
    for language in BOTH {
        let caller = caller(language).await;
        let echoed = caller.call(&id, "echo", json!([1])).await.unwrap();
        assert_eq!(echoed, json!(1), "{language:?}");
        callers.push(caller);
    }
    provider.client.unregister_service("interop").await.unwrap();
    for caller in callers {
        let error = caller.call(&id, "echo", json!([1])).await.unwrap_err();
        let text = format!(
            "Method expired or not found: {}/{}:services.interop.echo",
            caller.workspace(),
            caller.client_id()
        );
        assert!(error.message().contains(&text), "{error}");
    }
}

#[tokio::test]
async fn a5_11_a_method_that_is_gone_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in BOTH {
        let provider = Provider::start(language).await;
        let service = client.get_service(provider.id("interop")).await.unwrap();
        assert_eq!(service.call::<i64>("echo", (1,)).await.unwrap(), 1);
        provider.peer.unregister("interop").await.unwrap();
        let error = service.call::<Value>("echo", (1,)).await.unwrap_err();
        let kind = error.remote().unwrap().kind();
        assert_eq!(kind, RemoteErrorKind::MethodNotFound, "{error:?}");
    }
}

#[tokio::test]
async fn a5_11_an_unknown_method_is_not_even_called_rust_to_python_and_javascript() {
    for language in BOTH {
        let provider = Provider::shared(language).await;
        let service = connect()
            .await
            .get_service(provider.id("interop"))
            .await
            .unwrap();
        let error = service.call::<Value>("nothing", ()).await.unwrap_err();
        assert!(
            matches!(&error, CallError::NoSuchMethod { method, .. } if method == "nothing"),
            "{error:?}"
        );
        assert!(
            error.to_string().contains("echo"),
            "it says what there is: {error}"
        );
        assert!(service.call::<Value>("constants.answer", ()).await.is_err());
    }
}
