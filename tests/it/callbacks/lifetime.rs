//! How long functions can be called: those in arguments until the call returns, those in results as long as they are used.

use std::time::Duration;

use hypha_client::{Callback, Closure, Value};
use hypha_tests::Language;
use serde_json::json;
use tokio::time::Instant;

use super::Seen;
use crate::fixture::until;
use crate::sides::{
    AnyProvider, FromRust, JAVASCRIPT, PYTHON, RUST, ToRust, from_rust_to, to_rust_from,
    to_rust_from_neighbour,
};

/// Far below the silence after which a call is given up.
const AT_ONCE: Duration = Duration::from_secs(5);

async fn kept_too_long(side: FromRust) {
    let seen = Seen::default();
    let FromRust { service, .. } = &side;
    service
        .call::<()>("hold", (seen.callback(),))
        .await
        .unwrap();
    let since = Instant::now();
    let args = ("", [1]);
    let outcome: Value = service.call("catch_held", args).await.unwrap();
    let raised = outcome.get("raised").and_then(Value::as_str).unwrap();
    assert!(raised.contains("Session not found"), "{raised}");
    assert!(since.elapsed() < AT_ONCE, "{:?}", since.elapsed());
    assert!(seen.take().is_empty());
    assert_eq!(side.sessions().await, 0);
}

#[tokio::test]
async fn a6_02_a_kept_callback_fails_at_once_rust_to_rust() {
    kept_too_long(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a6_02_a_kept_callback_fails_at_once_rust_to_python() {
    kept_too_long(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a6_02_a_kept_callback_fails_at_once_rust_to_javascript() {
    kept_too_long(from_rust_to(JAVASCRIPT).await).await;
}

async fn kept_of_others(side: ToRust) {
    side.call("hold", json!([{ "$record": "kept" }]))
        .await
        .unwrap();
    let since = Instant::now();
    let outcome = side.call("catch_held", json!(["", [1]])).await.unwrap();
    let raised = outcome["raised"].as_str().unwrap();
    assert!(raised.contains("Session not found"), "{raised}");
    assert!(since.elapsed() < AT_ONCE, "{:?}", since.elapsed());
}

#[tokio::test]
async fn a6_02_a_kept_callback_fails_at_once_python_to_rust() {
    kept_of_others(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a6_02_a_kept_callback_fails_at_once_javascript_to_rust() {
    kept_of_others(to_rust_from(Language::JavaScript).await).await;
}

/// A function in a result works long after its call; then it is gone with its provider.
async fn returned(side: FromRust) {
    let adder: Callback<(i64,), i64> = side.service.call("adder", (2,)).await.unwrap();
    assert_eq!(adder.target().unwrap().as_str(), side.provider.address());
    for x in 0..3 {
        assert_eq!(adder.call((x,)).await.unwrap(), x + 2);
        side.service.call::<Value>("echo", (1,)).await.unwrap();
    }
    let error = adder.clone().typed::<(String,), i64>();
    let error = error.call(("x".to_owned(),)).await;
    // JavaScript adds whatever it gets.
    assert!(error.is_err());
    if let AnyProvider::Rust(provider) = &side.provider {
        assert_eq!(provider.client.peer().stats().await.unwrap().sessions, 1);
    }
    assert_eq!(side.sessions().await, 0);
}

#[tokio::test]
async fn a6_06_a_returned_function_lives_on_rust_to_rust() {
    returned(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a6_06_a_returned_function_lives_on_rust_to_python() {
    returned(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a6_06_a_returned_function_lives_on_rust_to_javascript() {
    returned(from_rust_to(JAVASCRIPT).await).await;
}

/// What a peer that left could call goes with it.
async fn returned_to_others(side: ToRust) {
    side.reduced("adder", json!([2]), "held").await.unwrap();
    for x in 0..3 {
        assert_eq!(side.use_held("", json!([x])).await.unwrap(), json!(x + 2));
    }
    assert_eq!(side.sessions().await, 1);
    side.caller.disconnect().await.unwrap();
    until("the end of the session", async || {
        side.sessions().await == 0
    })
    .await;
}

#[tokio::test]
async fn a6_06_a_returned_function_lives_on_python_to_rust() {
    returned_to_others(to_rust_from_neighbour(Language::Python).await).await;
}

#[tokio::test]
async fn a6_06_a_returned_function_lives_on_javascript_to_rust() {
    returned_to_others(to_rust_from_neighbour(Language::JavaScript).await).await;
}

async fn many(side: FromRust) {
    for _ in 0..100 {
        let callback = Closure::new(async |step: i64| step);
        let results: Vec<i64> = side.service.call("call_back", (callback, 1)).await.unwrap();
        assert_eq!(results, [0]);
    }
    assert_eq!(side.sessions().await, 0);
    match &side.provider {
        AnyProvider::Rust(provider) => {
            assert_eq!(provider.client.peer().stats().await.unwrap().sessions, 0);
        }
        // JavaScript keeps the sessions of its answers until it sweeps them.
        AnyProvider::Real(provider) if provider.peer.language() == Language::Python => {
            let state = provider.peer.command("state", json!({})).await.unwrap();
            assert_eq!(state["sessions"], 0);
        }
        AnyProvider::Real(_) => {}
    }
}

#[tokio::test]
async fn a6_08_a_hundred_callbacks_leave_nothing_rust_to_rust() {
    many(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a6_08_a_hundred_callbacks_leave_nothing_rust_to_python() {
    many(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a6_08_a_hundred_callbacks_leave_nothing_rust_to_javascript() {
    many(from_rust_to(JAVASCRIPT).await).await;
}

async fn many_of_others(side: ToRust) {
    for _ in 0..100 {
        let args = json!([{ "$record": "step" }, 1]);
        assert_eq!(side.call("call_back", args).await.unwrap(), json!([0]));
    }
    assert_eq!(side.sessions().await, 0);
    if side.caller.language() == Language::Python {
        let state = side.caller.command("state", json!({})).await.unwrap();
        assert_eq!(state["sessions"], 0);
    }
}

#[tokio::test]
async fn a6_08_a_hundred_callbacks_leave_nothing_python_to_rust() {
    many_of_others(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a6_08_a_hundred_callbacks_leave_nothing_javascript_to_rust() {
    many_of_others(to_rust_from(Language::JavaScript).await).await;
}
