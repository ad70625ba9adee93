//! What a service is made of: nested functions, lists of functions, constants: features A5.15 and A5.20.

use hypha_client::{RemoteService, Value};
use hypha_tests::{Language, notation};
use serde_json::{Value as Json, json};

use crate::fixture::{BOTH, Provider, caller, connect};
use crate::provider::RustProvider;

async fn nested_functions(service: &RemoteService) {
    for (path, expected) in [
        ("nested.double", 10),
        ("nested.deeper.triple", 15),
        ("array.0", 6),
        ("array.1", 7),
        ("array.2.three", 8),
    ] {
        let result: i64 = service.call(path, (5,)).await.unwrap();
        assert_eq!(result, expected, "{path}");
    }
    assert_eq!(notation::of(service.get("constants").unwrap()), constants());
    assert_eq!(service.name(), "Interop");
}

fn constants() -> Json {
    json!({
        "answer": 42,
        "ratio": { "$f": 1.25 },
        "text": "hello",
        "flag": true,
        "nothing": null,
        "bytes": { "$b": "0102" },
        "list": [1, { "$f": 2.5 }, "three"],
    })
}

#[tokio::test]
async fn a5_15_members_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in BOTH {
        let provider = Provider::shared(language).await;
        nested_functions(&client.get_service(provider.id("interop")).await.unwrap()).await;
    }
}

#[tokio::test]
async fn a5_15_members_rust_to_rust() {
    let provider = RustProvider::start().await;
    nested_functions(
        &connect()
            .await
            .get_service(&provider.id("interop"))
            .await
            .unwrap(),
    )
    .await;
}

#[tokio::test]
async fn a5_15_members_python_and_javascript_to_rust() {
    let provider = RustProvider::start().await;
    let id = provider.id("interop");
    for language in BOTH {
        let caller = caller(language).await;
        for (path, expected) in [
            ("nested.double", 10),
            ("nested.deeper.triple", 15),
            ("array.0", 6),
            ("array.1", 7),
            ("array.2.three", 8),
        ] {
            assert_eq!(
                caller.call(&id, path, json!([5])).await.unwrap(),
                json!(expected),
                "{language:?} {path}"
            );
        }
        let service = caller.get_service(&id).await.unwrap();
        assert_eq!(service["constants"], constants(), "{language:?}");
        assert_eq!(service["name"], "Interop");
        assert_eq!(service["description"], "Every kind of method and value");
    }
}

#[tokio::test]
async fn a5_20_what_functions_say_of_themselves_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in BOTH {
        let provider = Provider::shared(language).await;
        let service = client.get_service(provider.id("interop")).await.unwrap();
        let Some(Value::Method(add)) = service.get("add") else {
            panic!("{:?}", service.description())
        };
        assert_eq!(&*add.target, client_of(provider), "{language:?}");
        assert_eq!(&*add.method, "services.interop.add", "{language:?}");
        if language == Language::Python {
            assert_eq!(add.name.as_deref(), Some("add"));
            assert!(add.doc.as_deref().unwrap().starts_with("Add two numbers."));
            assert_eq!(add.is_async, Some(false));
        }
        // The manager has the schema, also of functions that do not carry it themselves.
        let info = client.get_service_info(provider.id("interop"), None).await;
        let schema = notation::of(info.unwrap().service_schema.get("add").unwrap());
        assert_eq!(schema["type"], "function", "{language:?}");
        assert_eq!(schema["function"]["name"], "add", "{language:?}");
    }
}

fn client_of(provider: &Provider) -> String {
    format!(
        "{}/{}",
        provider.peer.workspace(),
        provider.peer.client_id()
    )
}

#[tokio::test]
async fn a5_20_what_functions_say_of_themselves_python_and_javascript_to_rust() {
    let provider = RustProvider::start().await;
    let arguments = json!({ "service": provider.id("interop"), "method": "add" });
    for language in BOTH {
        let told = caller(language)
            .await
            .command("metadata", arguments.clone())
            .await
            .unwrap();
        assert_eq!(told["name"], "add", "{language:?}");
        assert_eq!(told["doc"], "Add two numbers.", "{language:?}");
        let function = told["schema"]
            .get("function")
            .unwrap_or_else(|| &told["schema"]);
        assert_eq!(function["name"], "add", "{language:?}: {told}");
        let parameters = &function["parameters"];
        assert_eq!(parameters["required"], json!(["a"]), "{language:?}: {told}");
    }
}

#[tokio::test]
async fn a3_17_a_function_in_a_result_says_where_it_lives() {
    for language in BOTH {
        let provider = Provider::shared(language).await;
        let service = connect()
            .await
            .get_service(provider.id("interop"))
            .await
            .unwrap();
        let adder: Value = service.call("adder", (1,)).await.unwrap();
        let Value::Method(method) = adder else {
            panic!("{adder:?}")
        };
        assert!(
            method.target.ends_with(provider.peer.client_id()),
            "{method:?}"
        );
    }
}
