//! How calls and connections end on a server that the test plays.

use std::time::Duration;

use hypha_codec::{Map, Value};
use hypha_rpc_core::ClosedReason;
use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx};

use crate::server::connected;

#[tokio::test(start_paused = true)]
async fn the_client_pings_refreshes_its_token_and_notices_silence() {
    let (peer, mut server) = connected().await;
    let mut tokens = peer.clone();
    let watching = tokio::spawn(async move {
        let reason = tokens.closed().await;
        tokens = tokens.clone();
        (reason, tokens.reconnection_token())
    });
    let started = tokio::time::Instant::now();
    let mut seen = Vec::new();
    while started.elapsed() < Duration::from_secs(50) {
        let Ok(Ok(Some(Frame::Text(text)))) =
            tokio::time::timeout(Duration::from_secs(20), server.rx.recv()).await
        else {
            continue;
        };
        seen.push((started.elapsed().as_secs(), text.clone()));
        if text.contains("refresh_token") {
            server
                .text(&format!(
                    r#"{{"type":"reconnection_token","reconnection_token":"at-{}"}}"#,
                    started.elapsed().as_secs()
                ))
                .await;
        } else {
            server.text(r#"{"type":"pong"}"#).await;
        }
    }
    // A life of 6 s makes it refresh every 4 s.
    assert_eq!(seen[0], (4, r#"{"type":"refresh_token"}"#.to_owned()));
    assert!(seen.contains(&(20, r#"{"type":"ping"}"#.to_owned())));
    let silent_from = started.elapsed();
    let (reason, token) = watching.await.unwrap();
    assert!(matches!(reason, ClosedReason::Silent), "{reason}");
    assert!((started.elapsed() - silent_from) <= Duration::from_secs(30));
    assert_eq!(token.unwrap().expose(), "at-52");
}

#[tokio::test]
async fn a11_25_the_manager_makes_a_client_leave_and_nobody_else_does() {
    let (peer, mut server) = connected().await;
    let leave = |from: &str| {
        let fields = [
            ("type", "force-exit"),
            ("from", from),
            ("to", "ws/me"),
            ("reason", "quota"),
        ];
        hypha_codec::encode(&Value::Map(Map::from(fields))).unwrap()
    };
    server.binary(leave("ws/somebody")).await;
    server.binary(leave("*/other")).await;
    server.binary(leave("*/mgr")).await;
    let reason = peer.closed().await;
    assert!(
        matches!(&reason, ClosedReason::ForceExit(text) if &**text == "quota"),
        "{reason}"
    );
    // The socket closes as well.
    while let Ok(Some(frame)) = server.rx.recv().await {
        assert!(matches!(frame, Frame::Text(_)), "{frame:?}");
    }
}

#[tokio::test]
async fn a_provider_that_leaves_fails_its_callers_at_once() {
    let (peer, mut server) = connected().await;
    let call = tokio::spawn({
        let peer = peer.clone();
        async move {
            peer.method_at(&"ws/provider".parse().unwrap(), "services.s.f")
                .await
        }
    });
    server.next().await.unwrap();
    let event = Map::from([
        ("type", Value::from("client_disconnected")),
        ("to", Value::from("*")),
        (
            "data",
            Value::Map(Map::from([("id", "provider"), ("workspace", "ws")])),
        ),
    ]);
    server
        .binary(hypha_codec::encode(&Value::Map(event)).unwrap())
        .await;
    let error = call.await.unwrap().unwrap_err();
    assert!(error.is_disconnected(), "{error}");
}

#[tokio::test]
async fn what_the_server_says_before_it_closes_explains_the_end() {
    let (peer, mut server) = connected().await;
    let call = tokio::spawn({
        let peer = peer.clone();
        async move {
            peer.method_at(&"ws/provider".parse().unwrap(), "services.s.f")
                .await
        }
    });
    server.next().await.unwrap();
    server
        .text(r#"{"type":"error","message":"Idle timeout (600s)"}"#)
        .await;
    server
        .tx
        .close(CloseReason::new(CloseReason::GOING_AWAY, "bye"))
        .await;
    let reason = peer.closed().await;
    assert!(
        matches!(&reason, ClosedReason::Server(text) if &**text == "Idle timeout (600s)"),
        "{reason}"
    );
    let error = call.await.unwrap().unwrap_err();
    assert!(
        error.to_string().contains("Idle timeout (600s)")
            && error.to_string().contains("may have run"),
        "{error}"
    );
}
