//! The rules of the protocol as tables, without a clock.

mod access;
mod callers;
mod control;
mod events;
mod exports;
mod flow;
mod hostile;
mod linking;
mod losses;
mod messages;
mod running;
mod schedules;

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

    fn received(_: &Self::Reply, bytes: usize) {
        RECEIVED.set(bytes);
    }
}

thread_local! {
    /// Bytes of an answer in several frames that a caller was last told of.
    static RECEIVED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

type TestEngine = Engine<TestDriver>;

fn engine(remote: Remote) -> TestEngine {
    engine_of(config(remote))
}

fn config(remote: Remote) -> EngineConfig {
    EngineConfig {
        local: Address::parse("ws/me").unwrap(),
        remote,
        sessions: SessionIds::new("S"),
        keepalive: KeepaliveConfig::default(),
        patience: 5 * SECOND,
        frame_limit: None,
        max_running: 3,
        max_running_bytes: 1000,
        assembly: AssemblyLimits {
            message_bytes: 2000,
            all_bytes: 3000,
        },
        chunk_size: 995,
    }
}

fn engine_of(config: EngineConfig) -> TestEngine {
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
                only: None,
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
    let Content::Message(message) = transmit.content else {
        panic!("no message")
    };
    let frame = message.encode(&engine.local).into_bytes();
    let packet = Packet::parse(frame).unwrap();
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
        idempotent: false,
        exports: None,
    };
    engine.start_call(start(), key, call, "caller", None);
}

fn resolve(payload: impl Into<Rope>) -> Answer<&'static str> {
    Answer::Resolve {
        payload: payload.into(),
        exports: None,
    }
}

fn outcome(engine: &mut TestEngine) -> Option<Outcome> {
    match engine.poll_event()? {
        Event::Answered { outcome, .. } => Some(outcome),
        other => panic!("{other:?}"),
    }
}
