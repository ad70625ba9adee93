//! Events: who is believed, what they change here, and how they go out.

use super::*;
use crate::protocol::event;

fn gone(id: &str) -> Map {
    let data = Map::from([("id", id), ("workspace", "ws")]);
    Map::from([("data", Value::Map(data))])
}

/// Everything the engine has to say.
fn said(engine: &mut TestEngine) -> Vec<Event<TestDriver>> {
    std::iter::from_fn(|| engine.poll_event()).collect()
}

/// The sender of the event that arrived, if one did.
fn arrived(engine: &mut TestEngine) -> Option<Option<String>> {
    said(engine).into_iter().find_map(|said| match said {
        Event::Arrived(event) => Some(event.from.map(|from| from.to_string())),
        _ => None,
    })
}

#[test]
fn system_events_count_only_from_the_server() {
    for (from, id, believed) in [
        (None, "peer", true),
        (None, "ws/peer", true),
        (Some("*/mgr"), "peer", true),
        (Some("ws/peer"), "peer", false),
        (Some("*/other"), "peer", false),
        (None, "other", false),
    ] {
        let (mut engine, now) = (relay(), start());
        call(&mut engine, 1, "ws/peer");
        assert!(engine.poll_transmit(now).is_some());
        engine.handle_frame(now, event("client_disconnected", from, gone(id)));
        let happened = said(&mut engine).iter().any(|said| {
            let Event::Answered { outcome, .. } = said else {
                return false;
            };
            matches!(outcome, Outcome::PeerGone(_))
        });
        assert_eq!(happened, believed, "{from:?} {id}");
    }
    for (from, believed) in [
        (None, false),
        (Some("*/mgr"), true),
        (Some("ws/peer"), false),
    ] {
        let mut engine = relay();
        let fields = Map::from([("reason", "quota")]);
        engine.handle_frame(start(), event("force-exit", from, fields));
        let left = said(&mut engine)
            .iter()
            .any(|said| matches!(said, Event::Leave(Leave::ForceExit(_))));
        assert_eq!(left, believed, "{from:?}");
    }
}

#[test]
fn events_arrive_with_the_sender_that_the_server_states() {
    let known = |from: &str| Some(Some(from.to_owned()));
    for (name, from, expected) in [
        ("news", Some("ws/peer"), known("ws/peer")),
        ("news", Some("other/peer"), known("other/peer")),
        ("news", Some("*/mgr"), known("*/mgr")),
        ("news", None, Some(None)),
        ("news", Some("no address"), None),
        ("news", Some(""), None),
        (event::SERVICE_ADDED, None, Some(None)),
        (event::SERVICE_ADDED, Some("*/mgr"), known("*/mgr")),
        (event::SERVICE_ADDED, Some("ws/peer"), None),
        (event::SERVICE_ADDED, Some("public/server"), None),
        (event::WORKSPACE_UNLOADED, Some("ws/peer"), None),
        (event::PEER_NOT_FOUND, Some("ws/peer"), None),
        (event::ERROR, Some("ws/peer"), None),
        (event::CONNECTED, None, None),
        (event::DISCONNECTED, Some("*/mgr"), None),
        (event::REMOTE_CLIENT_DISCONNECTED, None, None),
    ] {
        let mut engine = relay();
        engine.handle_frame(start(), event(name, from, Map::new()));
        let dropped = u64::from(expected.is_none());
        assert_eq!(arrived(&mut engine), expected, "{name} {from:?}");
        assert_eq!(engine.stats().malformed_frames, dropped, "{name} {from:?}");
    }
}

#[test]
fn on_a_direct_link_the_sender_is_the_other_end_and_no_server() {
    for (name, from, believed) in [
        ("news", None, true),
        ("news", Some("*/mgr"), true),
        ("news", Some("ws/victim"), true),
        (event::CLIENT_DISCONNECTED, None, false),
        (event::FORCE_EXIT, Some("*/mgr"), false),
        (event::PEER_NOT_FOUND, None, false),
    ] {
        let mut engine = engine(Remote::Direct {
            peer: Address::parse("ws/peer").unwrap(),
        });
        call(&mut engine, 1, "ws/peer");
        let mut fields = gone("peer");
        fields.push("peer_id", "ws/peer");
        engine.handle_frame(start(), event(name, from, fields));
        let expected = believed.then(|| Some("ws/peer".to_owned()));
        assert_eq!(arrived(&mut engine), expected, "{name} {from:?}");
        assert_eq!(engine.stats().pending_calls, 1, "{name} {from:?}");
    }
}

#[test]
fn a_departure_says_how_much_it_ended() {
    let (mut engine, now) = (relay(), start());
    call(&mut engine, 1, "ws/peer");
    call(&mut engine, 2, "ws/peer");
    call(&mut engine, 3, "ws/other");
    while engine.poll_transmit(now).is_some() {}
    let theirs = frame(
        Some("ws/peer"),
        "ws/me",
        "services.pub.f",
        Some("s"),
        Value::Null,
    );
    engine.handle_frame(now, theirs);
    engine.handle_frame(now, event("client_disconnected", None, gone("peer")));
    let departures: Vec<Departure> = said(&mut engine)
        .into_iter()
        .filter_map(|said| match said {
            Event::Departed(departure) => Some(departure),
            _ => None,
        })
        .collect();
    let client = Address::parse("ws/peer").unwrap();
    assert_eq!(
        departures,
        [Departure {
            client,
            sessions: 3,
            interfaces: 0,
        }]
    );
    assert_eq!(engine.stats().pending_calls, 1);
}

#[test]
fn an_event_is_done_when_it_is_handed_over_and_never_sent_when_it_was_cancelled() {
    let (mut engine, now) = (relay(), start());
    let outgoing = |to: &str| OutgoingEvent {
        to: Address::parse(to).unwrap(),
        frame: Rope::from(event("news", Some("ws/me"), Map::from([("to", to)]))),
    };
    engine.start_event(now, 1, outgoing("ws/*"), "first", None);
    engine.start_event(now, 2, outgoing("ws/peer"), "second", None);
    engine.start_event(now, 3, outgoing("ws/peer"), "third", None);
    engine.cancel_call(2);
    assert!(engine.poll_event().is_none());
    for expected in ["first", "third"] {
        assert!(engine.poll_transmit(now).is_some());
        let Some(Event::Answered { reply, outcome }) = engine.poll_event() else {
            panic!("nothing said")
        };
        assert!(matches!(outcome, Outcome::Sent));
        assert_eq!(reply, expected);
    }
    assert!(engine.poll_transmit(now).is_none());

    engine.start_event(now, 4, outgoing("ws/*"), "fourth", None);
    engine.lose_link();
    assert!(matches!(
        outcome(&mut engine),
        Some(Outcome::LinkLost { sent: false })
    ));
}
