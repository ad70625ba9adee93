//! The protocol without a clock, a socket or a task.
//!
//! The engine is told what happened (`handle_*` and the verbs of local work, with the time) and
//! asked what to do (`poll_*`). It sees the header of a frame and an opaque payload: payloads are
//! encoded and decoded outside. One task owns it (see `link`).

mod assembly;
mod bucket;
mod calls;
mod driver;
mod events;
mod exports;
mod hold_back;
mod keepalive;
mod keys;
mod linking;
mod messages;
mod outbox;
mod pace;
mod receive;
mod running;
mod senders;
mod services;
mod timers;
mod unread;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use hypha_codec::Text;

use self::assembly::Assemblies;
pub(crate) use self::assembly::{AssemblyError, AssemblyLimits};
use self::calls::{Calls, PendingCall};
pub use self::driver::Stats;
pub(crate) use self::driver::{
    Answer, Driver, EngineConfig, Event, Invoke, Leave, Outcome, OutgoingCall, Remote, Transmit,
};
pub(crate) use self::events::{Departure, IncomingEvent, OutgoingEvent};
pub(crate) use self::exports::Exported;
use self::exports::{Exports, Lease};
pub(crate) use self::keepalive::KeepaliveConfig;
use self::keepalive::{Due, Keepalive};
pub(crate) use self::linking::NewLink;
use self::linking::Phase;
pub(crate) use self::messages::{LargeAnswer, MessageKey};
pub(crate) use self::outbox::{Content, Message, Origin};
use self::outbox::{Lane, Outbox, Queued};
use self::running::{Given, Running};
use self::senders::Senders;
use self::services::Services;
pub(crate) use self::services::{IdTaken, ServiceRecord};
pub(crate) use self::timers::after;
use self::unread::Unread;
use crate::address::Address;
use crate::protocol::answer;
use crate::session::SessionIds;
use crate::{payload, texts};

/// All protocol state of one connection.
#[derive(Debug)]
pub(crate) struct Engine<D: Driver> {
    local: Address,
    remote: Remote,
    sessions: SessionIds,
    senders: Senders,
    calls: Calls<D::Reply>,
    running: Running,
    assemblies: Assemblies,
    chunk_size: usize,
    services: Services<D::Handler>,
    exports: Exports<D::Handler>,
    unread: Unread,
    outbox: Outbox<D::Permit>,
    events: VecDeque<Event<D>>,
    keepalive: Keepalive,
    phase: Phase,
    patience: Duration,
    /// No new calls of services are taken.
    draining: bool,
    malformed: u64,
}

/// Answers that the engine makes by itself are dropped while more than this many wait for the same
/// peer: one that does not read must not make us remember what it missed.
const MAX_WAITING_REJECTS: usize = 1024;

impl<D: Driver> Engine<D> {
    pub(crate) fn new(now: Instant, config: EngineConfig) -> Self {
        Self {
            local: config.local,
            remote: config.remote,
            calls: Calls::new(),
            sessions: config.sessions,
            senders: Senders::default(),
            running: Running::new(config.max_running, config.max_running_bytes),
            assemblies: Assemblies::new(config.assembly),
            chunk_size: config.chunk_size,
            services: Services::new(),
            exports: Exports::new(),
            unread: Unread::default(),
            outbox: Outbox::new(now, config.frame_limit),
            events: VecDeque::new(),
            keepalive: Keepalive::new(now, config.keepalive),
            phase: Phase::Open,
            patience: config.patience,
            draining: false,
            malformed: 0,
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            pending_calls: self.calls.len(),
            running_calls: self.running.len(),
            assemblies: self.assemblies.len(),
            // They are driven from outside.
            transfers: 0,
            services: self.services.len(),
            sessions: self.exports.len(),
            interfaces: self.services.interfaces(),
            malformed_frames: self.malformed,
        }
    }

    /// Whether calls wait for their answers.
    pub(crate) fn awaits_answers(&self) -> bool {
        self.calls.len() > 0
    }

    pub(crate) fn service(&self, id: &str) -> Option<&ServiceRecord<D::Handler>> {
        self.services.get(id)
    }

    pub(crate) fn services(&self) -> impl Iterator<Item = &ServiceRecord<D::Handler>> {
        self.services.iter()
    }

    pub(crate) fn add_service(
        &mut self,
        record: ServiceRecord<D::Handler>,
        overwrite: bool,
    ) -> Result<Option<Box<ServiceRecord<D::Handler>>>, IdTaken> {
        self.services.insert(record, overwrite)
    }

    /// Whether there was such a service or interface.
    pub(crate) fn remove_service(&mut self, id: &str) -> bool {
        let Some(record) = self.services.remove(id) else {
            return false;
        };
        self.dropped(record.methods.into_values().collect());
        true
    }

    /// The server is known by another URL now.
    pub(crate) fn set_server_url(&mut self, url: Option<&Text>) {
        self.services.set_server_url(url);
    }

    /// Whether a client in `workspace` may look up and call what `record` offers.
    pub(crate) fn admits(&self, record: &ServiceRecord<D::Handler>, from: &Address) -> bool {
        record
            .access
            .admits(from, self.local.workspace(), self.manager())
    }

    /// Queues a call. `key` names it until its outcome; keys are never used again.
    pub(crate) fn start_call(
        &mut self,
        now: Instant,
        key: u64,
        call: OutgoingCall<D::Handler>,
        reply: D::Reply,
        permit: Option<D::Permit>,
    ) {
        let queued = self.keep_call(now, key, call, reply, permit);
        self.outbox.push(queued.lane_of_call(), queued);
    }

    /// Keeps a call until its outcome; gives its frame.
    fn keep_call(
        &mut self,
        now: Instant,
        key: u64,
        mut call: OutgoingCall<D::Handler>,
        reply: D::Reply,
        permit: Option<D::Permit>,
    ) -> Queued<D::Permit> {
        let lease = match call.timeout {
            Some(_) => Lease::Call,
            None => Lease::Use,
        };
        let exports = call.exports.take();
        let (mut pending, queued) = self.new_call(key, call, reply, permit);
        if let Some(exported) = exports {
            pending.interfaces = exported.interface_ids();
            self.open(now, &pending.target, exported, lease);
        }
        self.calls.insert(key, pending);
        if self.phase != Phase::Open {
            self.calls.wait_for_link(key, now);
        }
        queued
    }

    fn new_call(
        &self,
        key: u64,
        mut call: OutgoingCall<D::Handler>,
        reply: D::Reply,
        permit: Option<D::Permit>,
    ) -> (PendingCall<D::Reply>, Queued<D::Permit>) {
        // Whoever still knows the manager by its former address means the present one.
        if call.target.is_manager()
            && let Some(manager) = self.manager()
        {
            call.target = manager.clone();
        }
        let session = call.timeout.map(|_| self.sessions.id(key));
        let answered = session.is_some();
        let content = Content::Message(Message::call(&mut call, session));
        let timeout = call.timeout.unwrap_or(self.patience);
        let mut pending = PendingCall::new(call.target, timeout, reply);
        pending.idempotent = call.idempotent;
        let queued = Queued {
            content,
            origin: Origin::Call { key, answered },
            permit,
        };
        (pending, queued)
    }

    /// The caller lost interest: nothing is kept of the call, and it is not sent if it was not yet.
    pub(crate) fn cancel_call(&mut self, key: u64) {
        if let Some(call) = self.calls.remove(key) {
            if !call.was_sent() {
                self.outbox.buried(|key| self.calls.contains(key));
                self.remove_interfaces(&call.interfaces);
            }
            self.drop_part_of_answer(key, &call.target);
            if call.was_sent() {
                self.unread.note(key, call.target);
            }
        }
        self.close_session(key);
    }

    /// The payload of a running call was read; its caller wants a sign of life every `interval`.
    pub(crate) fn accepted(&mut self, now: Instant, key: u64, interval: Duration) {
        self.running.accepted(now, key, interval);
    }

    /// A running call is about to have its answer. If that has to wait, its caller gets heartbeats
    /// meanwhile, however quick the call was.
    pub(crate) fn answering(&mut self, now: Instant, key: u64, interval: Duration) {
        if let Some(call) = self.running.get(key)
            && self.outbox.holds_answers(now, call.from.as_str())
        {
            self.running.accepted(now, key, interval);
        }
    }

    /// A running call has its answer.
    pub(crate) fn answer(&mut self, now: Instant, key: u64, answer: Answer<D::Handler>) {
        let has_room_for_exports = |engine: &Self| {
            let caller = engine.running.get(key).map(|call| call.from.as_str());
            caller.is_none_or(|caller| engine.has_room_for_exports(caller))
        };
        let (name, payload, exported) = match answer {
            Answer::Resolve { payload, exports } => {
                let refusal = if !self.running.has_room_for_answer(key, payload.len()) {
                    Some(texts::TOO_MANY_ANSWERS)
                } else if exports.is_some() && !has_room_for_exports(self) {
                    Some(texts::TOO_MANY_FUNCTIONS)
                } else if self.would_outlive_its_caller(key, exports.as_ref()) {
                    Some(texts::CALLER_LEFT)
                } else {
                    None
                };
                match refusal {
                    None => (answer::RESOLVE, payload, exports),
                    Some(text) => {
                        self.discard(exports);
                        (answer::REJECT, payload::reject(text, ""), None)
                    }
                }
            }
            Answer::Reject(payload) => (answer::REJECT, payload, None),
        };
        let Some(call) = self.running.answered(key, payload.len()) else {
            return self.discard(exported);
        };
        let Some(session) = call.session.clone() else {
            self.discard(exported);
            self.finish_running(now, key);
            return;
        };
        let from = call.from.clone();
        if let Some(exported) = exported {
            let given = Given {
                session: exported.key,
                interfaces: exported.interface_ids(),
            };
            self.running.gives(key, given);
            self.open(now, &from, exported, Lease::Use);
        }
        let in_chunks = payload.len() > self.chunk_size;
        let message = Message::answer(&from, session, name, payload);
        if in_chunks {
            let answer = LargeAnswer { key, message };
            self.events.push_back(Event::AnswerInChunks(answer));
        } else {
            self.push_answer(key, message);
        }
    }

    fn push_answer(&mut self, key: u64, message: Message) {
        self.outbox.push(
            Lane::Answer,
            Queued {
                content: Content::Message(message),
                origin: Origin::Answer { key },
                permit: None,
            },
        );
    }

    /// Takes no new calls of services from now on. Calls of functions that were given to others as
    /// part of a running call go on: these calls need them.
    pub(crate) fn drain(&mut self) {
        self.draining = true;
    }

    /// Whether no new calls are taken and all others have their answers, handed to the transport.
    pub(crate) fn is_drained(&self) -> bool {
        self.draining && self.running.len() == 0 && !self.outbox.has_answer_again()
    }

    /// The server closed the link because too many frames were sent: the next link is slower.
    pub(crate) fn frame_limit_exceeded(&mut self) {
        self.outbox.exceeded();
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some((key, call)) = self.calls.pop_overdue(now) {
            let outcome = if call.was_sent() {
                Outcome::Silent(call.timeout)
            } else {
                self.outbox.buried(|key| self.calls.contains(key));
                Outcome::LinkLost { sent: false }
            };
            self.settle(key, call, outcome);
        }
        let unused = self.exports.sweep(now);
        self.dropped(unused);
        self.assemblies.handle_timeout(now);
        if self.phase == Phase::Down {
            return;
        }
        while let Some(key) = self.running.pop_heartbeat(now) {
            self.outbox.push_heartbeat(key);
        }
        self.outbox.handle_timeout(now);
        while let Some(due) = self.keepalive.pop_due(now) {
            match due {
                Due::Ping => self.push_control(r#"{"type":"ping"}"#, Origin::Ping),
                Due::Refresh => self.push_control(r#"{"type":"refresh_token"}"#, Origin::Engine),
                Due::Dead => self.events.push_back(Event::Leave(Leave::Silent)),
            }
        }
    }

    /// All that was handed over has been written.
    pub(crate) fn written(&mut self, now: Instant) {
        self.keepalive.written(now);
    }

    #[must_use]
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        // What comes due while there is no link is due when there is one.
        let needs_link = [
            self.running.next_timeout(),
            self.outbox.next_timeout(),
            self.keepalive.next_timeout(),
        ];
        let needs_link = needs_link.into_iter().filter(|_| self.phase != Phase::Down);
        needs_link
            .chain([
                self.calls.next_timeout(),
                self.exports.next_timeout(),
                self.assemblies.next_timeout(),
            ])
            .flatten()
            .min()
    }

    #[must_use]
    pub(crate) fn poll_event(&mut self) -> Option<Event<D>> {
        self.events.pop_front()
    }

    /// The next frame to write. A call's silence counts from here.
    #[must_use]
    pub(crate) fn poll_transmit(&mut self, now: Instant) -> Option<Transmit<D::Permit>> {
        if self.phase == Phase::Down {
            return None;
        }
        let (queued, reservation) = self.outbox.pop(
            now,
            |key| self.calls.contains(key),
            |key| self.running.take_heartbeat(key),
        )?;
        match queued.origin {
            Origin::Engine | Origin::Sent | Origin::Refusal | Origin::AnswerAgain => {}
            Origin::Ping => self.keepalive.handed_over(),
            Origin::Answer { key } => self.finish_running(now, key),
            Origin::Chunk { key }
            | Origin::Call {
                key,
                answered: true,
            } => self.calls.sent(key, now, reservation),
            Origin::Call {
                key,
                answered: false,
            } => self.finish_call(key, Outcome::Sent),
        }
        Some(Transmit {
            content: queued.content,
            origin: queued.origin,
            permit: queued.permit,
        })
    }

    pub(crate) fn has_transmit(&self) -> bool {
        self.phase != Phase::Down && !self.outbox.is_empty()
    }

    fn manager(&self) -> Option<&Address> {
        match &self.remote {
            Remote::Relay { manager } => Some(manager),
            Remote::Direct { .. } => None,
        }
    }

    fn finish_call(&mut self, key: u64, outcome: Outcome) {
        if let Some(call) = self.calls.remove(key) {
            self.settle(key, call, outcome);
        }
    }

    /// A call that was taken out has its outcome, and its callbacks end.
    fn settle(&mut self, key: u64, call: PendingCall<D::Reply>, outcome: Outcome) {
        self.outbox
            .heard_answer(call.target.as_str(), call.reservation);
        self.drop_part_of_answer(key, &call.target);
        self.close_session(key);
        if outcome.shows_it_did_not_arrive(&self.remote) {
            self.remove_interfaces(&call.interfaces);
        }
        if matches!(outcome, Outcome::Silent(_)) {
            self.unread.note(key, call.target);
        }
        let reply = call.reply;
        self.events.push_back(Event::Answered { reply, outcome });
    }

    fn finish_running(&mut self, now: Instant, key: u64) {
        if let Some(session) = self.running.finish(key).and_then(|call| call.exported) {
            self.exports.returned(now, session);
        }
    }

    /// Ends the calls to a peer that is gone; says how many there were. What was not sent yet is
    /// sent all the same: it may come back, and the server says so if it does not.
    fn drop_peer(&mut self, peer: &Address, text: &str) -> usize {
        self.outbox.forget(peer.as_str());
        self.assemblies.remove_sender(peer);
        let calls = self
            .calls
            .take_where(|call| call.target == *peer && call.was_sent());
        let ended = calls.len();
        for (key, call) in calls {
            self.settle(key, call, Outcome::PeerGone(text.to_owned()));
        }
        ended
    }

    fn push_control(&mut self, text: &str, origin: Origin) {
        let content = Content::Text(text.to_owned());
        self.outbox.push_control(Queued::plain(content, origin));
    }
}
