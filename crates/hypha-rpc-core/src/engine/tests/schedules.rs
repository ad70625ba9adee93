//! Random schedules of faults: a caller, a server between, and a provider. Whatever happens to their
//! links, each call has one outcome and runs at most once, what is said not to have been sent did not
//! run, and nothing is left behind.

use std::collections::{HashMap, VecDeque};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, RngSeed};

use super::*;
use crate::engine::{Origin, Transmit};

/// One step of a schedule; numbers are reduced to what there is.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The caller makes a call, of the provider or of the manager.
    Call {
        manager: bool,
        idempotent: bool,
    },
    Cancel(u8),
    /// A side takes frames to be written, and hands over some of them.
    Write {
        side: u8,
        taken: u8,
        fed: u8,
    },
    /// The server reads frames of a side.
    Relay {
        side: u8,
        frames: u8,
    },
    /// A side reads frames of the server; the first of them comes twice, or after the second.
    Read {
        side: u8,
        frames: u8,
        doubled: bool,
        swapped: bool,
    },
    /// The link of a side ends. The server lost what was on its way, or has it still.
    Cut {
        side: u8,
        lost: bool,
        kept: bool,
        told: bool,
    },
    Redial {
        side: u8,
        restarted: bool,
    },
    Open(u8),
    /// A handler ends.
    Finish(u8),
    Wait {
        millis: u16,
    },
    /// No more links for the caller.
    GiveUp,
}

fn step() -> impl Strategy<Value = Step> {
    let side = 0..2_u8;
    prop_oneof![
        6 => (prop::bool::weighted(0.2), prop::bool::weighted(0.3))
            .prop_map(|(manager, idempotent)| Step::Call { manager, idempotent }),
        1 => any::<u8>().prop_map(Step::Cancel),
        10 => (side.clone(), 1..8_u8, 0..8_u8)
            .prop_map(|(side, taken, fed)| Step::Write { side, taken, fed }),
        8 => (side.clone(), 1..8_u8).prop_map(|(side, frames)| Step::Relay { side, frames }),
        8 => (side.clone(), 1..8_u8, prop::bool::weighted(0.2), prop::bool::weighted(0.2))
            .prop_map(|(side, frames, doubled, swapped)| Step::Read { side, frames, doubled, swapped }),
        4 => (side.clone(), any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(side, lost, kept, told)| Step::Cut { side, lost, kept, told }),
        6 => (side.clone(), prop::bool::weighted(0.3))
            .prop_map(|(side, restarted)| Step::Redial { side, restarted }),
        6 => side.prop_map(Step::Open),
        6 => any::<u8>().prop_map(Step::Finish),
        4 => (0..4000_u16).prop_map(|millis| Step::Wait { millis }),
        1 => prop::bool::weighted(0.05).prop_map(|ends| match ends {
            true => Step::GiveUp,
            false => Step::Wait { millis: 1 },
        }),
    ]
}

#[derive(Debug)]
struct SimDriver;

impl Driver for SimDriver {
    type Reply = u64;
    type Handler = &'static str;
    type Permit = ();

    fn received(_: &u64, _: usize) {}
}

const NAMES: [&str; 2] = ["ws/caller", "ws/provider"];
const TIMEOUT: Duration = Duration::from_secs(5);

/// One client and the ways between it and the server.
struct Side {
    engine: Engine<SimDriver>,
    up: bool,
    open: bool,
    /// Taken to be written, and not handed over.
    batch: VecDeque<Transmit<()>>,
    /// Answers that were handed over, but not flushed.
    repeatable: Vec<Transmit<()>>,
    to_server: VecDeque<Bytes>,
    from_server: VecDeque<Bytes>,
}

impl Side {
    fn new(name: &str, manager: &Address) -> Self {
        let config = EngineConfig {
            local: Address::parse(name).unwrap(),
            sessions: SessionIds::new(if name == NAMES[0] { "C" } else { "P" }),
            max_running: 1000,
            max_running_bytes: 1 << 20,
            ..config(Remote::Relay {
                manager: manager.clone(),
            })
        };
        let mut engine = Engine::new(start(), config);
        let record = ServiceRecord {
            id: Text::from("s"),
            access: Access {
                visibility: Visibility::Public,
                authorized_workspaces: Vec::new(),
                only: None,
            },
            methods: HashMap::from([(Text::from("m"), "m")]),
            description: Arc::default(),
        };
        drop(engine.add_service(record, true));
        Self {
            engine,
            up: true,
            open: true,
            batch: VecDeque::new(),
            repeatable: Vec::new(),
            to_server: VecDeque::new(),
            from_server: VecDeque::new(),
        }
    }
}

struct World {
    now: Instant,
    manager: Address,
    managers: u32,
    sides: [Side; 2],
    next_key: u64,
    /// What was asked for, and whether it was cancelled.
    calls: HashMap<u64, bool>,
    outcomes: HashMap<u64, Vec<Outcome>>,
    /// How often the call of a session ran, at the provider or the manager.
    runs: HashMap<String, usize>,
    /// Handlers of the provider.
    running: Vec<u64>,
}

impl World {
    fn new() -> Self {
        let manager = Address::parse("*/m0").unwrap();
        Self {
            now: start(),
            sides: NAMES.map(|name| Side::new(name, &manager)),
            manager,
            managers: 0,
            next_key: 0,
            calls: HashMap::new(),
            outcomes: HashMap::new(),
            runs: HashMap::new(),
            running: Vec::new(),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Call {
                manager,
                idempotent,
            } => self.call(manager, idempotent),
            Step::Cancel(which) => {
                if self.next_key > 0 {
                    let key = u64::from(which) % self.next_key;
                    if !self.outcomes.contains_key(&key) {
                        self.calls.insert(key, true);
                        self.sides[0].engine.cancel_call(key);
                    }
                }
            }
            Step::Write { side, taken, fed } => self.write(side.into(), taken.into(), fed.into()),
            Step::Relay { side, frames } => {
                for _ in 0..frames {
                    self.relay(side.into());
                }
            }
            Step::Read {
                side,
                frames,
                doubled,
                swapped,
            } => {
                self.read(side.into(), frames.into(), doubled, swapped);
            }
            Step::Cut {
                side,
                lost,
                kept,
                told,
            } => self.cut(side.into(), lost, kept, told),
            Step::Redial { side, restarted } => self.redial(side.into(), restarted),
            Step::Open(side) => {
                let side = &mut self.sides[usize::from(side)];
                if side.up && !side.open {
                    side.open = true;
                    side.engine.link_open();
                }
            }
            Step::Finish(which) => {
                if !self.running.is_empty() {
                    let key = self.running.remove(usize::from(which) % self.running.len());
                    let answer = resolve(hypha_codec::encode(&Value::from(1)).unwrap());
                    self.sides[1].engine.answer(self.now, key, answer);
                }
            }
            Step::Wait { millis } => {
                self.now += Duration::from_millis(millis.into());
                for side in &mut self.sides {
                    side.engine.handle_timeout(self.now);
                }
            }
            Step::GiveUp => {
                self.take_back(0);
                self.sides[0].engine.lose_link();
                (self.sides[0].up, self.sides[0].open) = (false, false);
            }
        }
        self.hear();
    }

    fn call(&mut self, manager: bool, idempotent: bool) {
        let key = self.next_key;
        self.next_key += 1;
        let target = match manager {
            true => self.manager.clone(),
            false => Address::parse(NAMES[1]).unwrap(),
        };
        let call = OutgoingCall {
            target,
            method: Text::from("services.s.m"),
            payload: Rope::new(),
            timeout: Some(TIMEOUT),
            parent: None,
            idempotent,
            exports: None,
        };
        self.calls.insert(key, false);
        self.sides[0]
            .engine
            .start_call(self.now, key, call, key, None);
    }

    fn write(&mut self, side: usize, taken: usize, fed: usize) {
        let Side {
            engine,
            up,
            batch,
            repeatable,
            to_server,
            ..
        } = &mut self.sides[side];
        if !*up {
            return;
        }
        if batch.is_empty() {
            repeatable.clear();
            batch.extend(std::iter::from_fn(|| engine.poll_transmit(self.now)).take(taken));
        }
        for _ in 0..fed.min(batch.len()) {
            let Some(transmit) = batch.pop_front() else {
                return;
            };
            let Content::Message(message) = transmit.content.clone() else {
                continue;
            };
            if matches!(transmit.origin, Origin::Answer { .. } | Origin::Refusal) {
                repeatable.push(transmit);
            }
            to_server.push_back(message.encode(&engine.local).into_bytes());
        }
    }

    /// The server sends a frame of a side on, or answers itself.
    fn relay(&mut self, side: usize) {
        let Some(bytes) = self.sides[side].to_server.pop_front() else {
            return;
        };
        let packet = Packet::parse(bytes.clone()).unwrap();
        let header = packet.header().unwrap();
        let (to, session) = (header.to().unwrap().to_owned(), header.session());
        if to == self.manager.as_str() {
            if let Some(session) = session {
                *self.runs.entry(session.to_owned()).or_default() += 1;
                let method = format!("{session}.resolve");
                let answer = frame(Some(&to), NAMES[side], &method, None, Value::Null);
                self.sides[side].from_server.push_back(answer);
            }
            return;
        }
        let Some(receiver) = NAMES.iter().position(|name| *name == to) else {
            return;
        };
        if self.sides[receiver].up {
            self.sides[receiver].from_server.push_back(bytes);
        } else if let Some(session) = session {
            let method = format!("{session}.reject");
            let answer = frame(Some(&to), NAMES[side], &method, None, Value::Null);
            self.sides[side].from_server.push_back(answer);
        }
    }

    fn read(&mut self, side: usize, frames: usize, doubled: bool, swapped: bool) {
        let to_read = &mut self.sides[side];
        if !to_read.up {
            return;
        }
        if swapped && to_read.from_server.len() > 1 {
            to_read.from_server.swap(0, 1);
        }
        // Only answers come twice: the server delivers a call once, or not at all.
        if doubled
            && side == 0
            && let Some(first) = to_read.from_server.front().cloned()
        {
            to_read.from_server.push_back(first);
        }
        for _ in 0..frames {
            let Some(bytes) = self.sides[side].from_server.pop_front() else {
                return;
            };
            self.sides[side].engine.handle_frame(self.now, bytes);
        }
    }

    fn take_back(&mut self, side: usize) {
        let side = &mut self.sides[side];
        let unwritten = side.repeatable.drain(..).chain(side.batch.drain(..));
        side.engine.take_back(unwritten.collect());
    }

    fn cut(&mut self, side: usize, lost: bool, kept: bool, told: bool) {
        if !self.sides[side].up {
            return;
        }
        (self.sides[side].up, self.sides[side].open) = (false, false);
        self.take_back(side);
        self.sides[side].engine.link_down(self.now);
        if lost {
            self.sides[side].to_server.clear();
        }
        if !kept {
            self.sides[side].from_server.clear();
        }
        if told && self.sides[1 - side].up {
            let data = Map::from([("id", NAMES[side])]);
            let gone = event(
                "client_disconnected",
                None,
                Map::from([("data", Value::Map(data))]),
            );
            self.sides[1 - side].from_server.push_back(gone);
        }
    }

    fn redial(&mut self, side: usize, restarted: bool) {
        if self.sides[side].up {
            return;
        }
        // A server that was started anew has nothing of what it had, and nobody is connected.
        if restarted && !self.sides[1 - side].up {
            self.managers += 1;
            self.manager = Address::parse(&format!("*/m{}", self.managers)).unwrap();
            for side in &mut self.sides {
                side.to_server.clear();
                side.from_server.clear();
            }
        }
        let link = NewLink {
            manager: self.manager.clone(),
            keepalive: KeepaliveConfig::default(),
            frame_limit: None,
        };
        self.sides[side].engine.link_up(self.now, link);
        self.sides[side].up = true;
    }

    /// What the engines tell.
    fn hear(&mut self) {
        while let Some(event) = self.sides[0].engine.poll_event() {
            if let Event::Answered { reply, outcome } = event {
                self.outcomes.entry(reply).or_default().push(outcome);
            }
        }
        while let Some(event) = self.sides[1].engine.poll_event() {
            if let Event::Invoke(invoke) = event {
                let header = invoke.packet.header().unwrap();
                let session = header.session().unwrap().to_owned();
                *self.runs.entry(session).or_default() += 1;
                self.running.push(invoke.key);
            }
        }
    }

    /// Everything that is under way arrives, handlers end, and time passes.
    fn settle(&mut self) {
        for _ in 0..2 {
            for side in 0..2 {
                self.redial(side, false);
                self.step(Step::Open(side as u8));
            }
            for _ in 0..3 {
                for side in 0..2 {
                    self.write(side, 1000, 1000);
                    while !self.sides[side].to_server.is_empty() {
                        self.relay(side);
                    }
                }
                for side in 0..2 {
                    self.read(side, 1000, false, false);
                }
                self.hear();
                while !self.running.is_empty() {
                    self.step(Step::Finish(0));
                }
            }
        }
        self.now += 3 * TIMEOUT;
        for side in &mut self.sides {
            side.engine.handle_timeout(self.now);
        }
        self.hear();
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let ids = SessionIds::new("C");
        for (key, cancelled) in &self.calls {
            let outcomes = self.outcomes.get(key).map_or(&[][..], Vec::as_slice);
            let expected = usize::from(!cancelled);
            prop_assert_eq!(outcomes.len(), expected, "call {}: {:?}", key, outcomes);
            let runs = self
                .runs
                .get(ids.id(*key).as_str())
                .copied()
                .unwrap_or_default();
            prop_assert!(runs <= 1, "call {} ran {} times", key, runs);
            match outcomes.first() {
                Some(Outcome::LinkLost { sent: false }) => {
                    prop_assert_eq!(runs, 0, "call {} ran, but was not sent", key);
                }
                Some(Outcome::Resolved(_)) => prop_assert_eq!(runs, 1, "call {}", key),
                _ => {}
            }
        }
        for side in &self.sides {
            let stats = side.engine.stats();
            let left = (stats.pending_calls, stats.running_calls, stats.sessions);
            prop_assert_eq!(left, (0, 0, 0));
            prop_assert!(!side.engine.has_transmit());
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(7),
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn each_call_has_one_outcome_and_runs_at_most_once(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.settle();
        world.check()?;
    }
}
