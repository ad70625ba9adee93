//! Which failures of an attempt are final.

use hypha_rpc_core::{ClosedReason, ConnectError, Peer, ReconnectPolicy};
use hypha_transport::{
    CloseReason, ConnectContext, FrameTx, TransportError, TransportErrorKind, connector_fn,
};

use super::{SECOND, call, is_connected, is_lost};
use crate::relay::{Relay, connected, options};

const ERROR: &str = r#"{"type":"error","message":"Authentication error: token was revoked"}"#;

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_ends_it_and_fails_what_is_pending() {
    let wrong_workspace =
        r#"{"type":"connection_info","manager_id":"mgr","workspace":"other","client_id":"me"}"#;
    let wrong_client =
        r#"{"type":"connection_info","manager_id":"mgr","workspace":"ws","client_id":"you"}"#;
    for (answer, words) in [
        (ERROR, "token was revoked"),
        (wrong_workspace, "other/me"),
        (wrong_client, "ws/you"),
    ] {
        let (peer, mut relay, mut server) = connected().await;
        let pending = call(&peer, "f");
        server.next().await.unwrap();
        drop(server);
        is_lost(&peer).await;
        let waiting = call(&peer, "g");
        let mut server = relay.accept().await;
        server.hello().await;
        server.text(answer).await;
        let reason = peer.closed().await;
        assert!(
            matches!(&reason, ClosedReason::Refused(text) if text.contains(words)),
            "{reason}"
        );
        let error = pending.await.unwrap().unwrap_err().to_string();
        assert!(
            error.contains("may have run") && error.contains(words),
            "{error}"
        );
        assert!(waiting.await.unwrap().unwrap_err().is_retryable());
        assert!(relay.is_quiet(600 * SECOND).await);
    }
}

#[tokio::test(start_paused = true)]
async fn anything_else_is_tried_again() {
    let busy = r#"{"type":"error","message":"Server busy, please retry"}"#;
    let (peer, mut relay, server) = connected().await;
    drop(server);
    // Each attempt fails in another way.
    for (text, code) in [
        (Some(busy), Some(1013)),
        (None, Some(1013)),
        (None, Some(1001)),
        (None, Some(1000)),
        (None, Some(1008)),
        (Some("no json"), None),
        (None, None),
    ] {
        let mut server = relay.accept().await;
        server.hello().await;
        if let Some(text) = text {
            server.text(text).await;
        }
        if let Some(code) = code {
            server.tx.close(CloseReason::new(code, "because")).await;
        }
    }
    // One that says nothing at all has as long as connecting may take.
    let silent = relay.accept().await;
    let began = tokio::time::Instant::now();
    let _server = relay.set_up(0).await;
    drop(silent);
    assert!(began.elapsed() >= 30 * SECOND);
    is_connected(&peer).await;
    assert_eq!(relay.arrivals(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_fails_or_hangs_is_tried_again() {
    let (connector, mut relay) = Relay::new();
    let connector = std::sync::Arc::new(connector);
    let dials = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&dials);
    let flaky = connector_fn(move |cx: ConnectContext| {
        let (connector, seen) = (
            std::sync::Arc::clone(&connector),
            std::sync::Arc::clone(&seen),
        );
        async move {
            let number = {
                let mut seen = seen.lock().unwrap();
                seen.push(cx.attempt);
                seen.len()
            };
            match number {
                2 => Err(TransportError::new(
                    TransportErrorKind::Unreachable,
                    "no route",
                )),
                3 => std::future::pending().await,
                4 => Err(TransportError::new(
                    TransportErrorKind::HttpStatus(502),
                    "bad gateway",
                )),
                _ => hypha_transport::Connector::connect(&connector, cx).await,
            }
        }
    });
    let (peer, (server, _)) = tokio::join!(Peer::connect(flaky, options()), relay.set_up(0));
    let peer = peer.unwrap().0;
    drop(server);
    let _server = relay.set_up(0).await;
    is_connected(&peer).await;
    assert_eq!(*dials.lock().unwrap(), [0, 0, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn attempts_may_be_limited() {
    let (connector, mut relay) = Relay::new();
    let mut options = options();
    options.reconnect = ReconnectPolicy::new().max_attempts(3);
    let (peer, (server, _)) = tokio::join!(Peer::connect(connector, options), relay.set_up(0));
    let peer = peer.unwrap().0;
    let pending = call(&peer, "f");
    drop(server);
    for _ in 0..3 {
        drop(relay.accept().await);
    }
    let reason = peer.closed().await;
    assert!(
        matches!(reason, ClosedReason::GaveUp { attempts: 3, .. }),
        "{reason}"
    );
    assert!(pending.await.unwrap().unwrap_err().is_disconnected());
    assert!(relay.is_quiet(600 * SECOND).await);
}

#[tokio::test(start_paused = true)]
async fn the_first_connection_is_tried_once() {
    let (connector, mut relay) = Relay::new();
    let serve = async {
        let mut server = relay.accept().await;
        server.hello().await;
        server.text(ERROR).await;
    };
    let (result, ()) = tokio::join!(Peer::connect(connector, options()), serve);
    assert!(matches!(result, Err(ConnectError::Refused(words)) if words.contains("revoked")));
    assert!(relay.is_quiet(600 * SECOND).await);
}
