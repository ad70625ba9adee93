//! The plainest call of all, in every direction: feature A5.01.

use hypha_client::RemoteService;
use serde_json::json;

use crate::fixture::{BOTH, Provider, caller, connect};
use crate::provider::RustProvider;

async fn echoes(service: &RemoteService) {
    for method in ["echo", "echo_async"] {
        let echoed: (i64, String) = service.call(method, ((1, "two"),)).await.unwrap();
        assert_eq!(echoed, (1, "two".to_owned()), "{method}");
    }
    let sum: i64 = service.call("add", (1, 2)).await.unwrap();
    assert_eq!(sum, 3);
}

#[tokio::test]
async fn a5_01_calls_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in BOTH {
        let provider = Provider::shared(language).await;
        echoes(&client.get_service(provider.id("interop")).await.unwrap()).await;
    }
}

#[tokio::test]
async fn a5_01_calls_python_and_javascript_to_rust() {
    let provider = RustProvider::start().await;
    let id = provider.id("interop");
    for language in BOTH {
        let caller = caller(language).await;
        for method in ["echo", "echo_async"] {
            let echoed = caller.call(&id, method, json!([[1, "two"]])).await.unwrap();
            assert_eq!(echoed, json!([1, "two"]), "{language:?} {method}");
        }
        let sum = caller.call(&id, "add", json!([1, 2])).await.unwrap();
        assert_eq!(sum, json!(3), "{language:?}");
    }
}

#[tokio::test]
async fn a5_01_calls_rust_to_rust() {
    let provider = RustProvider::start().await;
    let service = connect().await.get_service(&provider.id("interop")).await;
    echoes(&service.unwrap()).await;
}
