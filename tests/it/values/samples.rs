//! Values that the peers make themselves, read by Rust and by a client of the same language.

use hypha_codec::Value;
use hypha_tests::{Language, notation};
use serde_json::json;

use super::{check, short};
use crate::fixture::{Provider, caller, connect};

/// Every sample that the language can send is the same for us and for it, and the same again when we send it back.
async fn differing(language: Language, known: &[&str]) {
    let provider = Provider::shared(language).await;
    let id = provider.id("interop");
    let theirs = caller(language).await;
    let ours = connect().await.get_service(id).await.unwrap();
    let names: Vec<String> = ours.call("sample_names", ()).await.unwrap();
    assert!(names.len() > 40, "{names:?}");
    let mut faults = Vec::new();
    for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
        let read: Result<Value, _> = ours.call("sample", (name,)).await;
        let expected = theirs.call(id, "sample", json!([name])).await;
        let (read, expected) = match (read, expected) {
            (Ok(read), Ok(expected)) => (read, expected),
            // Refused by its own encoder.
            (Err(ours), Err(_)) if ours.is_remote() => continue,
            (ours, theirs) => {
                faults.push(format!("{name}: we read {ours:?}, they {theirs:?}"));
                continue;
            }
        };
        let note = notation::of(&read);
        if note != expected {
            faults.push(short(&format!("{name}: we read {note}, they {expected}")));
        }
        match ours
            .call::<Value>("echo", (&read,))
            .await
            .as_ref()
            .map(notation::of)
        {
            Ok(back) if back == note => {}
            Ok(back) => faults.push(short(&format!("{name}: {note} comes back as {back}"))),
            Err(error) => faults.push(format!("{name}: does not come back: {error}")),
        }
    }
    check(&faults);
}

#[tokio::test]
async fn a3_samples_python_to_rust() {
    // An error gains a prefix at each step, a model is rebuilt there, and integers as keys are for us only: they have
    // tests of their own. Of an array of objects Python sends the addresses, and its receiver is right to drop that.
    differing(
        Language::Python,
        &["error", "pydantic_model", "int_keys", "ndarray_object"],
    )
    .await;
}

#[tokio::test]
async fn a3_samples_javascript_to_rust() {
    // What its encoder refuses JavaScript never answers, and a BigInt64Array comes without its kind.
    differing(
        Language::JavaScript,
        &["error", "undefined", "big_int", "big_int_array", "symbol"],
    )
    .await;
}

#[tokio::test]
async fn a3_20_a_pydantic_model_keeps_its_schema() {
    let provider = Provider::shared(Language::Python).await;
    let service = connect()
        .await
        .get_service(provider.id("interop"))
        .await
        .unwrap();
    let model: Value = service.call("sample", ("pydantic_model",)).await.unwrap();
    assert_eq!(
        model.get("_rtype").and_then(Value::as_str),
        Some("pydantic_model")
    );
    let fields = model.get("_rvalue").map(notation::of);
    assert_eq!(
        fields,
        Some(json!({ "label": "t", "value": { "$f": 1.5 } }))
    );
    assert!(model.get("_rschema").is_some(), "{model:?}");

    let told: Value = service.call("describe", (&model,)).await.unwrap();
    assert_eq!(
        told.get("type").and_then(Value::as_str),
        Some("Reading"),
        "Python has its model again"
    );
    let back: Value = service.call("echo", (&model,)).await.unwrap();
    assert_eq!(back.get("_rvalue").map(notation::of), fields);
}

#[tokio::test]
async fn defect_07_integer_keys_of_python_are_read() {
    let provider = Provider::shared(Language::Python).await;
    let service = connect()
        .await
        .get_service(provider.id("interop"))
        .await
        .unwrap();
    let map: Value = service.call("sample", ("int_keys",)).await.unwrap();
    assert_eq!(notation::of(&map), json!({ "$m": [[1, "a"]] }));
}

#[tokio::test]
async fn a3_01_undefined_of_javascript_is_null() {
    let provider = Provider::shared(Language::JavaScript).await;
    let service = connect()
        .await
        .get_service(provider.id("interop"))
        .await
        .unwrap();
    let undefined: Value = service.call("sample", ("undefined",)).await.unwrap();
    assert_eq!(undefined, Value::Null);
}

#[tokio::test]
async fn a3_24_what_python_refuses_is_an_error_of_its_own() {
    let provider = Provider::shared(Language::Python).await;
    let service = connect()
        .await
        .get_service(provider.id("interop"))
        .await
        .unwrap();
    for name in ["int_2p64", "bytearray", "frozenset", "datetime", "complex"] {
        let error = service.call::<Value>("sample", (name,)).await.unwrap_err();
        assert!(error.is_remote(), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn a3_15_a_big_int64_array_of_javascript_has_no_kind() {
    let provider = Provider::shared(Language::JavaScript).await;
    let service = connect()
        .await
        .get_service(provider.id("interop"))
        .await
        .unwrap();
    let array: Value = service.call("sample", ("big_int_array",)).await.unwrap();
    assert_eq!(
        array,
        Value::from(hypha_codec::TypedArray::untyped(vec![
            1, 0, 0, 0, 0, 0, 0, 0
        ]))
    );
}
