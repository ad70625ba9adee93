//! The handshake, what is known afterwards, and how connections end.

use std::time::Duration;

use hypha_client::{
    Call, CallError, CallService, ClosedReason, ConnectOptions, ErrorKind, Reply, ServiceQuery,
    State, TransportErrorKind, connect_to_server,
};
use serde_json::{Value as Json, json};
use tower::ServiceBuilder;

use crate::server::{Server, described, nothing};

#[tokio::test]
async fn the_hello_says_what_the_options_say() {
    let server = Server::start(nothing);
    let client = server.client().await;
    let full = server
        .options()
        .client_id("other")
        .workspace("ws")
        .token("t")
        .reconnection_token("r");
    let other = full.connect().await.unwrap();
    assert_eq!(
        server.hellos(),
        [
            json!({ "client_id": "me", "workspace": null, "token": null, "reconnection_token": null }),
            json!({ "client_id": "other", "workspace": "ws", "token": "t", "reconnection_token": "r" }),
        ]
    );
    assert_eq!(other.client_id(), "other");

    assert_eq!(client.address().as_str(), "ws/me");
    assert_eq!((client.workspace(), client.client_id()), ("ws", "me"));
    assert_eq!(
        client.connection_info().hypha_version.as_deref(),
        Some("1.2.3")
    );
    assert_eq!(client.server_url(), "http://server");
    assert_eq!(client.reconnection_token().unwrap().expose(), "come-back");
    let user = client.user().unwrap();
    assert_eq!(
        (&*user.id, user.is_anonymous, &user.email),
        ("user-1", false, &None)
    );
    assert_eq!(
        user.extra
            .get("level")
            .and_then(hypha_client::Value::as_i64),
        Some(3)
    );
}

#[tokio::test]
async fn clients_without_an_id_get_one_that_can_be_addressed() {
    let server = Server::start(nothing);
    let anonymous = || ConnectOptions::from("http://server").connector(server.connector());
    let (first, second) = (
        anonymous().connect().await.unwrap(),
        anonymous().connect().await.unwrap(),
    );
    assert_ne!(first.client_id(), second.client_id());
    for client in [&first, &second] {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        assert!(client.client_id().len() >= 20 && client.client_id().chars().all(plain));
    }
}

#[tokio::test]
async fn silent_clients_register_nothing() {
    let server = Server::start(|_| Ok(json!([])));
    let client = server.options().silent(true).connect().await.unwrap();
    client.list_services(ServiceQuery::new()).await.unwrap();
    assert_eq!(server.all_calls(), ["list_services"]);
}

#[tokio::test]
async fn refusals_keep_the_words_of_the_server() {
    let server = Server::refusing("Authentication error: bad token");
    let error = server.options().connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(
        error
            .to_string()
            .contains("Authentication error: bad token"),
        "{error}"
    );
    assert!(!error.is_retryable());

    let busy = Server::refusing("Server busy, please retry")
        .options()
        .connect()
        .await
        .unwrap_err();
    assert!(busy.is_retryable());

    let server = Server::start(nothing);
    let error = server
        .options()
        .workspace("elsewhere")
        .connect()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");

    let error = server
        .options()
        .client_id("a/b")
        .connect()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up() {
    let connector = hypha_transport::connector_fn(|_| {
        std::future::pending::<Result<hypha_transport::memory::MemoryTransport, _>>()
    });
    let options = ConnectOptions::from("x")
        .connector(connector)
        .method_timeout(Duration::from_secs(3));
    let start = tokio::time::Instant::now();
    let error = connect_to_server(options).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(3));
    assert!(error.is_timeout() && error.is_retryable(), "{error}");
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_named_so() {
    let server = Server::start(nothing);
    let options = server.options();
    server.stop().await;
    let error = options.connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    let transport = error.connect().and_then(|error| match error {
        hypha_client::ConnectError::Transport(error) => Some(error.kind()),
        _ => None,
    });
    assert_eq!(transport, Some(TransportErrorKind::Unreachable));
}

#[tokio::test]
async fn disconnecting_ends_it_for_all_handles_and_twice_is_fine() {
    let server = Server::start(nothing);
    let client = server.client().await;
    let clone = client.clone();
    client.disconnect().await;
    client.disconnect().await;
    assert!(matches!(clone.state(), State::Closed(ClosedReason::Local)));
    assert!(matches!(clone.serve().await, ClosedReason::Local));
    let error = clone.list_clients(None).await.unwrap_err();
    assert!(error.is_disconnected(), "{error}");
    server.ended(1).await;
}

#[tokio::test]
async fn the_last_handle_closes_and_services_are_handles_too() {
    let server = Server::start(|call| match call.name() {
        "get_service" => Ok(described("ws/p:s", "ws/p", &["f"])),
        _ => Ok(json!(7)),
    });
    let client = server.client().await;
    let service = client.get_service("s").await.unwrap();
    drop(client);
    assert_eq!(service.call::<u8>("f", ()).await.unwrap(), 7);
    drop(service);
    server.ended(1).await;
}

#[tokio::test]
async fn layers_of_the_options_see_every_call() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = std::sync::Arc::clone(&seen);
    let layer = tower_layer::layer_fn(move |inner: CallService| {
        let log = std::sync::Arc::clone(&log);
        ServiceBuilder::new()
            .map_request(move |call: Call| {
                log.lock().unwrap().push(call.method.to_string());
                call
            })
            .map_response(|reply: Reply| reply)
            .map_err(|error: CallError| error)
            .service(inner)
    });
    let server = Server::start(|_| Ok(Json::Null));
    let client = server.options().layer(layer).connect().await.unwrap();
    client.set_env("k", "v").await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["services.default.set_env"]);
}
