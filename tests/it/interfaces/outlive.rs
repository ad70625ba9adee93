//! The functions of an interface work after the call, in both directions.

use std::time::Duration;

use hypha_client::{RemoteObject, Value};
use hypha_tests::Language;
use serde_json::json;

use crate::provider::functions::store;
use crate::sides::{FromRust, JAVASCRIPT, PYTHON, RUST, ToRust, from_rust_to, to_rust_from};

/// Longer than a call takes to return, and than what waits behind it.
const LATER: Duration = Duration::from_secs(2);

/// As an argument, across workspaces.
async fn lent_by_rust(side: FromRust) {
    let (store, service) = (store("scan"), &side.service);
    service.call::<()>("hold", (store.clone(),)).await.unwrap();
    let [id] = &store.service_ids()[..] else {
        panic!("{store:?} was sent once")
    };
    assert!(id.starts_with("_rintf_"), "{id}");
    tokio::time::sleep(LATER).await;
    for key in ["0.0", "0.1"] {
        let found: String = service.call("use_held", ("get", [key])).await.unwrap();
        assert_eq!(found, format!("scan: {key}"));
    }
    let stats = side.client.peer().stats().await.unwrap();
    assert_eq!((stats.interfaces, stats.sessions), (1, 0));

    // What another call sends is an object of its own.
    service.call::<()>("hold", (store.clone(),)).await.unwrap();
    assert_eq!(store.service_ids().len(), 2);
    assert_eq!(store.service_ids()[0], *id);
}

#[tokio::test]
async fn a8_01_a8_02_functions_outlive_the_call_rust_to_rust() {
    lent_by_rust(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a8_01_a8_02_functions_outlive_the_call_rust_to_python() {
    lent_by_rust(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a8_01_a8_02_functions_outlive_the_call_rust_to_javascript() {
    lent_by_rust(from_rust_to(JAVASCRIPT).await).await;
}

/// As a result.
async fn opened_for_rust(side: FromRust) {
    let store: RemoteObject = side.service.call("open_store", ("scan",)).await.unwrap();
    assert_eq!(store.get("name").and_then(Value::as_str), Some("scan"));
    let id = store.get("_rintf_service_id").and_then(Value::as_str);
    assert!(id.unwrap().starts_with("_rintf_"), "{id:?}");
    tokio::time::sleep(LATER).await;
    for key in ["0.0", "0.1"] {
        let found: String = store.call("get", (key,)).await.unwrap();
        assert_eq!(found, format!("scan: {key}"));
    }
}

#[tokio::test]
async fn a8_01_a8_02_functions_of_a_result_outlive_the_call_rust_to_rust() {
    opened_for_rust(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a8_01_a8_02_functions_of_a_result_outlive_the_call_rust_to_python() {
    opened_for_rust(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a8_01_a8_02_functions_of_a_result_outlive_the_call_rust_to_javascript() {
    opened_for_rust(from_rust_to(JAVASCRIPT).await).await;
}

async fn lent_to_rust(side: ToRust) {
    let store = json!([{ "$make": { "store": "scan" } }]);
    side.call("hold", store).await.unwrap();
    tokio::time::sleep(LATER).await;
    for key in ["0.0", "0.1"] {
        let found = side.call("use_held", json!(["get", [key]])).await;
        assert_eq!(found.unwrap(), json!(format!("scan: {key}")));
    }
}

#[tokio::test]
async fn a8_01_functions_outlive_the_call_python_to_rust() {
    lent_to_rust(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a8_01_functions_outlive_the_call_javascript_to_rust() {
    lent_to_rust(to_rust_from(Language::JavaScript).await).await;
}

async fn opened_by_rust(side: ToRust) {
    let name = json!(["scan"]);
    side.reduced("open_store", name, "held").await.unwrap();
    tokio::time::sleep(LATER).await;
    for key in ["0.0", "0.1"] {
        let found = side.use_held("get", json!([key])).await;
        assert_eq!(found.unwrap(), json!(format!("scan: {key}")));
    }
    let stats = side.provider.client.peer().stats().await.unwrap();
    assert_eq!((stats.interfaces, stats.sessions), (1, 0));
}

#[tokio::test]
async fn a8_01_functions_of_a_result_outlive_the_call_python_to_rust() {
    opened_by_rust(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a8_01_functions_of_a_result_outlive_the_call_javascript_to_rust() {
    opened_by_rust(to_rust_from(Language::JavaScript).await).await;
}
