//! Events that clients send: to their workspace, to one client, and to themselves.

use std::time::Duration;

use hypha_client::{ErrorKind, Event, EventError, EventTarget, Permission, TokenOptions, Value};
use hypha_tests::{Feature, Membership, notation};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{companion, neighbour, next};
use crate::fixture::{BOTH, caller, connect, server, soon};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Reading {
    sensor: String,
    values: Vec<i32>,
}

fn reading() -> Reading {
    Reading {
        sensor: "a".to_owned(),
        values: vec![1, 2],
    }
}

/// Where a heard message came from, and what it says.
fn told(message: &Json) -> (&str, &str, &Json) {
    let text = |name: &str| message[name].as_str().unwrap_or_default();
    (text("type"), text("from"), &message["data"])
}

fn shown(event: &Event<Value>) -> (String, Option<String>, Json) {
    let from = event.from.as_ref().map(ToString::to_string);
    (event.kind.to_string(), from, notation::of(&event.data))
}

#[tokio::test]
async fn a12_02_broadcasts_rust_to_python_and_javascript() {
    let client = connect().await;
    let me = client.address().as_str();
    for language in BOTH {
        let peer = neighbour(language, &client).await;
        peer.listen(&["not subscribed"], false).await.unwrap();
        peer.listen(&["reading", "last"], true).await.unwrap();
        let everybody = EventTarget::Broadcast;
        for name in ["not subscribed", "reading"] {
            client
                .emit(name, everybody.clone(), &reading())
                .await
                .unwrap();
        }
        client.emit("last", everybody, &1).await.unwrap();
        let data = json!({ "sensor": "a", "values": [1, 2] });
        let heard = peer.event("heard").await.unwrap();
        assert_eq!(told(&heard), ("reading", me, &data), "{language:?}");
        assert_eq!(heard["ws"], client.workspace(), "{language:?}");
        assert_eq!(heard["user"]["id"], client.user().unwrap().id);
        let heard = peer.event("heard").await.unwrap();
        assert_eq!(told(&heard), ("last", me, &json!(1)), "{language:?}");
    }
}

#[tokio::test]
async fn a12_02_broadcasts_python_and_javascript_to_rust() {
    let client = connect().await;
    let mut unsubscribed = client.on::<Value>("not subscribed");
    let mut readings = client.on::<Reading>("reading");
    let last = client.on::<Value>("last");
    client.subscribe(["reading", "last"]).await.unwrap();
    let mut last = last;
    for language in BOTH {
        let peer = neighbour(language, &client).await;
        let data = json!({ "sensor": "a", "values": [1, 2] });
        for name in ["not subscribed", "reading", "last"] {
            let message = json!({ "type": name, "to": "*", "data": data });
            peer.emit(message).await.unwrap();
        }
        let event = next(&mut readings).await;
        assert_eq!(event.data, reading(), "{language:?}");
        let from = event.from.as_ref().unwrap();
        assert_eq!(
            (from.workspace(), from.client_id()),
            (peer.workspace(), peer.client_id())
        );
        let user = event.user().unwrap();
        assert_eq!(user.get("id").unwrap().as_str(), Some(peer.user()));
        next(&mut last).await;
    }
    let nothing = tokio::time::timeout(Duration::ZERO, unsubscribed.next()).await;
    assert!(nothing.is_err(), "{nothing:?}");
}

#[tokio::test]
async fn a12_02_broadcasts_stay_in_the_workspace_rust_to_rust() {
    let (client, foreigner) = (connect().await, connect().await);
    let other = companion(&client).await;
    for listener in [&client, &other, &foreigner] {
        listener.subscribe(["reading", "last"]).await.unwrap();
    }
    let mut heard = other.on::<Reading>("reading");
    let mut foreign = foreigner.on::<Value>("reading");
    let mut foreign_last = foreigner.on::<Value>("last");
    let mut own = client.on::<Reading>("reading");
    client
        .emit("reading", EventTarget::Broadcast, &reading())
        .await
        .unwrap();
    assert_eq!(next(&mut heard).await.data, reading());
    // Who sends a broadcast and subscribed to it hears it as well.
    assert_eq!(next(&mut own).await.from.as_ref(), Some(client.address()));
    client.emit("last", foreigner.address(), &()).await.unwrap();
    next(&mut foreign_last).await;
    let nothing = tokio::time::timeout(Duration::ZERO, foreign.next()).await;
    assert!(nothing.is_err(), "{nothing:?}");
}

#[tokio::test]
async fn a12_02_server_14_a_broadcast_reaches_a_foreign_workspace_that_is_named_rust_to_rust() {
    let (client, foreigner) = (connect().await, connect().await);
    foreigner.subscribe(["reading"]).await.unwrap();
    let mut heard = foreigner.on::<Reading>("reading");
    let everybody = hypha_client::Address::new(foreigner.workspace(), "*").unwrap();
    client.emit("reading", everybody, &reading()).await.unwrap();
    if !server().await.has(Feature::ForeignBroadcasts) {
        // What was sent later is here, and the broadcast is not.
        let mut last = foreigner.on::<()>("last");
        client.emit("last", foreigner.address(), &()).await.unwrap();
        next(&mut last).await;
        let nothing = tokio::time::timeout(Duration::ZERO, heard.next()).await;
        assert!(nothing.is_err(), "{nothing:?}");
        return;
    }
    // Whoever hears it sees that it is from elsewhere.
    let event = next(&mut heard).await;
    assert_eq!(event.from.as_ref(), Some(client.address()));
}

#[tokio::test]
async fn a12_02_a_client_that_may_only_read_sends_no_broadcasts_rust_to_rust() {
    let client = connect().await;
    client.subscribe(["reading", "last"]).await.unwrap();
    let (mut readings, mut last) = (client.on::<Value>("reading"), client.on::<()>("last"));
    let token = client.generate_token(TokenOptions::new().permission(Permission::Read));
    let reader = Membership::new(client.workspace(), token.await.unwrap().expose());
    let reader = crate::fixture::join(&reader).await;
    reader
        .emit("reading", EventTarget::Broadcast, &reading())
        .await
        .unwrap();
    reader.emit("last", client.address(), &()).await.unwrap();
    next(&mut last).await;
    let nothing = tokio::time::timeout(Duration::ZERO, readings.next()).await;
    assert!(nothing.is_err(), "{nothing:?}");
}

#[tokio::test]
async fn a12_01_direct_events_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in BOTH {
        // In another workspace, and not subscribed to anything.
        let peer = crate::fixture::Provider::start(language).await.peer;
        peer.listen(&["hello"], false).await.unwrap();
        let address = format!("{}/{}", peer.workspace(), peer.client_id());
        let to = EventTarget::from(address.parse::<hypha_client::Address>().unwrap());
        client.emit("hello", to, "you").await.unwrap();
        let heard = peer.event("heard").await.unwrap();
        let me = client.address().as_str();
        assert_eq!(told(&heard), ("hello", me, &json!("you")), "{language:?}");
    }
}

#[tokio::test]
async fn a12_01_direct_events_python_and_javascript_to_rust() {
    let client = connect().await;
    let me = client.address().as_str();
    for language in BOTH {
        let peer = caller(language).await;
        let from = format!("{}/{}", peer.workspace(), peer.client_id());
        let waiting = client.wait_for_match::<Value, _>("hello", Duration::from_secs(60), {
            let from = from.clone();
            move |event| {
                event
                    .from
                    .as_ref()
                    .is_some_and(|other| other.as_str() == from)
            }
        });
        let message = json!({ "type": "hello", "to": me, "data": [1, "two"] });
        peer.emit(message).await.unwrap();
        let event = waiting.await.unwrap();
        let expected = ("hello".to_owned(), Some(from), json!([1, "two"]));
        assert_eq!(shown(&event), expected, "{language:?}");
    }
}

#[tokio::test]
async fn a12_01_once_and_until_a_time_rust_to_rust() {
    let (client, other) = (connect().await, connect().await);
    let first = other.once::<u32>("n");
    let second = other.wait_for_match::<u32, _>("n", Duration::from_secs(60), |n| n.data == 2);
    for n in 1..=2 {
        client.emit("n", other.address(), &n).await.unwrap();
    }
    assert_eq!(soon("the first", first).await.unwrap().data, 1);
    assert_eq!(second.await.unwrap().data, 2);
    let never = other.wait_for::<u32>("n", Duration::from_millis(50)).await;
    assert_eq!(never.unwrap_err().kind(), ErrorKind::Timeout);
    let cut = other.once::<u32>("n");
    other.disconnect().await;
    let error = soon("the end", cut).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
}

#[tokio::test]
async fn a5_23_messages_with_fields_of_their_own_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in BOTH {
        let peer = neighbour(language, &client).await;
        peer.listen(&["raw"], false).await.unwrap();
        let to = EventTarget::from(
            hypha_client::Address::new(peer.workspace(), peer.client_id()).unwrap(),
        );
        let raw = client.event("raw").to(to).data(&1);
        let raw = raw.field("topic", "t").extra("more", true);
        raw.send().await.unwrap();
        let heard = peer.event("heard").await.unwrap();
        let fields = (&heard["data"], &heard["topic"], &heard["more"]);
        assert_eq!(
            fields,
            (&json!(1), &json!("t"), &json!(true)),
            "{language:?}"
        );
    }
}

#[tokio::test]
async fn a5_23_messages_with_fields_of_their_own_python_and_javascript_to_rust() {
    let client = connect().await;
    let mut events = client.on::<Value>("raw");
    for language in BOTH {
        let peer = neighbour(language, &client).await;
        let message =
            json!({ "type": "raw", "to": client.address().as_str(), "topic": "t", "n": 1 });
        peer.emit(message).await.unwrap();
        let event = next(&mut events).await;
        assert_eq!(
            notation::of(&event.data),
            json!({ "topic": "t", "n": 1 }),
            "{language:?}"
        );
        assert_eq!(event.field("topic").unwrap().as_str(), Some("t"));

        // In a second segment, where nobody is believed to be somebody else.
        let message = json!({ "type": "raw", "to": client.address().as_str() });
        let extra = json!({ "data": 7, "from": "*/manager", "user": "root", "topic": "t" });
        let arguments = json!({ "message": message, "extra": extra });
        peer.command("emit", arguments).await.unwrap();
        let event = next(&mut events).await;
        assert_eq!(event.data, Value::from(7), "{language:?}");
        let from = event.from.as_ref().unwrap();
        assert_eq!(from.client_id(), peer.client_id(), "{language:?}");
        let user = event.user().unwrap();
        assert_eq!(user.get("id").unwrap().as_str(), Some(peer.user()));
    }
}

#[tokio::test]
async fn a5_23_an_event_without_a_target_stays_here_rust() {
    let client = connect().await;
    let other = companion(&client).await;
    other.subscribe(["local"]).await.unwrap();
    let (mut here, mut there) = (client.on::<u32>("local"), other.on::<u32>("local"));
    client.emit("local", EventTarget::Here, &1).await.unwrap();
    let event = next(&mut here).await;
    assert_eq!(
        (event.data, event.from.as_ref()),
        (1, Some(client.address()))
    );
    let mut last = other.on::<()>("last");
    client.emit("last", other.address(), &()).await.unwrap();
    next(&mut last).await;
    let nothing = tokio::time::timeout(Duration::ZERO, there.next()).await;
    assert!(nothing.is_err(), "{nothing:?}");
}

#[tokio::test]
async fn a12_03_names_of_other_workspaces_are_refused_and_what_was_taken_back_is_gone_rust_to_rust()
{
    let client = connect().await;
    for name in ["ws-user-somebody/news", "ws-user-somebody", "other/news"] {
        let error = client.subscribe([name]).await.unwrap_err();
        assert!(error.is_remote(), "{error:#}");
        assert!(error.to_string().contains("forbidden"), "{error:#}");
    }
    let own = format!("{}/news", client.workspace());
    client.subscribe([own.clone()]).await.unwrap();
    client.subscribe(["reading", "last"]).await.unwrap();
    let (mut news, mut readings) = (client.on::<u32>(&own), client.on::<u32>("reading"));
    let mut last = client.on::<u32>("last");
    let other = companion(&client).await;
    let everybody = EventTarget::Broadcast;
    other.emit(&own, everybody.clone(), &1).await.unwrap();
    other.emit("reading", everybody.clone(), &2).await.unwrap();
    assert_eq!(next(&mut news).await.data, 1);
    assert_eq!(next(&mut readings).await.data, 2);
    client.unsubscribe(["reading"]).await.unwrap();
    other.emit("reading", everybody.clone(), &3).await.unwrap();
    other.emit("last", everybody, &4).await.unwrap();
    assert_eq!(next(&mut last).await.data, 4);
    let nothing = tokio::time::timeout(Duration::ZERO, readings.next()).await;
    assert!(nothing.is_err(), "{nothing:?}");
}

#[tokio::test]
async fn a12_01_a_slow_listener_is_bounded_python_and_javascript_to_rust() {
    const SENT: u64 = 1500;
    let client = connect().await;
    for language in BOTH {
        let peer = neighbour(language, &client).await;
        let to = client.address().as_str();
        let (mut slow, mut last) = (client.on::<u64>("flood"), client.on::<()>("last"));
        for n in 0..SENT {
            let message = json!({ "type": "flood", "to": to, "data": n });
            peer.emit(message).await.unwrap();
        }
        peer.emit(json!({ "type": "last", "to": to }))
            .await
            .unwrap();
        next(&mut last).await;
        let bound = hypha_client::PeerConfig::default().max_queued_events as u64;
        let missed = slow.next().await.unwrap().unwrap_err();
        assert!(
            matches!(missed, EventError::Missed { count } if count == SENT - bound),
            "{missed}"
        );
        for n in SENT - bound..SENT {
            assert_eq!(next(&mut slow).await.data, n);
        }
    }
}
