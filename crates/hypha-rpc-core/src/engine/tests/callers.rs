//! Calls of ours: their one outcome.

use super::*;

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
    assert!(matches!(engine.poll_event(), Some(Event::Unread { .. })));
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
fn an_answer_that_nobody_waits_for_is_given_back_once_and_only_if_it_is_one() {
    let (mut engine, now) = (relay(), start());
    call(&mut engine, 0, "ws/peer");
    drop(sent(&mut engine, now));
    engine.cancel_call(0);
    let answer = |from| frame(Some(from), "ws/me", "SA.resolve", None, Value::Null);
    engine.handle_frame(now, answer("ws/other"));
    assert!(engine.poll_event().is_none(), "a stranger's");
    engine.handle_frame(now, answer("ws/peer"));
    assert!(matches!(engine.poll_event(), Some(Event::Unread { .. })));
    engine.handle_frame(now, answer("ws/peer"));
    assert!(engine.poll_event().is_none());
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
        idempotent: false,
        exports: None,
    };
    engine.start_call(start(), 1, call, "caller", None);
    assert!(engine.poll_event().is_none());
    assert_eq!(sent(&mut engine, now).unwrap().3, None, "no session");
    assert!(matches!(outcome(&mut engine), Some(Outcome::Sent)));
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
