//! Events between two peers.

mod with_a_server;

use std::time::Duration;

use hypha_codec::{Map, NdArray, Value};
use hypha_rpc_core::protocol::event;
use hypha_rpc_core::{
    CallError, Callback, Closure, EmitError, Event, EventError, EventTarget, PeerConfig,
};
use serde::{Deserialize, Serialize};

use crate::pair::{address, peers, peers_with};

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
