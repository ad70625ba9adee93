//! The client without async, with real clients: features A.16.

use std::sync::{Arc, Mutex};

use hypha_sync::{
    Callback, Client, Closure, RemoteError, Service, Value, Visibility, Waiting as _, from_iter,
};
use hypha_tests::{Call, Language, Peer};
use serde_json::json;

use crate::fixture::{BOTH, Provider, server};
use crate::provider::RustProvider;

/// What a program without async does, on a thread of its own.
async fn program<T: Send + 'static>(run: impl FnOnce(Client) -> T + Send + 'static) -> T {
    let url = server().await.url();
    let program = move || run(hypha_sync::connect_to_server(url).unwrap());
    tokio::task::spawn_blocking(program).await.unwrap()
}

/// Calls, errors, callbacks that call the server again, generators.
fn everything(client: &Client, id: &str) {
    let service = client.get_service(id).unwrap();
    let echoed: (i64, String) = service.call("echo", ((1, "two"),)).unwrap();
    assert_eq!(echoed, (1, "two".to_owned()));
    let error = service.call::<Value>("boom", ("broken",)).unwrap_err();
    let remote = error.client().and_then(hypha_client::Error::remote);
    assert_eq!(remote.map(RemoteError::message), Some("broken"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (record, again) = (Arc::clone(&seen), client.clone());
    let callback = Closure::blocking(move |step: i64| {
        record.lock().unwrap().push(step);
        again.echo(&(step * 10))
    });
    let results: Vec<i64> = service.call("call_back", (callback, 3)).unwrap();
    assert_eq!(
        (results, seen.lock().unwrap().clone()),
        (vec![0, 10, 20], vec![0, 1, 2])
    );
    let items: Result<Vec<u64>, _> = service.stream("count", (4,)).unwrap().collect();
    assert_eq!(items.unwrap(), [0, 1, 2, 3]);
    let taken: Vec<u64> = service.call("take", (from_iter(0..5_u64), 3)).unwrap();
    assert_eq!(taken, [0, 1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a16_01_a16_02_a16_04_a7_05_everything_without_async_rust_to_python_and_javascript() {
    for language in BOTH {
        let id = Provider::shared(language).await.id("interop").to_owned();
        program(move |client| everything(&client, &id)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a16_01_a16_02_a16_04_a7_05_everything_without_async_rust_to_rust() {
    let provider = RustProvider::start().await;
    let id = provider.id("interop");
    program(move |client| everything(&client, &id)).await;
}

fn service() -> Service {
    Service::new("blocking")
        .visibility(Visibility::Public)
        .blocking("add", |a: i64, b: i64| a + b)
        .blocking("count", |n: u64| from_iter(0..n))
        .blocking("report", |steps: u64, report: Callback<(u64,), u64>| {
            let mut sum = 0;
            for step in 0..steps {
                sum += report.wait((step,))?;
            }
            Ok::<u64, hypha_sync::Error>(sum)
        })
}

async fn provided_to(language: Language) {
    let (client, id) = program(|client| {
        let id = client.register_service(service()).unwrap().id;
        (client, id)
    })
    .await;
    let peer = Peer::of(language, server().await).start().await.unwrap();
    assert_eq!(
        peer.call(&id, "add", json!([1, 2])).await.unwrap(),
        json!(3)
    );
    let items = Call::new(&id, "count").args(json!([3])).reduce("items");
    assert_eq!(peer.run(items).await.unwrap(), json!([0, 1, 2]));
    let callback = json!({ "$make": { "awaiting": "step" } });
    let sum = peer
        .call(&id, "report", json!([4, callback]))
        .await
        .unwrap();
    assert_eq!(sum, json!(6));
    drop(client);
}

#[tokio::test(flavor = "multi_thread")]
async fn a16_01_a16_02_a_provider_without_async_python_to_rust() {
    provided_to(Language::Python).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a16_01_a16_02_a_provider_without_async_javascript_to_rust() {
    provided_to(Language::JavaScript).await;
}
