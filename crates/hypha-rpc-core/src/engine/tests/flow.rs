//! Pacing and holding back, played against a server that closes who sends too much.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;
use crate::engine::bucket::Bucket;
use crate::pacing::FrameLimit;

const MILLISECOND: Duration = Duration::from_millis(1);

/// The limit of the reference server.
const LIMIT: FrameLimit = FrameLimit {
    per_second: 200.0,
    burst: 2000.0,
};

fn limited(limit: FrameLimit) -> TestEngine {
    let remote = Remote::Relay {
        manager: Address::parse("*/mgr").unwrap(),
    };
    engine_of(EngineConfig {
        frame_limit: Some(limit),
        max_running: 10_000,
        max_running_bytes: 1 << 20,
        ..config(remote)
    })
}

/// A server between the engine and one peer, which does what it is made to do and no more.
struct World {
    engine: TestEngine,
    began: Instant,
    now: Instant,
    /// What the server lets each side send.
    ours: Bucket,
    theirs: Bucket,
    /// One way from the peer to the engine, and the time the peer takes.
    latency: Duration,
    /// Frames under way to the engine, in their order.
    under_way: BinaryHeap<Reverse<(Instant, u64, Bytes)>>,
    sent: u64,
    /// Calls that the peer still wants to make, each when an answer came.
    calls_left: usize,
    answered: usize,
    last_answer: Instant,
}

impl World {
    fn new(limit: FrameLimit, latency: Duration) -> Self {
        let now = start();
        Self {
            engine: limited(limit),
            began: now,
            now,
            ours: Bucket::new(now, limit.per_second, limit.burst),
            theirs: Bucket::new(now, limit.per_second, limit.burst),
            latency,
            under_way: BinaryHeap::new(),
            sent: 0,
            calls_left: 0,
            answered: 0,
            last_answer: now,
        }
    }

    /// The peer sends a frame.
    fn peer_sends(&mut self, method: &str, session: Option<&str>) {
        assert!(
            self.theirs.has(self.now, 1.0),
            "the peer was closed at {:?}",
            self.passed()
        );
        self.theirs.take(self.now, 1.0);
        self.sent += 1;
        let frame = frame(Some("ws/peer"), "ws/me", method, session, Value::Null);
        self.under_way
            .push(Reverse((self.now + self.latency, self.sent, frame)));
    }

    fn peer_calls(&mut self) {
        self.calls_left -= 1;
        let session = format!("theirs{}", self.calls_left);
        self.peer_sends("services.pub.f", Some(&session));
    }

    /// Runs until nothing is left to do. `heartbeat`: the peer answers as async Python functions do.
    fn run(&mut self, heartbeat: bool) {
        loop {
            while let Some((to, method, _, session, _)) = sent(&mut self.engine, self.now) {
                assert_eq!(to, "ws/peer");
                assert!(
                    self.ours.has(self.now, 1.0),
                    "we were closed at {:?}",
                    self.passed()
                );
                self.ours.take(self.now, 1.0);
                if let Some(session) = session {
                    if heartbeat {
                        self.peer_sends(&format!("{session}.heartbeat"), None);
                    }
                    self.peer_sends(&format!("{session}.resolve"), None);
                } else if method.ends_with(".resolve") && self.calls_left > 0 {
                    self.peer_calls();
                }
            }
            let arrives = self.under_way.peek().map(|Reverse((at, ..))| *at);
            let Some(next) = [arrives, self.engine.poll_timeout()]
                .into_iter()
                .flatten()
                .min()
            else {
                assert!(
                    !self.engine.has_transmit(),
                    "frames wait and nothing wakes them"
                );
                return;
            };
            assert!(
                next >= self.now || arrives == Some(next),
                "a time-out in the past"
            );
            self.now = self.now.max(next);
            self.engine.handle_timeout(self.now);
            while self
                .under_way
                .peek()
                .is_some_and(|Reverse((at, ..))| *at <= self.now)
            {
                let Some(Reverse((_, _, frame))) = self.under_way.pop() else {
                    break;
                };
                self.engine.handle_frame(self.now, frame);
            }
            self.take_events();
        }
    }

    fn take_events(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            match event {
                Event::Answered { outcome, .. } => {
                    assert!(matches!(outcome, Outcome::Resolved(_)), "{outcome:?}");
                    self.answered += 1;
                    self.last_answer = self.now;
                }
                Event::Invoke(invoke) => {
                    self.engine
                        .answer(self.now, invoke.key, resolve(Rope::new()));
                    self.answered += 1;
                    self.last_answer = self.now;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// From the start to the last answer.
    fn passed(&self) -> Duration {
        self.last_answer - self.began
    }
}

#[test]
fn neither_we_nor_a_peer_that_answers_are_closed_and_the_limit_is_used() {
    // (frames of an answer, latency in ms, calls, seconds at the most)
    for (heartbeat, latency, calls, most) in [
        (false, 1, 1700, 1.0),
        (false, 1, 5000, 19.6),
        (false, 50, 5000, 19.6),
        (false, 500, 5000, 21.0),
        (false, 3000, 5000, 30.0),
        (true, 1, 5000, 49.0),
        (true, 50, 5000, 49.0),
        (true, 500, 5000, 50.0),
    ] {
        let mut world = World::new(LIMIT, latency * MILLISECOND);
        for key in 0..calls {
            call(&mut world.engine, key, "ws/peer");
        }
        world.run(heartbeat);
        assert_eq!(world.answered, calls as usize);
        let passed = world.passed().as_secs_f64();
        assert!(passed <= most, "{heartbeat} {latency} {calls}: {passed}");
        assert_eq!(world.engine.stats().pending_calls, 0);
    }
}

#[test]
fn a_peer_that_calls_again_with_every_answer_is_held_back_before_it_is_closed() {
    // (calls that it has under way at once, latency in ms, seconds at the most for 5,000)
    for (at_once, latency, most) in [
        (1, 0, 19.6),
        (1, 2, 19.6),
        (20, 2, 19.6),
        (20, 100, 25.0),
        (800, 2, 19.6),
        (1500, 2, 19.6),
        (1900, 50, 19.6),
    ] {
        let mut world = World::new(LIMIT, latency * MILLISECOND);
        world.calls_left = 5000;
        for _ in 0..at_once {
            world.peer_calls();
        }
        world.run(false);
        assert_eq!(world.answered, 5000, "{at_once} {latency}");
        let passed = world.passed().as_secs_f64();
        assert!(passed <= most, "{at_once} {latency}: {passed}");
    }
}

#[test]
fn small_limits_are_kept_and_stop_nothing() {
    for (per_second, burst) in [(1.0, 5.0), (0.0, 0.0), (10.0, 10.0), (1000.0, 5.0)] {
        let limit = FrameLimit { per_second, burst };
        let mut engine = limited(limit);
        let t0 = start();
        for key in 0..20 {
            call(&mut engine, key, "*/mgr");
        }
        let (mut now, mut frames) = (t0, 0);
        while frames < 20 {
            match sent(&mut engine, now) {
                Some(_) => frames += 1,
                None => now = engine.poll_timeout().unwrap(),
            }
            engine.handle_timeout(now);
            assert!(now < t0 + 60 * SECOND, "{per_second} {burst}: {frames}");
        }
    }
}

#[test]
fn one_peer_that_is_held_back_does_not_hold_up_another_or_the_manager() {
    let (mut engine, now) = (limited(LIMIT), start());
    for key in 0..1600 {
        call(&mut engine, key, "ws/slow");
    }
    call(&mut engine, 2000, "ws/quick");
    call(&mut engine, 2001, "*/mgr");
    let mut targets = Vec::new();
    while let Some((to, ..)) = sent(&mut engine, now) {
        targets.push(to);
    }
    let slow = targets.iter().filter(|to| *to == "ws/slow").count();
    assert!(
        slow < 600,
        "{slow} calls are out for a peer that answers none"
    );
    let place = |name: &str| targets.iter().position(|to| to == name).unwrap();
    assert!(
        place("ws/quick") < 5 && place("*/mgr") < 5,
        "they take turns"
    );
}

#[test]
fn calls_that_run_for_long_do_not_hold_up_others_for_ever() {
    let (mut engine, t0) = (limited(LIMIT), start());
    for key in 0..1200 {
        call(&mut engine, key, "ws/peer");
    }
    let (mut out, mut now) = (0, t0);
    while out < 1200 {
        match sent(&mut engine, now) {
            Some(_) => out += 1,
            None => {
                now = engine.outbox.next_timeout().unwrap();
                engine.outbox.handle_timeout(now);
            }
        }
    }
    assert!(now <= t0 + 20 * SECOND, "{:?}", now - t0);
}

#[test]
fn cancelled_calls_leave_the_queue_of_a_peer_that_is_held_back() {
    let (mut engine, now) = (limited(LIMIT), start());
    for key in 0..5000 {
        call(&mut engine, key, "ws/peer");
    }
    while sent(&mut engine, now).is_some() {}
    let waiting = engine.outbox.len();
    assert!(waiting > 4000);
    for key in 0..5000 {
        engine.cancel_call(key);
    }
    assert!(engine.outbox.len() < 200, "{}", engine.outbox.len());
    let later = now + 30 * SECOND;
    engine.handle_timeout(later);
    assert!(engine.poll_transmit(later).is_none());
    assert_eq!((engine.outbox.len(), engine.poll_timeout()), (0, None));
}

#[test]
fn answers_find_the_last_tokens_and_calls_their_turn() {
    let (mut engine, now) = (limited(LIMIT), start());
    // The manager is no peer to hold back for.
    for key in 0..3000 {
        call(&mut engine, key, "*/mgr");
    }
    let mut calls = 0;
    while sent(&mut engine, now).is_some() {
        calls += 1;
    }
    assert_eq!(calls, 1784, "some tokens are left");
    for peer in 0..40 {
        let from = format!("ws/peer{peer}");
        let call = frame(
            Some(&from),
            "ws/me",
            "services.pub.nothing",
            Some("s"),
            Value::Null,
        );
        engine.handle_frame(now, call);
    }
    let mut order = String::new();
    while let Some((to, ..)) = sent(&mut engine, now) {
        order.push(if to == "*/mgr" { 'c' } else { 'a' });
    }
    assert_eq!(order, "aaaaaaaacaaaaaaa");
}

#[test]
fn a_quick_answer_that_has_to_wait_is_preceded_by_heartbeats() {
    let (mut engine, t0) = (limited(LIMIT), start());
    // The peer has sent all that it may.
    let late = frame(
        Some("ws/peer"),
        "ws/me",
        "dead.heartbeat",
        None,
        Value::Null,
    );
    for _ in 0..3000 {
        engine.handle_frame(t0, late.clone());
    }
    let asked = frame(
        Some("ws/peer"),
        "ws/me",
        "services.pub.f",
        Some("s"),
        Value::Null,
    );
    engine.handle_frame(t0, asked);
    let Some(Event::Invoke(invoke)) = engine.poll_event() else {
        panic!("not admitted")
    };
    engine.answering(t0, invoke.key, SECOND);
    engine.answer(t0, invoke.key, resolve(Rope::new()));
    let mut methods = Vec::new();
    let mut now = t0;
    while engine.has_transmit() || methods.is_empty() {
        while let Some((_, method, ..)) = sent(&mut engine, now) {
            methods.push((method, (now - t0).as_secs()));
        }
        let Some(next) = engine.poll_timeout() else {
            break;
        };
        now = next;
        engine.handle_timeout(now);
    }
    let beats = methods
        .iter()
        .filter(|(method, _)| method == "s.heartbeat")
        .count();
    let (last, second) = methods.last().unwrap();
    assert_eq!(last, "s.resolve");
    assert!((7..=8).contains(second), "{second}");
    assert_eq!(beats as u64, *second, "one each second");
    assert_eq!(engine.poll_timeout(), None);
}

#[test]
fn heartbeats_are_bounded_in_sum() {
    for (remote, most) in [
        (
            Remote::Direct {
                peer: Address::parse("ws/peer").unwrap(),
            },
            11_000,
        ),
        (
            Remote::Relay {
                manager: Address::parse("*/mgr").unwrap(),
            },
            1_900,
        ),
    ] {
        let direct = matches!(remote, Remote::Direct { .. });
        let mut engine = engine_of(EngineConfig {
            frame_limit: (!direct).then_some(LIMIT),
            max_running: 5000,
            max_running_bytes: 1 << 20,
            ..config(remote)
        });
        let t0 = start();
        for session in 0..4000 {
            let session = format!("s{session}");
            let call = frame(
                Some("ws/peer"),
                "ws/me",
                "services.pub.f",
                Some(&session),
                Value::Null,
            );
            engine.handle_frame(t0, call);
            let Some(Event::Invoke(invoke)) = engine.poll_event() else {
                panic!("not admitted")
            };
            engine.accepted(t0, invoke.key, Duration::ZERO);
        }
        let (mut now, mut beats) = (t0, HashMap::<String, usize>::new());
        while now < t0 + 10 * SECOND {
            while let Some((_, method, ..)) = sent(&mut engine, now) {
                *beats.entry(method).or_default() += 1;
            }
            now = engine.poll_timeout().unwrap().max(now + MILLISECOND);
            engine.handle_timeout(now);
        }
        let sum: usize = beats.values().sum();
        assert!(
            sum <= most && sum > most / 2,
            "{sum} heartbeats in ten seconds"
        );
        let fair = beats.values().max().unwrap() - beats.values().min().unwrap();
        assert!(fair <= 1, "everybody has as many");
    }
}

#[test]
fn a_server_that_closes_for_less_than_it_says_is_asked_for_half() {
    let (mut engine, t0) = (limited(LIMIT), start());
    let burst = |engine: &mut TestEngine, now: Instant| {
        for key in 0..3000 {
            call(engine, key, "*/mgr");
        }
        std::iter::from_fn(|| sent(engine, now)).count()
    };
    assert_eq!(burst(&mut engine, t0), 1784);
    let mut counts = Vec::new();
    for _ in 0..6 {
        engine.frame_limit_exceeded();
        engine.lose_link();
        while engine.poll_event().is_some() {}
        engine.link_down(t0);
        let manager = Address::parse("*/mgr").unwrap();
        let link = NewLink {
            manager,
            keepalive: KeepaliveConfig::default(),
            frame_limit: Some(LIMIT),
        };
        engine.link_up(t0, link);
        engine.link_open();
        counts.push(burst(&mut engine, t0));
    }
    assert_eq!(counts, [884, 434, 209, 112, 112, 112]);
}

#[test]
fn what_is_known_of_peers_is_forgotten() {
    let (mut engine, t0) = (limited(LIMIT), start());
    for peer in 0..10_000_u32 {
        let from = format!("ws/peer{peer}");
        let late = frame(Some(&from), "ws/me", "dead.heartbeat", None, Value::Null);
        engine.handle_frame(t0 + 10 * peer * MILLISECOND, late);
    }
    assert!(engine.outbox.known() <= 130, "{}", engine.outbox.known());
}
