//! A lost link, and peers that leave and come back: nothing spins, stays behind or is missed.

use super::*;
use crate::message_cache::{self, MessageCache};

fn begin_message(engine: &mut TestEngine, from: &str) {
    let args = Value::from(vec![Value::from("k")]);
    let payload = Value::Map(Map::from([("args", args)]));
    let call = frame(Some(from), "ws/me", "services.built-in.x", None, payload);
    let packet = Packet::parse(call).unwrap();
    let from = Address::parse(from).unwrap();
    message_cache::handle(start(), MessageCache::Create, engine, &from, &packet).unwrap();
}

fn gone(client: &str) -> Bytes {
    let data = Value::Map(Map::from([("id", client), ("workspace", "ws")]));
    event("client_disconnected", None, Map::from([("data", data)]))
}

/// A timer that is due for ever would keep the driver busy for ever.
#[test]
fn no_timer_stays_due_while_there_is_no_link() {
    let (mut engine, t0) = (relay(), start());
    begin_message(&mut engine, "ws/peer");
    call(&mut engine, 1, "ws/peer");
    drop(sent(&mut engine, t0).unwrap());
    call(&mut engine, 2, "ws/peer");
    engine.handle_frame(
        t0,
        frame(
            Some("ws/peer"),
            "ws/me",
            "services.pub.f",
            Some("T"),
            Value::Null,
        ),
    );
    engine.accepted(t0, 0, SECOND);
    engine.link_down(t0);
    for second in 0..1000 {
        let now = t0 + second * SECOND;
        engine.handle_timeout(now);
        let next = engine.poll_timeout();
        assert!(next.is_none_or(|at| at > now), "still due after {second} s");
        while engine.poll_event().is_some() {}
    }
    let stats = engine.stats();
    assert_eq!((stats.pending_calls, stats.assemblies), (0, 0));
    assert_eq!(engine.poll_timeout(), None);
}
