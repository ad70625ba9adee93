//! One engine over many links.

use super::*;
use crate::engine::Transmit;

fn up(engine: &mut TestEngine, now: Instant, manager: &str) {
    let link = NewLink {
        manager: Address::parse(manager).unwrap(),
        keepalive: KeepaliveConfig::default(),
        frame_limit: None,
    };
    engine.link_up(now, link);
}

fn take(engine: &mut TestEngine, now: Instant) -> Vec<Transmit<()>> {
    std::iter::from_fn(|| engine.poll_transmit(now)).collect()
}

/// Whom the engine writes to next.
fn targets(engine: &mut TestEngine, now: Instant) -> Vec<String> {
    std::iter::from_fn(|| sent(engine, now).map(|(to, ..)| to)).collect()
}

#[test]
fn nothing_is_written_without_a_link_and_calls_wait_until_it_is_open() {
    let (mut engine, now) = (relay(), start());
    call(&mut engine, 1, "ws/a");
    engine.link_down(now);
    call(&mut engine, 2, "ws/b");
    assert!(!engine.has_transmit() && engine.poll_transmit(now).is_none());
    up(&mut engine, now, "*/mgr");
    assert!(engine.poll_transmit(now).is_none());
    let setup = OutgoingCall {
        target: Address::parse("*/mgr").unwrap(),
        method: Text::from("services.default.register_service"),
        payload: Rope::new(),
        timeout: Some(SECOND),
        parent: None,
        idempotent: false,
        exports: None,
    };
    engine.start_setup_call(3, setup, "setup");
    assert_eq!(targets(&mut engine, now), ["*/mgr"]);
    engine.link_open();
    assert_eq!(targets(&mut engine, now), ["ws/a", "ws/b"]);
    // A setup call ends with its link, without a word.
    engine.link_down(now);
    assert!(engine.poll_event().is_none());
    assert_eq!(engine.stats().pending_calls, 2);
}

#[test]
fn a_batch_that_was_not_written_goes_out_again_in_its_order() {
    let (mut engine, t0) = (relay(), start());
    for key in 0..4 {
        call(&mut engine, key, "ws/peer");
    }
    let batch = take(&mut engine, t0);
    assert_eq!(batch.len(), 4);
    // The first two were handed over.
    let unwritten = batch.into_iter().skip(2).collect();
    engine.take_back(unwritten);
    engine.link_down(t0 + SECOND);
    let lost = |engine: &mut TestEngine, at| {
        engine.handle_timeout(at);
        std::iter::from_fn(|| outcome(engine)).collect::<Vec<_>>()
    };
    let silent = lost(&mut engine, t0 + 10 * SECOND);
    assert!(
        matches!(&silent[..], [Outcome::Silent(_), Outcome::Silent(_)]),
        "{silent:?}"
    );
    up(&mut engine, t0 + 10 * SECOND, "*/mgr");
    engine.link_open();
    let sessions =
        std::iter::from_fn(|| sent(&mut engine, t0 + 10 * SECOND).and_then(|sent| sent.3));
    assert_eq!(sessions.collect::<Vec<_>>(), ["SC", "SD"]);
    // Their silence counts from now.
    assert!(lost(&mut engine, t0 + 19 * SECOND).is_empty());
    assert_eq!(lost(&mut engine, t0 + 20 * SECOND).len(), 2);
}

#[test]
fn an_unsent_call_gives_up_after_its_time_without_a_link() {
    let (mut engine, t0) = (relay(), start());
    call(&mut engine, 1, "ws/a");
    engine.handle_timeout(t0 + 100 * SECOND);
    engine.link_down(t0 + 100 * SECOND);
    assert_eq!(engine.poll_timeout(), Some(t0 + 110 * SECOND));
    // A link that never becomes usable does not change that.
    up(&mut engine, t0 + 105 * SECOND, "*/mgr");
    engine.link_down(t0 + 106 * SECOND);
    engine.handle_timeout(t0 + 110 * SECOND);
    assert!(matches!(
        outcome(&mut engine),
        Some(Outcome::LinkLost { sent: false })
    ));
    assert_eq!(engine.stats().pending_calls, 0);
}

#[test]
fn answers_may_be_written_twice_and_are_not_lost() {
    let (mut engine, now) = (relay(), start());
    for session in ["A", "B"] {
        let method = "services.pub.f";
        engine.handle_frame(
            now,
            frame(Some("ws/peer"), "ws/me", method, Some(session), Value::Null),
        );
    }
    for key in [0, 1] {
        engine.answer(
            now,
            key,
            resolve(hypha_codec::encode(&Value::from(1)).unwrap()),
        );
    }
    while engine.poll_event().is_some() {}
    let batch = take(&mut engine, now);
    assert_eq!(batch.len(), 2);
    engine.take_back(batch);
    engine.link_down(now);
    up(&mut engine, now, "*/mgr");
    let methods: Vec<_> =
        std::iter::from_fn(|| sent(&mut engine, now).map(|sent| sent.1)).collect();
    assert_eq!(
        methods,
        ["A.resolve", "B.resolve"],
        "also before the link is open"
    );
    assert_eq!(engine.stats().running_calls, 0);
}

#[test]
fn heartbeats_that_came_due_without_a_link_go_out_over_the_next() {
    let (mut engine, t0) = (relay(), start());
    engine.handle_frame(
        t0,
        frame(
            Some("ws/peer"),
            "ws/me",
            "services.pub.f",
            Some("A"),
            Value::Null,
        ),
    );
    assert!(matches!(engine.poll_event(), Some(Event::Invoke(_))));
    engine.accepted(t0, 0, 5 * SECOND);
    engine.link_down(t0 + SECOND);
    assert_eq!(engine.poll_timeout(), None);
    engine.handle_timeout(t0 + 20 * SECOND);
    up(&mut engine, t0 + 20 * SECOND, "*/mgr");
    engine.handle_timeout(t0 + 20 * SECOND);
    assert_eq!(
        sent(&mut engine, t0 + 20 * SECOND).unwrap().1,
        "A.heartbeat"
    );
    assert!(
        sent(&mut engine, t0 + 20 * SECOND).is_none(),
        "one, however many were missed"
    );
}

#[test]
fn a_new_manager_ends_what_the_old_one_was_asked_and_gets_what_it_was_not() {
    let (mut engine, now) = (relay(), start());
    call(&mut engine, 1, "*/mgr");
    call(&mut engine, 2, "ws/peer");
    assert_eq!(take(&mut engine, now).len(), 2);
    call(&mut engine, 3, "*/mgr");
    engine.link_down(now);
    // The same one knows still what it was asked.
    up(&mut engine, now, "*/mgr");
    assert!(outcome(&mut engine).is_none());
    engine.link_down(now);
    up(&mut engine, now, "*/new");
    assert!(
        matches!(outcome(&mut engine), Some(Outcome::PeerGone(text)) if text.contains("new manager"))
    );
    assert!(outcome(&mut engine).is_none());
    engine.link_open();
    // Whoever still calls the old one means the new one.
    call(&mut engine, 4, "*/mgr");
    assert_eq!(targets(&mut engine, now), ["*/new", "*/new"]);
    // Only the present one may answer.
    let answer = |from| frame(Some(from), "ws/me", "SD.resolve", None, Value::Null);
    engine.handle_frame(now, answer("*/mgr"));
    assert!(outcome(&mut engine).is_none());
    engine.handle_frame(now, answer("*/new"));
    assert!(matches!(outcome(&mut engine), Some(Outcome::Resolved(_))));
}

#[test]
fn an_idempotent_call_is_given_back_when_its_answer_may_be_lost() {
    for (idempotent, sent) in [(true, true), (true, false), (false, true)] {
        let (mut engine, now) = (relay(), start());
        let call = OutgoingCall {
            target: Address::parse("ws/peer").unwrap(),
            method: Text::from("services.s.m"),
            payload: Rope::new(),
            timeout: Some(SECOND),
            parent: None,
            idempotent,
            exports: None,
        };
        engine.start_call(now, 1, call, "caller", None);
        if sent {
            assert!(engine.poll_transmit(now).is_some());
        }
        engine.link_down(now);
        let given_back = matches!(outcome(&mut engine), Some(Outcome::LinkLost { sent: true }));
        assert_eq!(given_back, idempotent && sent);
    }
}

#[test]
fn calls_that_are_over_do_not_fill_the_queue_of_a_lost_link() {
    let (mut engine, now) = (relay(), start());
    engine.link_down(now);
    for key in 0..10_000 {
        call(&mut engine, key, "ws/peer");
        engine.cancel_call(key);
    }
    assert!(engine.outbox.len() <= 200, "{}", engine.outbox.len());
}
