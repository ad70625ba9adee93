//! What passes between the engine and whoever drives it.

use std::fmt;
use std::time::Duration;

use hypha_codec::{Packet, Rope, Text};

use super::assembly::AssemblyLimits;
use super::events::{Departure, IncomingEvent};
use super::exports::Exported;
use super::keepalive::KeepaliveConfig;
use super::messages::LargeAnswer;
use super::outbox::{Content, Origin};
use crate::address::Address;
use crate::pacing::FrameLimit;
use crate::secret::Secret;
use crate::session::SessionIds;

/// What the driver of an engine brings along.
pub(crate) trait Driver {
    /// What a caller waits on.
    type Reply: fmt::Debug;
    /// What runs a method.
    type Handler: Clone + fmt::Debug;
    /// A place in the budget of frames that wait to be written.
    type Permit: fmt::Debug;

    /// So many bytes of an answer in several frames have come.
    fn received(reply: &Self::Reply, bytes: usize);
}

/// Who is at the other end of the link.
#[derive(Clone, Debug)]
pub(crate) enum Remote {
    /// A server that relays: identities are what it wrote into each header.
    Relay {
        /// The manager of the server.
        manager: Address,
    },
    /// One peer: identities are what the link was made with, whatever its frames say.
    Direct {
        /// The peer.
        peer: Address,
    },
}

/// How an engine is set up.
#[derive(Clone, Debug)]
pub(crate) struct EngineConfig {
    pub(crate) local: Address,
    pub(crate) remote: Remote,
    pub(crate) sessions: SessionIds,
    pub(crate) keepalive: KeepaliveConfig,
    /// The limit of the server on frames; `None` if there is none to keep.
    pub(crate) frame_limit: Option<FrameLimit>,
    /// How long calls that want no answer wait for a link.
    pub(crate) patience: Duration,
    pub(crate) max_running: usize,
    pub(crate) max_running_bytes: usize,
    pub(crate) assembly: AssemblyLimits,
    /// Answers with longer payloads go in several frames.
    pub(crate) chunk_size: usize,
}

/// A call to send, its payload encoded.
#[derive(Debug)]
pub(crate) struct OutgoingCall<H> {
    pub(crate) target: Address,
    pub(crate) method: Text,
    pub(crate) payload: Rope,
    /// `None`: no answer is wanted.
    pub(crate) timeout: Option<Duration>,
    /// The session of the peer that this call belongs to.
    pub(crate) parent: Option<Text>,
    /// Whether it may run twice: then it does not wait for an answer that may be lost.
    pub(crate) idempotent: bool,
    /// Functions inside the arguments.
    pub(crate) exports: Option<Exported<H>>,
}

/// The answer of a handler, encoded.
#[derive(Debug)]
pub(crate) enum Answer<H> {
    Resolve {
        payload: Rope,
        /// Functions inside the result.
        exports: Option<Exported<H>>,
    },
    Reject(Rope),
}

/// What the engine wants its driver to know.
#[derive(Debug)]
pub(crate) enum Event<D: Driver> {
    /// A call of ours has its one outcome.
    Answered { reply: D::Reply, outcome: Outcome },
    /// A call for one of our methods, admitted.
    Invoke(Invoke<D::Handler>),
    /// The answer of a call that ran here has to go in several frames.
    AnswerInChunks(LargeAnswer),
    /// An event for whoever listens.
    Arrived(IncomingEvent),
    /// The server said that a client is gone.
    Departed(Departure),
    /// The server sent a fresh reconnection token.
    Token(Secret),
    /// The server said what went wrong; it will probably close the link.
    ServerError(String),
    /// The link must be given up.
    Leave(Leave),
    /// The answer of a call that nobody waits for any more: what it brings along is given back.
    Unread { from: Address, packet: Packet },
    /// What these held is to be dropped where code of users may run.
    Dropped(Vec<D::Handler>),
}

/// The outcome of a call of ours.
#[derive(Debug)]
pub(crate) enum Outcome {
    Resolved(Packet),
    Rejected(Packet),
    /// The frame went to the transport, and no answer is wanted.
    Sent,
    /// Nothing came for this long.
    Silent(Duration),
    /// The peer is certain to be gone; the text says who said so.
    PeerGone(String),
    /// The link ended, for good or for too long; the frame had been handed to it (`sent`) or not.
    LinkLost {
        sent: bool,
    },
}

impl Outcome {
    /// Whether the call is certain not to have reached its target.
    pub(super) fn shows_it_did_not_arrive(&self, remote: &Remote) -> bool {
        match self {
            Self::LinkLost { sent } => !sent,
            // The server answers what it cannot deliver, and it alone writes no `ws` (protocol
            // section 6.7).
            Self::Rejected(packet) => {
                matches!(remote, Remote::Relay { .. })
                    && packet.header().is_ok_and(|header| header.ws().is_none())
            }
            _ => false,
        }
    }
}

/// An admitted call for one of our methods.
#[derive(Debug)]
pub(crate) struct Invoke<H> {
    pub(crate) key: u64,
    pub(crate) handler: H,
    pub(crate) from: Address,
    pub(crate) packet: Packet,
}

/// Why the engine wants the link to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Nothing arrived after a ping.
    Silent,
    /// The manager asked us to leave for good.
    ForceExit(String),
}

/// A frame to write, and the budget it gives back when written.
#[derive(Debug)]
pub(crate) struct Transmit<P> {
    pub(crate) content: Content,
    pub(crate) origin: Origin,
    pub(crate) permit: Option<P>,
}

impl<P> Transmit<P> {
    /// Whether it carries a part of a large message: whatever else comes to wait goes before the next
    /// one.
    pub(crate) fn is_chunk(&self) -> bool {
        matches!(self.origin, Origin::Chunk { .. })
    }
}

/// Gauges of an engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls of ours that wait for their answer.
    pub pending_calls: usize,
    /// Calls of others that run here or whose answer waits to be written.
    pub running_calls: usize,
    /// Messages in several frames that are under way to here.
    pub assemblies: usize,
    /// Messages in several frames that are under way from here.
    pub transfers: usize,
    /// Registered services, the built-in one included.
    pub services: usize,
    /// Sessions whose functions peers may call: callbacks of pending calls, functions and
    /// generators inside results.
    pub sessions: usize,
    /// Interfaces that peers hold.
    pub interfaces: usize,
    /// Frames that were no frames of the protocol and were dropped.
    pub malformed_frames: u64,
}
