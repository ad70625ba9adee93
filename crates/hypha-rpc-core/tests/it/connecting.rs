//! Connecting to a server that the test plays: handshake, refusals, tokens.

use std::time::Duration;

use hypha_codec::Value;
use hypha_rpc_core::{ConnectError, Credentials, RelayOptions, Secret};
use hypha_transport::{CloseReason, FrameTx};

use crate::server::{INFO, args, connect, error_value, frame, text};

#[tokio::test]
async fn connecting_is_the_handshake_and_two_calls() {
    let mut options = RelayOptions::new(Credentials::new("me"));
    options.credentials.token = Some(Secret::from("my-token"));
    options.config.name = Some("My client".into());
    let (result, seen) = connect(options, |mut server| async move {
        let hello = server.hello().await;
        server
            .binary(frame("ws/ghost", "old.resolve", None, Value::Null))
            .await;
        server.text(INFO).await;
        let mut seen = Vec::new();
        for _ in 0..2 {
            let (header, payload) = server.next().await.unwrap();
            let session = text(&header, "session");
            server
                .send(
                    "*/mgr",
                    &format!("{session}.resolve"),
                    None,
                    args([Value::Null]),
                )
                .await;
            seen.push((text(&header, "to"), text(&header, "method"), payload));
        }
        (hello, seen)
    })
    .await;
    let peer = result.unwrap();
    assert_eq!(
        (peer.address().as_str(), peer.manager().unwrap().as_str()),
        ("ws/me", "*/mgr")
    );
    assert_eq!(peer.reconnection_token().unwrap().expose(), "first");
    let (hello, seen) = seen;
    let expected = serde_json::json!({"client_id": "me", "workspace": null, "token": "my-token", "reconnection_token": null});
    assert_eq!(hello, expected);
    assert!(seen.iter().all(|(to, ..)| to == "*/mgr"));
    let methods: Vec<&str> = seen.iter().map(|(_, method, _)| &**method).collect();
    assert_eq!(
        methods,
        [
            "services.default.register_service",
            "services.default.subscribe"
        ]
    );
    let built_in = &seen[0].2.get("args").unwrap().as_list().unwrap()[0];
    assert_eq!(built_in.get("id").unwrap().as_str(), Some("ws/me:built-in"));
    assert_eq!(built_in.get("name").unwrap().as_str(), Some("My client"));
    assert_eq!(
        built_in
            .get("config")
            .unwrap()
            .get("api_version")
            .unwrap()
            .as_i64(),
        Some(3)
    );
    assert_eq!(seen[0].2.get("t").unwrap().as_f64(), Some(15.0));
}

#[tokio::test]
async fn a_refusal_is_told_in_the_words_of_the_server() {
    let (result, ()) = connect(RelayOptions::new(Credentials::new("me")), |mut server| async move {
        server.hello().await;
        server.text(r#"{"type":"error","message":"Failed to establish connection: Client already exists and is active: ws/me"}"#).await;
        server.tx.close(CloseReason::new(CloseReason::GOING_AWAY, "refused")).await;
    })
    .await;
    let error = result.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("Client already exists and is active: ws/me"),
        "{error}"
    );
}

#[tokio::test]
async fn a_token_that_may_only_read_connects() {
    let options = RelayOptions::new(Credentials::new("me"));
    let (result, mut server) = connect(options, |mut server| async move {
        server.hello().await;
        server.text(INFO).await;
        let denied = || error_value("PermissionError: no permission to register");
        for answer in [denied(), Value::from(true)] {
            let (header, _) = server.next().await.unwrap();
            let session = text(&header, "session");
            let name = if matches!(answer, Value::Map(_)) {
                "reject"
            } else {
                "resolve"
            };
            server
                .send("*/mgr", &format!("{session}.{name}"), None, args([answer]))
                .await;
        }
        server
    })
    .await;
    let peer = result.unwrap();
    let call = tokio::spawn(async move { peer.manager_method("echo").args((1,)).await });
    let (header, _) = server.next().await.unwrap();
    assert_eq!(text(&header, "method"), "services.default.echo");
    call.abort();
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up() {
    let (result, _server) = connect(
        RelayOptions::new(Credentials::new("me")),
        |mut server| async move {
            server.hello().await;
            server
        },
    )
    .await;
    assert!(
        matches!(result.unwrap_err(), ConnectError::Timeout(timeout) if timeout == Duration::from_secs(30))
    );
}

#[tokio::test]
async fn client_ids_that_would_be_unreachable_are_refused_before_the_server_sees_them() {
    for id in ["", "a/b", "a:b", "a.b", "a b", "*"] {
        let (result, ()) = connect(RelayOptions::new(Credentials::new(id)), |_| async {}).await;
        assert!(matches!(result, Err(ConnectError::ClientId(_))), "{id}");
    }
}
