//! The server is killed or stopped while clients in every language are connected.

use std::time::Duration;

use hypha_client::{ServiceQuery, Value};
use hypha_tests::{Peer, Services};
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::at;
use crate::fixture::{BOTH, membership, soon};
use crate::provider::RustProvider;

/// Real clients come back after waits that double, so a slow machine makes them wait for a minute.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long a call waits whose provider may come back and go on with it.
const PENDING: Duration = Duration::from_secs(10);

/// Waits until a real client, which has to come back itself, gets an answer or gives one.
pub(crate) async fn answers(what: &str, call: impl AsyncFn() -> bool) {
    let answered = timeout(PATIENCE, async {
        while !timeout(Duration::from_secs(5), call())
            .await
            .unwrap_or_default()
        {
            sleep(Duration::from_millis(100)).await;
        }
    });
    assert!(answered.await.is_ok(), "{what} did not happen");
}

/// All services that are listed in the workspace of the provider.
async fn listed(provider: &RustProvider) -> Vec<String> {
    let services = provider.client.list_services(ServiceQuery::new()).await;
    let mut ids: Vec<String> = services.into_iter().flatten().map(|info| info.id).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn server_05_all_are_back_with_their_services_after_a_kill_and_after_a_stop_rust_to_python_and_javascript_and_python_and_javascript_to_rust()
 {
    let mut server = crate::reconnecting::server().await;
    let provider = RustProvider::new(at(&server).connect().await.unwrap()).await;
    let member = membership(&provider.client).await;
    let mut peers: Vec<(Peer, Services)> = Vec::new();
    for language in BOTH {
        let peer = Peer::of(language, &server).member(&member);
        let peer = peer.start().await.unwrap();
        let services = peer.register().await.unwrap();
        // They keep the proxy: on the real server they find no other one after a restart (row S.12).
        let id = provider.id("interop");
        let sum = peer.call(&id, "add", json!([1, 2])).await.unwrap();
        assert_eq!(sum, json!(3), "{language:?}");
        peers.push((peer, services));
    }
    let before = listed(&provider).await;
    assert!(before.len() > 6, "{before:?}");
    for kill in [true, false] {
        // Calls on their way, one into each language: each ends, and none is made again.
        let mut pending = Vec::new();
        for (peer, services) in &peers {
            let client = provider.client.clone();
            let service = client.get_service(&services["interop"]).await.unwrap();
            pending.push(tokio::spawn(async move {
                let _client = client;
                let method = service.method("hang").deadline(PENDING);
                method.returns::<Value>().await
            }));
            assert_eq!(peer.event("started").await.unwrap(), json!("hang"));
        }
        match kill {
            true => server.kill().unwrap(),
            false => server.stop().unwrap(),
        }
        server.restart().await.unwrap();
        for call in pending {
            let outcome = soon("the end of a call", call).await.unwrap();
            assert!(outcome.is_err(), "{outcome:?}");
        }
        answers("the return of every service", async || {
            listed(&provider).await == before
        })
        .await;
        let id = provider.id("interop");
        for (peer, services) in &peers {
            let language = peer.language();
            answers("a call into Rust", async || {
                peer.call(&id, "add", json!([1, 2])).await.is_ok()
            })
            .await;
            let service = provider.client.get_service(&services["interop"]).await;
            let sum: i64 = service.unwrap().call("add", (2, 2)).await.unwrap();
            assert_eq!(sum, 4, "{language:?} after a kill: {kill}");
            let again = timeout(Duration::ZERO, peer.event("started")).await;
            assert!(again.is_err(), "{language:?}: a call was made again");
        }
    }
}
