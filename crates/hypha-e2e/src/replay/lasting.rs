//! Messages that are fresh for longer than others.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// So many at most, by when they expire. Were all of the room theirs, whoever seals a message now would have none: it
/// expires before any of them.
#[derive(Debug)]
pub(super) struct Lasting {
    most: usize,
    expiring: BinaryHeap<Reverse<u64>>,
}

impl Lasting {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            expiring: BinaryHeap::new(),
        }
    }

    /// Does not count those any more that expire until then.
    pub(super) fn forget(&mut self, until: u64) {
        while self
            .expiring
            .peek()
            .is_some_and(|Reverse(first)| *first <= until)
        {
            self.expiring.pop();
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.expiring.len() >= self.most
    }

    pub(super) fn push(&mut self, expires: u64) {
        self.expiring.push(Reverse(expires));
    }
}
