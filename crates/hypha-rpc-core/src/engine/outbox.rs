//! What waits to be written, in the order of its urgency and fairly between those it goes to.

mod targets;

use std::collections::VecDeque;
use std::time::Instant;

use hypha_codec::{OutgoingHeader, Rope, Text};

use self::targets::Targets;
use super::OutgoingCall;
use super::hold_back::{Demand, Reservation};
use super::pace::Pace;
use crate::address::Address;
use crate::pacing::FrameLimit;
use crate::protocol::answer;

/// Frames that wait, urgent ones first.
///
/// Control messages go before calls that make the link usable, these before heartbeats, and these
/// before answers. Answers to calls of others go before calls of ours, as they free memory at both
/// ends, though not without end. Parts of large messages go when nothing else may, or one after a
/// number of calls, so that no more than one is ahead of anything. Each lane keeps the order of the
/// frames to one target, and takes turns between targets: one that is held back
/// does not hold up the others.
#[derive(Debug)]
pub(crate) struct Outbox<P> {
    control: VecDeque<Queued<P>>,
    /// Calls that make a link usable.
    setup: VecDeque<Queued<P>>,
    /// Whether calls of the user wait until the link is usable.
    calls_held: bool,
    /// Running calls whose caller is to be told that they run; at most one entry for each.
    heartbeats: VecDeque<u64>,
    targets: Targets<P>,
    pace: Pace,
    answers_in_a_row: usize,
    /// Calls since the last part of a large message.
    calls_in_a_row: usize,
    /// Cancelled calls that still have a place in a queue, at most.
    dead: usize,
    /// When to look again, if frames wait that may not go out yet.
    wake: Option<Instant>,
}

/// After this many answers a call goes out, if one waits: a peer that floods us with calls must not
/// keep ours from being sent.
const ANSWERS_IN_A_ROW: usize = 8;

/// After this many calls a part of a large message goes, if one waits: callers that never pause must
/// not keep it here for ever.
const CALLS_IN_A_ROW: usize = 8;

/// Cancelled calls are cleared away once they are this many and half of all.
const DEAD_TO_SWEEP: usize = 64;

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
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A control message.
    Text(String),
    /// A call, an answer or a heartbeat.
    Message(Message),
    /// What is encoded already: an event, or an answer that may go out once more.
    Encoded { to: Text, frame: Rope },
}

impl Content {
    /// About how many bytes the frame has.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Message(message) => message.payload.len(),
            Self::Encoded { frame, .. } => frame.len(),
        }
    }

    /// The client that it goes to; nobody for control messages.
    fn to(&self) -> Option<&Text> {
        match self {
            Self::Text(_) => None,
            Self::Message(message) => Some(&message.to),
            Self::Encoded { to, .. } => Some(to),
        }
    }

    /// Sends it to another client instead. What is encoded has its header already.
    fn set_to(&mut self, client: Text) {
        match self {
            Self::Message(message) => message.to = client,
            Self::Text(_) | Self::Encoded { .. } => {}
        }
    }
}

/// A frame of type `method` that is not encoded yet: where it goes may still change.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) to: Text,
    pub(crate) method: Text,
    pub(crate) parent: Option<Text>,
    pub(crate) session: Option<Text>,
    pub(crate) payload: Rope,
}

impl Message {
    /// Takes a call's message out of it; its answer goes to `session`.
    pub(crate) fn call<H>(call: &mut OutgoingCall<H>, session: Option<Text>) -> Self {
        Self {
            to: call.target.as_text().clone(),
            method: std::mem::take(&mut call.method),
            parent: call.parent.take(),
            session,
            payload: std::mem::take(&mut call.payload),
        }
    }

    /// An answer goes to the caller's session and belongs to it (protocol section 6.2).
    pub(crate) fn answer(to: &Address, session: Text, name: &str, payload: Rope) -> Self {
        Self {
            to: to.as_text().clone(),
            method: Text::concat(&[&session, ".", name]),
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
    /// A call of ours that carries a part of a large message.
    Chunk { key: u64 },
    /// A call that ran here and now has its answer.
    Answer { key: u64 },
    /// The answer of a call that is over here, which may have been lost with the link.
    AnswerAgain,
    /// A call of ours that wants no answer and has had its outcome.
    Sent,
    /// A call of others that was refused.
    Refusal,
    /// The engine itself.
    Engine,
    /// A ping, whose answer is waited for from when it was written.
    Ping,
}

/// The lane of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Answer,
    Call,
    /// Parts of large messages: they go when nothing else may, or when it is their turn.
    Chunk,
}

impl<P> Queued<P> {
    /// A frame that nobody waits for.
    pub(crate) fn plain(content: Content, origin: Origin) -> Self {
        Self {
            content,
            origin,
            permit: None,
        }
    }

    /// What the frame will make its receiver send.
    fn demand(&self, lane: Lane) -> Demand {
        if self.is_unanswered_call() {
            return Demand::Nothing;
        }
        match (&self.content, lane) {
            (Content::Message(message), _) if message.session.is_some() => Demand::Answer,
            (Content::Message(_) | Content::Encoded { .. }, Lane::Answer) => Demand::NextCall,
            _ => Demand::Nothing,
        }
    }

    /// Where a call of ours waits.
    ///
    /// One that wants no answer and belongs to a running call of its target, such as the end of a
    /// generator among the arguments, must not be overtaken by the answer of that call: afterwards
    /// the session is gone that it is for.
    pub(crate) fn lane_of_call(&self) -> Lane {
        match &self.content {
            Content::Message(Message {
                parent: Some(_), ..
            }) if self.is_unanswered_call() => Lane::Answer,
            _ => Lane::Call,
        }
    }

    fn is_unanswered_call(&self) -> bool {
        matches!(
            self.origin,
            Origin::Sent
                | Origin::Call {
                    answered: false,
                    ..
                }
        )
    }

    /// Whether this is a call that is over before it was sent.
    fn is_dead(&self, is_alive: impl Fn(u64) -> bool) -> bool {
        matches!(self.origin, Origin::Call { key, .. } | Origin::Chunk { key } if !is_alive(key))
    }
}

impl<P> Outbox<P> {
    /// Nothing waits, on a link to a server with this limit of frames.
    pub(crate) fn new(now: Instant, limit: Option<FrameLimit>) -> Self {
        let pace = Pace::new(now, limit);
        Self {
            control: VecDeque::new(),
            setup: VecDeque::new(),
            calls_held: false,
            heartbeats: VecDeque::new(),
            targets: Targets::new(now, pace.peer_limit()),
            pace,
            answers_in_a_row: 0,
            calls_in_a_row: 0,
            dead: 0,
            wake: None,
        }
    }

    /// Queues a control message. They are exempt from all pacing (protocol section 1.4).
    pub(crate) fn push_control(&mut self, queued: Queued<P>) {
        self.control.push_back(queued);
    }

    /// Queues a call that makes the link usable.
    pub(crate) fn push_setup(&mut self, queued: Queued<P>) {
        self.setup.push_back(queued);
    }

    /// Puts a message back in front of those for the same target: the last one first.
    pub(crate) fn put_back(&mut self, lane: Lane, queued: Queued<P>) {
        self.targets.put_back(lane, queued);
    }

    /// Queues a message.
    pub(crate) fn push(&mut self, lane: Lane, queued: Queued<P>) {
        self.targets.push(lane, queued);
    }

    /// Queues the heartbeat of a running call, which is asked for when it may go out.
    pub(crate) fn push_heartbeat(&mut self, key: u64) {
        self.heartbeats.push_back(key);
    }

    /// The next frame that may go out, with the frames that were kept free for its answer.
    ///
    /// `is_alive` says whether a call is still wanted, `heartbeat` where the heartbeat of a running
    /// call goes: caller and session, if it is still wanted.
    pub(crate) fn pop(
        &mut self,
        now: Instant,
        is_alive: impl Fn(u64) -> bool,
        heartbeat: impl FnMut(u64) -> Option<(Address, Text)>,
    ) -> Option<(Queued<P>, Reservation)> {
        self.wake = None;
        if let Some(control) = self.control.pop_front() {
            return Some((control, Reservation::default()));
        }
        if self.is_empty() {
            return None;
        }
        if !self.pace.admits_frame(now) {
            self.wake = Some(self.pace.next_frame(now));
            return None;
        }
        self.targets.wake(now);
        let first = match self.setup.pop_front() {
            Some(setup) => Some(setup),
            None => self.pop_heartbeat(now, heartbeat),
        };
        let popped = match first {
            Some(first) => Some((first, Reservation::default())),
            None => self.pop_message(now, &is_alive),
        };
        match popped {
            Some(_) => self.pace.sent(now),
            None => self.wake = self.next_wake(now),
        }
        popped
    }

    /// When [`pop`](Self::pop) may have something, after it had nothing.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.wake
    }

    /// The time is told; what waits is looked at again.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.wake = self.wake.filter(|wake| *wake > now);
    }

    /// Whether an answer to this client would have to wait.
    pub(crate) fn holds_answers(&mut self, now: Instant, to: &str) -> bool {
        !self.pace.admits_frame(now) || self.targets.holds(now, to, Demand::NextCall)
    }

    /// Whether there is a limit, for which frames are counted.
    pub(crate) fn counts_frames(&self) -> bool {
        self.targets.has_limit()
    }

    /// A client sent a frame, which was a call or something else.
    pub(crate) fn heard(&mut self, now: Instant, from: &str, is_call: bool) {
        self.targets.heard(now, from, is_call);
    }

    /// A client sent a heartbeat for a call of ours.
    pub(crate) fn heard_heartbeat(&mut self, from: &str, reservation: &mut Reservation) {
        self.targets.heard_heartbeat(from, reservation);
    }

    /// A client answered a call of ours.
    pub(crate) fn heard_answer(&mut self, from: &str, reservation: Reservation) {
        self.targets.heard_answer(from, reservation);
    }

    /// A client is gone. If it comes back it is a stranger.
    pub(crate) fn forget(&mut self, client: &str) {
        self.targets.forget(client);
    }

    /// A call is over whose frame may still wait. Frames of such calls are dropped once they are
    /// many: while their target is held back, what they hold would be missed.
    pub(crate) fn buried(&mut self, is_alive: impl Fn(u64) -> bool) {
        self.dead += 1;
        if self.dead > DEAD_TO_SWEEP + self.targets.len() / 2 {
            self.dead = 0;
            self.targets.retain(|queued| !queued.is_dead(&is_alive));
        }
    }

    /// The server closed the connection for too many frames.
    pub(crate) fn exceeded(&mut self) {
        self.pace.exceeded();
    }

    /// A new connection begins, to a server with this limit of frames.
    pub(crate) fn restart(&mut self, now: Instant, limit: Option<FrameLimit>) {
        self.pace.restart(now, limit);
        self.targets.set_limit(self.pace.peer_limit());
        self.wake = None;
    }

    /// Whether calls of the user wait until the link is usable.
    pub(crate) fn hold_calls(&mut self, held: bool) {
        self.calls_held = held;
    }

    /// The link is gone, and another will be: drops what has a meaning only for this one.
    pub(crate) fn link_down(&mut self) {
        self.control.clear();
        self.setup.clear();
        self.wake = None;
    }

    /// Sends calls that wait for `from` to `to` instead.
    pub(crate) fn retarget(&mut self, from: &str, to: &Text) {
        self.targets.retarget(from, to);
    }

    /// The link is gone, and all that waited for it.
    pub(crate) fn clear(&mut self) {
        self.control.clear();
        self.setup.clear();
        self.heartbeats.clear();
        self.targets.clear();
        self.wake = None;
    }

    /// Answers that wait for this client.
    pub(crate) fn waiting_answers(&self, to: &str) -> usize {
        self.targets.waiting_answers(to)
    }

    /// Whether an answer waits that may have been lost with a link.
    pub(crate) fn has_answer_again(&self) -> bool {
        let is_again = |queued: &Queued<P>| queued.origin == Origin::AnswerAgain;
        self.targets.any(Lane::Answer, is_again)
    }

    /// Frames that wait.
    pub(crate) fn len(&self) -> usize {
        self.control.len() + self.setup.len() + self.heartbeats.len() + self.targets.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[cfg(test)]
    pub(crate) fn known(&self) -> usize {
        self.targets.known()
    }

    fn pop_heartbeat(
        &mut self,
        now: Instant,
        mut heartbeat: impl FnMut(u64) -> Option<(Address, Text)>,
    ) -> Option<Queued<P>> {
        while !self.heartbeats.is_empty() && self.pace.admits_heartbeat(now) {
            let key = self.heartbeats.pop_front()?;
            // Its answer may have overtaken it.
            if let Some((to, session)) = heartbeat(key) {
                self.pace.sent_heartbeat(now);
                let message = Message::answer(&to, session, answer::HEARTBEAT, Rope::default());
                return Some(Queued::plain(Content::Message(message), Origin::Engine));
            }
        }
        None
    }

    fn pop_message(
        &mut self,
        now: Instant,
        is_alive: &impl Fn(u64) -> bool,
    ) -> Option<(Queued<P>, Reservation)> {
        let turn_of_calls = self.answers_in_a_row >= ANSWERS_IN_A_ROW && !self.calls_held;
        if turn_of_calls && let Some(call) = self.pop_call(now, is_alive) {
            self.answers_in_a_row = 0;
            return Some(call);
        }
        if let Some(answer) = self.pop_lane(now, Lane::Answer, is_alive) {
            self.answers_in_a_row += 1;
            return Some(answer);
        }
        if turn_of_calls || self.calls_held || !self.pace.admits_call(now) {
            return None;
        }
        self.answers_in_a_row = 0;
        self.pop_call(now, is_alive)
    }

    /// A call of ours, or a part of a large message if there is none or it is the turn of one.
    fn pop_call(
        &mut self,
        now: Instant,
        is_alive: &impl Fn(u64) -> bool,
    ) -> Option<(Queued<P>, Reservation)> {
        let lanes = match self.calls_in_a_row >= CALLS_IN_A_ROW {
            true => [Lane::Chunk, Lane::Call],
            false => [Lane::Call, Lane::Chunk],
        };
        for lane in lanes {
            if let Some(popped) = self.pop_lane(now, lane, is_alive) {
                self.calls_in_a_row = match lane {
                    Lane::Chunk => 0,
                    _ => self.calls_in_a_row.saturating_add(1),
                };
                return Some(popped);
            }
        }
        None
    }

    fn pop_lane(
        &mut self,
        now: Instant,
        lane: Lane,
        is_alive: &impl Fn(u64) -> bool,
    ) -> Option<(Queued<P>, Reservation)> {
        self.targets
            .pop(now, lane, |queued| queued.is_dead(is_alive))
    }

    fn next_wake(&self, now: Instant) -> Option<Instant> {
        let heartbeat = (!self.heartbeats.is_empty()).then(|| self.pace.next_heartbeat(now));
        let has_call = self.targets.has_ready(Lane::Call) || self.targets.has_ready(Lane::Chunk);
        let call = (has_call && !self.calls_held).then(|| self.pace.next_call(now));
        [heartbeat, call, self.targets.next_alarm()]
            .into_iter()
            .flatten()
            .min()
    }
}
