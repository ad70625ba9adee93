//! The application's own pings and the refresh of the reconnection token (protocol section 1.4).

use std::time::{Duration, Instant};

use super::timers::after;

/// What keepalive wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Send `{"type":"ping"}`.
    Ping,
    /// Send `{"type":"refresh_token"}`.
    Refresh,
    /// Nothing arrived for too long after a ping: the link is dead.
    Dead,
}

/// Times of keepalive; `None` turns the part off.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeepaliveConfig {
    pub(crate) ping_interval: Option<Duration>,
    pub(crate) ping_timeout: Duration,
    pub(crate) refresh_interval: Option<Duration>,
}

/// The timers of keepalive.
#[derive(Debug)]
pub(crate) struct Keepalive {
    config: KeepaliveConfig,
    next_ping: Option<Instant>,
    /// A ping is being written: its answer cannot come yet, however slow the way is.
    ping_under_way: bool,
    answer_due: Option<Instant>,
    next_refresh: Option<Instant>,
}

impl Keepalive {
    pub(crate) fn new(now: Instant, mut config: KeepaliveConfig) -> Self {
        // Zero is off as well: it would be due again at once, for ever.
        config.ping_interval = config.ping_interval.filter(|interval| !interval.is_zero());
        config.refresh_interval = config
            .refresh_interval
            .filter(|interval| !interval.is_zero());
        Self {
            config,
            next_ping: config.ping_interval.map(|interval| after(now, interval)),
            ping_under_way: false,
            answer_due: None,
            next_refresh: config.refresh_interval.map(|interval| after(now, interval)),
        }
    }

    /// A ping went to the transport.
    pub(crate) fn handed_over(&mut self) {
        self.ping_under_way = true;
    }

    /// The transport took what it was given: an answer is due from now on.
    pub(crate) fn written(&mut self, now: Instant) {
        if std::mem::take(&mut self.ping_under_way) {
            let due = after(now, self.config.ping_timeout);
            self.answer_due = self.answer_due.or(Some(due));
        }
    }

    /// Any frame shows that the other end lives.
    pub(crate) fn heard(&mut self) {
        self.answer_due = None;
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        [self.next_ping, self.answer_due, self.next_refresh]
            .into_iter()
            .flatten()
            .min()
    }

    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Due> {
        if self.answer_due.is_some_and(|at| at <= now) {
            self.answer_due = None;
            self.next_ping = None;
            self.next_refresh = None;
            return Some(Due::Dead);
        }
        if self.next_ping.is_some_and(|at| at <= now) {
            self.next_ping = self
                .config
                .ping_interval
                .map(|interval| after(now, interval));
            return Some(Due::Ping);
        }
        if self.next_refresh.is_some_and(|at| at <= now) {
            self.next_refresh = self
                .config
                .refresh_interval
                .map(|interval| after(now, interval));
            return Some(Due::Refresh);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::start;

    const SECOND: Duration = Duration::from_secs(1);

    fn keepalive(now: Instant) -> Keepalive {
        Keepalive::new(
            now,
            KeepaliveConfig {
                ping_interval: Some(20 * SECOND),
                ping_timeout: 10 * SECOND,
                refresh_interval: Some(50 * SECOND),
            },
        )
    }

    #[test]
    fn pings_while_answers_come() {
        let t0 = start();
        let mut keepalive = keepalive(t0);
        let mut seen = Vec::new();
        for second in 0..=100 {
            let now = t0 + second * SECOND;
            while let Some(due) = keepalive.pop_due(now) {
                seen.push((second, due));
            }
            keepalive.heard();
        }
        let expected = [
            (20, Due::Ping),
            (40, Due::Ping),
            (50, Due::Refresh),
            (60, Due::Ping),
            (80, Due::Ping),
            (100, Due::Ping),
            (100, Due::Refresh),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn an_interval_of_zero_is_off_and_an_endless_one_is_never_due() {
        let t0 = start();
        for interval in [Duration::ZERO, Duration::MAX] {
            let config = KeepaliveConfig {
                ping_interval: Some(interval),
                ping_timeout: Duration::MAX,
                refresh_interval: Some(interval),
            };
            assert_eq!(Keepalive::new(t0, config).pop_due(t0 + SECOND), None);
        }
    }

    #[test]
    fn silence_after_a_ping_ends_the_link_once() {
        let t0 = start();
        let mut keepalive = keepalive(t0);
        assert_eq!(keepalive.pop_due(t0 + 20 * SECOND), Some(Due::Ping));
        keepalive.handed_over();
        keepalive.written(t0 + 20 * SECOND);
        assert_eq!(keepalive.next_timeout(), Some(t0 + 30 * SECOND));
        assert_eq!(keepalive.pop_due(t0 + 30 * SECOND), Some(Due::Dead));
        assert_eq!(keepalive.pop_due(t0 + 300 * SECOND), None);
        assert_eq!(keepalive.next_timeout(), None);
    }
}
