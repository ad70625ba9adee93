//! What waits to be written, in the order of its urgency.

use std::collections::VecDeque;

use hypha_codec::Rope;

/// Frames that wait, urgent ones first.
///
/// Answers to calls of others go before calls of ours: they free memory at both ends. Each lane
/// keeps its order.
#[derive(Debug)]
pub(crate) struct Outbox<P> {
    control: VecDeque<Queued<P>>,
    answers: VecDeque<Queued<P>>,
    calls: VecDeque<Queued<P>>,
}

/// A frame that waits.
#[derive(Debug)]
pub(crate) struct Queued<P> {
    /// What to write.
    pub(crate) content: Content,
    /// What it belongs to.
    pub(crate) origin: Origin,
    /// The place in the caller's budget, given back when the frame has been written.
    pub(crate) permit: Option<P>,
}

/// Content of a frame.
#[derive(Debug)]
pub(crate) enum Content {
    /// A control message.
    Text(String),
    /// A call, an answer or a heartbeat.
    Binary(Rope),
}

/// What a frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A call of ours, with an answer to come or without.
    Call { key: u64, answered: bool },
    /// A call that ran here and now has its answer.
    Answer { key: u64 },
    /// The engine itself.
    Engine,
}

/// The lane of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Control,
    Answer,
    Call,
}

impl<P> Queued<P> {
    /// A frame that nobody waits for.
    pub(crate) fn plain(content: Content) -> Self {
        Self {
            content,
            origin: Origin::Engine,
            permit: None,
        }
    }
}

impl<P> Outbox<P> {
    pub(crate) fn new() -> Self {
        Self {
            control: VecDeque::new(),
            answers: VecDeque::new(),
            calls: VecDeque::new(),
        }
    }

    pub(crate) fn push(&mut self, lane: Lane, queued: Queued<P>) {
        match lane {
            Lane::Control => self.control.push_back(queued),
            Lane::Answer => self.answers.push_back(queued),
            Lane::Call => self.calls.push_back(queued),
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Queued<P>> {
        self.control
            .pop_front()
            .or_else(|| self.answers.pop_front())
            .or_else(|| self.calls.pop_front())
    }

    pub(crate) fn waiting_answers(&self) -> usize {
        self.answers.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.control.is_empty() && self.answers.is_empty() && self.calls.is_empty()
    }
}
