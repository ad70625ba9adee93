//! One engine over many links: what a lost one takes with it, and what goes on over the next.

use std::time::Instant;

use super::keepalive::{Keepalive, KeepaliveConfig};
use super::outbox::{Lane, Origin, Queued};
use super::{Driver, Engine, Event, Outcome, OutgoingCall, PendingCall, Remote, Transmit};
use crate::address::Address;
use crate::pacing::FrameLimit;
use crate::texts;

/// What the link carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is none.
    Down,
    /// Only what makes it usable, and answers.
    Setup,
    /// Everything.
    Open,
}

/// A new link, as far as the engine is concerned.
#[derive(Clone, Debug)]
pub(crate) struct NewLink {
    pub(crate) manager: Address,
    pub(crate) keepalive: KeepaliveConfig,
    pub(crate) frame_limit: Option<FrameLimit>,
}

impl<D: Driver> Engine<D> {
    /// Frames that were taken to be written, but never handed to the transport, or that may be
    /// written twice. To be told before the link is [down](Self::link_down).
    pub(crate) fn take_back(&mut self, unwritten: Vec<Transmit<D::Permit>>) {
        for transmit in unwritten.into_iter().rev() {
            let origin = match transmit.origin {
                Origin::Call {
                    key,
                    answered: true,
                } => {
                    self.calls.unsent(key);
                    transmit.origin
                }
                Origin::Chunk { key } => {
                    self.calls.unsent(key);
                    transmit.origin
                }
                // It had its outcome when it was taken.
                Origin::Call {
                    answered: false, ..
                }
                | Origin::Sent => Origin::Sent,
                Origin::Answer { .. } | Origin::AnswerAgain => Origin::AnswerAgain,
                Origin::Refusal => Origin::Refusal,
                Origin::Engine | Origin::Ping => continue,
            };
            let queued = Queued {
                content: transmit.content,
                origin,
                permit: transmit.permit,
            };
            let lane = match origin {
                Origin::AnswerAgain | Origin::Refusal => Lane::Answer,
                Origin::Chunk { .. } => Lane::Chunk,
                _ => queued.lane_of_call(),
            };
            self.outbox.put_back(lane, queued);
        }
    }

    /// The link is lost, and another is being looked for. What was sent stays pending, as its answer
    /// may come over the next one; what was not waits.
    pub(crate) fn link_down(&mut self, now: Instant) {
        self.phase = Phase::Down;
        self.keepalive = Keepalive::new(now, KeepaliveConfig::default());
        self.outbox.link_down();
        drop(self.calls.take_where(|call| call.setup));
        let again = |call: &PendingCall<D::Reply>| call.idempotent && call.was_sent();
        for (key, call) in self.calls.take_where(again) {
            self.settle(key, call, Outcome::LinkLost { sent: true });
        }
        self.calls.all_wait_for_link(now);
    }

    /// There is a link again. Calls of the user wait until it is [open](Self::link_open).
    pub(crate) fn link_up(&mut self, now: Instant, link: NewLink) {
        let NewLink {
            manager,
            keepalive,
            frame_limit,
        } = link;
        self.hold_calls();
        self.keepalive = Keepalive::new(now, keepalive);
        self.outbox.restart(now, frame_limit);
        let Remote::Relay { manager: known } = &mut self.remote else {
            return;
        };
        if *known == manager {
            return;
        }
        let former = std::mem::replace(known, manager.clone());
        // Nobody is left who could answer what was sent to the manager that was.
        self.drop_peer(&former, texts::NEW_MANAGER);
        self.running.forget_caller(former.as_str());
        self.forget_holder(&former);
        self.exports.retarget(&former, &manager);
        self.services.retarget_interfaces(&former, &manager);
        self.calls.retarget(&former, &manager);
        self.outbox.retarget(former.as_str(), manager.as_text());
    }

    /// Holds calls of the user back until the link is [open](Self::link_open).
    pub(crate) fn hold_calls(&mut self) {
        self.phase = Phase::Setup;
        self.outbox.hold_calls(true);
    }

    /// The link is usable: what waited goes out.
    pub(crate) fn link_open(&mut self) {
        self.phase = Phase::Open;
        self.outbox.hold_calls(false);
        self.calls.found_link();
    }

    /// Queues a call that makes the link usable. Without an outcome it ends with the link.
    pub(crate) fn start_setup_call(
        &mut self,
        key: u64,
        call: OutgoingCall<D::Handler>,
        reply: D::Reply,
    ) {
        let (mut pending, queued) = self.new_call(key, call, reply, None);
        pending.setup = true;
        self.calls.insert(key, pending);
        self.outbox.push_setup(queued);
    }

    /// There will be no link any more: every pending call gets its outcome.
    pub(crate) fn lose_link(&mut self) {
        for (_, call) in self.calls.take_where(|_| true) {
            let outcome = Outcome::LinkLost {
                sent: call.was_sent(),
            };
            self.events.push_back(Event::Answered {
                reply: call.reply,
                outcome,
            });
        }
        self.phase = Phase::Down;
        self.outbox.clear();
        let closed = self.exports.close_all();
        self.dropped(closed);
    }
}
