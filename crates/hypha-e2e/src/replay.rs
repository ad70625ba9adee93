//! What came already.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::time::Duration;

use crate::nonce::Nonce;

/// Lets each message in once, while it is fresh.
///
/// It has no clock: whoever asks says what time it is. A message is fresh for the window, both ways: clocks may differ by
/// so much. As long as it is, its nonce is remembered, and it does not come in again.
///
/// At most `capacity` nonces are remembered. When more come within the window, those that would expire first are
/// forgotten, and nothing that would expire as early as they is let in any more: what may have been there is refused, and
/// the window is shorter for a while.
///
/// ```
/// use std::time::Duration;
/// use hypha_e2e::{Nonce, ReplayError, ReplayGuard};
///
/// let mut guard = ReplayGuard::new(Duration::from_secs(60), 1000);
/// let nonce = Nonce::from_bytes([7; 24]);
/// let (sealed_at, now) = (1_700_000_000_000, 1_700_000_000_250);
/// assert_eq!(guard.admit(&nonce, sealed_at, Duration::ZERO, now), Ok(()));
/// assert_eq!(guard.admit(&nonce, sealed_at, Duration::ZERO, now), Err(ReplayError::Replayed));
/// ```
#[derive(Debug)]
pub struct ReplayGuard {
    window: u64,
    capacity: usize,
    /// Whatever is fresh until then, or less long, may have been forgotten.
    floor: u64,
    seen: HashSet<Nonce>,
    expiring: BinaryHeap<Reverse<(u64, Nonce)>>,
}

impl ReplayGuard {
    /// A guard that has seen nothing. A capacity of zero is one.
    #[must_use]
    pub fn new(window: Duration, capacity: usize) -> Self {
        Self {
            window: millis(window),
            capacity: capacity.max(1),
            floor: 0,
            seen: HashSet::new(),
            expiring: BinaryHeap::new(),
        }
    }

    /// Lets a message in that was sealed under this nonce, at this time (in milliseconds since 1970), and that may be
    /// older by `longer` for the time it takes to travel.
    ///
    /// # Errors
    /// If it is not fresh, or may have been there.
    pub fn admit(
        &mut self,
        nonce: &Nonce,
        sealed_at_ms: u64,
        longer: Duration,
        now_ms: u64,
    ) -> Result<(), ReplayError> {
        if sealed_at_ms > now_ms.saturating_add(self.window) {
            return Err(ReplayError::FromTheFuture);
        }
        let expires = sealed_at_ms
            .saturating_add(self.window)
            .saturating_add(millis(longer));
        if expires < now_ms {
            return Err(ReplayError::TooOld);
        }
        self.forget(now_ms);
        if self.seen.contains(nonce) {
            return Err(ReplayError::Replayed);
        }
        if self.seen.len() >= self.capacity
            && let Some(Reverse((earliest, forgotten))) = self.expiring.pop()
        {
            self.floor = self.floor.max(earliest);
            self.seen.remove(&forgotten);
        }
        if expires <= self.floor {
            return Err(ReplayError::TooOld);
        }
        self.seen.insert(*nonce);
        self.expiring.push(Reverse((expires, *nonce)));
        Ok(())
    }

    /// How many messages are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Forgets what is not fresh any more.
    fn forget(&mut self, now_ms: u64) {
        while let Some(Reverse((expires, nonce))) = self.expiring.peek()
            && *expires < now_ms
        {
            // A clock that is set back would make it fresh again.
            self.floor = self.floor.max(*expires);
            self.seen.remove(nonce);
            self.expiring.pop();
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Why a message is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// It was sealed too long ago.
    #[error("the message was sealed too long ago")]
    TooOld,
    /// It was sealed in the future: the clocks of the two ends are too far apart.
    #[error("the message was sealed in the future: clocks are too far apart")]
    FromTheFuture,
    /// It was let in before.
    #[error("the message was there before")]
    Replayed,
}
