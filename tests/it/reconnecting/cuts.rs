//! The server stays, and the connection is cut.

use hypha_client::{ClosedReason, ServiceQuery, State, Value};
use hypha_tests::Peer;
use serde_json::json;

use super::{back, returns};
use crate::fixture::{BOTH, Provider, caller, connect, join, membership, server, soon, until};
use crate::provider::RustProvider;
use crate::tap::Tap;

#[tokio::test]
async fn a12_05_a12_06_a12_07_a_provider_comes_back_as_itself_python_and_javascript_and_rust_to_rust()
 {
    let tap = Tap::default();
    let client = tap.options(server().await).connect().await.unwrap();
    let address = client.address().clone();
    let provider = RustProvider::new(client.clone()).await;
    let id = provider.id("interop");
    let ours = connect().await.get_service(&id).await.unwrap();
    let listed = async || {
        let services = client.list_services(ServiceQuery::new()).await.unwrap();
        let mut ids: Vec<String> = services.into_iter().map(|service| service.id).collect();
        ids.sort();
        ids
    };
    let before = listed().await;
    for language in BOTH {
        let theirs = caller(language).await;
        let sum = theirs.call(&id, "add", json!([1, 2])).await.unwrap();
        assert_eq!(sum, json!(3), "{language:?}");
    }
    let mut returns = returns(&client);
    tap.cut();
    back(&mut returns).await;
    assert_eq!(client.address(), &address);
    assert_eq!(listed().await, before);
    for language in BOTH {
        let sum = caller(language).await.call(&id, "add", json!([1, 2])).await;
        assert_eq!(sum.unwrap(), json!(3), "{language:?}");
    }
    assert_eq!(ours.call::<i64>("add", (1, 2)).await.unwrap(), 3);
}

#[tokio::test]
async fn a12_10_a_pending_call_outlives_the_loss_of_its_caller_rust_to_python_and_javascript() {
    for language in BOTH {
        let provider = Provider::start(language).await;
        let tap = Tap::default();
        let client = tap.options(server().await).connect().await.unwrap();
        let service = client.get_service(provider.id("interop")).await.unwrap();
        let mut returns = returns(&client);
        let cut = async {
            provider.peer.event("started").await.unwrap();
            tap.cut();
            back(&mut returns).await;
        };
        // Long enough for the server to make the client wait a second.
        let (slept, ()) = tokio::join!(service.call::<String>("slow", (4.0,)), cut);
        assert_eq!(slept.unwrap(), "slept", "{language:?}");
    }
}

#[tokio::test]
async fn a12_10_a_pending_call_outlives_the_loss_of_its_provider_python_and_javascript_to_rust() {
    for language in BOTH {
        let tap = Tap::default();
        let client = tap.options(server().await).connect().await.unwrap();
        let mut returns = returns(&client);
        let mut provider = RustProvider::new(client).await;
        let id = provider.id("interop");
        let caller = caller(language).await;
        let cut = async {
            provider.event("started").await;
            tap.cut();
            back(&mut returns).await;
        };
        let (slept, ()) = tokio::join!(caller.call(&id, "slow", json!([4.0])), cut);
        assert_eq!(slept.unwrap(), json!("slept"), "{language:?}");
    }
}

#[tokio::test]
async fn a12_11_what_is_called_meanwhile_waits_rust_to_python_and_javascript() {
    let tap = Tap::default();
    let client = tap.options(server().await).connect().await.unwrap();
    let mut lost = client.on::<Value>(hypha_client::event::DISCONNECTED);
    for language in BOTH {
        let provider = Provider::shared(language).await;
        let service = client.get_service(provider.id("interop")).await.unwrap();
        tap.cut();
        soon("the loss", lost.next()).await.unwrap().unwrap();
        assert!(matches!(client.state(), State::Reconnecting { .. }));
        let calls = (0..20).map(|n| {
            let service = service.clone();
            async move { service.call::<i64>("add", (n, 1)).await }
        });
        let sums = futures_util::future::join_all(calls).await;
        for (n, sum) in (0..20).zip(sums) {
            assert_eq!(sum.unwrap(), n + 1, "{language:?}");
        }
    }
}

#[tokio::test]
async fn a12_15_who_disconnects_stays_away() {
    let witness = connect().await;
    let membership = membership(&witness).await;
    let tap = Tap::default();
    let options = tap.options(server().await);
    let client = options
        .workspace(&membership.workspace)
        .token(membership.token.as_str());
    let client = client.connect().await.unwrap();
    let address = client.address().as_str().to_owned();
    let mut lost = client.on::<Value>(hypha_client::event::DISCONNECTED);
    // While it tries to come back, too.
    tap.cut();
    soon("the loss", lost.next()).await.unwrap().unwrap();
    client.disconnect().await;
    assert!(matches!(client.closed().await, ClosedReason::Local));
    until("the end of the client", async || {
        let clients = witness.list_clients(None).await.unwrap();
        !clients.iter().any(|entry| entry.id == address)
    })
    .await;
    assert!(client.echo(&1).await.is_err());
    assert!(matches!(client.state(), State::Closed(ClosedReason::Local)));
    drop(join(&membership).await);
}

#[tokio::test]
async fn a5_21_defect_16_a_proxy_finds_a_provider_that_came_back_rust_to_python_and_javascript() {
    for language in BOTH {
        let boss = connect().await;
        let membership = membership(&boss).await;
        let start = async || {
            let peer = Peer::of(language, server().await).member(&membership);
            let peer = peer.start().await.unwrap();
            let only = json!({ "only": ["interop"] });
            peer.register_with(only).await.unwrap();
            peer
        };
        let first = start().await;
        let service = boss.get_service("interop").await.unwrap();
        assert_eq!(service.call::<i64>("add", (1, 2)).await.unwrap(), 3);
        first.kill();
        until("the end of the first provider", async || {
            boss.get_service("interop").await.is_err()
        })
        .await;
        // The same service, at another client.
        let _second = start().await;
        assert_eq!(
            service.call::<i64>("add", (1, 2)).await.unwrap(),
            3,
            "{language:?}"
        );
    }
}
