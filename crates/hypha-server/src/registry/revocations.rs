use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::identity::TokenId;

/// How many revoked tokens are remembered until they end by themselves. None is ever forgotten to make room.
const MAX_REVOKED: usize = 1 << 18;

/// Tokens that are refused although they have not ended, with the second since 1970 when they do.
#[derive(Debug, Default)]
pub(super) struct Revocations(Mutex<HashMap<TokenId, u64>>);

impl Revocations {
    /// Remembers a token; false if there is no room for it.
    pub(super) fn add(&self, token: TokenId, until: u64, now: u64) -> bool {
        self.add_within(MAX_REVOKED, token, until, now)
    }

    fn add_within(&self, max: usize, token: TokenId, until: u64, now: u64) -> bool {
        let mut revoked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if revoked.len() >= max {
            revoked.retain(|_, until| *until > now);
        }
        let has_room = revoked.len() < max || revoked.contains_key(&token);
        if has_room {
            revoked.insert(token, until);
        }
        has_room
    }

    pub(super) fn contains(&self, token: &TokenId) -> bool {
        let revoked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        revoked.contains_key(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_ended_makes_room() {
        let revoked = Revocations::default();
        assert!(revoked.add_within(2, [1; 32], 10, 0));
        assert!(revoked.add_within(2, [2; 32], 20, 0));
        assert!(!revoked.add_within(2, [3; 32], 30, 9));
        assert!(revoked.add_within(2, [2; 32], 20, 9));
        assert!(revoked.contains(&[1; 32]));
        assert!(revoked.add_within(2, [3; 32], 30, 10));
        assert!(!revoked.contains(&[1; 32]));
        assert!(revoked.contains(&[2; 32]));
    }
}
