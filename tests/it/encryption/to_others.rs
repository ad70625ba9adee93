//! A Rust client calls.

use futures_util::{TryStreamExt as _, stream};
use hypha_client::{
    Closure, RemoteError, RemoteObject, RemoteService, RemoteStream, Streamed, Value,
};
use hypha_tests::Language;
use serde_json::{Value as Json, json};

use super::{CLEAR, SECRET, sealing, tapped};
use crate::provider::RustProvider;
use crate::tap::Tap;

/// Arguments, results, errors, callbacks, generators and objects.
async fn everything(service: &RemoteService, tap: &Tap) {
    let echoed: String = service.call("echo", (SECRET,)).await.unwrap();
    assert_eq!(echoed, SECRET);
    let reply = service
        .method("echo_async")
        .args((SECRET,))
        .send()
        .await
        .unwrap();
    assert!(reply.is_encrypted());

    let error = service.call::<Value>("boom", (SECRET,)).await.unwrap_err();
    assert_eq!(error.remote().map(RemoteError::message), Some(SECRET));

    let callback = Closure::new(|text: String| async move { format!("{SECRET} {text}") });
    let args = (
        callback,
        vec![SECRET],
        std::collections::BTreeMap::<String, Json>::new(),
    );
    let answered: String = service.call("call_back_with", args).await.unwrap();
    assert_eq!(answered, format!("{SECRET} {SECRET}"));

    let items = Streamed::new(stream::iter(vec![SECRET; 3]));
    let taken: Vec<String> = service.call("take", (items, 2)).await.unwrap();
    assert_eq!(taken, [SECRET; 2]);

    let items: RemoteStream<String> = service.stream("repeat", (SECRET, 3)).await.unwrap();
    let items: Vec<String> = items.try_collect().await.unwrap();
    assert_eq!(items, [SECRET; 3]);

    let store: RemoteObject = service.call("open_store", (SECRET,)).await.unwrap();
    let got: Value = store.call("get", (SECRET,)).await.unwrap();
    assert!(format!("{got:?}").contains(SECRET));
    store.dispose().await.unwrap();

    // In many frames, each way.
    let long = SECRET.repeat(40_000);
    let echoed: String = service.call("echo", (&long,)).await.unwrap();
    assert!(echoed == long);
    assert!(tap.sees(CLEAR), "headers are clear");
    assert!(!tap.sees(SECRET));
}

async fn encrypted_to(language: Language) {
    let (peer, key) = sealing(language).await;
    let services = peer.register().await.unwrap();
    let (client, tap) = tapped().await;
    let get = client
        .get_service(&services["interop"])
        .encryption_public_key(key);
    everything(&get.await.unwrap(), &tap).await;
    let get = client
        .get_service(&services["interop-context"])
        .encryption_public_key(key);
    let context: Json = get.await.unwrap().call("context", ()).await.unwrap();
    assert_eq!(context["encryption"], json!(true));
    let ours = client.public_key().unwrap().to_string();
    assert_eq!(context["caller_public_key"], json!(ours));
    // What binds a message to its place is for Rust clients alone.
    let fields = context.as_object().unwrap();
    assert!(
        !["_to", "_method", "_session", "_ts"]
            .iter()
            .any(|field| fields.contains_key(*field)),
        "{context}"
    );
}

#[tokio::test]
async fn a13_01_a13_05_everything_is_encrypted_rust_to_python() {
    encrypted_to(Language::Python).await;
}

#[tokio::test]
async fn a13_01_a13_05_everything_is_encrypted_rust_to_javascript() {
    encrypted_to(Language::JavaScript).await;
}

#[tokio::test]
async fn a13_01_a13_05_everything_is_encrypted_rust_to_rust() {
    let (provider, _) = tapped().await;
    let provider = RustProvider::new(provider).await;
    let key = provider.client.public_key().unwrap();
    let (client, tap) = tapped().await;
    let get = client
        .get_service(&provider.id("interop"))
        .encryption_public_key(key);
    everything(&get.await.unwrap(), &tap).await;
}

async fn trusted_by(language: Language) {
    let (peer, key) = sealing(language).await;
    let (trusted, _) = tapped().await;
    let (other, _) = tapped().await;
    let ours = trusted.public_key().unwrap().to_string();
    let arguments = json!({ "only": ["interop-trusted"], "trusted_keys": [ours] });
    let id = peer
        .register_with(arguments)
        .await
        .unwrap()
        .remove("interop-trusted")
        .unwrap();
    let touch = |client: hypha_client::Client, key| {
        let id = id.clone();
        async move {
            let mut get = client.get_service(&id);
            if let Some(key) = key {
                get = get.encryption_public_key(key);
            }
            get.await.unwrap().call::<u32>("touch", ()).await
        }
    };
    assert_eq!(touch(trusted.clone(), Some(key)).await.unwrap(), 1);
    let refused = touch(other, Some(key)).await.unwrap_err().to_string();
    assert!(
        refused.contains("not in the trusted keys list"),
        "{refused}"
    );
    let refused = touch(trusted, None).await.unwrap_err().to_string();
    assert!(refused.contains("Encryption required"), "{refused}");
}

#[tokio::test]
async fn a13_06_trusted_keys_rust_to_python() {
    trusted_by(Language::Python).await;
}

#[tokio::test]
async fn a13_06_trusted_keys_rust_to_javascript() {
    trusted_by(Language::JavaScript).await;
}

async fn plain_to(language: Language) {
    let (peer, _) = sealing(language).await;
    let services = peer.register().await.unwrap();
    let (client, tap) = tapped().await;
    let service = client.get_service(&services["interop"]).await.unwrap();
    let echoed: String = service.call("echo", (SECRET,)).await.unwrap();
    assert_eq!(echoed, SECRET);
    assert!(tap.sees(SECRET), "nobody asked for encryption");
    // A function of ours is called encrypted all the same: it carries our key.
    let callback = Closure::new(|cx: hypha_client::Context| async move { cx.is_encrypted() });
    let result: Json = service.call("catch", (callback,)).await.unwrap();
    assert_eq!(result, json!({ "returned": true }));
}

#[tokio::test]
async fn a13_10_plain_calls_go_on_rust_to_python() {
    plain_to(Language::Python).await;
}

#[tokio::test]
async fn a13_10_plain_calls_go_on_rust_to_javascript() {
    plain_to(Language::JavaScript).await;
}

/// A provider is known by its key, which outlives its connections.
#[tokio::test]
async fn a13_02_a13_03_a_key_of_ones_own_outlives_the_connection() {
    let directory = std::env::temp_dir().join(format!("hypha-key-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("provider.key");
    drop(std::fs::remove_file(&file));
    let secret = hypha_client::SecretKey::generate().unwrap();
    secret.write_new_file(&file).unwrap();
    let key = secret.public_key();
    let (caller, _) = tapped().await;
    for _ in 0..2 {
        let encryption = hypha_client::Encryption::from_file(&file).unwrap();
        let options = hypha_client::Client::builder(crate::fixture::server().await.url());
        let client = options.encryption(encryption).connect().await.unwrap();
        assert_eq!(client.public_key(), Some(key));
        let provider = RustProvider::new(client).await;
        let get = caller
            .get_service(&provider.id("interop"))
            .encryption_public_key(key);
        let echoed: String = get.await.unwrap().call("echo", (SECRET,)).await.unwrap();
        assert_eq!(echoed, SECRET);
        provider.client.disconnect().await;
    }
    assert_eq!(crate::fixture::connect().await.public_key(), None);
}
