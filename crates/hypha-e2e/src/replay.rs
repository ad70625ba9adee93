//! What came already.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::time::Duration;

use crate::nonce::Nonce;
use crate::public_key::PublicKey;

/// Lets each message in once, while it is fresh.
///
/// It has no clock: whoever asks says what time it is. A message is fresh for the window, both ways: clocks may differ by
/// so much. As long as it is, its nonce is remembered, and it does not come in again.
///
/// At most `capacity` nonces are remembered. When more come within the window, the sender of the most makes room: half of
/// its nonces are forgotten, those that would expire first, and nothing of it is let in any more that would expire as
/// early as they. So what may have been there is refused, and the window is shorter for a while, for whoever sends the
/// most. Where many send little, this goes for all of them together.
///
/// ```
/// use std::time::Duration;
/// use hypha_e2e::{Nonce, PublicKey, ReplayError, ReplayGuard};
///
/// let mut guard = ReplayGuard::new(Duration::from_secs(60), 1000);
/// let (sender, nonce) = (PublicKey::from_bytes([1; 32]), Nonce::from_bytes([7; 24]));
/// let (sealed_at, now) = (1_700_000_000_000, 1_700_000_000_250);
/// let mut admit = || guard.admit(&sender, &nonce, sealed_at, Duration::ZERO, now);
/// assert_eq!(admit(), Ok(()));
/// assert_eq!(admit(), Err(ReplayError::Replayed));
/// ```
#[derive(Debug)]
pub struct ReplayGuard {
    window: u64,
    capacity: usize,
    /// Whatever is fresh until then, or less long, may have been forgotten.
    floor: u64,
    senders: HashMap<PublicKey, Sender>,
    /// Nonces of all of them.
    len: usize,
    /// When senders without nonces are looked for.
    next_sweep: u64,
}

/// What came of one sender.
#[derive(Debug, Default)]
struct Sender {
    /// As for all, for this one alone.
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
            senders: HashMap::new(),
            len: 0,
            next_sweep: 0,
        }
    }

    /// Lets a message in that this sender sealed under this nonce, at this time (in milliseconds since 1970), and that
    /// may be older by `longer` for the time it takes to travel.
    ///
    /// # Errors
    /// If it is not fresh, or may have been there.
    pub fn admit(
        &mut self,
        sender: &PublicKey,
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
        if expires < now_ms || expires <= self.floor {
            return Err(ReplayError::TooOld);
        }
        self.sweep(now_ms);
        if let Some(known) = self.senders.get_mut(sender) {
            self.len -= known.forget(|expires| expires < now_ms);
            if known.seen.contains(nonce) {
                return Err(ReplayError::Replayed);
            }
        }
        if self.len >= self.capacity {
            self.make_room();
        }
        let floor = self.senders.get(sender).map_or(0, |known| known.floor);
        if expires <= floor.max(self.floor) {
            return Err(ReplayError::TooOld);
        }
        let known = self.senders.entry(*sender).or_default();
        known.seen.insert(*nonce);
        known.expiring.push(Reverse((expires, *nonce)));
        self.len += 1;
        Ok(())
    }

    /// How many messages are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Now and then, forgets what is not fresh any more, and who sent nothing else.
    fn sweep(&mut self, now_ms: u64) {
        if now_ms < self.next_sweep {
            return;
        }
        self.next_sweep = now_ms.saturating_add((self.window / 4).max(1));
        self.forget(|expires| expires < now_ms);
    }

    /// Forgets what expires at such times, and senders of which nothing is left.
    fn forget(&mut self, is_over: impl Fn(u64) -> bool) {
        let (floor, len) = (&mut self.floor, &mut self.len);
        self.senders.retain(|_, sender| {
            *len -= sender.forget(&is_over);
            // A clock that is set back would make it fresh again.
            if sender.seen.is_empty() {
                *floor = (*floor).max(sender.floor);
            }
            !sender.seen.is_empty()
        });
    }

    fn make_room(&mut self) {
        let most = self
            .senders
            .values_mut()
            .max_by_key(|sender| sender.seen.len());
        // To look for whoever sends the most takes time: it is worth it only where that makes much room.
        let much = 1 + self.capacity / 1024;
        let Some(most) = most.filter(|most| most.seen.len() > much) else {
            // The half that expires first: one of them may be fresh for hours, and all who come later would be
            // refused until then.
            let senders = self.senders.values();
            let mut expiring: Vec<u64> = senders
                .flat_map(|sender| sender.expiring.iter().map(|Reverse((expires, _))| *expires))
                .collect();
            let middle = expiring.len() / 2;
            let (_, median, _) = expiring.select_nth_unstable(middle);
            let median = *median;
            self.floor = self.floor.max(median);
            self.forget(|expires| expires <= median);
            return;
        };
        for _ in 0..most.seen.len() / 2 {
            self.len -= most.forget_first();
        }
    }
}

impl Sender {
    /// Forgets what expires at such times, and says how much that was.
    fn forget(&mut self, is_over: impl Fn(u64) -> bool) -> usize {
        let mut forgotten = 0;
        while let Some(Reverse((expires, _))) = self.expiring.peek()
            && is_over(*expires)
        {
            forgotten += self.forget_first();
        }
        forgotten
    }

    fn forget_first(&mut self) -> usize {
        let Some(Reverse((expires, nonce))) = self.expiring.pop() else {
            return 0;
        };
        self.floor = self.floor.max(expires);
        usize::from(self.seen.remove(&nonce))
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
