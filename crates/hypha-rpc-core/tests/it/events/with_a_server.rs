//! Events with a server that the test plays.

use bytes::Bytes;
use hypha_codec::{Map, Text, Value};
use hypha_rpc_core::protocol::event;
use hypha_rpc_core::{
    ClientEvent, EmitError, EventError, EventTarget, Peer, PeerConfig, RemoteClientDisconnected,
};

use super::{next, reading};
use crate::pair::address;
use crate::relay;
use crate::server::{args, connected, error_value, manage, text};

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

#[tokio::test]
async fn data_that_cannot_be_read_is_an_error_of_its_own() {
    let (peer, mut server) = connected().await;
    let mut events = peer.on::<Value>("news");
    let head = |fields: u8| {
        let mut frame = vec![0x80 | fields];
        for text in ["type", "news", "from", "ws/peer", "data"] {
            frame.push(0xa0 | text.len() as u8);
            frame.extend_from_slice(text.as_bytes());
        }
        frame
    };
    let mut deep = head(3);
    deep.extend(vec![0x91; 5000]);
    deep.push(0xc0);
    let mut not_text = head(3);
    not_text.extend([0xa2, 0xff, 0xfe]);
    let mut after_the_header = head(3);
    after_the_header.extend([0x01, 0xc1, 0xff]);
    for frame in [deep, not_text, after_the_header] {
        server.binary(frame).await;
    }
    for _ in 0..2 {
        let error = events.next().await.unwrap().unwrap_err();
        assert!(matches!(error, EventError::Decode { .. }), "{error}");
    }
    assert_eq!(next(&mut events).await.data, Value::from(1));
}

#[tokio::test]
async fn a_frame_says_who_sends_it_to_whom_and_holds_the_fields_in_order() {
    let (peer, mut server) = connected().await;
    peer.event("news")
        .data(&reading(0.5))
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
