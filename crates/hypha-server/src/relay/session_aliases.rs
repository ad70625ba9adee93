//! Answers to those who address the manager by an id of an earlier life of the server.
//!
//! A Python client goes on doing so after the server was restarted, and takes an answer only from the address that it
//! called. So the answers to such a call carry that address.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// How many of a client's calls are remembered at once; the oldest are forgotten.
const MAX_SESSIONS: usize = 1024;

/// The addresses that a client called the manager by, by the session that the answer goes to. Empty for all clients
/// that know the manager's id.
#[derive(Debug, Default)]
pub(crate) struct SessionAliases(Mutex<Option<Box<Remembered>>>);

#[derive(Debug, Default)]
struct Remembered {
    addresses: HashMap<String, String>,
    order: VecDeque<String>,
}

impl SessionAliases {
    /// Remembers how a call addressed the manager.
    pub(crate) fn remember(&self, session: &str, address: &str) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = slot.get_or_insert_default();
        let session = session.to_owned();
        if remembered
            .addresses
            .insert(session.clone(), address.to_owned())
            .is_none()
        {
            remembered.order.push_back(session);
        }
        if remembered.order.len() > MAX_SESSIONS
            && let Some(oldest) = remembered.order.pop_front()
        {
            remembered.addresses.remove(&oldest);
        }
    }

    /// A session of this name now belongs to a call that knew the manager's address.
    pub(crate) fn forget(&self, session: &str) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(remembered) = slot.as_mut()
            && remembered.addresses.remove(session).is_some()
        {
            remembered.order.retain(|known| known != session);
        }
    }

    /// The address that a message of the manager to this method has to come from, if not its own.
    pub(crate) fn address_for(&self, method: &str) -> Option<String> {
        let slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = slot.as_ref()?;
        let (session, _) = method.rsplit_once('.')?;
        remembered.addresses.get(session).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_from_the_address_that_was_called() {
        let aliases = SessionAliases::default();
        assert_eq!(aliases.address_for("s.resolve"), None);
        aliases.remember("s", "*/old");
        aliases.remember("s.t", "*/older");
        assert_eq!(aliases.address_for("s.resolve").as_deref(), Some("*/old"));
        assert_eq!(aliases.address_for("s.heartbeat").as_deref(), Some("*/old"));
        assert_eq!(
            aliases.address_for("s.t.reject").as_deref(),
            Some("*/older")
        );
        assert_eq!(aliases.address_for("other.resolve"), None);
    }

    #[test]
    fn only_so_many_are_remembered() {
        let aliases = SessionAliases::default();
        for session in 0..=MAX_SESSIONS {
            aliases.remember(&session.to_string(), "*/old");
        }
        assert_eq!(aliases.address_for("0.resolve"), None);
        assert!(aliases.address_for("1.resolve").is_some());
    }
}
