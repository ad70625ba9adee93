//! Functions that went out: who may call them, and how long they live.

use super::*;
use crate::protocol::SESSION_TTL;

fn exported(key: u64, names: &[&'static str]) -> Exported<&'static str> {
    Exported {
        key,
        functions: names
            .iter()
            .map(|name| (Text::from(*name), *name))
            .collect(),
        interfaces: Vec::new(),
    }
}

/// A call to `ws/other` with two callbacks.
fn call_with_callbacks(engine: &mut TestEngine) {
    let call = OutgoingCall {
        target: Address::parse("ws/other").unwrap(),
        method: Text::from("services.s.m"),
        payload: Rope::new(),
        timeout: Some(10 * SECOND),
        parent: None,
        idempotent: false,
        exports: Some(exported(7, &["0", "1"])),
    };
    engine.start_call(start(), 7, call, "caller", None);
    drop(sent(engine, start()).unwrap());
}

/// What comes of a call of a function of ours: the handler that runs, or the text of the reject.
fn calls(
    engine: &mut TestEngine,
    now: Instant,
    from: &str,
    path: &str,
    parent: Option<&str>,
) -> Result<&'static str, String> {
    let mut header = Map::from([
        ("type", "method"),
        ("from", from),
        ("to", "ws/me"),
        ("method", path),
        ("session", "T"),
    ]);
    if let Some(parent) = parent {
        header.push("parent", parent);
    }
    engine.handle_frame(now, segments(&Value::Map(header), &Value::Null));
    match engine.poll_event() {
        Some(Event::Invoke(invoke)) => {
            engine.answer(now, invoke.key, resolve(Rope::new()));
            drop(sent(engine, now).unwrap());
            Ok(invoke.handler)
        }
        None => Err(rejected(engine).unwrap().2),
        other => panic!("{other:?}"),
    }
}

#[test]
fn callbacks_are_for_the_one_who_was_called_until_the_call_returns() {
    let mut engine = relay();
    call_with_callbacks(&mut engine);
    let session = SessionIds::new("S").id(7);
    let path = format!("{session}.1");
    assert_eq!(
        calls(&mut engine, start(), "ws/other", &path, Some(&session)),
        Ok("1")
    );
    assert_eq!(
        calls(&mut engine, start(), "ws/other", &path, None),
        Ok("1")
    );
    for (from, path, parent, words) in [
        (
            "ws/third",
            path.as_str(),
            None,
            "Access denied for method call",
        ),
        (
            "else/other",
            path.as_str(),
            None,
            "Access denied for method call",
        ),
        (
            "ws/other",
            &format!("{session}.2"),
            None,
            "Method expired or not found",
        ),
        (
            "ws/other",
            path.as_str(),
            Some("gone"),
            "Parent session was closed",
        ),
        (
            "ws/other",
            &format!("{}.0", SessionIds::new("S").id(8)),
            None,
            "Session not found",
        ),
    ] {
        let refused = calls(&mut engine, start(), from, path, parent).unwrap_err();
        assert!(refused.starts_with(words), "{from} {path}: {refused}");
    }
    assert_eq!(engine.stats().sessions, 1);

    let answer = frame(
        Some("ws/other"),
        "ws/me",
        &format!("{session}.resolve"),
        None,
        Value::Null,
    );
    engine.handle_frame(start(), answer);
    assert!(matches!(engine.poll_event(), Some(Event::Dropped(functions)) if functions.len() == 2));
    assert!(matches!(outcome(&mut engine), Some(Outcome::Resolved(_))));
    assert_eq!(engine.stats().sessions, 0);
    let refused = calls(&mut engine, start(), "ws/other", &path, None).unwrap_err();
    assert!(refused.starts_with("Session not found"), "{refused}");
}

#[test]
fn every_end_of_a_call_ends_its_callbacks() {
    let departed = || {
        let data = Map::from([("id", "other"), ("workspace", "ws")]);
        event(
            "client_disconnected",
            None,
            Map::from([("data", Value::Map(data))]),
        )
    };
    type End = fn(&mut TestEngine, Bytes);
    let ends: [(&str, End); 4] = [
        ("cancelled", |engine, _| engine.cancel_call(7)),
        ("silent", |engine, _| {
            engine.handle_timeout(start() + 10 * SECOND)
        }),
        ("peer gone", |engine, departed| {
            engine.handle_frame(start(), departed)
        }),
        ("link gone", |engine, _| engine.lose_link()),
    ];
    for (name, end) in ends {
        let mut engine = relay();
        call_with_callbacks(&mut engine);
        end(&mut engine, departed());
        let dropped = std::iter::from_fn(|| engine.poll_event())
            .filter_map(|event| match event {
                Event::Dropped(functions) => Some(functions.len()),
                _ => None,
            })
            .sum::<usize>();
        assert_eq!(dropped, 2, "{name}");
        assert_eq!(engine.stats().sessions, 0, "{name}");
    }
}

#[test]
fn functions_in_results_live_by_their_use() {
    let mut engine = relay();
    let request = frame(
        Some("ws/other"),
        "ws/me",
        "services.pub.f",
        Some("T"),
        Value::Null,
    );
    engine.handle_frame(start(), request);
    let Some(Event::Invoke(invoke)) = engine.poll_event() else {
        panic!("not invoked")
    };
    let answer = Answer::Resolve {
        payload: Rope::new(),
        exports: Some(exported(9, &["next", "close"])),
    };
    engine.answer(start(), invoke.key, answer);
    drop(sent(&mut engine, start()).unwrap());
    let path = format!("{}.next", SessionIds::new("S").id(9));

    let later = start() + SESSION_TTL - SECOND;
    engine.handle_timeout(later);
    assert_eq!(
        calls(&mut engine, later, "ws/other", &path, None),
        Ok("next")
    );
    engine.handle_timeout(start() + SESSION_TTL + 60 * SECOND);
    assert_eq!(engine.stats().sessions, 1, "it was used in between");
    assert!(engine.poll_timeout().is_some());
    engine.handle_timeout(later + SESSION_TTL + 61 * SECOND);
    assert_eq!(engine.stats().sessions, 0);
    assert_eq!(engine.poll_timeout(), None, "nothing is left to sweep");
}

#[test]
fn released_functions_are_gone_and_the_last_takes_the_session_along() {
    let mut engine = relay();
    call_with_callbacks(&mut engine);
    engine.release(7, &[Text::from("0")]);
    assert_eq!(engine.stats().sessions, 1);
    engine.release(7, &[Text::from("0"), Text::from("1")]);
    assert_eq!(engine.stats().sessions, 0);
    assert_eq!(engine.stats().pending_calls, 1, "the call goes on");
}

#[test]
fn an_interface_is_for_its_receiver_alone_and_goes_with_it() {
    let mut engine = relay();
    let interface = ServiceRecord {
        id: Text::from("_rintf_1"),
        access: Access {
            only: Some(Address::parse("far/holder").unwrap()),
            ..Access::default()
        },
        methods: HashMap::from([(Text::from("get"), "get")]),
        description: Arc::new(Map::new()),
    };
    let call = OutgoingCall {
        target: Address::parse("far/holder").unwrap(),
        method: Text::from("services.s.m"),
        payload: Rope::new(),
        timeout: Some(10 * SECOND),
        parent: None,
        idempotent: false,
        exports: Some(Exported {
            key: 3,
            functions: Vec::new(),
            interfaces: vec![interface],
        }),
    };
    let registered = engine.stats().services;
    engine.start_call(start(), 3, call, "caller", None);
    drop(sent(&mut engine, start()).unwrap());
    engine.cancel_call(3);
    assert_eq!(
        (engine.stats().services, engine.stats().interfaces),
        (registered, 1)
    );
    assert!(engine.services().all(|record| &*record.id != "_rintf_1"));

    let path = "services._rintf_1.get";
    assert_eq!(
        calls(&mut engine, start(), "far/holder", path, None),
        Ok("get")
    );
    for from in ["ws/third", "far/other", "*/mgr"] {
        let refused = calls(&mut engine, start(), from, path, None).unwrap_err();
        assert!(
            refused.starts_with("Permission denied for _rintf callback"),
            "{refused}"
        );
    }

    let data = Map::from([("id", "holder"), ("workspace", "far")]);
    let departed = event(
        "client_disconnected",
        None,
        Map::from([("data", Value::Map(data))]),
    );
    engine.handle_frame(start(), departed);
    assert_eq!(engine.stats().interfaces, 0);
}

#[test]
fn the_end_of_a_generator_is_told_before_the_answer_of_the_call_it_came_with() {
    let (mut engine, now) = (relay(), start());
    let call = frame(
        Some("ws/peer"),
        "ws/me",
        "services.pub.f",
        Some("T"),
        Value::Null,
    );
    engine.handle_frame(now, call);
    let Some(Event::Invoke(invoke)) = engine.poll_event() else {
        panic!("admitted")
    };
    let call = |method: &'static str, timeout, parent: Option<&'static str>| OutgoingCall {
        target: Address::parse("ws/peer").unwrap(),
        method: Text::from(method),
        payload: Rope::new(),
        timeout,
        parent: parent.map(Text::from),
        idempotent: false,
        exports: None,
    };
    engine.start_call(now, 1, call("T.0", Some(SECOND), Some("T")), "item", None);
    engine.start_call(now, 2, call("T.0:close", None, Some("T")), "close", None);
    engine.start_call(now, 3, call("services.s.note", None, None), "note", None);
    engine.answer(now, invoke.key, resolve(Rope::new()));
    let order: Vec<String> = std::iter::from_fn(|| sent(&mut engine, now))
        .map(|(_, method, ..)| method)
        .collect();
    assert_eq!(order, ["T.0:close", "T.resolve", "T.0", "services.s.note"]);
}
