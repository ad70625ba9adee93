//! How much work one validation may be.

use crate::instance::{Instance, Kind};

/// What any value may cost: schemas inside schemas could take for ever.
const FREE: usize = 1_000_000;

/// What each part of a value may cost beyond that, since whoever sent it paid for it as well.
const PER_PART: usize = 256;

/// Text of so many bytes is as much work as a part.
const TEXT: usize = 64;

/// Parts deeper than this are not reached.
const MAX_DEPTH: usize = 130;

/// The work that was done, and what is left.
pub(super) struct Budget<V> {
    left: usize,
    /// The value that is checked, until its size was looked at: mostly nobody needs it.
    unmeasured: Option<V>,
    spent: bool,
}

impl<V: Instance> Budget<V> {
    pub(super) fn new(whole: V) -> Self {
        Self {
            left: FREE,
            unmeasured: Some(whole),
            spent: false,
        }
    }

    /// Does so much work. False if there is none left.
    pub(super) fn spend(&mut self, work: usize) -> bool {
        if let Some(left) = self.left.checked_sub(work) {
            self.left = left;
            return !self.spent;
        }
        if let Some(whole) = self.unmeasured.take() {
            let allowed = parts(whole, 0).saturating_mul(PER_PART);
            self.left = self.left.saturating_add(allowed);
            return self.spend(work);
        }
        self.spent = true;
        false
    }

    /// Looks at so much text.
    pub(super) fn read(&mut self, bytes: usize) -> bool {
        self.spend(bytes / TEXT)
    }

    pub(super) fn is_spent(&self) -> bool {
        self.spent
    }
}

fn parts<V: Instance>(value: V, depth: usize) -> usize {
    if depth >= MAX_DEPTH {
        return 1;
    }
    let mut sum = 1_usize;
    let mut add = |inner: V| sum = sum.saturating_add(parts(inner, depth + 1));
    match value.kind() {
        Kind::Array(length) => (0..length).filter_map(|at| value.item(at)).for_each(add),
        Kind::Object(_) => value.for_each_member(&mut |_, member| add(member)),
        Kind::String(text) => return 1 + text.len() / TEXT,
        _ => {}
    }
    sum
}
