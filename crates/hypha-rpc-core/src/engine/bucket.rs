//! A token bucket, without a clock of its own.

use std::time::{Duration, Instant};

use super::timers::after;

/// Tokens that come back at a steady rate, up to a full bucket.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    per_second: f64,
    capacity: f64,
    level: f64,
    /// When `level` was right.
    at: Instant,
}

/// What rounding may take from a token while it comes back in parts.
const ROUNDING: f64 = 1e-6;

impl Bucket {
    /// A full bucket. A rate or capacity below one is one: a bucket that never holds a token would
    /// stop its owner for ever.
    pub(crate) fn new(now: Instant, per_second: f64, capacity: f64) -> Self {
        let capacity = capacity.max(1.0);
        Self {
            per_second: per_second.max(1.0),
            capacity,
            level: capacity,
            at: now,
        }
    }

    /// Tokens at this time; below zero if more were taken than were there.
    pub(crate) fn level(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        (self.level + passed * self.per_second).min(self.capacity)
    }

    pub(crate) fn has(&self, now: Instant, tokens: f64) -> bool {
        self.level(now) + ROUNDING >= tokens
    }

    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.has(now, self.capacity)
    }

    /// Takes tokens, whether they are there or not. The debt is at most a full bucket.
    pub(crate) fn take(&mut self, now: Instant, tokens: f64) {
        self.level = (self.level(now) - tokens).max(-self.capacity);
        self.at = self.at.max(now);
    }

    pub(crate) fn refill(&mut self) {
        self.level = self.capacity;
    }

    /// When this many tokens will be there, if none are taken meanwhile. More than a full bucket
    /// never are: then when it is full.
    pub(crate) fn ready_at(&self, now: Instant, tokens: f64) -> Instant {
        let missing = tokens.min(self.capacity) - self.level(now);
        if missing <= 0.0 {
            return now;
        }
        let wait = Duration::try_from_secs_f64(missing / self.per_second).unwrap_or(Duration::MAX);
        // Rounded up: a wake too early would only make another.
        after(now, wait.saturating_add(Duration::from_nanos(1)))
    }

    pub(crate) fn capacity(&self) -> f64 {
        self.capacity
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::start;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn tokens_come_back_at_the_rate_and_no_further_than_full() {
        let t0 = start();
        // (taken at once, milliseconds later, tokens then)
        for (taken, later, left) in [
            (0.0, 0, 100.0),
            (30.0, 0, 70.0),
            (30.0, 1000, 80.0),
            (30.0, 3000, 100.0),
            (30.0, 1_000_000, 100.0),
            (130.0, 0, -30.0),
            (130.0, 4000, 10.0),
            (1000.0, 0, -100.0),
        ] {
            let mut bucket = Bucket::new(t0, 10.0, 100.0);
            bucket.take(t0, taken);
            let now = t0 + later * MILLISECOND;
            assert!(
                (bucket.level(now) - left).abs() < 1e-9,
                "{taken} {later}: {}",
                bucket.level(now)
            );
            assert_eq!(bucket.is_full(now), left == 100.0, "{taken} {later}");
        }
    }

    #[test]
    fn a_token_is_there_when_it_was_said_to_be() {
        let t0 = start();
        for per_second in [1.0, 3.0, 7.0, 180.0, 199.9, 1e6] {
            let mut bucket = Bucket::new(t0, per_second, 5.0);
            let mut now = t0;
            for _ in 0..1000 {
                now = bucket.ready_at(now, 1.0);
                assert!(bucket.has(now, 1.0), "{per_second}");
                bucket.take(now, 1.0);
            }
            let passed = now.duration_since(t0).as_secs_f64();
            let wanted = 995.0 / per_second;
            assert!(
                (passed - wanted).abs() < 0.01 * wanted + 1e-3,
                "{per_second}: {passed}"
            );
        }
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_makes_no_tokens() {
        let t0 = start() + Duration::from_secs(10);
        let mut bucket = Bucket::new(t0, 10.0, 10.0);
        bucket.take(t0, 10.0);
        bucket.take(t0 - Duration::from_secs(5), 0.0);
        assert!(!bucket.has(t0, 0.1));
    }

    #[test]
    fn numbers_that_would_stop_everything_become_ones() {
        let t0 = start();
        for number in [0.0, -5.0, f64::NAN] {
            let mut bucket = Bucket::new(t0, number, number);
            assert!(bucket.has(t0, 1.0));
            bucket.take(t0, 1.0);
            let wait = bucket.ready_at(t0, 1.0) - t0;
            assert_eq!(wait.as_millis(), 1000, "{number}");
        }
    }
}
