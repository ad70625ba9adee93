//! Who calls, who may, and whom an answer goes to.

mod access;
mod deputy;
mod forged;

use hypha_client::{Client, Value};
use hypha_tests::notation;
use serde_json::{Value as Json, json};

use crate::fixture::{BOTH, Provider, caller, connect};
use crate::provider::RustProvider;

/// What matters of a context, in any language.
fn identity(context: &Json) -> Json {
    json!({ "from": context["from"], "ws": context["ws"], "user": context["user"]["id"] })
}

fn of_client(client: &Client) -> Json {
    let user = &client.user().unwrap().id;
    json!({ "from": client.address().as_str(), "ws": client.workspace(), "user": user })
}

#[tokio::test]
async fn a9_01_a9_02_the_context_says_who_calls_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in BOTH {
        let provider = Provider::shared(language).await;
        let service = client
            .get_service(&provider.full_id("interop-context"))
            .await
            .unwrap();
        for method in ["context", "nested.context"] {
            let context: Value = service.call(method, ()).await.unwrap();
            let context = notation::of(&context);
            assert_eq!(
                identity(&context),
                of_client(&client),
                "{language:?} {method}"
            );
            assert_eq!(
                context["method"],
                format!("services.interop-context.{method}")
            );
            assert_eq!(context["user"]["is_anonymous"], true);
        }
        let with_args: Value = service.call("with_args", (1, 3)).await.unwrap();
        let with_args = notation::of(&with_args);
        assert_eq!((&with_args["a"], &with_args["b"]), (&json!(1), &json!(3)));
        assert_eq!(identity(&with_args["context"]), of_client(&client));
    }
}

#[tokio::test]
async fn a9_01_a_list_of_methods_that_take_the_context_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in BOTH {
        let provider = Provider::shared(language).await;
        let service = client
            .get_service(&provider.full_id("interop-context-list"))
            .await
            .unwrap();
        for method in ["context", "nested.context"] {
            let context: Value = service.call(method, ()).await.unwrap();
            assert_eq!(
                identity(&notation::of(&context)),
                of_client(&client),
                "{language:?} {method}"
            );
        }
        let plain: Value = service.call("plain", (1,)).await.unwrap();
        assert_eq!(
            notation::of(&plain),
            json!({ "args": [1], "kwargs": {} }),
            "{language:?}"
        );
    }
}

#[tokio::test]
async fn a9_01_a9_02_the_context_says_who_calls_python_and_javascript_and_rust_to_rust() {
    let provider = RustProvider::start().await;
    let id = provider.id("interop");
    for language in BOTH {
        let caller = caller(language).await;
        let from = format!("{}/{}", caller.workspace(), caller.client_id());
        let expected = json!({ "from": from, "ws": caller.workspace(), "user": caller.user() });
        for method in ["context", "nested.context"] {
            let context = caller.call(&id, method, json!([])).await.unwrap();
            assert_eq!(identity(&context), expected, "{language:?} {method}");
            assert_eq!(context["to"], provider.client.address().as_str());
            assert_eq!(context["method"], format!("services.interop.{method}"));
            assert_eq!(
                context["user"]["scope"]["current_workspace"],
                caller.workspace()
            );
        }
    }
    let client = connect().await;
    let context: Value = client
        .get_service(&id)
        .await
        .unwrap()
        .call("context", ())
        .await
        .unwrap();
    assert_eq!(identity(&notation::of(&context)), of_client(&client));
}
