//! A lost link, and peers that leave and come back: nothing spins, stays behind or is missed.

use super::*;
use crate::engine::exports::{MAX_LEASED, MAX_LEASED_BY_ONE};
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

fn invoked(engine: &mut TestEngine, now: Instant, from: &str) -> u64 {
    let call = frame(
        Some(from),
        "ws/me",
        "services.pub.f",
        Some("T"),
        Value::Null,
    );
    engine.handle_frame(now, call);
    let Some(Event::Invoke(invoke)) = engine.poll_event() else {
        panic!("not invoked")
    };
    invoke.key
}

/// The server tells of every loss, however soon the client is back (protocol section 2): its calls
/// here are as pending there as before.
#[test]
fn a_caller_that_lost_its_connection_gets_its_signs_of_life_and_its_answer() {
    let (mut engine, t0) = (relay(), start());
    let key = invoked(&mut engine, t0, "ws/peer");
    engine.accepted(t0, key, SECOND);
    engine.handle_frame(t0, gone("peer"));
    engine.handle_timeout(t0 + SECOND);
    assert_eq!(sent(&mut engine, t0 + SECOND).unwrap().1, "T.heartbeat");
    engine.answer(t0 + SECOND, key, resolve(Rope::new()));
    let (to, method, ..) = sent(&mut engine, t0 + SECOND).unwrap();
    assert_eq!((&*to, &*method), ("ws/peer", "T.resolve"));
    assert_eq!(engine.stats().running_calls, 0);
}

fn with_interface(key: u64, id: &'static str, holder: &str) -> Exported<&'static str> {
    let access = Access {
        only: Some(Address::parse(holder).unwrap()),
        ..Access::default()
    };
    let interface = ServiceRecord {
        id: Text::from(id),
        access,
        methods: HashMap::from([(Text::from("get"), "get")]),
        description: Arc::new(Map::new()),
    };
    Exported {
        key,
        functions: vec![(Text::from("0"), "0")],
        interfaces: vec![interface],
    }
}

fn call_with_interface(engine: &mut TestEngine, key: u64) {
    let call = OutgoingCall {
        target: Address::parse("ws/holder").unwrap(),
        method: Text::from("services.s.m"),
        payload: Rope::new(),
        timeout: Some(10 * SECOND),
        parent: None,
        idempotent: false,
        exports: Some(with_interface(key, "_rintf_1", "ws/holder")),
    };
    engine.start_call(start(), key, call, "caller", None);
}

#[test]
fn an_interface_whose_call_did_not_arrive_is_not_kept() {
    type Way = (&'static str, fn(&mut TestEngine), usize);
    let ways: [Way; 6] = [
        (
            "cancelled before it was sent",
            |engine| engine.cancel_call(7),
            0,
        ),
        (
            "cancelled after it was sent",
            |engine| {
                drop(sent(engine, start()));
                engine.cancel_call(7);
            },
            1,
        ),
        (
            "found no connection in time",
            |engine| {
                engine.link_down(start());
                engine.handle_timeout(start() + 11 * SECOND);
            },
            0,
        ),
        (
            "not delivered by the server",
            |engine| {
                let session = sent(engine, start()).unwrap().3.unwrap();
                let method = format!("{session}.reject");
                let reject = frame(Some("ws/holder"), "ws/me", &method, None, Value::Null);
                engine.handle_frame(start(), reject);
            },
            0,
        ),
        (
            "its receiver left before it was sent",
            |engine| engine.handle_frame(start(), gone("holder")),
            1,
        ),
        (
            "its receiver left",
            |engine| {
                drop(sent(engine, start()));
                engine.handle_frame(start(), gone("holder"));
            },
            0,
        ),
    ];
    for (what, happen, kept) in ways {
        let mut engine = relay();
        call_with_interface(&mut engine, 7);
        assert_eq!(engine.stats().interfaces, 1);
        happen(&mut engine);
        assert_eq!(engine.stats().interfaces, kept, "{what}");
    }
}

#[test]
fn what_a_large_answer_brought_along_goes_with_it_if_it_does_not_arrive() {
    let (mut engine, now) = (relay(), start());
    let key = invoked(&mut engine, now, "ws/holder");
    let answer = Answer::Resolve {
        payload: Rope::from(vec![0xc0; 996]),
        exports: Some(with_interface(9, "_rintf_1", "ws/holder")),
    };
    engine.answer(now, key, answer);
    assert!(matches!(
        engine.poll_event(),
        Some(Event::AnswerInChunks(_))
    ));
    assert_eq!((engine.stats().sessions, engine.stats().interfaces), (1, 1));
    engine.answer_delivered(now, key, Err(String::from("broken")));
    assert_eq!((engine.stats().sessions, engine.stats().interfaces), (0, 0));
    assert!(rejected(&mut engine).unwrap().2.contains("broken"));
    assert_eq!(engine.stats().running_calls, 0);
}

#[test]
fn nobody_gets_an_interface_who_left_before_it_was_made() {
    let (mut engine, now) = (relay(), start());
    let key = invoked(&mut engine, now, "ws/holder");
    engine.handle_frame(now, gone("holder"));
    while engine.poll_event().is_some() {}
    let answer = Answer::Resolve {
        payload: Rope::new(),
        exports: Some(with_interface(9, "_rintf_1", "ws/holder")),
    };
    engine.answer(now, key, answer);
    assert_eq!((engine.stats().sessions, engine.stats().interfaces), (0, 0));
    assert!(
        rejected(&mut engine)
            .unwrap()
            .2
            .contains("lost its connection")
    );
}

/// Each is a service of its own, and a peer chooses how many results it asks for.
#[test]
fn interfaces_in_results_are_bounded() {
    let (mut engine, now) = (relay(), start());
    let mut made = 0;
    let mut fill = |engine: &mut TestEngine, holder: &str, count: usize| {
        let target = Address::parse(holder).unwrap();
        for _ in 0..count {
            let mut exported = with_interface(made, "x", holder);
            exported.interfaces[0].id = Text::from(format!("_rintf_{made}"));
            exported.functions.clear();
            engine.open(now, &target, exported, Lease::Use);
            made += 1;
        }
    };
    let one_more = |engine: &mut TestEngine, holder: &str| {
        let key = invoked(engine, now, holder);
        let answer = Answer::Resolve {
            payload: Rope::new(),
            exports: Some(with_interface(u64::MAX, "_rintf_more", holder)),
        };
        engine.answer(now, key, answer);
        let with_it = engine.stats().interfaces;
        drop(sent(engine, now).unwrap());
        engine.remove_service("_rintf_more");
        let without = engine.stats().interfaces;
        while engine.poll_event().is_some() {}
        with_it > without
    };
    fill(&mut engine, "ws/holder", MAX_LEASED_BY_ONE);
    assert!(!one_more(&mut engine, "ws/holder"), "it holds its share");
    assert!(one_more(&mut engine, "ws/other"), "others have theirs");
    for holder in 1..MAX_LEASED / MAX_LEASED_BY_ONE {
        fill(
            &mut engine,
            &format!("ws/holder-{holder}"),
            MAX_LEASED_BY_ONE,
        );
    }
    assert!(!one_more(&mut engine, "ws/other"), "nothing is left");
    assert_eq!(engine.stats().interfaces, MAX_LEASED);
}

#[test]
fn parts_of_messages_for_a_former_manager_go_to_the_present_one() {
    let (mut engine, now) = (relay(), start());
    let call = OutgoingCall {
        target: Address::parse("*/mgr").unwrap(),
        method: Text::from("set"),
        payload: Rope::new(),
        timeout: Some(10 * SECOND),
        parent: None,
        idempotent: false,
        exports: None,
    };
    engine.start_chunk(now, 1, call, "transfer", None);
    engine.link_down(now);
    let link = NewLink {
        manager: Address::parse("*/next").unwrap(),
        keepalive: KeepaliveConfig::default(),
        frame_limit: None,
    };
    engine.link_up(now, link);
    engine.link_open();
    assert_eq!(sent(&mut engine, now).unwrap().0, "*/next");
}
