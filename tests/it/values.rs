//! Values of every kind there and back, in all directions: features A3.01 to A3.15 and A3.20 to A3.26.

mod rows;
mod samples;

use std::time::Duration;

use hypha_tests::{Call, Language, notation};
use serde_json::{Value as Json, json};

use self::rows::{Held, Row, rows};
use crate::blocking;
use crate::fixture::{Provider, caller, connect};
use crate::provider::{RustProvider, deep, depth};
use hypha_client::Value;

/// What went wrong, one line a row, so that one bad row does not hide the next.
fn check(faults: &[String]) {
    assert!(
        faults.is_empty(),
        "{} rows:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

fn fault(
    row: &Row,
    what: &str,
    found: &impl std::fmt::Debug,
    wanted: &impl std::fmt::Debug,
) -> String {
    short(&format!(
        "{} {}: {what} {found:?}, not {wanted:?}",
        row.feature, row.name
    ))
}

/// As much of a message as is worth reading.
fn short(text: &str) -> String {
    text.chars().take(2000).collect()
}

/// How long a result is waited for. JavaScript says nothing where it cannot send one.
fn patience(held: &Held) -> Option<Duration> {
    held.back.is_none().then_some(Duration::from_secs(2))
}

/// What a peer made of the value of a row, and sent back for it, beside what it should.
fn judged(row: &Row, held: &Held, told: Option<&Value>, back: Option<&Value>) -> Option<String> {
    let kind = told.and_then(|told| told.get("type")?.as_str());
    if kind != held.kind {
        return Some(fault(row, "is", &kind, &held.kind));
    }
    let back = back.map(notation::of);
    (back != held.back).then(|| fault(row, "comes back as", &back, &held.back))
}

async fn rust_to(language: Language) {
    let provider = Provider::shared(language).await;
    let client = connect().await;
    let service = client.get_service(provider.id("interop")).await.unwrap();
    let mut faults = Vec::new();
    for row in rows() {
        let held = row.held_by(language);
        let told: Result<Value, _> = service.call("describe", (&row.value,)).await;
        let mut echo = service.method("echo").args((&row.value,));
        if let Some(patience) = patience(&held) {
            echo = echo.timeout(patience);
        }
        let back: Result<Value, _> = echo.await;
        faults.extend(judged(&row, &held, told.as_ref().ok(), back.as_ref().ok()));
    }
    check(&faults);
}

async fn rust_without_async_to(language: Language) {
    let id = Provider::shared(language).await.id("interop").to_owned();
    let faults = blocking::program(move |client| {
        let service = client.get_service(&id).unwrap();
        let judge = |row: Row| {
            let held = row.held_by(language);
            let told: Result<Value, _> = service.call("describe", (&row.value,));
            let mut echo = service.method("echo").args((&row.value,));
            if let Some(patience) = patience(&held) {
                echo = echo.timeout(patience);
            }
            let back = echo.call();
            judged(&row, &held, told.as_ref().ok(), back.as_ref().ok())
        };
        rows()
            .into_iter()
            .filter_map(judge)
            .collect::<Vec<String>>()
    });
    check(&faults.await);
}

/// What the peer can send arrives as what it is, and comes back to it as the same.
async fn rust_from(language: Language) {
    let caller = caller(language).await;
    let mut provider = RustProvider::start().await;
    let service = provider.id("interop");
    let mut faults = Vec::new();
    for row in rows() {
        // What the peer writes for what it was sent.
        let Held {
            back: Some(note), ..
        } = row.held_by(language)
        else {
            continue;
        };
        let result = caller.call(&service, "keep", json!([note])).await;
        let kept = provider.happened("kept").as_ref().map(notation::of);
        if kept.as_ref() != Some(&note) {
            faults.push(fault(&row, "arrives as", &kept, &note));
        }
        // A plain map with other keys than text is read, but never sent.
        if note.get("$m").is_none() && result.as_ref().ok() != Some(&note) {
            faults.push(fault(&row, "comes back as", &result, &note));
        }
    }
    check(&faults);
}

#[tokio::test]
async fn a3_values_rust_to_python() {
    rust_to(Language::Python).await;
}

#[tokio::test]
async fn a3_values_python_to_rust() {
    rust_from(Language::Python).await;
}

#[tokio::test]
async fn a3_values_rust_to_javascript() {
    rust_to(Language::JavaScript).await;
}

#[tokio::test]
async fn a3_values_javascript_to_rust() {
    rust_from(Language::JavaScript).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a16_01_a3_values_without_async_rust_to_python() {
    rust_without_async_to(Language::Python).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a16_01_a3_values_without_async_rust_to_javascript() {
    rust_without_async_to(Language::JavaScript).await;
}

#[tokio::test]
async fn a3_values_rust_to_rust() {
    let provider = RustProvider::start().await;
    let client = connect().await;
    let service = client.get_service(&provider.id("interop")).await.unwrap();
    let mut faults = Vec::new();
    for row in rows() {
        let kind: String = service.call("kind", (&row.value,)).await.unwrap();
        if kind != row.value.kind() {
            faults.push(fault(&row, "is", &kind, &row.value.kind()));
        }
        let back: Value = service.call("echo", (&row.value,)).await.unwrap();
        // The notation tells one NaN from a number, and is the same for two of them.
        if notation::of(&back) != notation::of(&row.value) {
            faults.push(fault(&row, "comes back as", &back, &row.value));
        }
    }
    check(&faults);
}

#[tokio::test]
async fn a3_26_nesting_of_600_levels() {
    const LEVELS: usize = 600;
    let rust = RustProvider::start().await;
    let client = connect().await;
    let ours = rust.id("interop");
    // The encoder of JavaScript stops at 100 levels, of which the message around the value takes some.
    for (language, sent) in [(Language::Python, LEVELS), (Language::JavaScript, 90)] {
        let theirs = Provider::shared(language).await;
        let service = client.get_service(theirs.id("interop")).await.unwrap();
        let there: usize = service.call("depth", (deep(LEVELS),)).await.unwrap();
        let back: Value = service.call("echo", (deep(sent),)).await.unwrap();
        let made: Value = service.call("deep", (sent,)).await.unwrap();
        assert_eq!(
            [there, depth(&back), depth(&made)],
            [LEVELS, sent, sent],
            "{language:?}"
        );

        let caller = caller(language).await;
        let deep = json!([{ "$deep": sent }]);
        assert_eq!(
            caller.call(&ours, "depth", deep.clone()).await.unwrap(),
            json!(sent)
        );
        let echo = Call::new(&ours, "echo").args(deep).reduce("depth");
        assert_eq!(caller.run(echo).await.unwrap(), json!(sent));
        let made = Call::new(&ours, "deep")
            .args(json!([LEVELS]))
            .reduce("depth");
        assert_eq!(caller.run(made).await.unwrap(), json!(LEVELS));
    }
    let service = client.get_service(&ours).await.unwrap();
    let back: Value = service.call("echo", (deep(LEVELS),)).await.unwrap();
    assert_eq!(depth(&back), LEVELS);
}

#[tokio::test]
async fn a3_11_an_error_is_a_value_too() {
    let client = connect().await;
    let rust = RustProvider::start().await;
    let error = Value::from(hypha_codec::ErrorValue::new("a value").with_trace("line 1"));
    for (language, kind) in [
        (Language::Python, "RemoteException"),
        (Language::JavaScript, "Error"),
    ] {
        let provider = Provider::shared(language).await;
        let service = client.get_service(provider.id("interop")).await.unwrap();
        let told: Value = service.call("describe", (&error,)).await.unwrap();
        assert_eq!(told.get("type").and_then(Value::as_str), Some(kind));
        let back: Value = service.call("echo", (&error,)).await.unwrap();
        assert!(
            matches!(&back, Value::Error(error) if error.message.contains("a value")),
            "{back:?}"
        );
        let sample: Value = service.call("sample", ("error",)).await.unwrap();
        assert!(
            matches!(&sample, Value::Error(error) if error.message.contains("a value")),
            "{sample:?}"
        );

        let sent = json!([{ "_rtype": "error", "_rvalue": "a value" }]);
        let back: Json = caller(language)
            .await
            .call(&rust.id("interop"), "echo", sent)
            .await
            .unwrap();
        assert_eq!(back["_rtype"], "error", "{back}");
        assert!(
            back["_rvalue"].as_str().unwrap().contains("a value"),
            "{back}"
        );
    }
    let service = client.get_service(&rust.id("interop")).await.unwrap();
    assert_eq!(
        service.call::<Value>("echo", (&error,)).await.unwrap(),
        error
    );
}
