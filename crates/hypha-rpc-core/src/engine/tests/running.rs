//! Calls of others that run here: heartbeats, answers, bounds.

use super::*;

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
        start(),
        invoke.key,
        resolve(Rope::from(hypha_codec::encode(&Value::from(1)).unwrap())),
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
    engine.answer(start(), keys[0], resolve(Rope::from(vec![0xc0; 990])));
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
