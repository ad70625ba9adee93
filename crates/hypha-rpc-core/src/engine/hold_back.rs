//! What another client may still send before its server closes it, as far as we can see.
//!
//! The Python and JavaScript clients send whatever they are made to send, and the server closes a
//! connection that sends too much (protocol section 1.4). Each call of theirs that we answer and
//! each answer that we ask for is a frame of theirs, so we hold back for them.

use std::time::{Duration, Instant};

use super::bucket::Bucket;
use super::timers::after;
use crate::pacing::FrameLimit;

/// What a frame of ours will make its receiver send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Nothing: heartbeats, and calls that want no answer.
    Nothing,
    /// The receiver goes on, and perhaps makes its next call.
    NextCall,
    /// An answer, and from an async Python function a heartbeat before it.
    Answer,
}

/// Frames that a call makes its receiver send.
const ANSWER_FRAMES: f64 = 2.0;

/// How long an answer may stay away before its frames are no longer kept free: a call that runs for
/// longer than this (up to twice, as it is counted in steps of it) must not hold up all others.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// The same for the next call of a peer that got its answer.
const NEXT_CALL_PATIENCE: Duration = Duration::from_secs(1);

/// The part of a full bucket that may be kept free for answers: the rest is for calls that the peer
/// makes before it answers, such as callbacks.
const ANSWER_SHARE: f64 = 0.6;

/// Frames that were kept free for one call, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Reservation {
    step: u64,
    frames: f64,
}

/// The model of one peer's allowance.
#[derive(Debug)]
pub(crate) struct Allowance {
    bucket: Bucket,
    answers: Expected,
    next_calls: Expected,
}

impl Allowance {
    pub(crate) fn new(now: Instant, limit: FrameLimit) -> Self {
        let smallest = 2.0 * ANSWER_FRAMES;
        Self {
            bucket: Bucket::new(now, limit.per_second, limit.burst.max(smallest)),
            answers: Expected::new(now, ANSWER_PATIENCE),
            next_calls: Expected::new(now, NEXT_CALL_PATIENCE),
        }
    }

    /// Whether a frame with this demand may go out now.
    pub(crate) fn admits(&mut self, now: Instant, demand: Demand) -> bool {
        let next_calls = self.next_calls.at(now);
        match demand {
            Demand::Nothing => true,
            Demand::NextCall => {
                // At most the share of answers is kept from callbacks.
                let answers = self
                    .answers
                    .at(now)
                    .min(self.bucket.capacity() * ANSWER_SHARE);
                self.bucket.has(now, answers + next_calls + 1.0)
            }
            Demand::Answer => {
                let answers = self.answers.at(now) + ANSWER_FRAMES;
                let share = (self.bucket.capacity() * ANSWER_SHARE).max(ANSWER_FRAMES);
                answers <= share && self.bucket.has(now, answers + next_calls)
            }
        }
    }

    /// A frame with this demand goes out.
    pub(crate) fn reserve(&mut self, now: Instant, demand: Demand) -> Reservation {
        match demand {
            Demand::Nothing => Reservation::default(),
            Demand::NextCall => {
                self.next_calls.add(now, 1.0);
                Reservation::default()
            }
            Demand::Answer => self.answers.add(now, ANSWER_FRAMES),
        }
    }

    /// The peer sent a frame; after a call it has gone on.
    pub(crate) fn heard(&mut self, now: Instant, is_call: bool) {
        self.bucket.take(now, 1.0);
        self.answers.step_to(now);
        self.next_calls.step_to(now);
        if is_call {
            self.next_calls.sub_any(1.0);
        }
    }

    /// The frame was a heartbeat for a call of ours: only the answer is still to come.
    pub(crate) fn heard_heartbeat(&mut self, reservation: &mut Reservation) {
        let spared = (reservation.frames - 1.0).max(0.0);
        self.answers.sub(reservation.step, spared);
        reservation.frames -= spared;
    }

    /// The frame was the answer to a call of ours.
    pub(crate) fn heard_answer(&mut self, reservation: Reservation) {
        self.answers.sub(reservation.step, reservation.frames);
    }

    /// When to ask again for a frame that was not admitted, if the peer sends nothing meanwhile.
    pub(crate) fn ask_again(&mut self, now: Instant, demand: Demand) -> Instant {
        let wanted = match demand {
            Demand::Nothing => return now,
            Demand::NextCall => 1.0,
            Demand::Answer => ANSWER_FRAMES,
        };
        let kept = self.answers.at(now) + self.next_calls.at(now);
        let lapse = [&self.answers, &self.next_calls]
            .into_iter()
            .filter_map(|expected| expected.lapses_at())
            .min();
        let refilled = self.bucket.ready_at(now, kept + wanted);
        match lapse {
            // The share of answers is full, however full the bucket is.
            Some(lapse) if refilled <= now => lapse,
            Some(lapse) => lapse.min(refilled),
            None => refilled,
        }
    }

    /// The peer is a stranger again.
    pub(crate) fn reset(&mut self) {
        self.bucket.refill();
        self.answers.clear();
        self.next_calls.clear();
    }

    /// Whether nothing is known of the peer that would not be assumed of a stranger.
    pub(crate) fn is_forgettable(&mut self, now: Instant) -> bool {
        self.bucket.is_full(now) && self.answers.at(now) <= 0.0 && self.next_calls.at(now) <= 0.0
    }
}

/// Frames that are expected, counted by the step of time in which they were asked for. Those of the
/// step before the last are given up.
#[derive(Debug)]
struct Expected {
    start: Instant,
    patience: Duration,
    step: u64,
    current: f64,
    previous: f64,
}

impl Expected {
    fn new(now: Instant, patience: Duration) -> Self {
        Self {
            start: now,
            patience,
            step: 0,
            current: 0.0,
            previous: 0.0,
        }
    }

    fn at(&mut self, now: Instant) -> f64 {
        self.step_to(now);
        self.current + self.previous
    }

    fn add(&mut self, now: Instant, frames: f64) -> Reservation {
        self.step_to(now);
        self.current += frames;
        Reservation {
            step: self.step,
            frames,
        }
    }

    fn sub(&mut self, step: u64, frames: f64) {
        if step == self.step {
            self.current = (self.current - frames).max(0.0);
        } else if step + 1 == self.step {
            self.previous = (self.previous - frames).max(0.0);
        }
    }

    /// Takes from the older ones first.
    fn sub_any(&mut self, frames: f64) {
        let old = self.previous.min(frames);
        self.previous -= old;
        self.current = (self.current - (frames - old)).max(0.0);
    }

    fn clear(&mut self) {
        (self.current, self.previous) = (0.0, 0.0);
    }

    /// When the next ones are given up, if there are any.
    fn lapses_at(&self) -> Option<Instant> {
        let steps = if self.previous > 0.0 {
            self.step + 1
        } else if self.current > 0.0 {
            self.step + 2
        } else {
            return None;
        };
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        Some(after(self.start, self.patience.saturating_mul(steps)))
    }

    fn step_to(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.start).as_millis();
        let step = u64::try_from(passed / self.patience.as_millis().max(1)).unwrap_or(u64::MAX);
        if step > self.step {
            let next = step == self.step + 1;
            self.previous = if next { self.current } else { 0.0 };
            self.current = 0.0;
            self.step = step;
        }
    }
}
