//! Sealed calls that came already.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hypha_e2e::{Nonce, PublicKey, ReplayError, ReplayGuard};

use super::{FRESH, now_ms};

/// Calls that are remembered, so that they do not come twice: 17 MiB of them, and 30 where each comes
/// of another key. When more come in the time that they are taken, that time becomes shorter.
const REMEMBERED: usize = 1 << 18;

/// What came sealed for one key, in bounded memory. Clones are the same: whoever has a key keeps one,
/// for all connections.
#[derive(Clone, Debug)]
pub struct SealedCalls {
    guard: Arc<Mutex<ReplayGuard>>,
}

impl SealedCalls {
    /// For a key that is new: nothing can have come before.
    #[must_use]
    pub fn of_new_key() -> Self {
        Self::with(ReplayGuard::new(FRESH, REMEMBERED))
    }

    /// For a key that may have been used before, by a program that ended: what was sealed before now
    /// is refused, as it may have come then. A caller whose clock is behind is refused for as long.
    #[must_use]
    pub fn from_now() -> Self {
        Self::with(ReplayGuard::new(FRESH, REMEMBERED).since(now_ms()))
    }

    fn with(guard: ReplayGuard) -> Self {
        Self {
            guard: Arc::new(Mutex::new(guard)),
        }
    }

    /// Lets a call in once, while it is fresh.
    pub(super) fn admit(
        &self,
        sender: &PublicKey,
        nonce: &Nonce,
        sealed_at_ms: u64,
        longer: Duration,
    ) -> Result<(), ReplayError> {
        // Nothing panics under the lock.
        let mut guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        guard.admit(sender, nonce, sealed_at_ms, longer, now_ms())
    }
}
