//! Large messages: put together, sent, and out of the way of small ones.

use hypha_codec::OutgoingHeader;

use super::*;
use crate::message_cache::{self, MessageCache};

/// A call of the message cache, as it comes from a peer.
fn part(
    engine: &mut TestEngine,
    now: Instant,
    from: &str,
    method: MessageCache,
    args: impl IntoIterator<Item = Value>,
) -> Result<(), String> {
    let args = Value::from(args.into_iter().collect::<Vec<_>>());
    let payload = Value::Map(Map::from([("args", args)]));
    let call = frame(
        Some(from),
        "ws/me",
        "services.built-in.message_cache.x",
        None,
        payload,
    );
    let packet = Packet::parse(call).unwrap();
    let from = Address::parse(from).unwrap();
    message_cache::handle(now, method, engine, &from, &packet)
}

/// Sends a frame as a message in chunks of 40 bytes.
fn deliver(
    engine: &mut TestEngine,
    now: Instant,
    from: &str,
    key: &str,
    is_session: bool,
    message: &[u8],
) -> Result<(), String> {
    let key = || Value::from(key);
    let flag = || Value::from(is_session);
    part(engine, now, from, MessageCache::Create, [key(), flag()])?;
    for (index, chunk) in message.chunks(40).enumerate() {
        let chunk = Value::from(Bytes::copy_from_slice(chunk));
        let args = [key(), Value::from(index as u64), chunk, flag()];
        part(engine, now, from, MessageCache::Set, args)?;
    }
    part(engine, now, from, MessageCache::Process, [key(), flag()])
}

fn answer_frame(session: &str) -> Bytes {
    let args = Value::from(vec![Value::from("x".repeat(200))]);
    let payload = Value::Map(Map::from([("args", args)]));
    frame(
        Some("ws/victim"),
        "ws/me",
        &format!("{session}.resolve"),
        None,
        payload,
    )
}

#[test]
fn a_call_in_several_frames_comes_from_who_sent_them_whatever_it_says_itself() {
    let (mut engine, now) = (relay(), start());
    let inner = Map::from([
        ("type", Value::from("method")),
        ("from", Value::from("ws/me")),
        ("ws", Value::from("ws")),
        ("to", Value::from("elsewhere/me")),
        ("method", Value::from("services.pub.f")),
        ("session", Value::from("T")),
        ("user", Value::from(Map::from([("id", "root")]))),
    ]);
    let message = segments(&Value::Map(inner), &Value::from("payload"));
    deliver(&mut engine, now, "other/peer", "k", false, &message).unwrap();
    let Some(Event::Invoke(invoke)) = engine.poll_event() else {
        panic!("not invoked")
    };
    assert_eq!(invoke.from.as_str(), "other/peer");
    let header = invoke.packet.header().unwrap();
    assert_eq!(
        (header.from(), header.to()),
        (Some("other/peer"), Some("ws/me"))
    );
    assert_eq!((header.ws(), header.user_bytes()), (None, None));
    assert_eq!(header.session(), Some("T"));
    assert_eq!(engine.stats().assemblies, 0);
    assert_eq!(engine.stats().running_calls, 1);
}

#[test]
fn a_peer_cannot_reach_protected_methods_or_answers_of_others_through_large_messages() {
    let (mut engine, now) = (relay(), start());
    call(&mut engine, 0, "ws/provider");
    drop(engine.poll_transmit(now));
    let protected = frame(
        Some("ws/me"),
        "ws/me",
        "services.pro.f",
        Some("T"),
        Value::Null,
    );
    deliver(&mut engine, now, "other/peer", "k", false, &protected).unwrap();
    let (_, _, text) = rejected(&mut engine).unwrap();
    assert!(text.starts_with("Permission denied"), "{text}");
    deliver(
        &mut engine,
        now,
        "other/peer",
        "k",
        false,
        &answer_frame("SA"),
    )
    .unwrap();
    assert!(engine.poll_event().is_none(), "an answer of a stranger");
    let error = deliver(&mut engine, now, "other/peer", "SA", true, &[]).unwrap_err();
    assert!(error.starts_with("Session not found"), "{error}");
    let event = event(
        "client_disconnected",
        None,
        Map::from([(
            "data",
            Value::from(Map::from([("id", "provider"), ("workspace", "ws")])),
        )]),
    );
    deliver(&mut engine, now, "other/peer", "k", false, &event).unwrap();
    assert!(engine.poll_event().is_none(), "an event of a stranger");
    assert_eq!(engine.stats().pending_calls, 1);
}

#[test]
fn every_part_of_an_answer_is_a_sign_of_life_and_told_to_the_caller() {
    let (mut engine, t0) = (relay(), start());
    call(&mut engine, 0, "ws/provider");
    drop(engine.poll_transmit(t0));
    let session = || Value::from("SA");
    let create = [session(), Value::from(true)];
    part(&mut engine, t0, "ws/provider", MessageCache::Create, create).unwrap();
    let message = answer_frame("SA");
    for (index, chunk) in message.chunks(100).enumerate() {
        let at = t0 + (index as u32 + 1) * 9 * SECOND;
        engine.handle_timeout(at);
        let chunk = Value::from(Bytes::copy_from_slice(chunk));
        let args = [
            session(),
            Value::from(index as u64),
            chunk,
            Value::from(true),
        ];
        part(&mut engine, at, "ws/provider", MessageCache::Set, args).unwrap();
        assert_eq!(RECEIVED.get(), message.len().min((index + 1) * 100));
    }
    let process = [session(), Value::from(true)];
    part(
        &mut engine,
        t0,
        "ws/provider",
        MessageCache::Process,
        process,
    )
    .unwrap();
    let Some(Outcome::Resolved(packet)) = outcome(&mut engine) else {
        panic!("not resolved")
    };
    assert_eq!(packet.payload(), Packet::parse(message).unwrap().payload());
}

#[test]
fn a_part_of_an_answer_goes_with_the_interest_in_it() {
    for way in ["cancelled", "silent", "gone"] {
        let (mut engine, t0) = (relay(), start());
        call(&mut engine, 0, "ws/provider");
        drop(engine.poll_transmit(t0));
        let args = [Value::from("SA"), Value::from(true)];
        part(&mut engine, t0, "ws/provider", MessageCache::Create, args).unwrap();
        let args = [
            Value::from("SA"),
            Value::from(0),
            Bytes::from_static(b"part").into(),
            true.into(),
        ];
        part(
            &mut engine,
            t0,
            "ws/provider",
            MessageCache::Set,
            args.clone(),
        )
        .unwrap();
        assert_eq!(engine.stats().assemblies, 1);
        match way {
            "cancelled" => engine.cancel_call(0),
            "silent" => engine.handle_timeout(t0 + 11 * SECOND),
            _ => {
                let data = Value::Map(Map::from([("id", "provider"), ("workspace", "ws")]));
                let gone = event("client_disconnected", None, Map::from([("data", data)]));
                engine.handle_frame(t0, gone);
            }
        }
        assert_eq!(engine.stats().assemblies, 0, "{way}");
        let error = part(&mut engine, t0, "ws/provider", MessageCache::Set, args).unwrap_err();
        assert!(error.starts_with("Session not found"), "{way}: {error}");
    }
}

#[test]
fn nonsense_of_a_peer_is_refused_with_a_reason() {
    use MessageCache::*;
    let (mut engine, now) = (relay(), start());
    let key = || Value::from("k");
    let bytes = || Value::from(Bytes::from_static(b"chunk"));
    part(&mut engine, now, "ws/peer", Create, [key()]).unwrap();
    part(&mut engine, now, "ws/peer", Set, [key(), 1.into(), bytes()]).unwrap();
    let context = || Value::from(Map::from([("from", "ws/peer")]));
    let cases: [(MessageCache, Vec<Value>, &str); 17] = [
        (Create, vec![], "`key` must be a text"),
        (Create, vec![7.into()], "`key` must be a text"),
        (Create, vec![key()], "under way already"),
        (Create, vec!["x".repeat(2000).into()], "too long"),
        (
            Create,
            vec!["l".into(), "yes".into()],
            "`heartbeat` must be a bool",
        ),
        (Create, vec!["l".into(), true.into()], "Session not found"),
        (
            Set,
            vec![key(), "0".into(), bytes()],
            "`index` must be an integer",
        ),
        (
            Set,
            vec![key(), (-1).into(), bytes()],
            "`index` must be not negative",
        ),
        (
            Set,
            vec![key(), 0.into(), "chunk".into()],
            "`data` must be bytes",
        ),
        (
            Set,
            vec![key(), 0.into(), vec![Value::from(1)].into()],
            "`data` must be bytes",
        ),
        (Set, vec![key(), 0.into()], "`data` must be bytes"),
        (
            Set,
            vec![key(), 0.into(), bytes(), 3.into()],
            "`heartbeat` must be a bool",
        ),
        (Set, vec![key(), u64::MAX.into(), bytes()], "too early"),
        (
            Set,
            vec!["none".into(), 0.into(), bytes()],
            "no message with this key",
        ),
        (Append, vec![key(), 0.into()], "`data` must be bytes"),
        (Process, vec![key()], "chunk 0 is missing"),
        (Remove, vec!["none".into()], "no message with this key"),
    ];
    for (method, args, expected) in cases {
        let error = part(&mut engine, now, "ws/peer", method, args.clone()).unwrap_err();
        assert!(error.contains(expected), "{method:?} {args:?}: {error}");
    }
    part(
        &mut engine,
        now,
        "ws/peer",
        Set,
        [key(), 0.into(), bytes(), context()],
    )
    .unwrap();
    let error = part(&mut engine, now, "ws/peer", Process, [key(), context()]).unwrap_err();
    assert!(error.starts_with("Malformed call"), "{error}");
    assert_eq!(engine.stats().assemblies, 0);
}

#[test]
fn parts_of_messages_are_taken_while_all_that_may_run_does() {
    let (mut engine, now) = (relay(), start());
    let record = ServiceRecord {
        id: Text::from("built-in"),
        access: Access {
            visibility: Visibility::Public,
            ..Access::default()
        },
        methods: HashMap::from([(Text::from("message_cache.set"), "set")]),
        description: Arc::new(Map::new()),
    };
    engine.add_service(record, false).unwrap();
    for method in [
        "pub.f",
        "pub.f",
        "pub.f",
        "pub.f",
        "built-in.message_cache.set",
    ] {
        let path = format!("services.{method}");
        engine.handle_frame(
            now,
            frame(Some("ws/peer"), "ws/me", &path, Some("T"), Value::Null),
        );
    }
    let invoked: Vec<_> = std::iter::from_fn(|| engine.poll_event())
        .filter_map(|event| match event {
            Event::Invoke(invoke) => Some(invoke.handler),
            _ => None,
        })
        .collect();
    assert_eq!(invoked, ["f", "f", "f", "set"]);
}

#[test]
fn a_large_answer_leaves_in_chunks_while_its_call_runs_on() {
    for fails in [false, true] {
        let (mut engine, t0) = (relay(), start());
        let call = frame(
            Some("ws/peer"),
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
        engine.answer(t0, invoke.key, resolve(vec![0xc0; 996]));
        let Some(Event::AnswerInChunks(answer)) = engine.poll_event() else {
            panic!("no large answer")
        };
        assert_eq!(answer.key, invoke.key);
        let frame = answer.message.encode(&Address::parse("ws/me").unwrap());
        let packet = Packet::parse(frame.into_bytes()).unwrap();
        assert_eq!(packet.header().unwrap().method(), Some("T.resolve"));
        engine.handle_timeout(t0 + SECOND);
        assert_eq!(sent(&mut engine, t0).unwrap().1, "T.heartbeat");
        assert_eq!(engine.stats().running_calls, 1);
        let result = if fails {
            Err(String::from("no room"))
        } else {
            Ok(())
        };
        engine.answer_delivered(t0, answer.key, result);
        if fails {
            let (to, session, text) = rejected(&mut engine).unwrap();
            assert_eq!((&*to, &*session), ("ws/peer", "T"));
            assert!(text.contains("no room"), "{text}");
        }
        assert!(engine.poll_transmit(t0).is_none());
        engine.handle_timeout(t0 + 10 * SECOND);
        assert!(
            engine.poll_transmit(t0).is_none(),
            "no heartbeats after the end"
        );
        assert_eq!(engine.stats().running_calls, 0);
    }
}

/// However many chunks wait: a small frame that comes to wait is the next to be written, and a batch
/// ends with its chunk.
#[test]
fn at_most_one_chunk_is_ahead_of_a_small_frame() {
    let chunk = |engine: &mut TestEngine, key: u64| {
        let call = OutgoingCall {
            target: Address::parse("ws/peer").unwrap(),
            method: Text::from("set"),
            payload: Rope::from(vec![0xc0; 500]),
            timeout: Some(10 * SECOND),
            parent: None,
            idempotent: false,
            exports: None,
        };
        engine.start_chunk(start(), key, call, "transfer", None);
    };
    type Small = (&'static str, fn(&mut TestEngine));
    let small: [Small; 3] = [
        ("a call", |engine| call(engine, 1000, "ws/peer")),
        ("a reject", |engine| {
            let call = frame(
                Some("ws/peer"),
                "ws/me",
                "services.none.f",
                Some("T"),
                Value::Null,
            );
            engine.handle_frame(start(), call);
        }),
        ("a ping", |engine| {
            engine.push_control("ping", Origin::Engine)
        }),
    ];
    for (what, push) in small {
        for written_before in 0..30 {
            let (mut engine, now) = (relay(), start());
            for key in 0..30 {
                chunk(&mut engine, key);
            }
            for _ in 0..written_before {
                assert!(engine.poll_transmit(now).unwrap().is_chunk());
            }
            push(&mut engine);
            let next = engine.poll_transmit(now).unwrap();
            assert!(!next.is_chunk(), "{what} after {written_before} chunks");
            let chunks = std::iter::from_fn(|| engine.poll_transmit(now)).count();
            assert_eq!(chunks, 30 - written_before);
        }
    }
}

#[test]
fn a_call_in_several_frames_counts_its_silence_from_its_delivery() {
    let (mut engine, t0) = (relay(), start());
    let call = OutgoingCall {
        target: Address::parse("ws/provider").unwrap(),
        method: Text::new(),
        payload: Rope::new(),
        timeout: Some(10 * SECOND),
        parent: None,
        idempotent: false,
        exports: None,
    };
    engine.expect_call(t0, 0, call, "caller");
    engine.handle_timeout(t0 + 100 * SECOND);
    assert!(engine.poll_event().is_none());
    assert!(engine.poll_transmit(t0).is_none(), "others carry it");
    engine.delivered(t0 + 100 * SECOND, 0);
    engine.handle_timeout(t0 + 110 * SECOND);
    assert!(matches!(outcome(&mut engine), Some(Outcome::Silent(_))));
}

#[test]
fn a_message_whose_header_has_no_end_is_refused_unread() {
    let (mut engine, now) = (relay(), start());
    let header = OutgoingHeader::call("ws/me", "services.pub.f");
    let whole = hypha_codec::encode_frame(&header, Rope::new()).into_bytes();
    let cut = &whole[..whole.len() - 3];
    let error = deliver(&mut engine, now, "ws/peer", "k", false, cut).unwrap_err();
    assert!(error.starts_with("Malformed call"), "{error}");
    assert_eq!(engine.stats().assemblies, 0);
}

#[test]
fn calls_without_end_do_not_keep_chunks_from_going() {
    let (mut engine, now) = (relay(), start());
    let chunk = OutgoingCall {
        target: Address::parse("ws/peer").unwrap(),
        method: Text::from("set"),
        payload: Rope::new(),
        timeout: Some(10 * SECOND),
        parent: None,
        idempotent: false,
        exports: None,
    };
    engine.start_chunk(now, 0, chunk, "transfer", None);
    for key in 1..20 {
        call(&mut engine, key, "ws/peer");
        if engine.poll_transmit(now).unwrap().is_chunk() {
            assert!(key > 4, "calls go first");
            return;
        }
    }
    panic!("twenty calls went before the chunk");
}

#[test]
fn answers_without_end_do_not_keep_chunks_from_going() {
    let (mut engine, now) = (relay(), start());
    let call = OutgoingCall {
        target: Address::parse("ws/peer").unwrap(),
        method: Text::from("set"),
        payload: Rope::new(),
        timeout: Some(10 * SECOND),
        parent: None,
        idempotent: false,
        exports: None,
    };
    engine.start_chunk(now, 0, call, "transfer", None);
    for answers in 0..20 {
        let call = frame(
            Some("ws/peer"),
            "ws/me",
            "services.none.f",
            Some("T"),
            Value::Null,
        );
        engine.handle_frame(now, call);
        if engine.poll_transmit(now).unwrap().is_chunk() {
            assert!(answers > 0);
            return;
        }
    }
    panic!("twenty answers went before the chunk");
}
