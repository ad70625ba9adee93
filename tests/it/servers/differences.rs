//! Where our server differs from the real one on purpose. What each does is tested on it: `docs/compatibility.md` says why.

use hypha_client::{Client, ClosedReason, Pacing, ReconnectPolicy, Service, Value};
use hypha_tests::{Feature, HyphaServer, Peer, ServerKind, ServerOptions};
use serde_json::json;

use super::restarts::answers;
use super::{at, refused};
use crate::fixture::{BOTH, connect, join, membership, server, soon, until};
use crate::provider::RustProvider;
use crate::reconnecting;

/// More frames than the real server lets through at once.
const FLOOD: usize = 4000;

#[tokio::test]
async fn server_11_who_is_refused_for_an_id_in_use_harms_nobody() {
    let first = connect().await;
    let service = Service::new("s").method("whose", async || "first");
    let id = first.register_service(service).await.unwrap().id;
    let member = membership(&first).await;
    let witness = join(&member).await;
    let twin = at(server().await)
        .token(member.token.as_str())
        .client_id(first.client_id());
    refused(twin, "already exists").await;
    if server().await.has(Feature::HarmlessRefusals) {
        assert_eq!(first.echo(&1).await.unwrap(), 1);
        let service = witness.get_service(&id).await.unwrap();
        assert_eq!(service.call::<String>("whose", ()).await.unwrap(), "first");
        return;
    }
    // It forgets the first, and all that it registered.
    until("the loss of the service", async || {
        witness.get_service(&id).await.is_err()
    })
    .await;
}

/// The real clients keep the proxy of the manager that they found first.
#[tokio::test]
async fn server_12_the_manager_of_an_earlier_life_is_answered_python_and_javascript_to_rust() {
    let mut server = reconnecting::server().await;
    let client = reconnecting::options(&server).connect().await.unwrap();
    let provider = RustProvider::new(client).await;
    let (id, member) = (provider.id("interop"), membership(&provider.client).await);
    let mut peers = Vec::new();
    for language in BOTH {
        let peer = Peer::of(language, &server)
            .member(&member)
            .method_timeout(5.0);
        let peer = peer.start().await.unwrap();
        let echoed = peer.manager("echo", json!([1])).await.unwrap();
        assert_eq!(echoed, json!(1), "{language:?}");
        peer.call(&id, "add", json!([1, 2])).await.unwrap();
        peers.push(peer);
    }
    reconnecting::restart(&mut server, &[&provider.client]).await;
    for peer in &peers {
        answers("the return of a client", async || {
            peer.call(&id, "add", json!([1, 2])).await.is_ok()
        })
        .await;
        let echoed = peer.manager("echo", json!([3])).await;
        let language = peer.language();
        assert_eq!(
            echoed.is_ok(),
            server.has(Feature::OldManagers),
            "{language:?}: {echoed:?}"
        );
    }
}

/// A flood of events of a client to itself that nothing holds back, and then whether it is still there.
async fn floods(server: &HyphaServer) -> Result<(), ClosedReason> {
    let options = at(server).pacing(Pacing::Off);
    let flooding: Client = options
        .reconnect(ReconnectPolicy::off())
        .connect()
        .await
        .unwrap();
    let own = flooding.address();
    for number in 0..FLOOD {
        if flooding.emit("drop", own, &number).await.is_err() {
            break;
        }
    }
    match flooding.echo(&1).await {
        Ok(_) => Ok(()),
        Err(_) => Err(soon("the end of the connection", flooding.closed()).await),
    }
}

#[tokio::test]
async fn server_13_frames_are_limited_by_choice() {
    let limits = ServerOptions::default().reference_limits();
    let [limited, ours_limited] = super::BOTH_KINDS.map(|kind| limits.clone().kind(kind));
    for options in [limited, ours_limited] {
        let kind = options.kind;
        let server = HyphaServer::start(options).await.unwrap();
        let reason = floods(&server).await.unwrap_err();
        assert!(
            matches!(&reason, ClosedReason::Server(words) if words.contains("Rate limit")),
            "{kind:?}: {reason:?}"
        );
        // Where there are no metrics the tests of traffic rely on it.
        let told = server.has(Feature::Metrics) || server.logged("Rate limit exceeded");
        assert!(told, "{}", server.log_tail());
    }
    let unlimited = super::start(ServerKind::Ours).await;
    floods(&unlimited).await.unwrap();
}

#[tokio::test]
async fn server_16_metrics_over_http() {
    let answer = server().await.http_get("/metrics").await.unwrap();
    let found = answer.starts_with("HTTP/1.1 200");
    assert_eq!(found, server().await.has(Feature::Metrics), "{answer}");
}

/// What an unauthenticated caller can be told about the server's manager is the same.
#[tokio::test]
async fn the_manager_offers_the_same_methods() {
    let [reference, ours] = super::BOTH_KINDS;
    let mut offered = Vec::new();
    for kind in [reference, ours] {
        let server = super::start(kind).await;
        let client = at(&server).connect().await.unwrap();
        let manager = client.peer().manager().unwrap();
        let built_in = client
            .peer()
            .method_at(&manager, "services.built-in.get_service");
        let found: Value = built_in.args(("default",)).returns().await.unwrap();
        offered.push(found);
    }
    let keys = |value: &Value| -> Vec<String> {
        let keys = value.as_map().unwrap().iter();
        let mut keys: Vec<String> = keys
            .filter_map(|(key, _)| Some(key.as_str()?.to_owned()))
            .collect();
        keys.sort();
        keys
    };
    let [reference, ours] = [keys(&offered[0]), keys(&offered[1])];
    let missing: Vec<&String> = reference.iter().filter(|key| !ours.contains(key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
