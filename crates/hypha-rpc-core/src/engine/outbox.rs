//! What waits to be written, in the order of its urgency.

use std::collections::VecDeque;

use hypha_codec::{OutgoingHeader, Rope, Text};

use crate::address::Address;

/// Frames that wait, urgent ones first.
///
/// Answers to calls of others go before calls of ours, as they free memory at both ends, though not
/// without end. Each lane keeps its order.
#[derive(Debug)]
pub(crate) struct Outbox<P> {
    control: VecDeque<Queued<P>>,
    answers: VecDeque<Queued<P>>,
    calls: VecDeque<Queued<P>>,
    answers_in_a_row: usize,
}

/// After this many answers a call goes out, if one waits: a peer that floods us with calls must not
/// keep ours from being sent.
const ANSWERS_IN_A_ROW: usize = 8;

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
    Message(Message),
    /// An event, encoded.
    Event(Rope),
}

/// A frame of type `method` that is not encoded yet: where it goes may still change.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) to: Text,
    pub(crate) method: Text,
    pub(crate) parent: Option<Text>,
    pub(crate) session: Option<Text>,
    pub(crate) payload: Rope,
}

impl Message {
    /// An answer goes to the caller's session and belongs to it (protocol section 6.2).
    pub(crate) fn answer(to: Text, session: Text, name: &str, payload: Rope) -> Self {
        Self {
            to,
            method: Text::from(format!("{session}.{name}")),
            parent: Some(session),
            session: None,
            payload,
        }
    }

    /// The frame, sent by `from`.
    pub(crate) fn encode(self, from: &Address) -> Rope {
        let header = OutgoingHeader::call(&self.to, &self.method)
            .from(from.as_str())
            .parent(self.parent.as_deref())
            .session(self.session.as_deref());
        hypha_codec::encode_frame(&header, self.payload)
    }
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
    /// A ping, whose answer is waited for from when it was written.
    Ping,
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
            answers_in_a_row: 0,
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
        if let Some(control) = self.control.pop_front() {
            return Some(control);
        }
        if (self.answers_in_a_row < ANSWERS_IN_A_ROW || self.calls.is_empty())
            && let Some(answer) = self.answers.pop_front()
        {
            self.answers_in_a_row += 1;
            return Some(answer);
        }
        self.answers_in_a_row = 0;
        self.calls.pop_front()
    }

    pub(crate) fn waiting_answers(&self) -> usize {
        self.answers.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.control.is_empty() && self.answers.is_empty() && self.calls.is_empty()
    }
}
