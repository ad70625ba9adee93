//! Deadlines by key, soonest first, with entries that may be out of date.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// The instant that is `wait` after `now`, or one so late that it never comes: users and peers may
/// choose any wait, and `Instant + Duration` panics on the largest.
pub(crate) fn after(now: Instant, wait: Duration) -> Instant {
    now + wait.min(NEVER)
}

const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// A heap of `(when, key)`.
///
/// Owners do not remove an entry when its deadline moves: they look at the entry when it comes due
/// and schedule again. That keeps a heartbeat or an answer free of heap work.
#[derive(Debug)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u64)>>,
}

impl Timers {
    pub(crate) fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
        }
    }

    pub(crate) fn schedule(&mut self, at: Instant, key: u64) {
        self.heap.push(Reverse((at, key)));
    }

    /// When the next entry comes due; it may be out of date.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// The key of an entry that is due, removed.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<u64> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, key))| key)
    }

    /// Drops the entries of keys that are gone once they outnumber the living by far, so that a
    /// fast stream of short calls does not pile up one timeout's worth of them.
    pub(crate) fn trim(&mut self, living: usize, is_alive: impl Fn(u64) -> bool) {
        if self.heap.len() > 256 + 4 * living {
            self.heap.retain(|Reverse((_, key))| is_alive(*key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::start;

    #[test]
    fn entries_come_in_order_and_only_when_due() {
        let t0 = start();
        let mut timers = Timers::new();
        timers.schedule(t0 + Duration::from_secs(2), 2);
        timers.schedule(t0 + Duration::from_secs(1), 1);
        assert_eq!(timers.next(), Some(t0 + Duration::from_secs(1)));
        assert_eq!(timers.pop_due(t0), None);
        let late = t0 + Duration::from_secs(3);
        assert_eq!(
            [
                timers.pop_due(late),
                timers.pop_due(late),
                timers.pop_due(late)
            ],
            [Some(1), Some(2), None]
        );
    }

    #[test]
    fn dead_entries_are_dropped_once_they_outnumber_the_living() {
        let mut timers = Timers::new();
        for key in 0..10_000 {
            timers.schedule(start(), key);
            timers.trim(1, |key| key == 0);
        }
        assert!(timers.heap.len() <= 261, "{}", timers.heap.len());
    }
}
