//! What came already.

mod lasting;

use std::cmp::Reverse;
use std::collections::hash_map::RandomState;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::time::Duration;

use self::lasting::Lasting;
use crate::nonce::Nonce;
use crate::public_key::PublicKey;

/// Lets each message in once, while it is fresh.
///
/// It has no clock: whoever asks says what time it is. A message is fresh for the window, both ways: clocks may differ by
/// so much. As long as it is, it is remembered, and does not come in again.
///
/// At most `capacity` messages are remembered. When more come within the window, the sender of the most makes room: half
/// of its messages are forgotten, those that would expire first, and nothing of it is let in any more that would expire as
/// early as they. So what may have been there is refused, and the window is shorter for a while, for whoever sends the
/// most. Where many send little, this goes for all of them together, and what was sealed just now still comes in: messages
/// that are fresh for longer than that have only a part of the room.
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
    /// What was sealed before may have come to somebody else with this key.
    since: u64,
    /// Whatever is fresh until then, or less long, may have been forgotten.
    floor: u64,
    seen: HashSet<Id>,
    expiring: BinaryHeap<Reverse<Message>>,
    senders: HashMap<SenderId, Sender>,
    /// Messages that were sealed in the future.
    ahead: Lasting,
    /// Messages that may take longer.
    longer: Lasting,
    hashers: [RandomState; 2],
}

/// What tells messages apart. Who does not know the keys of the hashes finds no two with one id; were there two, the second
/// would be refused.
type Id = u128;

/// What tells senders apart. Two with one id would be one.
type SenderId = u64;

/// A message that came in, by when it is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Message {
    expires: u64,
    sender: SenderId,
    id: Id,
}

/// Somebody of whom messages are remembered.
#[derive(Debug, Default)]
struct Sender {
    /// As for all, for this one alone.
    floor: u64,
    messages: usize,
}

/// Of the room, what messages may take that were sealed in the future, and as much those that may take longer.
const LASTING: usize = 8;

/// Clocks that differ by less than this part of the window do not make a message one of the future.
const TOLERANCE: u64 = 32;

/// What is over is forgotten so many at a time.
const FORGOTTEN: usize = 1024;

/// A sender of less than this part of all does not make room alone: to look for it would take longer than it is worth.
const MUCH: usize = 64;

impl ReplayGuard {
    /// A guard that has seen nothing. A capacity of zero is one.
    #[must_use]
    pub fn new(window: Duration, capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self {
            window: millis(window),
            capacity,
            since: 0,
            floor: 0,
            seen: HashSet::new(),
            expiring: BinaryHeap::new(),
            senders: HashMap::new(),
            ahead: Lasting::new(capacity / LASTING),
            longer: Lasting::new(capacity / LASTING),
            hashers: Default::default(),
        }
    }

    /// The same, and refuses what was sealed before this time (in milliseconds since 1970): an earlier guard may have let
    /// it in.
    #[must_use]
    pub fn since(mut self, time_ms: u64) -> Self {
        self.since = time_ms;
        self
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
        if sealed_at_ms < self.since || expires < now_ms || expires <= self.floor {
            return Err(ReplayError::TooOld);
        }
        self.forget_expired(now_ms);
        let message = Message {
            expires,
            sender: self.hashers[0].hash_one(sender),
            id: self.id(sender, nonce),
        };
        if self.seen.contains(&message.id) {
            return Err(ReplayError::Replayed);
        }
        let lasts = self.lasting(sealed_at_ms, expires, now_ms);
        if lasts.is_some_and(|lasting| lasting.is_full()) {
            return Err(ReplayError::Crowded);
        }
        if self.seen.len() >= self.capacity {
            self.make_room();
        }
        let known = self.senders.get(&message.sender);
        let floor = known.map_or(0, |known| known.floor);
        if expires <= floor.max(self.floor) {
            return Err(ReplayError::TooOld);
        }
        if let Some(lasting) = self.lasting(sealed_at_ms, expires, now_ms) {
            lasting.push(expires);
        }
        self.senders.entry(message.sender).or_default().messages += 1;
        self.seen.insert(message.id);
        self.expiring.push(Reverse(message));
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

    fn id(&self, sender: &PublicKey, nonce: &Nonce) -> Id {
        let [high, low] = [0, 1].map(|half: usize| {
            let hash = self.hashers[half].hash_one((sender, nonce));
            Id::from(hash)
        });
        (high << 64) | low
    }

    /// Among which a message counts that is fresh for longer than one that is sealed now.
    fn lasting(&mut self, sealed_at: u64, expires: u64, now: u64) -> Option<&mut Lasting> {
        let usual = now.saturating_add(self.window);
        let lasting = if sealed_at > now.saturating_add(self.window / TOLERANCE) {
            &mut self.ahead
        } else if expires > usual.saturating_add(self.window / TOLERANCE) {
            &mut self.longer
        } else {
            return None;
        };
        lasting.forget(usual);
        Some(lasting)
    }

    /// Forgets what is not fresh any more, and who sent nothing else.
    fn forget_expired(&mut self, now: u64) {
        // Not all at once after a flood, which somebody would have to wait for.
        for _ in 0..FORGOTTEN {
            let Some(Reverse(first)) = self.expiring.peek().copied() else {
                return;
            };
            if first.expires >= now {
                return;
            }
            self.expiring.pop();
            self.forget(first);
            // A clock that is set back would make it fresh again.
            self.floor = self.floor.max(first.expires);
        }
    }

    fn forget(&mut self, message: Message) {
        self.seen.remove(&message.id);
        if let Some(sender) = self.senders.get_mut(&message.sender) {
            sender.messages -= 1;
            if sender.messages == 0 {
                // It was raised by messages that expired before all that were left.
                self.senders.remove(&message.sender);
            }
        }
    }

    fn make_room(&mut self) {
        let most = self.senders.iter().max_by_key(|(_, one)| one.messages);
        let most = most.filter(|(_, one)| one.messages > 1 + self.capacity / MUCH);
        let most = most.map(|(sender, _)| *sender);
        let all = std::mem::take(&mut self.expiring).into_vec();
        let (mut theirs, mut kept): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|Reverse(message)| most.is_none_or(|most| message.sender == most));
        // The half that expires first.
        let half = theirs.len().div_ceil(2);
        theirs.sort_unstable_by_key(|Reverse(message)| message.expires);
        let mut floor = 0;
        for Reverse(message) in theirs.drain(..half) {
            floor = floor.max(message.expires);
            self.forget(message);
        }
        match most.and_then(|most| self.senders.get_mut(&most)) {
            Some(sender) => sender.floor = sender.floor.max(floor),
            None => self.floor = self.floor.max(floor),
        }
        kept.append(&mut theirs);
        self.expiring = BinaryHeap::from(kept);
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
    /// It is fresh for longer than most, and too many of that kind came.
    #[error("too many messages came that were sealed in the future or may take longer")]
    Crowded,
}
