//! Callbacks among the arguments of a call.

use hypha_client::{Callback, Closure, Method, Value};
use hypha_tests::Language;
use serde_json::{Value as Json, json};

use super::Seen;
use crate::sides::{FromRust, JAVASCRIPT, PYTHON, RUST, ToRust, from_rust_to, to_rust_from};

async fn progress(FromRust { service, .. }: FromRust) {
    let seen = Seen::default();
    for method in ["call_back", "call_back_at_once"] {
        let results: Vec<i64> = service.call(method, (seen.callback(), 5)).await.unwrap();
        assert_eq!(results, [0, 10, 20, 30, 40], "{method}");
        let mut steps = seen.take();
        if method == "call_back_at_once" {
            steps.sort_unstable();
        }
        assert_eq!(steps, [0, 1, 2, 3, 4], "{method}");
    }
    let waiting = Closure::new(async |step: i64| {
        tokio::task::yield_now().await;
        step + 1
    });
    let blocking = Closure::blocking(|step: i64| step + 1);
    for callback in [waiting, blocking] {
        let results: Vec<i64> = service.call("call_back", (callback, 3)).await.unwrap();
        assert_eq!(results, [1, 2, 3]);
    }
}

#[tokio::test]
async fn a6_01_progress_callback_rust_to_rust() {
    progress(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a6_01_progress_callback_rust_to_python() {
    progress(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a6_01_progress_callback_rust_to_javascript() {
    progress(from_rust_to(JAVASCRIPT).await).await;
}

async fn progress_of_others(side: ToRust) {
    for callback in [
        json!({ "$record": "step" }),
        json!({ "$make": { "awaiting": "step" } }),
    ] {
        for method in ["call_back", "call_back_at_once"] {
            let results = side.call(method, json!([callback, 5])).await.unwrap();
            assert_eq!(results, json!([0, 1, 2, 3, 4]), "{method}");
            let mut steps = Vec::new();
            for _ in 0..5 {
                let called = side.caller.event("called").await.unwrap();
                assert_eq!(called["name"], "step");
                steps.push(called["args"][0].as_i64().unwrap());
            }
            if method == "call_back_at_once" {
                steps.sort_unstable();
            }
            assert_eq!(steps, [0, 1, 2, 3, 4], "{method}");
        }
    }
}

#[tokio::test]
async fn a6_01_progress_callback_python_to_rust() {
    progress_of_others(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a6_01_progress_callback_javascript_to_rust() {
    progress_of_others(to_rust_from(Language::JavaScript).await).await;
}

/// Anywhere in the arguments, with names for its own.
async fn members_and_names(FromRust { service, .. }: FromRust) {
    let seen = Seen::default();
    let step = std::collections::BTreeMap::from([("report", seen.callback())]);
    let thing = std::collections::BTreeMap::from([("steps", vec![step])]);
    let result: i64 = service.call("call_member", (thing,)).await.unwrap();
    assert_eq!((result, seen.take()), (70, vec![7]));

    let minus = Method::new(async |a: i64, b: i64| a - b).params(["a", "b"]);
    let kwargs = std::collections::BTreeMap::from([("b", 3)]);
    // The JavaScript client can send names, but not together with positions.
    let result: i64 = service
        .call("call_back_with", (Closure::new(minus), [10], kwargs))
        .await
        .unwrap();
    assert_eq!(result, 7);
}

#[tokio::test]
async fn a6_01_callback_with_names_inside_a_map_rust_to_rust() {
    members_and_names(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a6_01_callback_with_names_inside_a_map_rust_to_python() {
    members_and_names(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a6_01_callback_with_names_inside_a_map_rust_to_javascript() {
    members_and_names(from_rust_to(JAVASCRIPT).await).await;
}

async fn members_of_others(side: ToRust) {
    let thing = json!({ "steps": [{ "report": { "$record": "step" } }] });
    let result = side.call("call_member", json!([thing])).await.unwrap();
    assert_eq!(result, json!(7));
}

#[tokio::test]
async fn a6_01_callback_inside_a_map_python_to_rust() {
    members_of_others(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a6_01_callback_inside_a_map_javascript_to_rust() {
    members_of_others(to_rust_from(Language::JavaScript).await).await;
}

/// The callback takes a callback, which takes a callback; and what it returns is called.
async fn nested(side: FromRust) {
    let outer = Closure::new(async |inner: Callback<(Closure,), i64>| {
        let echoed = inner.call((Closure::new(async |x: i64| x),)).await?;
        Ok::<_, hypha_client::CallError>(Closure::new(move |x: i64| async move { 10 * echoed + x }))
    });
    let result: i64 = side.service.call("nest", (outer,)).await.unwrap();
    assert_eq!(result, 105);
}

#[tokio::test]
async fn a6_03_three_levels_of_callbacks_rust_to_rust() {
    nested(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a6_03_three_levels_of_callbacks_rust_to_python() {
    nested(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a6_03_three_levels_of_callbacks_rust_to_javascript() {
    nested(from_rust_to(JAVASCRIPT).await).await;
}

async fn nested_of_others(side: ToRust) {
    let nesting = json!([{ "$make": { "nesting": 10 } }]);
    let result = side.call("nest", nesting).await.unwrap();
    assert_eq!(result, json!(105));
}

#[tokio::test]
async fn a6_03_three_levels_of_callbacks_python_to_rust() {
    nested_of_others(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a6_03_three_levels_of_callbacks_javascript_to_rust() {
    nested_of_others(to_rust_from(Language::JavaScript).await).await;
}

/// The provider hears what the callback raised; if it does not catch it, so does the caller.
async fn raising(FromRust { service, .. }: FromRust) {
    let raising = Closure::new(async || Err::<i64, _>("not today"));
    let panicking = Closure::new(async || -> i64 { panic!("oh no") });
    for (callback, text) in [(raising, "not today"), (panicking, "oh no")] {
        let caught: Value = service.call("catch", (callback.clone(),)).await.unwrap();
        let raised = caught.get("raised").and_then(Value::as_str).unwrap();
        assert!(raised.contains(text), "{raised}");
    }
    let picky = Closure::new(async |_: i64| Err::<i64, _>("not today either"));
    let error = service
        .call::<Value>("call_back", (picky, 2))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("not today either"), "{error}");
}

#[tokio::test]
async fn a6_07_raising_callback_rust_to_rust() {
    raising(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a6_07_raising_callback_rust_to_python() {
    raising(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a6_07_raising_callback_rust_to_javascript() {
    raising(from_rust_to(JAVASCRIPT).await).await;
}

async fn raising_of_others(side: ToRust) {
    let raising = json!({ "$make": { "raising": "not today" } });
    let caught = side.call("catch", json!([raising])).await.unwrap();
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    assert!(text(&caught["raised"]).contains("not today"), "{caught}");
    let error = side.call("call_back", json!([raising, 2])).await;
    let error = error.unwrap_err();
    assert!(error.message().contains("not today"), "{error}");
}

#[tokio::test]
async fn a6_07_raising_callback_python_to_rust() {
    raising_of_others(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a6_07_raising_callback_javascript_to_rust() {
    raising_of_others(to_rust_from(Language::JavaScript).await).await;
}
