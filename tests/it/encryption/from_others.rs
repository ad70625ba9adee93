//! Real clients call a Rust provider.

use hypha_client::{Context, Service, Visibility};
use hypha_tests::{Call, Language};
use serde_json::{Value as Json, json};

use super::{CLEAR, SECRET, sealing, tapped};
use crate::provider::RustProvider;

async fn encrypted_from(language: Language) {
    let (client, tap) = tapped().await;
    let config = json!({ "encryption_public_key": client.public_key().unwrap().to_string() });
    let provider = RustProvider::new(client).await;
    let (peer, key) = sealing(language).await;
    let id = provider.id("interop");
    let call = |method: &str, args: Json| Call::new(&id, method).args(args).config(config.clone());

    assert_eq!(
        peer.run(call("echo", json!([SECRET]))).await.unwrap(),
        json!(SECRET)
    );
    let error = peer.run(call("boom", json!([SECRET]))).await.unwrap_err();
    assert!(error.message().contains(SECRET), "{error}");
    // A callback and a generator among the arguments: the pulls of a generator that came encrypted are encrypted too.
    let callback = json!({ "$make": { "awaiting": SECRET } });
    let called = peer
        .run(call("call_back", json!([callback, 2])))
        .await
        .unwrap();
    assert_eq!(called, json!([0, 1]));
    // The items of ours.
    let items = peer
        .run(call("repeat", json!([SECRET, 3])).reduce("items"))
        .await
        .unwrap();
    assert_eq!(items, json!([SECRET, SECRET, SECRET]));
    let long = SECRET.repeat(40_000);
    let echoed = peer
        .run(call("echo", json!([long])).reduce("size"))
        .await
        .unwrap();
    assert_eq!(echoed, json!(long.len()));

    let who = |cx: Context| async move {
        (
            cx.is_encrypted(),
            cx.caller_public_key().map(|key| key.to_string()),
        )
    };
    let service = Service::new("who")
        .visibility(Visibility::Public)
        .method("who", who);
    provider.client.register_service(service).await.unwrap();
    let who = Call::new(&provider.id("who"), "who").config(config.clone());
    assert_eq!(peer.run(who).await.unwrap(), json!([true, key.to_string()]));
    assert!(tap.sees(CLEAR), "headers are clear");
    assert!(!tap.sees(SECRET));
}

#[tokio::test]
async fn a13_04_a13_05_a13_08_everything_is_encrypted_python_to_rust() {
    encrypted_from(Language::Python).await;
}

#[tokio::test]
async fn a13_04_a13_05_a13_08_everything_is_encrypted_javascript_to_rust() {
    encrypted_from(Language::JavaScript).await;
}

async fn trusting(language: Language) {
    let (client, _) = tapped().await;
    let key = client.public_key().unwrap().to_string();
    let provider = RustProvider::new(client).await;
    let (trusted, theirs) = sealing(language).await;
    let (other, _) = sealing(language).await;
    let service = Service::new("guarded")
        .visibility(Visibility::Public)
        .trusted_keys([theirs]);
    let id = provider.guard(service).await;
    let touch = || Call::new(&id, "touch");
    let sealed = || touch().config(json!({ "encryption_public_key": key }));
    let refused = trusted.run(touch()).await.unwrap_err();
    assert!(
        refused.message().contains("Encryption required"),
        "{refused}"
    );
    let refused = other.run(sealed()).await.unwrap_err();
    assert!(
        refused.message().contains("not in the trusted keys list"),
        "{refused}"
    );
    assert_eq!(provider.touched(), 0);
    // A fresh client: those above remember the service as they found it.
    let again =
        Call::new(&format!("{id}@*"), "touch").config(json!({ "encryption_public_key": key }));
    assert_eq!(trusted.run(again).await.unwrap(), json!(1));
}

#[tokio::test]
async fn a13_06_trusted_keys_python_to_rust() {
    trusting(Language::Python).await;
}

#[tokio::test]
async fn a13_06_trusted_keys_javascript_to_rust() {
    trusting(Language::JavaScript).await;
}

async fn plain_from(language: Language) {
    let (client, tap) = tapped().await;
    let provider = RustProvider::new(client).await;
    let (peer, _) = sealing(language).await;
    let echoed = peer
        .call(&provider.id("interop"), "echo", json!([SECRET]))
        .await
        .unwrap();
    assert_eq!(echoed, json!(SECRET));
    assert!(tap.sees(SECRET), "nobody asked for encryption");
}

#[tokio::test]
async fn a13_10_plain_calls_go_on_python_to_rust() {
    plain_from(Language::Python).await;
}

#[tokio::test]
async fn a13_10_plain_calls_go_on_javascript_to_rust() {
    plain_from(Language::JavaScript).await;
}
