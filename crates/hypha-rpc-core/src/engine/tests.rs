//! The rules of the protocol as tables, without a clock.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hypha_codec::{Map, Packet, Rope, Text, Value};

use super::*;
use crate::access::{Access, Visibility};

const SECOND: Duration = Duration::from_secs(1);

/// Some instant to count from.
#[expect(
    clippy::disallowed_methods,
    reason = "tests need one instant to count from"
)]
pub(crate) fn start() -> Instant {
    Instant::now()
}

#[derive(Debug)]
struct TestDriver;

impl Driver for TestDriver {
    type Reply = &'static str;
    type Handler = &'static str;
    type Permit = ();
}

type TestEngine = Engine<TestDriver>;

fn engine(remote: Remote) -> TestEngine {
    let config = EngineConfig {
        local: Address::parse("ws/me").unwrap(),
        remote,
        sessions: SessionIds::new("S"),
        keepalive: KeepaliveConfig::default(),
        max_running: 3,
        max_running_bytes: 1000,
    };
    let mut engine = Engine::new(start(), config);
    for (id, visibility, authorized) in [
        ("pub", Visibility::Public, None),
        ("hid", Visibility::Unlisted, None),
        ("pro", Visibility::Protected, None),
        ("fri", Visibility::Protected, Some("friends")),
    ] {
        let record = ServiceRecord {
            id: Text::from(id),
            access: Access {
                visibility,
                authorized_workspaces: authorized.into_iter().map(Text::from).collect(),
            },
            methods: HashMap::from([(Text::from("f"), "f"), (Text::from("deep.0.g"), "g")]),
            description: Arc::new(Map::from([("constant", Value::from(1))])),
        };
        assert!(engine.add_service(record, false).is_ok());
    }
    engine
}

fn relay() -> TestEngine {
    engine(Remote::Relay {
        manager: Address::parse("*/mgr").unwrap(),
    })
}

/// A frame as a server delivers it.
fn frame(
    from: Option<&str>,
    to: &str,
    method: &str,
    session: Option<&str>,
    payload: impl Into<Value>,
) -> Bytes {
    let mut header = Map::new();
    header.push("type", "method");
    if let Some(from) = from {
        header.push("from", from);
    }
    header.push("to", to);
    header.push("method", method);
    if let Some(session) = session {
        header.push("session", session);
    }
    segments(&Value::Map(header), &payload.into())
}

fn event(kind: &str, from: Option<&str>, fields: Map) -> Bytes {
    let mut header = Map::from([("type", kind)]);
    if let Some(from) = from {
        header.push("from", from);
    }
    header.extend(
        fields
            .into_entries()
            .into_iter()
            .map(|(key, value)| (key.as_str().unwrap().to_owned(), value)),
    );
    segments(&Value::Map(header), &Value::Null)
}

fn segments(header: &Value, payload: &Value) -> Bytes {
    let mut frame = hypha_codec::encode(header).unwrap().to_vec();
    if !payload.is_null() {
        frame.extend_from_slice(&hypha_codec::encode(payload).unwrap());
    }
    Bytes::from(frame)
}

type Sent = (String, String, Option<String>, Option<String>, Value);

/// What the engine writes next: `to`, `method`, `parent`, `session` and the payload.
fn sent(engine: &mut TestEngine, now: Instant) -> Option<Sent> {
    let transmit = engine.poll_transmit(now)?;
    let TransmitContent::Binary(rope) = transmit.content else {
        panic!("a control message")
    };
    let packet = Packet::parse(rope.into_bytes()).unwrap();
    let header = packet.header().unwrap();
    assert_eq!(header.kind(), Some("method"));
    assert_eq!(header.from(), Some("ws/me"));
    let text = |text: Option<&str>| text.map(str::to_owned);
    let payload = packet.payload();
    let payload = if payload.is_empty() {
        Value::Null
    } else {
        hypha_codec::decode(payload).unwrap()
    };
    Some((
        text(header.to()).unwrap(),
        text(header.method()).unwrap(),
        text(header.parent()),
        text(header.session()),
        payload,
    ))
}

/// The text of the reject that the engine writes next, and where it goes.
fn rejected(engine: &mut TestEngine) -> Option<(String, String, String)> {
    let (to, method, parent, session, payload) = sent(engine, start())?;
    assert_eq!(session, None);
    assert_eq!(method.strip_suffix(".reject"), parent.as_deref());
    let Some(Value::Error(error)) = payload
        .get("args")
        .and_then(Value::as_list)
        .and_then(|args| args.first())
    else {
        panic!("no error in {payload:?}")
    };
    Some((to, parent.unwrap(), error.message.to_string()))
}

fn call(engine: &mut TestEngine, key: u64, target: &str) {
    let call = OutgoingCall {
        target: Address::parse(target).unwrap(),
        method: Text::from("services.s.m"),
        payload: Rope::from(hypha_codec::encode(&Value::from("payload")).unwrap()),
        timeout: Some(10 * SECOND),
        parent: None,
    };
    engine.start_call(key, call, "caller", None);
}

fn outcome(engine: &mut TestEngine) -> Option<Outcome> {
    match engine.poll_event()? {
        Event::Answered { outcome, .. } => Some(outcome),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_is_one_frame_and_its_answer_another() {
    let (mut engine, now) = (relay(), start());
    call(&mut engine, 7, "ws/peer");
    let (to, method, parent, session, payload) = sent(&mut engine, now).unwrap();
    assert_eq!(
        (&*to, &*method, parent, payload),
        ("ws/peer", "services.s.m", None, Value::from("payload"))
    );
    let session = session.unwrap();
    engine.handle_frame(
        now,
        frame(
            Some("ws/peer"),
            "ws/me",
            &format!("{session}.resolve"),
            None,
            Value::from(1),
        ),
    );
    assert!(matches!(outcome(&mut engine), Some(Outcome::Resolved(_))));
    assert!(
        engine.poll_transmit(now).is_none(),
        "nothing but the call was sent"
    );
    assert_eq!(engine.stats().pending_calls, 0);
}

#[test]
fn only_the_target_may_answer() {
    let (mut engine, now) = (relay(), start());
    call(&mut engine, 1, "ws/peer");
    let session = sent(&mut engine, now).unwrap().3.unwrap();
    for name in ["resolve", "reject", "heartbeat"] {
        engine.handle_frame(
            now,
            frame(
                Some("ws/other"),
                "ws/me",
                &format!("{session}.{name}"),
                None,
                Value::Null,
            ),
        );
        engine.handle_frame(
            now,
            frame(
                None,
                "ws/me",
                &format!("{session}.{name}"),
                None,
                Value::Null,
            ),
        );
    }
    assert!(engine.poll_event().is_none());
    engine.handle_frame(
        now,
        frame(
            Some("ws/other"),
            "ws/me",
            &format!("{session}.resolve"),
            Some("theirs"),
            Value::Null,
        ),
    );
    let (to, session_of_reject, text) = rejected(&mut engine).unwrap();
    assert_eq!((&*to, &*session_of_reject), ("ws/other", "theirs"));
    assert!(text.starts_with("Access denied for method call"), "{text}");
    engine.handle_timeout(now + 10 * SECOND);
    assert!(
        matches!(outcome(&mut engine), Some(Outcome::Silent(_))),
        "a stranger's heartbeat does not count"
    );
}

#[test]
fn silence_counts_from_the_transport_and_anew_from_each_heartbeat() {
    let (mut engine, t0) = (relay(), start());
    call(&mut engine, 1, "ws/peer");
    engine.handle_timeout(t0 + 60 * SECOND);
    assert!(engine.poll_event().is_none(), "not sent, not silent");
    let session = sent(&mut engine, t0 + 60 * SECOND).unwrap().3.unwrap();
    let heartbeat = frame(
        Some("ws/peer"),
        "ws/me",
        &format!("{session}.heartbeat"),
        None,
        Value::Null,
    );
    for second in [69, 78, 87] {
        engine.handle_timeout(t0 + second * SECOND);
        engine.handle_frame(t0 + second * SECOND, heartbeat.clone());
        assert!(engine.poll_event().is_none());
    }
    engine.handle_timeout(t0 + Duration::from_millis(96_999));
    assert!(engine.poll_event().is_none());
    assert_eq!(engine.poll_timeout(), Some(t0 + 97 * SECOND));
    engine.handle_timeout(t0 + 97 * SECOND);
    assert!(
        matches!(outcome(&mut engine), Some(Outcome::Silent(silence)) if silence == 10 * SECOND)
    );
    engine.handle_frame(
        t0 + 98 * SECOND,
        frame(
            Some("ws/peer"),
            "ws/me",
            &format!("{session}.resolve"),
            None,
            Value::Null,
        ),
    );
    assert!(engine.poll_event().is_none(), "one outcome");
    assert_eq!(engine.poll_timeout(), None);
}

#[test]
fn a_call_cancelled_before_it_was_sent_never_is() {
    let (mut engine, now) = (relay(), start());
    call(&mut engine, 1, "ws/peer");
    call(&mut engine, 2, "ws/peer");
    engine.cancel_call(1);
    assert_eq!(sent(&mut engine, now).unwrap().3.as_deref(), Some("SC"));
    assert!(engine.poll_transmit(now).is_none());
    assert_eq!(engine.stats().pending_calls, 1);
}

#[test]
fn a_call_that_wants_no_answer_ends_when_it_is_sent() {
    let (mut engine, now) = (relay(), start());
    let target = Address::parse("ws/peer").unwrap();
    let call = OutgoingCall {
        target,
        method: Text::from("a.b"),
        payload: Rope::new(),
        timeout: None,
        parent: None,
    };
    engine.start_call(1, call, "caller", None);
    assert!(engine.poll_event().is_none());
    assert_eq!(sent(&mut engine, now).unwrap().3, None, "no session");
    assert!(matches!(outcome(&mut engine), Some(Outcome::Sent)));
}

#[test]
fn who_may_call_what() {
    for (from, service, admitted) in [
        ("ws/peer", "pub", true),
        ("else/peer", "pub", true),
        ("else/peer", "hid", true),
        ("ws/peer", "pro", true),
        ("else/peer", "pro", false),
        ("*/mgr", "pro", true),
        ("*/other-mgr", "pro", false),
        ("friends/peer", "fri", true),
        ("friends/peer", "pro", false),
    ] {
        let mut engine = relay();
        engine.handle_frame(
            start(),
            frame(
                Some(from),
                "ws/me",
                &format!("services.{service}.f"),
                Some("T"),
                Value::Null,
            ),
        );
        if admitted {
            let Some(Event::Invoke(invoke)) = engine.poll_event() else {
                panic!("{from} was not let into {service}")
            };
            assert_eq!(invoke.handler, "f");
            assert_eq!(invoke.from.as_str(), from);
        } else {
            assert!(
                engine.poll_event().is_none(),
                "{from} was let into {service}"
            );
            let (to, _, text) = rejected(&mut engine).unwrap();
            assert_eq!(to, from);
            assert!(
                text.starts_with("Permission denied for invoking protected method"),
                "{text}"
            );
        }
    }
}

#[test]
fn paths_that_lead_nowhere_are_answered_if_an_answer_is_wanted() {
    for (path, text) in [
        (
            "services.pub.none",
            "Method expired or not found: ws/peer:services.pub.none",
        ),
        (
            "services.none.f",
            "Method expired or not found: ws/peer:services.none.f",
        ),
        ("services.pub", "Invalid method: ws/peer:services.pub"),
        (
            "services.pub.constant",
            "Invalid method: ws/peer:services.pub.constant",
        ),
        (
            "services.",
            "Method expired or not found: ws/peer:services.",
        ),
        ("gone.resolve", "Session not found: ws/peer:gone.resolve"),
        (
            "SZ.x.y#<lambda>",
            "Session not found: ws/peer:SZ.x.y#<lambda>",
        ),
        ("undotted", "Method not found: ws/peer:undotted at me"),
    ] {
        let mut engine = relay();
        engine.handle_frame(
            start(),
            frame(Some("ws/peer"), "ws/me", path, None, Value::Null),
        );
        assert!(rejected(&mut engine).is_none(), "{path}");
        engine.handle_frame(
            start(),
            frame(Some("ws/peer"), "ws/me", path, Some("T"), Value::Null),
        );
        assert_eq!(
            rejected(&mut engine).unwrap(),
            ("ws/peer".into(), "T".into(), text.into())
        );
        assert!(engine.poll_event().is_none());
    }
}

#[test]
fn a_frame_for_another_workspace_is_refused() {
    let mut engine = relay();
    engine.handle_frame(
        start(),
        frame(
            Some("ws/peer"),
            "else/me",
            "services.pub.f",
            Some("T"),
            Value::Null,
        ),
    );
    let (_, _, text) = rejected(&mut engine).unwrap();
    assert!(text.starts_with("Permission denied"), "{text}");
    assert!(engine.poll_event().is_none());
}

#[test]
fn on_a_direct_link_the_frames_do_not_say_who_sent_them() {
    let mut engine = engine(Remote::Direct {
        peer: Address::parse("else/peer").unwrap(),
    });
    for from in [Some("ws/me"), Some("ws/friend"), Some("*/mgr"), None] {
        engine.handle_frame(
            start(),
            frame(from, "ws/me", "services.pro.f", Some("T"), Value::Null),
        );
        assert!(engine.poll_event().is_none(), "{from:?}");
        assert_eq!(rejected(&mut engine).unwrap().0, "else/peer");
    }
    engine.handle_frame(start(), event("force-exit", Some("*/mgr"), Map::new()));
    assert!(
        engine.poll_event().is_none(),
        "there is no server on a direct link"
    );
}

#[test]
fn a_running_call_gives_signs_of_life_until_its_answer() {
    let (mut engine, t0) = (relay(), start());
    engine.handle_frame(
        t0,
        frame(
            Some("ws/peer"),
            "ws/me",
            "services.pub.deep.0.g",
            Some("A.B"),
            Value::Null,
        ),
    );
    let Some(Event::Invoke(invoke)) = engine.poll_event() else {
        panic!("not invoked")
    };
    engine.handle_timeout(t0 + 100 * SECOND);
    assert!(
        engine.poll_transmit(t0).is_none(),
        "no heartbeat before the payload is read"
    );
    engine.accepted(t0 + SECOND, invoke.key, 5 * SECOND);
    for second in [5, 10, 15] {
        engine.handle_timeout(t0 + second * SECOND - Duration::from_millis(1));
        assert!(engine.poll_transmit(t0).is_none());
        engine.handle_timeout(t0 + second * SECOND);
        let (to, method, parent, session, payload) = sent(&mut engine, t0).unwrap();
        assert_eq!(
            (&*to, &*method, parent.as_deref(), session),
            ("ws/peer", "A.B.heartbeat", Some("A.B"), None)
        );
        assert!(payload.is_null());
    }
    engine.answer(
        invoke.key,
        Answer::Resolve(Rope::from(hypha_codec::encode(&Value::from(1)).unwrap())),
    );
    assert_eq!(sent(&mut engine, t0).unwrap().1, "A.B.resolve");
    engine.handle_timeout(t0 + 100 * SECOND);
    assert!(
        engine.poll_transmit(t0).is_none(),
        "heartbeats end with the answer"
    );
    assert_eq!(engine.stats().running_calls, 0);
}

#[test]
fn a_caller_that_left_gets_no_more_heartbeats_and_no_answer() {
    let (mut engine, t0) = (relay(), start());
    for from in ["ws/peer", "ws/other"] {
        let call = frame(
            Some(from),
            "ws/me",
            "services.pub.f",
            Some("T"),
            Value::Null,
        );
        engine.handle_frame(t0, call);
        let Some(Event::Invoke(invoke)) = engine.poll_event() else {
            panic!("not invoked")
        };
        engine.accepted(t0, invoke.key, SECOND);
    }
    let data = Value::Map(Map::from([("id", "peer"), ("workspace", "ws")]));
    let gone = event("client_disconnected", None, Map::from([("data", data)]));
    engine.handle_frame(t0, gone);
    engine.handle_timeout(t0 + SECOND);
    assert_eq!(sent(&mut engine, t0).unwrap().0, "ws/other");
    assert!(engine.poll_transmit(t0).is_none());
    assert_eq!(engine.stats().running_calls, 2, "what runs goes on");
    engine.answer(0, Answer::Resolve(Rope::new()));
    assert!(engine.poll_transmit(t0).is_none());
    assert_eq!(engine.stats().running_calls, 1);
}

#[test]
fn running_calls_are_bounded_in_number_and_bytes_until_their_answers_are_written() {
    let (mut engine, now) = (relay(), start());
    let call = |payload: &str| {
        frame(
            Some("ws/peer"),
            "ws/me",
            "services.pub.f",
            Some("T"),
            Value::from(payload),
        )
    };
    let mut keys = Vec::new();
    for _ in 0..3 {
        engine.handle_frame(now, call("small"));
        let Some(Event::Invoke(invoke)) = engine.poll_event() else {
            panic!("not invoked")
        };
        keys.push(invoke.key);
    }
    engine.handle_frame(now, call("small"));
    assert!(rejected(&mut engine).unwrap().2.starts_with("Busy: "));
    engine.answer(keys[0], Answer::Resolve(Rope::from(vec![0xc0; 990])));
    engine.handle_frame(now, call("small"));
    assert!(engine.poll_event().is_none(), "the answer still waits");
    while engine.poll_transmit(now).is_some() {}
    engine.handle_frame(now, call(&"x".repeat(990)));
    assert!(engine.poll_event().is_none(), "too many bytes");
    while engine.poll_transmit(now).is_some() {}
    engine.handle_frame(now, call("small"));
    assert!(matches!(engine.poll_event(), Some(Event::Invoke(_))));
}

#[test]
fn rejects_that_nobody_reads_do_not_pile_up() {
    let (mut engine, now) = (relay(), start());
    for _ in 0..5000 {
        engine.handle_frame(
            now,
            frame(
                Some("ws/peer"),
                "ws/me",
                "services.none.f",
                Some("T"),
                Value::Null,
            ),
        );
    }
    let mut count = 0;
    while engine.poll_transmit(now).is_some() {
        count += 1;
    }
    assert_eq!(count, MAX_WAITING_REJECTS);
}

#[test]
fn system_events_count_only_from_the_server() {
    let gone = |id: &str| {
        Map::from([(
            "data",
            Value::Map(Map::from([("id", id), ("workspace", "ws")])),
        )])
    };
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
        engine.handle_frame(now, event("client_disconnected", from, gone(id)));
        let happened = matches!(outcome(&mut engine), Some(Outcome::PeerGone(_)));
        assert_eq!(happened, believed, "{from:?} {id}");
    }
    for (from, believed) in [
        (None, false),
        (Some("*/mgr"), true),
        (Some("ws/peer"), false),
    ] {
        let mut engine = relay();
        engine.handle_frame(
            start(),
            event("force-exit", from, Map::from([("reason", "quota")])),
        );
        assert_eq!(
            matches!(engine.poll_event(), Some(Event::Leave(Leave::ForceExit(_)))),
            believed,
            "{from:?}"
        );
    }
}

#[test]
fn losing_the_link_ends_every_call_once_and_says_whether_it_was_sent() {
    let (mut engine, now) = (relay(), start());
    call(&mut engine, 1, "ws/a");
    assert!(engine.poll_transmit(now).is_some());
    call(&mut engine, 2, "ws/b");
    engine.lose_link();
    let mut sent = Vec::new();
    while let Some(Outcome::LinkLost { sent: was_sent }) = outcome(&mut engine) {
        sent.push(was_sent);
    }
    sent.sort_unstable();
    assert_eq!(sent, [false, true]);
    assert!(!engine.has_transmit());
}

#[test]
fn control_messages() {
    let mut engine = relay();
    for ignored in [
        r#"{"type":"pong"}"#,
        "{}",
        "no json",
        "[1]",
        r#"{"type":"unknown","x":1}"#,
    ] {
        engine.handle_text(ignored);
        assert!(engine.poll_event().is_none(), "{ignored}");
    }
    engine.handle_text(r#"{"type":"reconnection_token","reconnection_token":"fresh"}"#);
    assert!(matches!(engine.poll_event(), Some(Event::Token(token)) if token.expose() == "fresh"));
    engine.handle_text(r#"{"type":"error","message":"Idle timeout (600s)"}"#);
    assert!(
        matches!(engine.poll_event(), Some(Event::ServerError(text)) if text == "Idle timeout (600s)")
    );
}

#[test]
fn frames_that_are_none_are_counted_and_dropped() {
    let mut engine = relay();
    let bombs: [Vec<u8>; 7] = [
        vec![],
        vec![0xc1],
        vec![0x81, 0x01, 0x02],
        vec![0x93, 1, 2, 3],
        vec![0xdf, 0xff, 0xff, 0xff, 0xff],
        vec![0x91; 100_000],
        b"\x82\xa4type\xa6method\xa4from\xa2ws".to_vec(),
    ];
    let count = bombs.len() as u64;
    for bomb in bombs {
        engine.handle_frame(start(), Bytes::from(bomb));
    }
    assert_eq!(engine.stats().malformed_frames, count);
    assert!(engine.poll_event().is_none() && !engine.has_transmit());
}
