//! Events between two peers, and with a server that the test plays.

use std::time::Duration;

use bytes::Bytes;
use hypha_codec::{Map, NdArray, Text, Value};
use hypha_rpc_core::protocol::event;
use hypha_rpc_core::{
    CallError, Callback, ClientEvent, Closure, EmitError, Event, EventError, EventTarget, Peer,
    PeerConfig, RemoteClientDisconnected,
};
use serde::{Deserialize, Serialize};

use crate::pair::{address, peers, peers_with};
use crate::relay;
use crate::server::{args, connected, error_value, manage, text};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Reading {
    sensor: String,
    value: f64,
}

fn reading(value: f64) -> Reading {
    Reading {
        sensor: "a".into(),
        value,
    }
}

/// A frame of an event as a server delivers it.
fn frame(name: &str, from: Option<&str>, fields: Map) -> Bytes {
    let mut header = Map::from([("type", name)]);
    if let Some(from) = from {
        header.push("from", from);
    }
    for (key, value) in fields.into_entries() {
        header.push(key.as_str().unwrap().to_owned(), value);
    }
    hypha_codec::encode(&Value::Map(header)).unwrap()
}

fn data_of(data: impl Into<Value>) -> Map {
    Map::from([("data", data.into())])
}

async fn next<T: serde::de::DeserializeOwned>(events: &mut hypha_rpc_core::Events<T>) -> Event<T> {
    events.next().await.unwrap().unwrap()
}

#[tokio::test]
async fn events_cross_a_direct_link_in_order_and_carry_the_identity_of_the_link() {
    let (left, right) = peers();
    let mut readings = right.on::<Reading>("reading");
    let mut others = right.on::<Value>("other");
    for n in 0..100 {
        left.emit("reading", EventTarget::Broadcast, &reading(n.into()))
            .await
            .unwrap();
    }
    left.event("other")
        .to(address("ws/right"))
        .field("note", "beside")
        .extra("more", 1)
        .send()
        .await
        .unwrap();
    for n in 0..100 {
        let event = next(&mut readings).await;
        assert_eq!(event.data, reading(n.into()));
        assert_eq!(event.kind, "reading");
        assert_eq!(event.from, Some(address("ws/left")));
        assert_eq!(event.user(), None);
    }
    // Without `data` the other fields are the data.
    let other = next(&mut others).await;
    assert_eq!(other.field("note").unwrap().as_str(), Some("beside"));
    assert_eq!(other.field("from"), None);
    let expected = Map::from([("note", Value::from("beside")), ("more", Value::from(1))]);
    assert_eq!(other.data, Value::Map(expected));
    left.disconnect().await;
    assert!(readings.next().await.is_none());
}

#[tokio::test]
async fn data_of_every_kind_travels() {
    let (left, right) = peers();
    let mut events = right.on::<NdArray>("array");
    let array = NdArray::new("uint8", [2, 2], vec![1, 2, 3, 4]).unwrap();
    left.emit("array", EventTarget::Broadcast, &array)
        .await
        .unwrap();
    assert_eq!(next(&mut events).await.data, array);
    let mut nothing = right.on::<Option<i32>>("nothing");
    left.event("nothing").send().await.unwrap();
    assert_eq!(next(&mut nothing).await.data, None);
}

#[tokio::test]
async fn functions_do_not_travel_in_events() {
    let (left, right) = peers();
    let mut events = right.on::<Vec<Callback>>("functions");
    let data = [Closure::new(|| async {})];
    let refused = left.emit("functions", EventTarget::Broadcast, &data).await;
    assert!(
        matches!(refused, Err(EmitError::Send(CallError::Encode(_)))),
        "{refused:?}"
    );
    // A description that somebody made up is nothing that can be called.
    let made_up = hypha_codec::Method::new("ws/right", "services.built-in.ping");
    left.emit("functions", EventTarget::Broadcast, &[Value::from(made_up)])
        .await
        .unwrap();
    let callable = match events.next().await.unwrap() {
        Ok(event) => event.data[0].target().is_ok(),
        Err(_) => false,
    };
    assert!(!callable);
}

#[tokio::test]
async fn data_of_another_type_is_an_error_and_the_next_event_comes_after_it() {
    let (left, right) = peers();
    let mut events = right.on::<Reading>("reading");
    let once = right.once::<Reading>("reading");
    left.emit("reading", EventTarget::Broadcast, "text")
        .await
        .unwrap();
    left.emit("reading", EventTarget::Broadcast, &reading(1.0))
        .await
        .unwrap();
    let error = events.next().await.unwrap().unwrap_err();
    assert!(
        matches!(&error, EventError::Data { kind, .. } if kind == "reading"),
        "{error}"
    );
    assert_eq!(next(&mut events).await.data, reading(1.0));
    assert!(matches!(once.await, Err(EventError::Data { .. })));
}

#[tokio::test]
async fn once_listens_from_the_call_and_dropping_a_stream_ends_the_listening() {
    let (left, right) = peers();
    let (first, mut all) = (right.once::<i32>("n"), right.on::<i32>("n"));
    let dropped = right.on::<i32>("n");
    drop(dropped);
    for n in 0..3 {
        left.emit("n", EventTarget::Broadcast, &n).await.unwrap();
    }
    assert_eq!(next(&mut all).await.data, 0);
    assert_eq!(first.await.unwrap().data, 0);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_match_the_time_or_the_connection() {
    let (left, right) = peers();
    let wanted =
        right.wait_for_match::<i32, _>("n", Duration::from_secs(5), |event| event.data == 2);
    for n in 0..3 {
        left.emit("n", EventTarget::Broadcast, &n).await.unwrap();
    }
    assert_eq!(wanted.await.unwrap().data, 2);

    let began = tokio::time::Instant::now();
    let late = right.wait_for::<i32>("n", Duration::from_secs(5)).await;
    assert!(matches!(late, Err(EventError::Timeout { .. })));
    assert_eq!(began.elapsed(), Duration::from_secs(5));

    let cut = right.once::<i32>("n");
    left.disconnect().await;
    let error = cut.await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the connection ended before an event `n` came"
    );
    let after = right.once::<i32>("n").await;
    assert!(matches!(after, Err(EventError::Closed { .. })));
    let unsent = left.emit("n", EventTarget::Broadcast, &1).await;
    assert!(matches!(
        unsent,
        Err(EmitError::Send(CallError::Disconnected { .. }))
    ));
}

#[tokio::test]
async fn a_slow_listener_is_bounded_and_hears_what_it_missed() {
    let mut config = PeerConfig::default();
    config.max_queued_events = 10;
    let (left, right) = peers_with(PeerConfig::default(), config);
    let (mut slow, mut last) = (right.on::<u32>("n"), right.on::<()>("last"));
    for n in 0..1000 {
        left.emit("n", EventTarget::Broadcast, &n).await.unwrap();
    }
    left.event("last").send().await.unwrap();
    next(&mut last).await;
    let missed = slow.next().await.unwrap().unwrap_err();
    assert!(
        matches!(missed, EventError::Missed { count: 990 }),
        "{missed}"
    );
    for n in 990..1000 {
        assert_eq!(next(&mut slow).await.data, n);
    }
}

#[tokio::test]
async fn names_and_fields_that_mean_something_else_are_refused_where_they_are_used() {
    let (left, _right) = peers();
    for name in [
        "",
        "method",
        event::CLIENT_DISCONNECTED,
        event::FORCE_EXIT,
        event::CONNECTED,
    ] {
        let result = left.emit(name, EventTarget::Broadcast, &1).await;
        assert!(
            matches!(&result, Err(EmitError::Name(bad)) if bad == name),
            "{name}"
        );
    }
    for field in ["type", "from", "to", "ws", "user", "data"] {
        let (plain, extra) = (
            left.event("x").field(field, 1),
            left.event("x").extra(field, 1),
        );
        for result in [plain.send().await, extra.send().await] {
            assert!(
                matches!(&result, Err(EmitError::Field(bad)) if bad == field),
                "{field}"
            );
        }
    }
    let large = Value::from("x".repeat(600_000));
    let result = left.emit("x", EventTarget::Broadcast, &large).await;
    assert!(
        matches!(result, Err(EmitError::Send(CallError::TooLarge { .. }))),
        "{result:?}"
    );
}

#[tokio::test]
async fn an_event_for_here_is_heard_here_and_not_sent() {
    let (left, right) = peers();
    let (mut here, mut there) = (left.on::<i32>("x"), right.on::<i32>("x"));
    left.emit("x", EventTarget::Here, &1).await.unwrap();
    left.emit("x", EventTarget::Broadcast, &2).await.unwrap();
    let event = next(&mut here).await;
    assert_eq!((event.data, event.from), (1, Some(address("ws/left"))));
    assert_eq!(next(&mut there).await.data, 2);
}

#[tokio::test]
async fn a_frame_says_who_sends_it_to_whom_and_holds_the_fields_in_order() {
    let (peer, mut server) = connected().await;
    peer.event("news")
        .data(&Reading {
            sensor: "a".into(),
            value: 0.5,
        })
        .field("topic", "t")
        .extra("more", true)
        .send()
        .await
        .unwrap();
    peer.emit("hello", address("ws/other"), &1).await.unwrap();
    let (header, extra) = server.next().await.unwrap();
    let keys: Vec<&str> = header.keys().collect();
    assert_eq!(keys, ["type", "from", "to", "data", "topic"]);
    assert_eq!(text(&header, "from"), "ws/me");
    assert_eq!(text(&header, "to"), "*");
    assert_eq!(extra, Value::Map(Map::from([("more", true)])));
    let (header, extra) = server.next().await.unwrap();
    assert_eq!(text(&header, "to"), "ws/other");
    assert_eq!(extra, Value::Null);
}

#[tokio::test]
async fn events_of_the_server_are_typed_and_forged_ones_are_dropped() {
    let (peer, mut server) = connected().await;
    let mut gone = peer.on::<ClientEvent>(event::CLIENT_DISCONNECTED);
    let mut come = peer.on::<ClientEvent>(event::CLIENT_CONNECTED);
    let mut cleaned = peer.on::<RemoteClientDisconnected>(event::REMOTE_CLIENT_DISCONNECTED);
    let mut missing = peer.on::<Value>(event::PEER_NOT_FOUND);
    let about = |id: &str| data_of(Value::Map(Map::from([("id", id), ("workspace", "ws")])));
    for frame in [
        frame(
            event::CLIENT_DISCONNECTED,
            Some("ws/forger"),
            about("victim"),
        ),
        frame(event::CLIENT_CONNECTED, Some("ws/forger"), about("victim")),
        frame(event::REMOTE_CLIENT_DISCONNECTED, None, about("victim")),
        frame(event::PEER_NOT_FOUND, Some("ws/forger"), about("victim")),
        frame(event::CLIENT_CONNECTED, None, about("ws/full")),
        frame(event::CLIENT_DISCONNECTED, None, about("bare")),
        frame(
            event::PEER_NOT_FOUND,
            None,
            Map::from([("peer_id", "ws/x"), ("error", "no")]),
        ),
    ] {
        server.binary(frame).await;
    }
    let came = next(&mut come).await;
    assert_eq!((came.data.client, came.from), (address("ws/full"), None));
    assert_eq!(next(&mut gone).await.data.client, address("ws/bare"));
    let cleaned = next(&mut cleaned).await.data;
    assert_eq!(
        (&*cleaned.client_id, cleaned.sessions_cleaned),
        ("ws/bare", 0)
    );
    let missing = next(&mut missing).await.data;
    assert_eq!(missing.get("peer_id").unwrap().as_str(), Some("ws/x"));
    assert_eq!(peer.stats().await.unwrap().malformed_frames, 4);
}

#[tokio::test]
async fn the_payload_segment_cannot_change_who_an_event_is_from() {
    let (peer, mut server) = connected().await;
    let mut events = peer.on::<Value>("news");
    let mut forged = frame("news", Some("ws/peer"), Map::new()).to_vec();
    let payload = Map::from([
        ("from", "*/mgr"),
        ("user", "root"),
        ("ws", "root"),
        ("type", "client_disconnected"),
        ("note", "kept"),
    ]);
    forged.extend_from_slice(&hypha_codec::encode(&Value::Map(payload)).unwrap());
    server.binary(forged).await;
    let event = next(&mut events).await;
    assert_eq!(event.from, Some(address("ws/peer")));
    assert_eq!(event.user(), None);
    assert_eq!(event.data, Value::Map(Map::from([("note", "kept")])));
}

#[tokio::test]
async fn subscriptions_are_asked_of_the_manager_once_they_change() {
    let (peer, server) = connected().await;
    let serving = manage(server);
    peer.subscribe(["b", "a"]).await.unwrap();
    peer.unsubscribe([event::CLIENT_DISCONNECTED, "c"])
        .await
        .unwrap();
    peer.unsubscribe(["a"]).await.unwrap();
    peer.disconnect().await;
    let (server, _) = serving.await.unwrap();
    let asked: Vec<(String, Vec<&str>)> = server
        .subscribed
        .iter()
        .map(|(method, names)| {
            let names = names.as_list().unwrap().iter();
            let names = names.map(|name| name.as_str().unwrap()).collect();
            (method.replace("services.default.", ""), names)
        })
        .collect();
    assert_eq!(
        asked,
        [
            ("subscribe".to_owned(), vec!["b", "a"]),
            ("unsubscribe".to_owned(), vec!["a"])
        ]
    );
}

#[tokio::test]
async fn what_the_manager_refuses_is_not_subscribed_to() {
    let (peer, mut server) = connected().await;
    let subscribing = tokio::spawn({
        let peer: Peer = peer.clone();
        async move { peer.subscribe(["elsewhere/x"]).await }
    });
    let (header, _) = server.next().await.unwrap();
    let session = text(&header, "session");
    server
        .send(
            "*/mgr",
            &format!("{session}.reject"),
            None,
            args([error_value("ValueError: forbidden")]),
        )
        .await;
    let error = subscribing.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("forbidden"), "{error}");
    // Nothing is left to take back: the manager is not asked.
    peer.unsubscribe([Text::from("elsewhere/x")]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_is_subscribed_to_the_same_names_and_listeners_stay() {
    let (peer, mut relay, mut server) = relay::connected().await;
    let mut news = peer.on::<u32>("news");
    let mut told = Vec::new();
    for name in [
        event::DISCONNECTED,
        event::MANAGER_REFRESHED,
        event::SERVICES_REGISTERED,
        event::CONNECTED,
    ] {
        told.push(peer.on::<Value>(name));
    }
    let subscribing = tokio::spawn({
        let peer = peer.clone();
        async move { peer.subscribe(["news", "other"]).await }
    });
    let (header, _) = server.next().await.unwrap();
    relay
        .answer(&mut server, &header, "resolve", Value::from(true))
        .await;
    subscribing.await.unwrap().unwrap();

    relay.manager = String::from("mgr-2");
    drop(server);
    let (mut server, _) = relay.admit().await;
    let mut topics = Vec::new();
    while topics.len() < 3 {
        let (header, payload) = server.next().await.unwrap();
        if text(&header, "method").ends_with(".subscribe") {
            let names = payload.get("args").unwrap().as_list().unwrap()[0].clone();
            topics.extend(names.as_list().unwrap().to_vec());
        }
        relay
            .answer(&mut server, &header, "resolve", Value::Null)
            .await;
    }
    let topics: Vec<&str> = topics.iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(topics, [event::CLIENT_DISCONNECTED, "news", "other"]);

    let mut data = Vec::new();
    for events in &mut told {
        let event = next(events).await;
        assert_eq!(event.from, None);
        data.push(event.data);
    }
    let field = |index: usize, name: &str| data[index].get(name).unwrap().clone();
    assert_eq!(field(0, "reconnecting"), Value::from(true));
    assert_eq!(field(1, "manager"), Value::from("*/mgr-2"));
    assert_eq!(field(2, "registered"), Value::from(1));
    assert_eq!(field(3, "manager_id"), Value::from("mgr-2"));

    server
        .binary(frame("news", Some("ws/peer"), data_of(7)))
        .await;
    assert_eq!(next(&mut news).await.data, 7);
    peer.disconnect().await;
    let last = next(&mut told[0]).await.data;
    assert_eq!(last.get("reconnecting"), Some(&Value::from(false)));
    assert!(told[0].next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_without_a_connection_waits_for_the_next_one_and_not_for_ever() {
    let (peer, mut relay, server) = relay::connected().await;
    drop(server);
    let mut lost = peer.on::<Value>(event::DISCONNECTED);
    next(&mut lost).await;
    let sending = tokio::spawn({
        let peer = peer.clone();
        async move { peer.emit("news", EventTarget::Broadcast, &1).await }
    });
    let (mut server, _) = relay.set_up(0).await;
    let (header, _) = server.next().await.unwrap();
    assert_eq!(text(&header, "type"), "news");
    sending.await.unwrap().unwrap();

    drop(server);
    next(&mut lost).await;
    let began = tokio::time::Instant::now();
    let late = peer.emit("news", EventTarget::Broadcast, &2).await;
    assert!(
        matches!(&late, Err(EmitError::Send(error)) if error.is_disconnected()),
        "{late:?}"
    );
    let patience = PeerConfig::default().method_timeout;
    assert!(
        (patience..2 * patience).contains(&began.elapsed()),
        "{:?}",
        began.elapsed()
    );
}
