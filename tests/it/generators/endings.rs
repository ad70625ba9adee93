//! How generators end: early, unread, in the middle.

use std::time::Duration;

use futures_util::StreamExt;
use hypha_client::{RemoteStream, Value};
use hypha_tests::Language;
use serde_json::json;
use tokio::time::Instant;

use super::KINDS;
use crate::fixture::until;
use crate::sides::{
    AnyProvider, FromRust, JAVASCRIPT, PYTHON, RUST, ToRust, from_rust_to, to_rust_from,
};

/// How soon a source hears that nobody reads it any more.
const AT_ONCE: Duration = Duration::from_secs(1);

async fn early_stop(mut side: FromRust) {
    for method in KINDS {
        let mut items = side.service.stream::<u64>(method, (1_000,)).await.unwrap();
        for expected in 0..2 {
            assert_eq!(items.next().await.unwrap().unwrap(), expected, "{method}");
        }
        let since = Instant::now();
        drop(items);
        let closed = side.provider.event("generator_closed").await;
        assert!(since.elapsed() < AT_ONCE, "{method}: {:?}", since.elapsed());
        assert_eq!(closed, json!(1_000), "{method}");
    }
    if let AnyProvider::Rust(provider) = &side.provider {
        assert_eq!(provider.client.peer().stats().await.unwrap().sessions, 0);
    }
}

#[tokio::test]
async fn a7_03_stopping_early_closes_the_source_rust_to_rust() {
    early_stop(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a7_03_stopping_early_closes_the_source_rust_to_python() {
    early_stop(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a7_03_stopping_early_closes_the_source_rust_to_javascript() {
    early_stop(from_rust_to(JAVASCRIPT).await).await;
}

async fn early_stop_of_others(mut side: ToRust) {
    for method in KINDS {
        let taken = side.reduced(method, json!([1_000]), "first two").await;
        let since = Instant::now();
        assert_eq!(taken.unwrap(), json!([0, 1]), "{method}");
        let closed = side.provider.event("generator_closed").await;
        assert!(since.elapsed() < AT_ONCE, "{method}: {:?}", since.elapsed());
        assert_eq!(closed, 1_000.into(), "{method}");
    }
    until("the end of the sessions", async || {
        side.sessions().await == 0
    })
    .await;
}

#[tokio::test]
async fn a7_03_stopping_early_closes_the_source_python_to_rust() {
    early_stop_of_others(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a7_03_stopping_early_closes_the_source_javascript_to_rust() {
    early_stop_of_others(to_rust_from(Language::JavaScript).await).await;
}

/// Dropped before its first item, as a stream and as a plain value; and closed in so many words.
async fn never_started(mut side: FromRust) {
    // A Python or JavaScript generator function that never began has nothing to clean up, and says nothing.
    let methods = match &side.provider {
        AnyProvider::Rust(_) => &KINDS[..],
        AnyProvider::Real(_) => &KINDS[2..],
    };
    for method in methods {
        let unread = side.service.stream::<u64>(method, (10,)).await.unwrap();
        drop(unread);
        assert_eq!(side.provider.event("generator_closed").await, json!(10));
        let untyped: Value = side.service.call(method, (11,)).await.unwrap();
        drop(untyped);
        assert_eq!(side.provider.event("generator_closed").await, json!(11));
        let closed = side.service.stream::<u64>(method, (12,)).await.unwrap();
        closed.close().await.unwrap();
        assert_eq!(side.provider.event("generator_closed").await, json!(12));
    }
    for method in KINDS {
        let unread = side.service.stream::<u64>(method, (13,)).await.unwrap();
        // The answer says that the source is closed.
        unread.close().await.unwrap();
    }
}

#[tokio::test]
async fn a7_03_defect_15_a_generator_that_never_began_is_closed_rust_to_rust() {
    never_started(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a7_03_defect_15_a_generator_that_never_began_is_closed_rust_to_python() {
    never_started(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a7_03_defect_15_a_generator_that_never_began_is_closed_rust_to_javascript() {
    never_started(from_rust_to(JAVASCRIPT).await).await;
}

async fn broken(side: FromRust) {
    let mut items: RemoteStream<u64> = side.service.stream("fail_after", (2,)).await.unwrap();
    for expected in 0..2 {
        assert_eq!(items.next().await.unwrap().unwrap(), expected);
    }
    let error = items.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("generator boom"), "{error}");
    assert!(error.remote().is_some(), "{error:?}");
    assert!(items.next().await.is_none());
}

#[tokio::test]
async fn a7_04_an_error_comes_after_the_items_before_it_rust_to_rust() {
    broken(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a7_04_an_error_comes_after_the_items_before_it_rust_to_python() {
    broken(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a7_04_an_error_comes_after_the_items_before_it_rust_to_javascript() {
    broken(from_rust_to(JAVASCRIPT).await).await;
}

async fn broken_for_others(side: ToRust) {
    let how = "items until error";
    let read = side.reduced("fail_after", json!([2]), how).await.unwrap();
    assert_eq!(read["items"], json!([0, 1]));
    let raised = read["raised"].as_str().unwrap();
    assert!(raised.contains("generator boom"), "{raised}");
    assert_eq!(side.sessions().await, 0);
}

#[tokio::test]
async fn a7_04_an_error_comes_after_the_items_before_it_python_to_rust() {
    broken_for_others(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a7_04_an_error_comes_after_the_items_before_it_javascript_to_rust() {
    broken_for_others(to_rust_from(Language::JavaScript).await).await;
}
