//! The server is killed, and starts again without a memory.

use std::time::Duration;

use hypha_client::{Client, ClosedReason, Service, ServiceQuery};
use hypha_tests::{HyphaServer, Peer, ServerOptions};
use serde_json::json;
use tokio::time::Instant;

use super::{back, returns};
use crate::fixture::{BOTH, membership, soon, until};
use crate::provider::RustProvider;

/// Real clients come back after waits that double, so a slow machine makes them wait for a minute.
const PATIENCE: Duration = Duration::from_secs(180);

/// Waits until a real client, which has to come back itself, gets an answer or gives one.
async fn answers(what: &str, call: impl AsyncFn() -> bool) {
    let answered = tokio::time::timeout(PATIENCE, async {
        while !tokio::time::timeout(Duration::from_secs(5), call())
            .await
            .unwrap_or_default()
        {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    assert!(answered.await.is_ok(), "{what} did not happen");
}

#[tokio::test]
async fn a12_05_a12_07_a12_08_everything_is_there_again_rust_to_python_and_javascript_and_python_and_javascript_to_rust()
 {
    let mut server = HyphaServer::start(ServerOptions::default()).await.unwrap();
    let client = Client::builder(server.url()).connect().await.unwrap();
    let provider = RustProvider::new(client.clone()).await;
    let (id, manager) = (provider.id("interop"), client.peer().manager());
    let mut peers = Vec::new();
    for language in BOTH {
        let membership = membership(&client).await;
        let peer = Peer::of(language, &server).member(&membership);
        let peer = peer.start().await.unwrap();
        let services = peer.register().await.unwrap();
        // They keep the proxy: that of the manager goes on leading Python to the manager that is gone.
        let sum = peer.call(&id, "add", json!([1, 2])).await.unwrap();
        assert_eq!(sum, json!(3), "{language:?}");
        peers.push((peer, services));
    }
    let mut proxies = Vec::new();
    for (_, services) in &peers {
        proxies.push(client.get_service(&services["interop"]).await.unwrap());
    }
    let mut returns = returns(&client);
    server.kill().unwrap();
    server.restart().await.unwrap();
    let since = Instant::now();
    back(&mut returns).await;
    assert!(since.elapsed() < Duration::from_secs(30));
    assert_ne!(
        client.peer().manager(),
        manager,
        "another life, another manager"
    );

    // The same handles as before.
    assert_eq!(client.echo(&1).await.unwrap(), 1);
    let listed = client
        .list_services(ServiceQuery::new().client_id(client.client_id()))
        .await
        .unwrap();
    let mut ids: Vec<String> = listed.into_iter().map(|service| service.id).collect();
    ids.sort();
    assert_eq!(ids, [provider.id("built-in"), id.clone()]);
    for ((peer, _), proxy) in peers.iter().zip(&proxies) {
        let language = peer.language();
        answers("a call into Rust", async || {
            peer.call(&id, "add", json!([1, 2])).await.is_ok()
        })
        .await;
        answers("a call out of Rust", async || {
            proxy.call::<i64>("add", (1, 2)).await.is_ok()
        })
        .await;
        let sum = proxy.call::<i64>("add", (2, 2)).await.unwrap();
        assert_eq!(sum, 4, "{language:?}");
    }
    let again = Service::new("later").method("f", || async {});
    client.register_service(again).await.unwrap();
}

#[tokio::test]
async fn a12_09_a_call_of_the_manager_that_is_gone_fails() {
    let mut server = HyphaServer::start(ServerOptions::default()).await.unwrap();
    let client = Client::builder(server.url()).connect().await.unwrap();
    let mut returns = returns(&client);
    // The manager hangs with the rest of the server, and takes the call with it.
    server.freeze().unwrap();
    // A signal takes its time to stop every thread.
    let second = Duration::from_secs(1);
    while tokio::time::timeout(second, client.echo(&0)).await.is_ok() {}
    let pending = tokio::spawn({
        let client = client.clone();
        async move { client.echo(&1).await }
    });
    until("the call on its way", async || {
        assert!(!pending.is_finished(), "the server is frozen");
        client.peer().stats().await.unwrap().pending_calls > 0
    })
    .await;
    server.kill().unwrap();
    server.restart().await.unwrap();
    back(&mut returns).await;
    let since = Instant::now();
    let error = soon("the end of the call", pending).await.unwrap();
    assert!(error.unwrap_err().is_disconnected());
    assert!(since.elapsed() < Duration::from_secs(5));
    assert_eq!(client.echo(&2).await.unwrap(), 2);
}

#[tokio::test]
async fn a12_12_a_server_that_refuses_ends_it() {
    let mut server = HyphaServer::start(ServerOptions::default()).await.unwrap();
    let client = Client::builder(server.url()).connect().await.unwrap();
    server.kill().unwrap();
    // A server that does not know the tokens of the one before.
    let other = ServerOptions::default().env("JWT_SECRET", "another secret");
    server.restart_as(other).await.unwrap();
    let reason = soon("the end", client.closed()).await;
    assert!(
        matches!(&reason, ClosedReason::Refused(text) if text.contains("Authentication error")),
        "{reason}"
    );
    let error = client.echo(&1).await.unwrap_err();
    assert!(error.is_disconnected(), "{error:#}");
}
