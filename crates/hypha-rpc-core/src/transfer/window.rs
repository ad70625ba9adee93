//! How many chunks may be on their way at once.

use std::time::Duration;

use crate::protocol::MAX_CHUNKS_AT_ONCE;

/// As many as keep the way busy and no more: what lies in queues on the way delays the small
/// messages behind it.
///
/// How long a chunk took when the way was empty tells how many of the present ones wait: a chunk
/// that takes twice as long spends half of its time in queues.
#[derive(Debug)]
pub(crate) struct Window {
    size: usize,
    quickest: Duration,
    /// Small messages that have gone the same way, and when that was last seen to grow.
    small: u64,
    last_small: Option<Duration>,
}

/// So many chunks are wanted in queues: with fewer the window grows, and with more than are borne it
/// shrinks.
#[derive(Clone, Copy, Debug)]
struct Queued {
    wanted: f64,
    borne: f64,
}

/// While there are small messages too.
const IN_COMPANY: Queued = Queued {
    wanted: 0.5,
    borne: 1.0,
};

/// While there are none: every process on the way finds the next chunk waiting when it has passed
/// one on. That is for queues that are short in time as well, since a small message may still come.
const ALONE: Queued = Queued {
    wanted: 3.0,
    borne: 4.5,
};
const SHORT: Duration = Duration::from_millis(5);

/// Without a small message for so long there are none.
const QUIET: Duration = Duration::from_millis(100);

/// Where chunks take no time on the way, one after the other keeps it busy.
const SMALLEST: usize = 1;

impl Window {
    /// A window of a link that has sent so many small messages.
    pub(crate) fn new(small: u64) -> Self {
        Self {
            size: SMALLEST,
            quickest: Duration::MAX,
            small,
            last_small: None,
        }
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// A chunk was taken, so long after it went on its way and so long after the first one; the link
    /// has sent so many small messages.
    pub(crate) fn taken(&mut self, now: Duration, after: Duration, small: u64) {
        if small != self.small {
            self.small = small;
            self.last_small = Some(now);
        }
        self.quickest = self.quickest.min(after);
        let is_quiet = self
            .last_small
            .is_none_or(|last| now.saturating_sub(last) >= QUIET);
        let limits = match is_quiet && after - self.quickest < SHORT {
            true => ALONE,
            false => IN_COMPANY,
        };
        let moving = self.quickest.as_secs_f64() / after.as_secs_f64().max(f64::MIN_POSITIVE);
        let queued = self.size as f64 * (1.0 - moving);
        if queued < limits.wanted {
            self.size = (self.size + 1).min(MAX_CHUNKS_AT_ONCE);
        } else if queued > limits.borne {
            self.size = (self.size - 1).max(SMALLEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// A way that takes `trip` when it is empty and passes one chunk every `each`, with a small
    /// message beside every chunk, or without.
    fn settled(trip: Duration, each: Duration, in_company: bool) -> usize {
        let mut window = Window::new(0);
        let mut now = Duration::ZERO;
        for n in 1..=1000 {
            let size = u32::try_from(window.size()).unwrap();
            let small = if in_company { n } else { 0 };
            now += each;
            window.taken(now, trip.max(each * size), small);
        }
        window.size()
    }

    #[test]
    fn a_long_way_is_filled_and_a_short_one_is_not_flooded() {
        for (trip, each, expected) in [
            // 100 ms at one chunk in 10 ms: ten are moving.
            (100, 10, 10..=11),
            (50, 10, 5..=6),
            // More than ever go at once.
            (1000, 1, 30..=30),
            (1, 1, 1..=2),
            (0, 1, 1..=2),
        ] {
            let size = settled(trip * MILLISECOND, each * MILLISECOND, true);
            assert!(expected.contains(&size), "{trip} {each}: {size}");
        }
    }

    #[test]
    fn alone_more_wait_but_not_for_long() {
        let alone =
            |trip: u32, each: u32| settled(trip * MILLISECOND / 10, each * MILLISECOND / 10, false);
        assert!((4..=6).contains(&alone(2, 2)), "{}", alone(2, 2));
        // A chunk that waits for two others waits for 20 ms.
        assert!(alone(100, 100) <= 2, "{}", alone(100, 100));
    }

    #[test]
    fn small_messages_make_it_narrow_until_they_end() {
        let mut window = Window::new(7);
        let mut now = Duration::ZERO;
        let mut go_on = |window: &mut Window, small: u64, chunks: u32| {
            for _ in 0..chunks {
                now += MILLISECOND / 5;
                let size = u32::try_from(window.size()).unwrap();
                window.taken(now, MILLISECOND / 5 * size, small);
            }
            window.size()
        };
        assert!(go_on(&mut window, 7, 100) >= 4);
        assert!(go_on(&mut window, 8, 10) <= 2);
        assert!(go_on(&mut window, 8, 1000) >= 4);
    }

    #[test]
    fn a_chunk_that_takes_no_time_does_no_harm() {
        let mut window = Window::new(0);
        for _ in 0..100 {
            window.taken(MILLISECOND, Duration::ZERO, 0);
            assert!(window.size() <= MAX_CHUNKS_AT_ONCE);
        }
        for n in 0..100 {
            window.taken(MILLISECOND, MILLISECOND, n);
        }
        assert_eq!(window.size(), SMALLEST);
    }
}
