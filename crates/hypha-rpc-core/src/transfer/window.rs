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
}

/// As many chunks may lie in queues without the window growing any more, or shrinking.
const QUEUED_WANTED: f64 = 0.5;
const QUEUED_BORNE: f64 = 1.0;

/// Where chunks take no time on the way, one after the other keeps it busy.
const SMALLEST: usize = 1;

impl Window {
    pub(crate) fn new() -> Self {
        Self {
            size: SMALLEST,
            quickest: Duration::MAX,
        }
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// A chunk was taken, so long after it went on its way.
    pub(crate) fn taken(&mut self, after: Duration) {
        self.quickest = self.quickest.min(after);
        let moving = self.quickest.as_secs_f64() / after.as_secs_f64().max(f64::MIN_POSITIVE);
        let queued = self.size as f64 * (1.0 - moving);
        if queued < QUEUED_WANTED {
            self.size = (self.size + 1).min(MAX_CHUNKS_AT_ONCE);
        } else if queued > QUEUED_BORNE {
            self.size = (self.size - 1).max(SMALLEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// A way that takes `trip` when it is empty and passes one chunk every `each`.
    fn settled(trip: Duration, each: Duration) -> usize {
        let mut window = Window::new();
        for _ in 0..1000 {
            let size = u32::try_from(window.size()).unwrap();
            window.taken(trip.max(each * size));
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
            let size = settled(trip * MILLISECOND, each * MILLISECOND);
            assert!(expected.contains(&size), "{trip} {each}: {size}");
        }
    }

    #[test]
    fn a_chunk_that_takes_no_time_does_no_harm() {
        let mut window = Window::new();
        for _ in 0..100 {
            window.taken(Duration::ZERO);
            assert!(window.size() <= MAX_CHUNKS_AT_ONCE);
        }
        for _ in 0..100 {
            window.taken(MILLISECOND);
        }
        assert_eq!(window.size(), SMALLEST);
    }
}
