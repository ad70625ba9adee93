//! Looking for the next frame for a moment before the thread goes to sleep.

use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeFlavor};

/// What a wait counts at most, in parts of the limit: one long silence does not outweigh many short waits.
const LONGEST: u32 = 4;

/// The share that one wait has in the expectation is one in so many.
const WEIGHT: u32 = 8;

/// Whether it is better to look again for the next frame than to sleep until it comes.
///
/// To put a thread to sleep and to wake it takes tens of microseconds on many machines, above all on virtual ones: longer
/// than a small call takes in all. Where frames follow each other faster than that, looking again is quicker and takes no
/// more of the processor than falling asleep and waking up. So this keeps an account of the waits, and says that looking
/// is worth it only while they are mostly shorter than a limit; a wait that turns out longer is slept through from there
/// on.
///
/// It does not wait itself: [`pause`] goes between two looks. Looking helps only a runtime of one thread. With more of
/// them another thread sleeps until something comes from the network, and has to be woken anyway.
#[derive(Clone, Debug)]
pub struct BusyPoll {
    limit: Duration,
    /// How long waits are of late.
    expected: Duration,
    waiting_since: Option<Instant>,
}

impl BusyPoll {
    /// One that looks for so long at the most; with no time at all it never does.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self {
            limit,
            expected: Duration::ZERO,
            waiting_since: None,
        }
    }

    /// The same for a task of this runtime: one that never looks if the runtime has several threads.
    ///
    /// # Panics
    /// Outside a runtime.
    #[must_use]
    pub fn for_this_runtime(limit: Duration) -> Self {
        let limit = match Handle::current().runtime_flavor() {
            RuntimeFlavor::CurrentThread => limit,
            _ => Duration::ZERO,
        };
        Self::new(limit)
    }

    /// Whether it looks at all.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        !self.limit.is_zero()
    }

    /// Nothing is there to do. Whether to look again, after a [`pause`]; if not, to sleep.
    pub fn look_again(&mut self) -> bool {
        self.is_enabled() && self.look_again_at(real_now())
    }

    /// Something came, whether it was looked or slept for.
    pub fn arrived(&mut self) {
        if self.waiting_since.is_some() {
            self.arrived_at(real_now());
        }
    }

    fn look_again_at(&mut self, now: Instant) -> bool {
        let since = *self.waiting_since.get_or_insert(now);
        self.expected < self.limit && now.saturating_duration_since(since) < self.limit
    }

    fn arrived_at(&mut self, now: Instant) {
        if let Some(since) = self.waiting_since.take() {
            let wait = now.saturating_duration_since(since);
            let wait = wait.min(self.limit * LONGEST);
            self.expected = (self.expected * (WEIGHT - 1) + wait) / WEIGHT;
        }
    }
}

/// Lets everybody else go on who can: other tasks of the runtime, and other threads that wait for this processor. When it
/// ends, what has come from the network meanwhile is there.
pub async fn pause() {
    std::thread::yield_now();
    tokio::task::yield_now().await;
}

/// Not the time of the runtime, which may stand still in tests.
#[expect(
    clippy::disallowed_methods,
    reason = "how long the processor is kept busy is a matter of real time"
)]
fn real_now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_micros(50);

    /// Waits so long, so often. Whether looking is worth it the next time.
    fn after(poll: &mut BusyPoll, waits: usize, length: Duration) -> bool {
        let mut now = real_now();
        for _ in 0..waits {
            poll.look_again_at(now);
            now += length;
            poll.arrived_at(now);
        }
        poll.clone().look_again_at(now)
    }

    #[test]
    fn short_waits_are_looked_for_and_long_ones_are_not() {
        let mut poll = BusyPoll::new(LIMIT);
        assert!(after(&mut poll, 100, LIMIT / 2));
        let long = Duration::from_secs(10);
        assert!(after(&mut poll, 1, long), "one is an exception");
        assert!(!after(&mut poll, 10, LIMIT * 2), "these are the rule");
        assert!(after(&mut poll, 30, LIMIT / 2), "they are short again");
    }

    #[test]
    fn a_wait_is_slept_through_from_the_limit_on() {
        let mut poll = BusyPoll::new(LIMIT);
        let start = real_now();
        assert!(poll.look_again_at(start));
        assert!(poll.look_again_at(start + LIMIT / 2));
        assert!(!poll.look_again_at(start + LIMIT));
        poll.arrived_at(start + LIMIT);
        assert!(poll.look_again_at(start + LIMIT), "a new wait");
    }

    #[tokio::test]
    async fn without_time_it_never_looks() {
        assert!(BusyPoll::for_this_runtime(LIMIT).look_again());
        assert!(!BusyPoll::for_this_runtime(Duration::ZERO).look_again());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn with_several_threads_it_never_looks() {
        assert!(!BusyPoll::for_this_runtime(LIMIT).look_again());
    }
}
