//! Connections that nothing happens on: features A1.15 and A1.16.

use std::time::Duration;

use hypha_client::{Client, ClosedReason, ReconnectPolicy, State};
use hypha_tests::{HyphaServer, ServerOptions};

use crate::fixture::{soon, until};
use crate::tap::Tap;

#[tokio::test]
async fn a1_15_pings_keep_a_connection_that_is_idle() {
    let options = ServerOptions::default().env("HYPHA_WS_IDLE_TIMEOUT", "3");
    let server = HyphaServer::start(options).await.unwrap();
    let tap = Tap::default();
    let kept = tap
        .options(&server)
        .ping_interval(Duration::from_secs(1))
        .connect()
        .await
        .unwrap();
    // The first one that says nothing shows that the limit is real, the second that it has passed for the other one.
    for _ in 0..2 {
        let quiet = Client::builder(server.url())
            .ping_interval(None)
            .reconnect(ReconnectPolicy::off())
            .connect()
            .await
            .unwrap();
        match soon("the server's end of it", quiet.closed()).await {
            ClosedReason::Server(words) => assert!(words.contains("Idle timeout"), "{words}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(kept.state(), State::Connected));
    assert!(
        tap.texts_sent() >= 6,
        "the introduction and the pings: {}",
        tap.texts_sent()
    );
    assert_eq!(kept.echo(&1).await.unwrap(), 1);
}

#[tokio::test]
async fn a1_15_a_server_that_hangs_is_noticed() {
    let mut server = HyphaServer::start(ServerOptions::default()).await.unwrap();
    let second = Duration::from_secs(1);
    let client = Client::builder(server.url())
        .ping_interval(second)
        .ping_timeout(second)
        .reconnect(ReconnectPolicy::off())
        .connect()
        .await
        .unwrap();
    server.freeze().unwrap();
    let reason = soon("the end of the connection", client.closed()).await;
    assert!(
        matches!(reason, ClosedReason::Silent | ClosedReason::Transport(_)),
        "{reason:?}"
    );
}

#[tokio::test]
async fn a1_16_a_fresh_reconnection_token_outlives_the_first() {
    let options = ServerOptions::default().env("RECONNECTION_TOKEN_LIFE_TIME", "3");
    let server = HyphaServer::start(options).await.unwrap();
    let client = Client::builder(server.url()).connect().await.unwrap();
    let (id, first) = (
        client.client_id().to_owned(),
        client.reconnection_token().unwrap(),
    );
    let token = || client.reconnection_token().unwrap();
    until("a fresh token", async || token().expose() != first.expose()).await;
    let second = token();
    until("another fresh token", async || {
        token().expose() != second.expose()
    })
    .await;
    let fresh = token();
    client.disconnect().await;
    let back = |token| {
        Client::builder(server.url())
            .client_id(&id)
            .reconnection_token(token)
            .connect()
    };
    let error = back(first).await.unwrap_err();
    assert!(error.to_string().contains("expired"), "{error:#}");
    assert_eq!(back(fresh).await.unwrap().client_id(), id);
}
