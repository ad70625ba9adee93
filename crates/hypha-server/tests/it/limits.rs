//! Limits that a server was told to keep.

use std::time::Duration;

use hypha_server::HyphaServer;
use hypha_transport::{CloseReason, Frame, FrameRx as _, FrameTx as _};
use serde_json::json;

use crate::raw::{Raw, header, soon};
use crate::token::{SECRET, claims, sign};

/// What a client is told on the way out, and the code of the close.
async fn farewell(client: &mut Raw) -> (String, Option<u16>) {
    let words = loop {
        match soon("the farewell", client.rx.recv()).await {
            Ok(Some(Frame::Text(text))) => break text,
            Ok(Some(Frame::Binary(_))) => {}
            other => panic!("no farewell: {other:?}"),
        }
    };
    let end = client.end().await;
    let reason = end.as_ref().and_then(|error| error.close_reason());
    (words, reason.map(CloseReason::code))
}

#[tokio::test]
async fn who_sends_too_many_frames_is_sent_away() {
    // Hardly any comes back while the test runs.
    let builder = HyphaServer::builder().port(0).frame_rate(0.001, 20);
    let server = builder.start().await.unwrap();
    let mut client = Raw::anonymous(&server, "c").await;
    assert_eq!(client.info["limits"]["messages_per_second"], 0.001);
    assert_eq!(client.info["limits"]["burst"], 20);
    let frame = header([("type", "nothing".into()), ("to", "nobody".into())]);
    for _ in 0..20 {
        client.send(frame.clone()).await;
    }
    // Texts do not count.
    for _ in 0..60 {
        client.ping().await;
    }
    let mut bystander = Raw::anonymous(&server, "bystander").await;
    client.send(frame).await;
    let words = r#"{"type":"error","message":"Rate limit exceeded: too many messages per second"}"#;
    assert_eq!(farewell(&mut client).await, (words.to_owned(), Some(1008)));
    bystander.ping().await;
}

#[tokio::test]
async fn who_says_nothing_is_sent_away() {
    let idle = Duration::from_millis(500);
    let builder = HyphaServer::builder().port(0).idle_timeout(idle);
    let server = builder.start().await.unwrap();
    let mut client = Raw::anonymous(&server, "c").await;
    let words = r#"{"type":"error","message":"Idle timeout (0.5s)"}"#;
    assert_eq!(farewell(&mut client).await, (words.to_owned(), Some(1001)));
}

#[tokio::test]
async fn users_and_workspaces_have_so_many_clients() {
    let server = HyphaServer::builder()
        .port(0)
        .jwt_secret(SECRET)
        .max_connections_per_user(2)
        .max_clients_per_workspace(3)
        .start()
        .await
        .unwrap();
    let hello = |user: &str, client_id: &str| {
        let token = sign(&claims(user, "ws:public#rw wid:public"));
        Raw::hello(
            server.url(),
            json!({ "client_id": client_id, "token": token }),
        )
    };
    let refused = |mut client: Raw, words: &'static str| async move {
        assert_eq!(client.info["message"], words);
        let end = client.end().await.unwrap();
        assert_eq!(end.close_reason().map(CloseReason::code), Some(1008));
    };
    let mut first = hello("u", "a").await;
    first.ping().await;
    let mut second = hello("u", "b").await;
    second.ping().await;
    let third = hello("u", "c").await;
    refused(
        third,
        "Connection limit exceeded: user u has 2/2 connections",
    )
    .await;
    let mut other = hello("v", "d").await;
    other.ping().await;
    let fourth = hello("w", "e").await;
    refused(
        fourth,
        "Connection limit exceeded: workspace public has 3/3 clients",
    )
    .await;
    first.tx.close(CloseReason::normal()).await;
    let again = async {
        loop {
            let client = hello("u", "c").await;
            if client.info["type"] == "connection_info" {
                return client;
            }
        }
    };
    soon("a free place", again).await.ping().await;
}

#[tokio::test]
async fn the_limits_of_the_reference_are_stated() {
    let builder = HyphaServer::builder().port(0).reference_limits();
    let server = builder.start().await.unwrap();
    let client = Raw::anonymous(&server, "c").await;
    let wanted = json!({
        "messages_per_second": 200.0,
        "burst": 2000,
        "max_frame": 16 * 1024 * 1024,
        "idle_timeout": 600.0,
        "connections_per_user": 200,
        "clients_per_workspace": 1000,
        "services_per_client": 1000,
    });
    assert_eq!(client.info["limits"], wanted);
}
