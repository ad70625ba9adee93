//! Every end that was not asked for is made good, and those that were asked for are not.

use std::future::IntoFuture;

use hypha_codec::Value;
use hypha_rpc_core::{ClosedReason, ConnectionEvent, Peer, ReconnectPolicy, Secret, State};

use super::{SECOND, call, is_connected, is_lost, state};
use crate::relay::{End, Relay, connected, options};
use crate::server::{args, text};

const ENDS: [End; 9] = [
    End::Cut,
    End::Close(1000),
    End::Close(1001),
    End::Close(1006),
    End::Close(1008),
    End::Close(1012),
    End::Close(1013),
    End::Complaint("Idle timeout (600s)", 1001),
    End::Complaint("Rate limit exceeded: too many messages per second", 1008),
];

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_in_any_way_comes_back_under_the_same_id() {
    for end in ENDS {
        let (connector, mut relay) = Relay::new();
        let mut options = options();
        options.credentials.token = Some(Secret::from("mine"));
        options.credentials.workspace = Some("ws".into());
        let (peer, (server, _)) = tokio::join!(Peer::connect(connector, options), relay.set_up(0));
        let peer = peer.unwrap().0;
        let mut events = peer.connection_events();
        end.of(server).await;

        let (mut server, hello) = relay.admit().await;
        assert!(
            matches!(peer.state(), State::Reconnecting { attempt: 0, .. }),
            "{end:?}"
        );
        // The newest token besides the original one, and the original workspace.
        let expected = serde_json::json!({
            "client_id": "me", "workspace": "ws", "token": "mine", "reconnection_token": "token-1",
        });
        assert_eq!(hello, expected, "{end:?}");
        relay.register(&mut server, 0).await;
        is_connected(&peer).await;
        assert_eq!(peer.reconnection_token().unwrap().expose(), "token-2");

        let call = call(&peer, "f");
        let (header, _) = server.next().await.unwrap();
        let resolve = format!("{}.resolve", text(&header, "session"));
        server
            .send("ws/provider", &resolve, None, args([Value::from(1)]))
            .await;
        assert_eq!(call.await.unwrap().unwrap(), Value::from(1), "{end:?}");

        let mut told = Vec::new();
        for _ in 0..4 {
            told.push(events.recv().await.unwrap());
        }
        assert!(
            matches!(
                &told[..],
                [
                    ConnectionEvent::Disconnected { reconnecting: true, .. },
                    ConnectionEvent::ManagerRefreshed(manager),
                    ConnectionEvent::ServicesRegistered { total: 1, failed, .. },
                    ConnectionEvent::Connected(info),
                ] if manager.as_str() == "*/mgr" && failed.is_empty() && info.client_id == "me"
            ),
            "{end:?}: {told:?}"
        );
        assert_eq!(relay.arrivals(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn why_it_was_lost_shows_in_the_state() {
    let (peer, mut relay, server) = connected().await;
    End::Complaint("Idle timeout (600s)", 1001).of(server).await;
    let lost = state(&peer, |state| matches!(state, State::Reconnecting { .. })).await;
    assert!(
        matches!(&lost, State::Reconnecting { reason: ClosedReason::Server(text), .. } if &**text == "Idle timeout (600s)"),
        "{lost:?}"
    );
    // An attempt that fails is counted.
    drop(relay.accept().await);
    state(&peer, |state| {
        matches!(state, State::Reconnecting { attempt: 1, .. })
    })
    .await;
    relay.set_up(0).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_ended_here_stays_ended() {
    // While it is up, and while it is being made again.
    for lost in [false, true] {
        let (peer, mut relay, server) = connected().await;
        let mut events = peer.connection_events();
        let server = if lost {
            drop(server);
            is_lost(&peer).await;
            relay.accept().await
        } else {
            server
        };
        let pending = call(&peer, "f");
        tokio::task::yield_now().await;
        peer.disconnect().await;
        assert!(matches!(peer.state(), State::Closed(ClosedReason::Local)));
        assert!(pending.await.unwrap().unwrap_err().is_disconnected());
        drop(server);
        assert!(relay.is_quiet(600 * SECOND).await);
        let mut last = None;
        while let Some(event) = events.recv().await {
            last = Some(event);
        }
        assert!(matches!(
            last,
            Some(ConnectionEvent::Disconnected {
                reconnecting: false,
                ..
            })
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_dials_for_a_client_that_was_dropped() {
    let (peer, mut relay, server) = connected().await;
    drop(server);
    is_lost(&peer).await;
    let attempt = relay.accept().await;
    let mut state = peer.watch_state();
    drop(peer);
    state
        .wait_for(|state| matches!(state, State::Closed(ClosedReason::Local)))
        .await
        .unwrap();
    drop(attempt);
    assert!(relay.is_quiet(600 * SECOND).await);
}

#[tokio::test(start_paused = true)]
async fn without_a_policy_to_reconnect_a_loss_is_the_end() {
    let (connector, mut relay) = Relay::new();
    let mut options = options();
    options.reconnect = ReconnectPolicy::off();
    let (peer, (server, _)) = tokio::join!(Peer::connect(connector, options), relay.set_up(0));
    let peer = peer.unwrap().0;
    drop(server);
    assert!(matches!(peer.closed().await, ClosedReason::Remote(_)));
    assert!(relay.is_quiet(600 * SECOND).await);
    assert!(
        peer.manager_method("echo")
            .into_future()
            .await
            .unwrap_err()
            .is_disconnected()
    );
}

#[tokio::test(start_paused = true)]
async fn the_manager_may_send_a_client_away_for_good() {
    let (peer, mut relay, mut server) = connected().await;
    let exit = hypha_codec::Map::from([
        ("type", "force-exit"),
        ("from", "*/mgr"),
        ("reason", "quota"),
    ]);
    server
        .binary(hypha_codec::encode(&Value::Map(exit)).unwrap())
        .await;
    assert!(matches!(peer.closed().await, ClosedReason::ForceExit(text) if &*text == "quota"));
    assert!(relay.is_quiet(600 * SECOND).await);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_before_it_was_usable_never_began() {
    let (connector, mut relay) = Relay::new();
    let serve = async {
        let (server, _) = relay.admit().await;
        drop(server);
    };
    let (result, ()) = tokio::join!(Peer::connect(connector, options()), serve);
    assert!(result.is_err());
    assert!(relay.is_quiet(600 * SECOND).await);
}
