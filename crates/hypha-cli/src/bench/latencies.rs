//! How long each of many operations took.

use std::time::Duration;

/// Every duration, none forgotten: percentiles are exact.
#[derive(Debug, Default)]
pub(super) struct Latencies(Vec<u64>);

/// Operations a second that no server reaches: there is room for as many from the beginning.
const MOST_PER_SECOND: f64 = 250_000.0;

/// Room that is taken at the beginning at the most; parts that last very long get more while they run.
const MOST_ROOM: usize = 1 << 24;

impl Latencies {
    /// With room for what may come in this time, so that recording allocates nothing. The memory is written to, so that
    /// the operating system has nothing to give while the time runs either.
    pub(super) fn during(time: Duration) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and bounded in the next line"
        )]
        let room = (time.as_secs_f64() * MOST_PER_SECOND) as usize;
        let mut nanos = vec![u64::MAX; room.clamp(1, MOST_ROOM)];
        nanos.clear();
        Self(nanos)
    }

    pub(super) fn record(&mut self, time: Duration) {
        self.0
            .push(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Sorts them.
    pub(super) fn sorted(mut self) -> Sorted {
        self.0.sort_unstable();
        Sorted(self.0)
    }
}

/// The same from the shortest to the longest.
#[derive(Debug)]
pub(super) struct Sorted(Vec<u64>);

impl Sorted {
    /// The shortest time within which this part of the operations was done, in microseconds; 0 if there were none.
    pub(super) fn percentile_us(&self, part: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank in a vector that fits into memory"
        )]
        let rank = (part * self.0.len() as f64).ceil() as usize;
        let nanos = self.0.get(rank.saturating_sub(1)).copied();
        Duration::from_nanos(nanos.unwrap_or_default()).as_secs_f64() * 1e6
    }

    /// The one in the middle, or between the two that are, in microseconds.
    pub(super) fn median_us(&self) -> f64 {
        let (lower, upper) = (
            self.percentile_us(0.5),
            self.0.get(self.0.len() / 2).copied().unwrap_or_default(),
        );
        let upper = Duration::from_nanos(upper).as_secs_f64() * 1e6;
        if self.0.len().is_multiple_of(2) {
            (lower + upper) / 2.0
        } else {
            lower
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Latencies, Sorted};

    fn of(micros: impl IntoIterator<Item = u64>) -> Sorted {
        let mut latencies = Latencies::default();
        for micros in micros {
            latencies.record(Duration::from_micros(micros));
        }
        latencies.sorted()
    }

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let sorted = of((1..=100).rev());
        assert_eq!(sorted.percentile_us(0.5), 50.0);
        assert_eq!(sorted.percentile_us(0.99), 99.0);
        assert_eq!(sorted.percentile_us(1.0), 100.0);
        assert_eq!(sorted.median_us(), 50.5);
    }

    #[test]
    fn few_or_none_are_no_problem() {
        let one = of([7]);
        assert_eq!(
            (
                one.percentile_us(0.5),
                one.percentile_us(0.99),
                one.median_us()
            ),
            (7.0, 7.0, 7.0)
        );
        let none = Latencies::during(Duration::ZERO).sorted();
        assert_eq!((none.percentile_us(0.99), none.median_us()), (0.0, 0.0));
    }

    #[test]
    fn recording_needs_no_more_room() {
        let mut latencies = Latencies::during(Duration::from_millis(1));
        let before = latencies.0.capacity();
        assert!(before >= 250);
        for _ in 0..250 {
            latencies.record(Duration::from_micros(1));
        }
        assert_eq!((latencies.len(), latencies.0.capacity()), (250, before));
    }
}
