//! Generators that methods give.

use futures_util::TryStreamExt;
use hypha_client::RemoteStream;
use hypha_tests::Language;
use serde_json::json;

use super::KINDS;
use crate::sides::{FromRust, JAVASCRIPT, PYTHON, RUST, ToRust, from_rust_to, to_rust_from};

async fn items(mut side: FromRust) {
    for method in KINDS {
        for n in [5, 0] {
            let items = side.service.stream::<u64>(method, (n,)).await.unwrap();
            let items: Vec<u64> = items.try_collect().await.unwrap();
            assert_eq!(items, (0..n).collect::<Vec<_>>(), "{method}");
            let closed = side.provider.event("generator_closed").await;
            assert_eq!(closed, json!(n), "{method}");
        }
    }
    let error = side.service.stream::<u64>("add", (1, 2)).await.unwrap_err();
    let text = std::error::Error::source(&error).unwrap().to_string();
    assert!(text.contains("expected a generator"), "{text}");
}

#[tokio::test]
async fn a7_01_a7_02_items_of_a_result_in_order_rust_to_rust() {
    items(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a7_01_a7_02_items_of_a_result_in_order_rust_to_python() {
    items(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a7_01_a7_02_items_of_a_result_in_order_rust_to_javascript() {
    items(from_rust_to(JAVASCRIPT).await).await;
}

async fn items_for_others(mut side: ToRust) {
    for method in KINDS {
        for n in [5, 0] {
            let items = side.reduced(method, json!([n]), "items").await.unwrap();
            let expected: Vec<u64> = (0..n).collect();
            assert_eq!(items, json!(expected), "{method}");
            let closed = side.provider.event("generator_closed").await;
            assert_eq!(closed, n.into(), "{method}");
        }
    }
    assert_eq!(side.sessions().await, 0);
}

#[tokio::test]
async fn a7_01_a7_02_items_of_a_result_in_order_python_to_rust() {
    items_for_others(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a7_01_a7_02_items_of_a_result_in_order_javascript_to_rust() {
    items_for_others(to_rust_from(Language::JavaScript).await).await;
}

async fn rows(side: FromRust) {
    let rows = side.service.stream::<RemoteStream<u64>>("rows", (4,));
    let rows = rows.await.unwrap();
    let rows = rows.and_then(|row| row.try_collect::<Vec<u64>>());
    let rows: Vec<Vec<u64>> = rows.try_collect().await.unwrap();
    assert_eq!(rows, [vec![], vec![0], vec![0, 1], vec![0, 1, 2]]);
}

#[tokio::test]
async fn a7_01_generators_of_a_generator_rust_to_rust() {
    rows(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a7_01_generators_of_a_generator_rust_to_python() {
    rows(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a7_01_generators_of_a_generator_rust_to_javascript() {
    rows(from_rust_to(JAVASCRIPT).await).await;
}

async fn rows_for_others(side: ToRust) {
    let rows = side.reduced("rows", json!([4]), "rows").await.unwrap();
    assert_eq!(rows, json!([[], [0], [0, 1], [0, 1, 2]]));
    assert_eq!(side.sessions().await, 0);
}

#[tokio::test]
async fn a7_01_generators_of_a_generator_python_to_rust() {
    rows_for_others(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a7_01_generators_of_a_generator_javascript_to_rust() {
    rows_for_others(to_rust_from(Language::JavaScript).await).await;
}
