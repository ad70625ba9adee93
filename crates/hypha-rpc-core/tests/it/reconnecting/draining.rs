//! Leaving while the connection is lost.

use std::sync::Arc;
use std::time::Duration;

use hypha_codec::{Map, Value};
use hypha_rpc_core::{ClosedReason, Service, State};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{SECOND, is_lost};
use crate::relay::{connected, id_of};
use crate::server::text;

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_server_that_is_gone_if_nothing_runs() {
    let (peer, mut relay, server) = connected().await;
    drop(server);
    is_lost(&peer).await;
    // Somebody answers the call, and says nothing.
    let _silent = relay.accept().await;
    let began = Instant::now();
    assert_eq!(peer.drain(Duration::from_secs(600)).await, 0);
    assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
    assert!(matches!(peer.state(), State::Closed(ClosedReason::Local)));
}

#[tokio::test(start_paused = true)]
async fn what_ran_while_the_connection_was_lost_is_answered_over_the_next() {
    let (peer, mut relay, mut server) = connected().await;
    let (started, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (starts, goes) = (Arc::clone(&started), Arc::clone(&go));
    let service = Service::new("slow").method("f", move || {
        let (starts, goes) = (Arc::clone(&starts), Arc::clone(&goes));
        async move {
            starts.notify_one();
            goes.notified().await;
            9
        }
    });
    let registering = tokio::spawn({
        let peer = peer.clone();
        async move { peer.register_service(service).await }
    });
    let (header, _) = server.next().await.unwrap();
    relay
        .answer(&mut server, &header, "resolve", Value::Null)
        .await;
    registering.await.unwrap().unwrap();
    let called = Value::Map(Map::from([
        ("promise", Value::from("*")),
        ("t", Value::from(500.0)),
    ]));
    server
        .send("ws/caller", "services.slow.f", Some("T"), called)
        .await;
    started.notified().await;
    drop(server);
    is_lost(&peer).await;
    let draining = tokio::spawn({
        let peer = peer.clone();
        async move { peer.drain(Duration::from_secs(600)).await }
    });
    go.notify_one();
    let (mut server, _) = relay.admit().await;
    let mut answered = false;
    while let Some((header, payload)) = server.next().await {
        match &*text(&header, "method") {
            "T.resolve" => answered = true,
            "services.default.register_service" => assert_eq!(id_of(&payload), "built-in"),
            _ => {}
        }
    }
    assert!(answered);
    assert_eq!(draining.await.unwrap(), 0);
}
