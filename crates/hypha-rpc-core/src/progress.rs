//! How far a large message has come.

use std::fmt;
use std::sync::Arc;

/// How much of a message in several frames is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Which message of the call it is.
    pub direction: Direction,
    /// Bytes of the message that the other end has, or that have come from there. Counts anew where
    /// a lost connection made the message begin anew.
    pub done: u64,
    /// Bytes of the whole message, where they are known: a receiver learns the length at the end.
    pub total: Option<u64>,
}

/// Which message of a call is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a call has arguments and a result, and nothing else"
)]
pub enum Direction {
    /// The arguments, from here.
    Sending,
    /// The result, to here.
    Receiving,
}

/// What the user wants called with the progress of a call.
#[derive(Clone)]
pub(crate) struct ProgressHook(Arc<dyn Fn(Progress) + Send + Sync>);

impl ProgressHook {
    pub(crate) fn new(hook: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    pub(crate) fn report(&self, direction: Direction, done: usize, total: Option<usize>) {
        (self.0)(Progress {
            direction,
            done: done as u64,
            total: total.map(|total| total as u64),
        });
    }
}

impl fmt::Debug for ProgressHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProgressHook")
    }
}
