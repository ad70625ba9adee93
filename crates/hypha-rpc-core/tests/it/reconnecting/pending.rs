//! What becomes of calls when the connection is lost: one outcome each, and never a second run.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hypha_codec::{Binary, Map, Method, Packet, Value};
use hypha_rpc_core::{CallError, Service};
use tokio::sync::Notify;

use super::{SECOND, ask, call, is_connected, is_lost};
use crate::relay::connected;
use crate::server::{Server, args, frame, text};

async fn session_of(server: &mut Server, method: &str) -> String {
    let (header, _) = server.next().await.unwrap();
    assert_eq!(text(&header, "method"), format!("services.{method}"));
    text(&header, "session")
}

fn resolved(session: &str, value: i32) -> Vec<u8> {
    let method = format!("{session}.resolve");
    frame("ws/provider", &method, None, args([Value::from(value)])).to_vec()
}

#[tokio::test(start_paused = true)]
async fn a_sent_call_outlives_the_drop_and_an_unsent_one_waits_for_the_next_connection() {
    let (peer, mut relay, mut server) = connected().await;
    let sent = call(&peer, "sent");
    let session = session_of(&mut server, "s.sent").await;
    drop(server);
    is_lost(&peer).await;
    let unsent = call(&peer, "unsent");
    let (mut server, _) = relay.set_up(0).await;
    let second = session_of(&mut server, "s.unsent").await;
    server.binary(resolved(&second, 2)).await;
    server.binary(resolved(&session, 1)).await;
    // Answers may come twice.
    server.binary(resolved(&session, 3)).await;
    assert_eq!(sent.await.unwrap().unwrap(), Value::from(1));
    assert_eq!(unsent.await.unwrap().unwrap(), Value::from(2));
    assert_eq!(peer.stats().await.unwrap().pending_calls, 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_the_server_kept_comes_before_the_connection_is_greeted() {
    let (peer, mut relay, mut server) = connected().await;
    let sent = call(&peer, "f");
    let session = session_of(&mut server, "s.f").await;
    drop(server);
    let mut server = relay.accept().await;
    server.hello().await;
    server.binary(resolved(&session, 7)).await;
    let info = relay.info();
    server.text(&info).await;
    relay.register(&mut server, 0).await;
    assert_eq!(sent.await.unwrap().unwrap(), Value::from(7));
}

#[tokio::test(start_paused = true)]
async fn a_sent_call_whose_answer_is_lost_ends_by_its_silence() {
    let (peer, mut relay, mut server) = connected().await;
    let lost = call(&peer, "f");
    let began = tokio::time::Instant::now();
    session_of(&mut server, "s.f").await;
    tokio::time::sleep(10 * SECOND).await;
    drop(server);
    let _server = relay.set_up(0).await;
    let error = lost.await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Timeout { .. }), "{error}");
    assert_eq!(began.elapsed().as_secs(), 30, "the drop restarts nothing");
}

#[tokio::test(start_paused = true)]
async fn an_unsent_call_waits_no_longer_than_its_time_out() {
    let (peer, mut relay, server) = connected().await;
    drop(server);
    is_lost(&peer).await;
    let _silent = relay.accept().await;
    let began = tokio::time::Instant::now();
    let waiting = peer
        .method_at(&"ws/provider".parse().unwrap(), "services.s.f")
        .timeout(4 * SECOND)
        .send();
    let error = waiting.await.unwrap_err();
    assert!(
        matches!(
            error,
            CallError::Disconnected {
                maybe_ran: false,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.is_retryable());
    assert_eq!(began.elapsed().as_secs(), 4);
    assert_eq!(peer.stats().await.unwrap().pending_calls, 0);
}

#[tokio::test(start_paused = true)]
async fn a_new_manager_knows_nothing_of_the_calls_of_the_old_one() {
    let (peer, mut relay, mut server) = connected().await;
    let sent = ask(&peer, "sent");
    session_of(&mut server, "default.sent").await;
    let to_peer = call(&peer, "f");
    let session = session_of(&mut server, "s.f").await;
    drop(server);
    is_lost(&peer).await;
    let unsent = ask(&peer, "unsent");
    relay.manager = "another".into();
    let began = tokio::time::Instant::now();
    let (mut server, _) = relay.set_up(0).await;
    let error = sent.await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::PeerGone { .. }), "{error}");
    assert!(error.to_string().contains("may have run"), "{error}");
    assert!(began.elapsed() < SECOND);
    assert_eq!(peer.manager().unwrap().as_str(), "*/another");

    // What had not been sent goes to the new one; calls of other peers are none of its business.
    let (header, _) = server.next().await.unwrap();
    assert_eq!(text(&header, "method"), "services.default.unsent");
    relay
        .answer(&mut server, &header, "resolve", Value::from(5))
        .await;
    assert_eq!(unsent.await.unwrap().unwrap(), Value::from(5));
    server.binary(resolved(&session, 1)).await;
    assert_eq!(to_peer.await.unwrap().unwrap(), Value::from(1));
}

#[tokio::test(start_paused = true)]
async fn a_handler_outlives_the_drop_and_answers_over_the_next_connection() {
    let (peer, mut relay, server) = connected().await;
    let (go, runs) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let (started, goes, counted) = (Arc::new(Notify::new()), Arc::clone(&go), Arc::clone(&runs));
    let starts = Arc::clone(&started);
    let service = Service::new("slow").method("f", move || {
        let (goes, counted, starts) =
            (Arc::clone(&goes), Arc::clone(&counted), Arc::clone(&starts));
        async move {
            counted.fetch_add(1, Ordering::Relaxed);
            starts.notify_one();
            goes.notified().await;
            9
        }
    });
    let mut server = server;
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
        ("t", Value::from(5.0)),
    ]));
    server
        .send("ws/caller", "services.slow.f", Some("T"), called)
        .await;
    started.notified().await;
    drop(server);
    is_lost(&peer).await;
    let (mut server, ids) = relay.set_up(1).await;
    assert_eq!(ids, ["built-in", "slow"]);
    go.notify_one();
    let (header, payload) = server.next().await.unwrap();
    assert_eq!(
        (text(&header, "method"), text(&header, "to")),
        ("T.resolve".into(), "ws/caller".into())
    );
    assert_eq!(
        payload.get("args").unwrap().as_list().unwrap()[0],
        Value::from(9)
    );
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert_eq!(peer.stats().await.unwrap().running_calls, 0);
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_provider_that_is_gone_fail_at_once_whenever_that_is_told() {
    let (peer, mut relay, mut server) = connected().await;
    let pending = call(&peer, "f");
    session_of(&mut server, "s.f").await;
    drop(server);
    let (mut server, _) = relay.set_up(0).await;
    is_connected(&peer).await;
    let gone = Map::from([
        ("type", Value::from("client_disconnected")),
        (
            "data",
            Value::Map(Map::from([("id", "provider"), ("workspace", "ws")])),
        ),
    ]);
    server
        .binary(hypha_codec::encode(&Value::Map(gone)).unwrap())
        .await;
    let error = pending.await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::PeerGone { .. }), "{error}");
}

/// Answers the calls that carry a message until one is of the method `until`; gives the names of all and the key of the
/// message.
async fn carry(server: &mut Server, until: &str) -> (Vec<String>, String) {
    let (names, key, _) = carry_session(server, until).await;
    (names, key)
}

/// The same, with the session of the call that is carried.
async fn carry_session(server: &mut Server, until: &str) -> (Vec<String>, String, String) {
    let (mut names, mut session) = (Vec::new(), String::new());
    loop {
        let (header, payload) = server.next().await.unwrap();
        let method = text(&header, "method");
        let name = method.rsplit('.').next().unwrap().to_owned();
        names.push(name.clone());
        let arguments = payload.get("args").and_then(Value::as_list).unwrap();
        let key = arguments[0].as_str().unwrap().to_owned();
        if let ("set", Some(0)) = (&*name, arguments.get(1).and_then(Value::as_u64)) {
            let head = Packet::parse(arguments[2].as_bytes().unwrap().clone()).unwrap();
            session = head.header().unwrap().session().unwrap().to_owned();
        }
        if name == until {
            return (names, key, session);
        }
        let path = |name| {
            let path = format!("services.built-in.message_cache.{name}");
            (name, Value::from(Method::new("ws/provider", path)))
        };
        let answer = if name == "get_service" {
            let cache = Map::from(["create", "set", "process", "remove"].map(path));
            let config = Map::from([("api_version", 3)]);
            Value::from(Map::from([("config", config), ("message_cache", cache)]))
        } else {
            Value::Null
        };
        let method = format!("{}.resolve", text(&header, "session"));
        let answer = frame("ws/provider", &method, None, args([answer]));
        server.binary(answer.to_vec()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_message_begins_anew_over_the_next_connection_until_it_may_have_run() {
    let (peer, mut relay, mut server) = connected().await;
    let large = Binary::from(vec![1_u8; 1 << 20]);
    let call = peer
        .method_at(&"ws/provider".parse().unwrap(), "services.s.f")
        .args((large,));
    let call = tokio::spawn(call.into_future());
    let (_, first) = carry(&mut server, "set").await;
    drop(server);
    is_lost(&peer).await;
    let (mut server, _) = relay.set_up(0).await;
    let (names, second) = carry(&mut server, "process").await;
    assert_eq!(
        names[..3],
        ["remove", "get_service", "create"],
        "what is there of the first is dropped"
    );
    assert_eq!(names.iter().filter(|name| *name == "set").count(), 5);
    assert_ne!(first, second, "a key is used once");
    drop(server);
    is_lost(&peer).await;
    let (_server, _) = relay.set_up(0).await;
    let error = call.await.unwrap().unwrap_err();
    assert!(
        matches!(error, CallError::Timeout { .. }),
        "its answer may have been on the way: {error}"
    );
    let stats = peer.stats().await.unwrap();
    assert_eq!((stats.pending_calls, stats.transfers), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_large_message_that_may_have_arrived_lives_by_the_signs_of_life_of_its_method() {
    let (peer, mut relay, mut server) = connected().await;
    let large = Binary::from(vec![1_u8; 1 << 20]);
    let call = peer
        .method_at(&"ws/provider".parse().unwrap(), "services.s.f")
        .args((large,));
    let call = tokio::spawn(call.into_future());
    let (_, _, session) = carry_session(&mut server, "process").await;
    drop(server);
    is_lost(&peer).await;
    let (mut server, _) = relay.set_up(0).await;
    for _ in 0..5 {
        tokio::time::sleep(20 * SECOND).await;
        let heartbeat = frame(
            "ws/provider",
            &format!("{session}.heartbeat"),
            None,
            Value::Null,
        );
        server.binary(heartbeat.to_vec()).await;
    }
    server.binary(resolved(&session, 4)).await;
    assert_eq!(call.await.unwrap().unwrap(), Value::from(4));
    let stats = peer.stats().await.unwrap();
    assert_eq!((stats.pending_calls, stats.transfers), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_large_message_that_ends_every_connection_is_given_up() {
    let (peer, mut relay, mut server) = connected().await;
    let large = Binary::from(vec![1_u8; 1 << 20]);
    let call = peer
        .method_at(&"ws/provider".parse().unwrap(), "services.s.f")
        .args((large,));
    let call = tokio::spawn(call.into_future());
    let mut begun = 0;
    loop {
        tokio::select! {
            _ = carry(&mut server, "set") => begun += 1,
            () = tokio::time::sleep(60 * SECOND) => break,
        }
        drop(server);
        is_lost(&peer).await;
        server = relay.set_up(0).await.0;
    }
    assert_eq!(begun, 5);
    let error = call.await.unwrap().unwrap_err();
    assert!(
        matches!(
            error,
            CallError::Disconnected {
                maybe_ran: false,
                ..
            }
        ),
        "{error}"
    );
}
