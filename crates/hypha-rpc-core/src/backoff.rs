//! When to dial again (protocol section 2): pure, randomness is passed in.

use std::time::Duration;

/// Whether and how a lost connection is made again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReconnectPolicy {
    /// Whether to try at all.
    pub enabled: bool,
    /// After this many failed attempts in a row the connection is over; never by default.
    pub max_attempts: Option<u32>,
    /// The longest wait after the first failed attempt, 1 s; it doubles with each further one.
    pub base: Duration,
    /// The longest wait there is, 60 s.
    pub cap: Duration,
}

impl ReconnectPolicy {
    /// Reconnects for as long as it takes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            enabled: true,
            max_attempts: None,
            base: Duration::from_secs(1),
            cap: Duration::from_secs(60),
        }
    }

    /// A connection that is lost is over.
    #[must_use]
    pub fn off() -> Self {
        Self {
            enabled: false,
            ..Self::new()
        }
    }

    /// Gives up after this many failed attempts in a row.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// Sets the longest wait after the first failed attempt.
    #[must_use]
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// Sets the longest wait there is.
    #[must_use]
    pub fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }
}

impl Default for ReconnectPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// Waits that grow, spread evenly over their whole length: clients that lost one server together
/// must not come back together.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    base: Duration,
    cap: Duration,
    failures: u32,
}

/// The shortest wait after a failure.
const FLOOR: Duration = Duration::from_millis(100);

impl Backoff {
    pub(crate) fn new(base: Duration, cap: Duration) -> Self {
        Self {
            base,
            cap,
            failures: 0,
        }
    }

    /// How long to wait after one more failure; `random` is uniform over all of `u64`.
    pub(crate) fn failed(&mut self, random: u64) -> Duration {
        let longest = self.longest(self.failures);
        self.failures = self.failures.saturating_add(1);
        spread(longest, random)
    }

    fn longest(&self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures).filter(|_| failures < 32);
        factor
            .and_then(|factor| self.base.checked_mul(factor))
            .map_or(self.cap, |wait| wait.min(self.cap))
    }
}

/// When to dial after a connection was lost, in view of how long the lost ones lived.
#[derive(Clone, Debug)]
pub(crate) struct Redials {
    policy: ReconnectPolicy,
    backoff: Backoff,
    /// Connections in a row that lived only for a moment.
    flaps: u32,
    /// Failed attempts since the last connection.
    failed: u32,
}

/// A connection that lived shorter counts as one that never came about.
const SHORT_LIFE: Duration = Duration::from_secs(5);

impl Redials {
    pub(crate) fn new(policy: ReconnectPolicy) -> Self {
        Self {
            backoff: Backoff::new(policy.base, policy.cap),
            policy,
            flaps: 0,
            failed: 0,
        }
    }

    /// Failed attempts since the connection was lost.
    pub(crate) fn attempts(&self) -> u32 {
        self.failed
    }

    /// A connection that lived this long was lost: how long to wait before the first attempt, or
    /// `None` if there is to be none.
    pub(crate) fn lost(&mut self, lived: Duration, random: u64) -> Option<Duration> {
        if !self.policy.enabled || self.policy.max_attempts == Some(0) {
            return None;
        }
        self.flaps = match lived < SHORT_LIFE {
            true => self.flaps.saturating_add(1),
            false => 0,
        };
        self.failed = 0;
        // The first short life is forgiven; from the second on it is as if attempts had failed.
        self.backoff.failures = self.flaps.saturating_sub(1);
        match self.backoff.failures.checked_sub(1) {
            None => Some(Duration::ZERO),
            Some(before) => Some(spread(self.backoff.longest(before), random)),
        }
    }

    /// An attempt failed: how long to wait before the next, or `None` if that was the last.
    pub(crate) fn failed(&mut self, random: u64) -> Option<Duration> {
        self.failed = self.failed.saturating_add(1);
        match self.policy.max_attempts {
            Some(most) if self.failed >= most => None,
            _ => Some(self.backoff.failed(random)),
        }
    }
}

/// Uniform in `(0, longest]`, but not below the floor.
fn spread(longest: Duration, random: u64) -> Duration {
    let share = (random as f64 + 1.0) / (u64::MAX as f64 + 1.0);
    let wait = Duration::try_from_secs_f64(longest.as_secs_f64() * share);
    wait.unwrap_or(longest).min(longest).max(FLOOR)
}

/// A random number for [`Backoff`]; without randomness the middle.
pub(crate) fn random() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(5);
    const SHORT: Duration = Duration::from_millis(4999);

    fn millis(wait: Option<Duration>) -> Option<u128> {
        wait.map(|wait| wait.as_millis())
    }

    #[test]
    fn the_longest_waits_double_up_to_the_cap() {
        let mut redials = Redials::new(ReconnectPolicy::new());
        assert_eq!(redials.lost(LONG, u64::MAX), Some(Duration::ZERO));
        let waits: Vec<_> = (0..40).map(|_| redials.failed(u64::MAX)).collect();
        let seconds: Vec<_> = waits.iter().map(|wait| wait.unwrap().as_secs()).collect();
        assert_eq!(seconds[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(seconds[8..].iter().all(|wait| *wait == 60));
        assert_eq!(redials.attempts(), 40);
        assert_eq!(redials.lost(LONG, u64::MAX), Some(Duration::ZERO));
        assert_eq!(millis(redials.failed(u64::MAX)), Some(1000), "begins anew");
    }

    #[test]
    fn waits_are_spread_evenly_over_their_whole_length() {
        for (random, wait) in [
            (0, 100),
            (u64::MAX / 100, 100),
            (u64::MAX / 4, 250),
            (u64::MAX / 2, 500),
            (u64::MAX / 4 * 3, 750),
            (u64::MAX, 1000),
        ] {
            let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
            let got = backoff.failed(random).as_millis();
            assert!(got.abs_diff(wait) <= 1, "{random}: {got} {wait}");
        }
    }

    #[test]
    fn connections_that_break_at_once_are_dialled_ever_more_slowly() {
        // Lives, and the longest wait before the first attempt after each (protocol section 2).
        let lives = [
            (SHORT, 0),
            (SHORT, 1000),
            (SHORT, 2000),
            (SHORT, 4000),
            (SHORT, 8000),
            (LONG, 0),
            (SHORT, 0),
            (SHORT, 1000),
            (Duration::ZERO, 2000),
        ];
        let mut redials = Redials::new(ReconnectPolicy::new());
        for (index, (life, wait)) in lives.into_iter().enumerate() {
            assert_eq!(
                millis(redials.lost(life, u64::MAX)),
                Some(wait),
                "cut {index}"
            );
        }
        assert_eq!(
            millis(redials.failed(u64::MAX)),
            Some(4000),
            "failed attempts go on from the flaps"
        );
    }

    #[test]
    fn the_policy_rules() {
        let mut off = Redials::new(ReconnectPolicy::off());
        assert_eq!(off.lost(LONG, 0), None);
        let mut none = Redials::new(ReconnectPolicy::new().max_attempts(0));
        assert_eq!(none.lost(LONG, 0), None);
        let mut three = Redials::new(ReconnectPolicy::new().max_attempts(3));
        for _ in 0..2 {
            assert!(three.lost(LONG, 0).is_some());
            assert!(three.failed(0).is_some() && three.failed(0).is_some());
            assert_eq!(three.failed(0), None);
        }
        let policy = ReconnectPolicy::new()
            .base(Duration::from_millis(300))
            .cap(Duration::from_millis(500));
        let mut quick = Redials::new(policy);
        assert_eq!(quick.lost(LONG, 0), Some(Duration::ZERO));
        let waits = [(); 3].map(|()| millis(quick.failed(u64::MAX)).unwrap());
        assert_eq!(waits, [300, 500, 500]);
        let mut endless = Redials::new(
            ReconnectPolicy::new()
                .base(Duration::MAX)
                .cap(Duration::MAX),
        );
        assert!(endless.lost(LONG, 0).is_some());
        assert_eq!(endless.failed(u64::MAX), Some(Duration::MAX), "no overflow");
    }
}
