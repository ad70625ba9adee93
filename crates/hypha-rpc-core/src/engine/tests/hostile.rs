//! Arbitrary frames from anybody, in any state: nothing panics, spins or grows without bound, and
//! nobody but the one who was called gets at a call.

use proptest::prelude::*;

use super::*;
use crate::engine::exports::MAX_LEASED;
use crate::message_cache::{self, MessageCache};

#[derive(Clone, Debug)]
enum Step {
    Frame {
        header: Vec<(&'static str, Value)>,
        payload: Vec<u8>,
    },
    Part {
        from: &'static str,
        method: usize,
        args: Vec<Value>,
    },
    Answer(usize),
    Call(&'static str),
    Cancel(u64),
    Down,
    Up(&'static str),
    Open,
    Wait(u64),
    Write(usize),
}

const SENDERS: [&str; 6] = [
    "ws/peer",
    "ws/other",
    "evil/x",
    "*/mgr",
    "ws/me",
    "no address",
];

/// Sessions of the first calls, paths into them, and whatever else a peer may think of.
const PATHS: [&str; 18] = [
    "SA.resolve",
    "SA.reject",
    "SA.heartbeat",
    "SA.0",
    "SB.resolve",
    "SB.0.x",
    "SAA.resolve",
    "S.0",
    "services.pub.f",
    "services.pro.f",
    "services.pub.deep.0.g",
    "services.pub",
    "services._rintf_1.get",
    "services..",
    "services",
    ".",
    "",
    "x.y.z",
];

const KINDS: [&str; 8] = [
    "method",
    "client_disconnected",
    "peer_not_found",
    "force-exit",
    "connected",
    "error",
    "mine",
    "",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (0..4_u64).prop_map(Value::from),
        prop::sample::select(PATHS.to_vec()).prop_map(Value::from),
        prop::sample::select(SENDERS.to_vec()).prop_map(Value::from),
        prop::sample::select(vec!["SA", "SB", "k", "peer"]).prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Value::from),
        (0..3000_usize).prop_map(|len| Value::from("x".repeat(len))),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        let keys = prop::sample::select(vec!["id", "workspace", "_rtype", "args", "promise", "t"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((keys, inner), 0..4)
                .prop_map(|entries| Value::Map(entries.into_iter().collect())),
        ]
    })
}

fn step() -> impl Strategy<Value = Step> {
    let sender = || prop::sample::select(SENDERS.to_vec());
    let text = |texts: &[&'static str]| prop::sample::select(texts.to_vec()).prop_map(Value::from);
    let field = prop_oneof![
        6 => text(&KINDS).prop_map(|value| ("type", value)),
        6 => sender().prop_map(|value| ("from", Value::from(value))),
        4 => text(&["ws/me", "evil/me", "*", ""]).prop_map(|value| ("to", value)),
        6 => text(&PATHS).prop_map(|value| ("method", value)),
        4 => text(&["T", "SA", ""]).prop_map(|value| ("session", value)),
        2 => text(&["SA", "T"]).prop_map(|value| ("parent", value)),
        2 => value().prop_map(|value| ("data", value)),
        1 => (prop::sample::select(vec!["session", "type", "from", "peer_id", "ctx"]), value()),
    ];
    let method = (prop::collection::vec(field, 0..4), sender(), text(&PATHS)).prop_map(
        |(mut fields, from, path)| {
            fields.extend([
                ("type", Value::from("method")),
                ("from", Value::from(from)),
                ("method", path),
            ]);
            fields
        },
    );
    let any_field = (prop::sample::select(KINDS.to_vec()), value())
        .prop_map(|(kind, data)| vec![("type", Value::from(kind)), ("data", data)]);
    let payload = prop_oneof![
        value().prop_map(|value| hypha_codec::encode(&value).unwrap().to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop_oneof![
        8 => (prop_oneof![4 => method, 1 => any_field], payload)
            .prop_map(|(header, payload)| Step::Frame { header, payload }),
        4 => (sender(), 0..5_usize, prop::collection::vec(value(), 0..4))
            .prop_map(|(from, method, args)| Step::Part { from, method, args }),
        2 => (0..4_usize).prop_map(Step::Answer),
        2 => sender().prop_filter("an address", |from| Address::parse(from).is_ok())
            .prop_map(Step::Call),
        1 => (0..4_u64).prop_map(Step::Cancel),
        1 => Just(Step::Down),
        2 => prop::sample::select(vec!["*/mgr", "*/next"]).prop_map(Step::Up),
        2 => Just(Step::Open),
        2 => (0..700_u64).prop_map(Step::Wait),
        3 => (1..9_usize).prop_map(Step::Write),
    ]
}

/// A message with its keys in the order in which they came first.
fn header(fields: Vec<(&'static str, Value)>) -> Value {
    let mut header = Map::new();
    for (key, value) in fields {
        drop(header.insert(key, value));
    }
    Value::Map(header)
}

struct Played {
    engine: TestEngine,
    now: Instant,
    /// Who was called, call by call.
    targets: Vec<&'static str>,
    running: Vec<u64>,
    up: bool,
}

impl Played {
    fn take(&mut self, step: Step) {
        let (engine, now) = (&mut self.engine, self.now);
        match step {
            Step::Frame {
                header: fields,
                payload,
            } => {
                let mut frame = hypha_codec::encode(&header(fields)).unwrap().to_vec();
                frame.extend(payload);
                engine.handle_frame(now, frame.into());
            }
            Step::Part { from, method, args } => {
                let methods = [
                    MessageCache::Create,
                    MessageCache::Append,
                    MessageCache::Set,
                    MessageCache::Process,
                    MessageCache::Remove,
                ];
                let payload = Value::Map(Map::from([("args", Value::from(args))]));
                let call = frame(Some(from), "ws/me", "services.built-in.x", None, payload);
                let packet = Packet::parse(call).unwrap();
                if let Ok(from) = Address::parse(from) {
                    drop(message_cache::handle(
                        now,
                        methods[method],
                        engine,
                        &from,
                        &packet,
                    ));
                }
            }
            Step::Answer(at) => {
                if at < self.running.len() {
                    let key = self.running.remove(at);
                    engine.answer(now, key, resolve(Rope::new()));
                }
            }
            Step::Call(to) => {
                let key = self.targets.len() as u64;
                self.targets.push(to);
                let call = OutgoingCall {
                    target: Address::parse(to).unwrap(),
                    method: Text::from("services.s.m"),
                    payload: Rope::new(),
                    timeout: Some(10 * SECOND),
                    parent: None,
                    idempotent: false,
                    exports: Some(Exported {
                        key,
                        functions: vec![(Text::from("0"), "0")],
                        interfaces: Vec::new(),
                    }),
                };
                engine.start_call(now, key, call, "caller", None);
            }
            Step::Cancel(key) => engine.cancel_call(key),
            Step::Down => {
                engine.link_down(now);
                self.up = false;
            }
            Step::Up(manager) if !self.up => {
                let link = NewLink {
                    manager: Address::parse(manager).unwrap(),
                    keepalive: KeepaliveConfig::default(),
                    frame_limit: None,
                };
                engine.link_up(now, link);
                self.up = true;
            }
            Step::Open if self.up => engine.link_open(),
            Step::Up(_) | Step::Open => {}
            Step::Wait(seconds) => self.now += seconds as u32 * SECOND,
            Step::Write(frames) => {
                for _ in 0..frames {
                    drop(engine.poll_transmit(now));
                }
            }
        }
    }

    /// What must hold after each step.
    fn check(&mut self) -> Result<(), TestCaseError> {
        self.engine.handle_timeout(self.now);
        if let Some(at) = self.engine.poll_timeout() {
            prop_assert!(
                at > self.now || self.engine.has_transmit(),
                "a timer stays due"
            );
        }
        while let Some(event) = self.engine.poll_event() {
            if let Event::Invoke(invoke) = event {
                if invoke.handler == "0" {
                    let header = invoke.packet.header().unwrap();
                    let (session, _) = header.method().unwrap().split_once('.').unwrap();
                    let key = SessionIds::new("S").key(session).unwrap();
                    let target = self.targets[key as usize];
                    let is_manager = target.starts_with('*') && invoke.from.is_manager();
                    prop_assert!(is_manager || invoke.from.as_str() == target, "{target}");
                }
                self.running.push(invoke.key);
            }
        }
        let stats = self.engine.stats();
        prop_assert!(stats.running_calls <= 3, "{:?}", stats);
        prop_assert!(stats.assemblies <= 4096 && stats.sessions <= MAX_LEASED);
        prop_assert!(stats.sessions <= stats.pending_calls, "{:?}", stats);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn frames_of_anybody_in_any_state_do_no_harm(steps in prop::collection::vec(step(), 1..60)) {
        let mut played = Played {
            engine: relay(),
            now: start(),
            targets: Vec::new(),
            running: Vec::new(),
            up: true,
        };
        for step in steps {
            played.take(step);
            played.check()?;
        }
    }
}
