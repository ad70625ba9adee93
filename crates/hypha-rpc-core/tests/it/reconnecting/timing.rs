//! When the client dials again, and how often.

use std::future::IntoFuture;
use std::time::Duration;

use hypha_codec::Value;
use hypha_rpc_core::Peer;
use hypha_transport::{Frame, FrameRx};
use tokio::time::Instant;

use super::{SECOND, call, is_connected, is_lost};
use crate::relay::{End, Relay, connected, options};
use crate::server::{args, text};

/// A server that closes this long after it let the client in, again and again: the waits before the
/// next dial, in seconds at the most.
#[tokio::test(start_paused = true)]
async fn a12_13_connections_that_end_soon_are_dialled_ever_more_slowly() {
    const EVER_SLOWER: [u64; 6] = [0, 1, 2, 4, 8, 16];
    for (life, longest) in [
        (0, EVER_SLOWER),
        (100, EVER_SLOWER),
        (400, EVER_SLOWER),
        (600, EVER_SLOWER),
        (4000, EVER_SLOWER),
        (6000, [0; 6]),
    ] {
        let life = Duration::from_millis(life);
        let (peer, mut relay, server) = connected().await;
        let mut server = Some(server);
        for longest in longest {
            match server.take() {
                Some(server) => {
                    tokio::time::sleep(life).await;
                    End::Close(1001).of(server).await;
                }
                None => {
                    // The client registers while this one lives.
                    let (mut server, _) = relay.admit().await;
                    let serve = async {
                        relay.register(&mut server, 0).await;
                        std::future::pending::<()>().await;
                    };
                    drop(tokio::time::timeout(life, serve).await);
                    End::Close(1001).of(server).await;
                }
            }
            let closed = Instant::now();
            let waited = relay.listen().await - closed;
            let longest = Duration::from_secs(longest);
            assert!(
                waited <= longest,
                "{life:?}: {waited:?} of at most {longest:?}"
            );
            let shortest = longest.min(Duration::from_millis(100));
            assert!(waited >= shortest, "{life:?}: {waited:?}");
        }
        drop(peer);
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_that_fail_wait_ever_longer_up_to_a_minute() {
    let (peer, mut relay, server) = connected().await;
    tokio::time::sleep(10 * SECOND).await;
    drop(server);
    let mut last = Instant::now();
    for longest in [0, 1, 2, 4, 8, 16, 32, 60, 60, 60] {
        drop(relay.accept().await);
        let waited = last.elapsed();
        last = Instant::now();
        let longest = Duration::from_secs(longest);
        assert!(
            waited <= longest + Duration::from_millis(2),
            "{waited:?} of {longest:?}"
        );
    }
    let _server = relay.set_up(0).await;
    is_connected(&peer).await;
}

#[tokio::test(start_paused = true)]
async fn a_link_that_says_nothing_any_more_is_replaced_within_half_a_minute() {
    let (connector, mut relay) = Relay::new();
    let mut options = options();
    options.config.ping_interval = Some(20 * SECOND);
    let (peer, (mut server, _)) = tokio::join!(Peer::connect(connector, options), relay.set_up(0));
    let peer = peer.unwrap().0;
    let patient = peer.method_at(&"ws/provider".parse().unwrap(), "services.s.f");
    let pending = tokio::spawn(patient.timeout(60 * SECOND).into_future());
    let (header, _) = server.next().await.unwrap();
    let session = text(&header, "session");
    // The server reads, and answers nothing.
    let silent_from = Instant::now();
    let deaf = async {
        while let Ok(Some(frame)) = server.rx.recv().await {
            assert!(matches!(frame, Frame::Text(text) if text.contains("ping")));
        }
    };
    let ((), (mut server, _)) = tokio::join!(deaf, relay.set_up(0));
    assert!(
        silent_from.elapsed() <= 30 * SECOND,
        "{:?}",
        silent_from.elapsed()
    );
    server
        .send(
            "ws/provider",
            &format!("{session}.resolve"),
            None,
            args([Value::from(3)]),
        )
        .await;
    assert_eq!(pending.await.unwrap().unwrap(), Value::from(3));
    // Pings go on over the new link.
    let ping = tokio::time::timeout(21 * SECOND, server.rx.recv())
        .await
        .unwrap();
    assert!(matches!(ping, Ok(Some(Frame::Text(text))) if text.contains("ping")));
}

#[tokio::test(start_paused = true)]
async fn defect_19_however_many_wait_one_connection_is_made() {
    let (peer, mut relay, server) = connected().await;
    drop(server);
    is_lost(&peer).await;
    let callers: Vec<_> = (0..1000).map(|_| call(&peer, "f")).collect();
    tokio::task::yield_now().await;
    // The first attempt is held up, so that all of them could become impatient.
    let slow = relay.accept().await;
    assert!(relay.is_quiet(20 * SECOND).await, "one dial at a time");
    drop(slow);
    let (mut server, _) = relay.set_up(0).await;
    for _ in 0..1000 {
        let (header, _) = server.next().await.unwrap();
        let resolve = format!("{}.resolve", text(&header, "session"));
        server
            .send("ws/provider", &resolve, None, args([Value::from(1)]))
            .await;
    }
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap(), Value::from(1));
    }
    assert_eq!(relay.arrivals(), 3);
}

#[tokio::test(start_paused = true)]
async fn callers_that_wait_for_room_do_not_wait_for_ever() {
    let (connector, mut relay) = Relay::new();
    let mut options = options();
    options.config.max_queued_bytes = 1024;
    options.config.method_timeout = 3 * SECOND;
    let (peer, (server, _)) = tokio::join!(Peer::connect(connector, options), relay.set_up(0));
    let peer = peer.unwrap().0;
    drop(server);
    is_lost(&peer).await;
    let began = Instant::now();
    let callers: Vec<_> = (0..20).map(|_| call(&peer, "f")).collect();
    for caller in callers {
        let error = caller.await.unwrap().unwrap_err();
        assert!(error.is_retryable(), "{error}");
    }
    assert!(began.elapsed() <= 7 * SECOND, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn answers_that_were_delayed_doubled_or_reordered_between_connections_count_once() {
    let (peer, mut relay, mut server) = connected().await;
    let calls: Vec<_> = (0..6).map(|_| call(&peer, "f")).collect();
    let mut sessions = Vec::new();
    for _ in 0..6 {
        let (header, _) = server.next().await.unwrap();
        sessions.push(text(&header, "session"));
    }
    // One answer arrives on the first connection, the others on the second, backwards and twice.
    let resolve = |session: &String| format!("{session}.resolve");
    server
        .send(
            "ws/provider",
            &resolve(&sessions[0]),
            None,
            args([Value::from(0)]),
        )
        .await;
    End::Close(1012).of(server).await;
    let (mut server, _) = relay.set_up(0).await;
    for (index, session) in sessions.iter().enumerate().rev() {
        for doubled in [0, 100] {
            let value = Value::from(index as i64 + doubled);
            server
                .send(
                    "ws/provider",
                    &format!("{session}.heartbeat"),
                    None,
                    Value::Null,
                )
                .await;
            server
                .send("ws/provider", &resolve(session), None, args([value]))
                .await;
        }
    }
    for (index, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap().unwrap(), Value::from(index as i64));
    }
    assert_eq!(peer.stats().await.unwrap().pending_calls, 0);
}
