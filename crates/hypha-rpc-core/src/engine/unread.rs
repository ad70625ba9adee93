//! Answers that come too late: functions inside them are given back.

use std::collections::{HashMap, VecDeque};

use crate::address::Address;

/// Calls that were sent and that nobody waits for any more, with those who may still answer.
///
/// The newest ones: functions in the answers of older ones end by their disuse.
#[derive(Debug, Default)]
pub(super) struct Unread {
    targets: HashMap<u64, Address>,
    order: VecDeque<u64>,
}

/// How many are remembered.
const MAX_UNREAD: usize = 1024;

impl Unread {
    pub(super) fn note(&mut self, key: u64, target: Address) {
        if self.order.len() >= MAX_UNREAD
            && let Some(oldest) = self.order.pop_front()
        {
            self.targets.remove(&oldest);
        }
        self.order.push_back(key);
        self.targets.insert(key, target);
    }

    /// Whether this is the answer of one of them; it comes once.
    pub(super) fn take(&mut self, key: u64, from: &Address) -> bool {
        self.targets.get(&key) == Some(from) && self.targets.remove(&key).is_some()
    }
}
