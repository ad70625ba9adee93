//! What reaches the link from the other tasks and the handles, and what it tells them.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hypha_codec::{Map, Packet, Text};
use tokio::sync::{OwnedSemaphorePermit, broadcast, mpsc, oneshot, watch};

use crate::dispatch::Work;
use crate::engine::{Answer, Driver, Outcome, OutgoingCall, OutgoingEvent, ServiceRecord, Stats};
use crate::error::RegisterError;
use crate::events::Publisher;
use crate::lifecycle::ConnectionEvent;
use crate::registrar::Subject;
use crate::secret::Secret;
use crate::state::{ClosedReason, State};
use crate::target::Target;

/// What the engine carries for the tasks.
#[derive(Debug)]
pub(crate) struct TaskDriver;

impl Driver for TaskDriver {
    type Reply = ReplyTo;
    type Handler = Target;
    type Permit = OwnedSemaphorePermit;

    fn received(reply: &ReplyTo, bytes: usize) {
        if let ReplyTo::Caller(Waiter {
            received: Some(received),
            ..
        }) = reply
        {
            received.send_replace(bytes);
        }
    }
}

/// Who waits for the outcome of a call.
#[derive(Debug)]
pub(crate) struct Waiter {
    pub(crate) outcome: oneshot::Sender<Outcome>,
    /// Bytes of an answer in several frames, for those who want to know.
    pub(crate) received: Option<watch::Sender<usize>>,
}

impl Waiter {
    /// Nobody waits.
    pub(crate) fn nobody() -> Self {
        let (outcome, _) = oneshot::channel();
        Self {
            outcome,
            received: None,
        }
    }

    /// Gives an answer back that nobody waits for any more; nobody misses any other outcome.
    pub(super) fn answer(self, outcome: Outcome) -> Option<Packet> {
        match self.outcome.send(outcome) {
            Err(Outcome::Resolved(packet)) => Some(packet),
            _ => None,
        }
    }
}

/// Who waits for the outcome of a call.
#[derive(Debug)]
pub(crate) enum ReplyTo {
    /// A caller.
    Caller(Waiter),
    /// The link itself, which tells the server what it must know of us.
    Setup { subject: Subject, token: u64 },
}

impl From<Waiter> for ReplyTo {
    fn from(waiter: Waiter) -> Self {
        Self::Caller(waiter)
    }
}

/// What handles ask of the link.
///
/// The channel has no bound of its own: calls bring a permit of the budget, everything else is at
/// most one message for each call or handle.
#[derive(Debug)]
pub(crate) enum Command {
    Call {
        key: u64,
        call: Box<OutgoingCall<Target>>,
        reply: Waiter,
        permit: OwnedSemaphorePermit,
    },
    /// A call that carries a part of a large message.
    Chunk {
        key: u64,
        call: Box<OutgoingCall<Target>>,
        reply: Waiter,
        permit: OwnedSemaphorePermit,
    },
    /// A call whose message is carried by others.
    Expect {
        key: u64,
        call: Box<OutgoingCall<Target>>,
        reply: Waiter,
    },
    /// The target has the message of such a call.
    Delivered(u64),
    Event {
        key: u64,
        event: OutgoingEvent,
        reply: Waiter,
        permit: OwnedSemaphorePermit,
    },
    Cancel(u64),
    /// An answer that came and that nobody reads.
    Unread(Packet),
    Register {
        record: Box<ServiceRecord<Target>>,
        /// What the server is told of it.
        info: Arc<Map>,
        overwrite: bool,
        done: oneshot::Sender<Result<(), RegisterError>>,
    },
    Unregister {
        id: Text,
        done: oneshot::Sender<bool>,
    },
    /// Functions that went out are of no use any more.
    Release {
        session: u64,
        names: Vec<Text>,
    },
    /// The receiver of an interface is done with it.
    DropInterface {
        id: String,
    },
    Services {
        done: oneshot::Sender<Vec<Arc<Map>>>,
    },
    /// New connections are not told of services any more.
    Unlist,
    /// Takes no new calls; `done` once all others are answered.
    Drain {
        done: oneshot::Sender<()>,
    },
    Stats {
        done: oneshot::Sender<Stats>,
    },
    Close,
}

/// What the dispatch task reports of a running call.
#[derive(Debug)]
pub(crate) enum Progress {
    Accepted {
        key: u64,
        interval: Duration,
    },
    Answered {
        key: u64,
        /// How often the caller wants a sign of life, if the answer has to wait.
        interval: Option<Duration>,
        answer: Answer<Target>,
    },
    /// A large answer was handed over, or for this reason was not.
    Delivered {
        key: u64,
        result: Result<(), String>,
    },
}

/// The ends of the channels that the link holds.
pub(crate) struct Channels {
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
    pub(crate) progress: mpsc::UnboundedReceiver<Progress>,
    /// Bounded by the engine, which counts a call as running until its answer is written.
    pub(crate) work: mpsc::UnboundedSender<Work>,
    pub(crate) state: watch::Sender<State>,
    pub(crate) lifecycle: broadcast::Sender<ConnectionEvent>,
    /// Why the link ended, as soon as that is known.
    pub(crate) ended: Arc<OnceLock<ClosedReason>>,
    /// Counts what goes out beside parts of large messages.
    pub(crate) small_frames: Arc<AtomicU64>,
    pub(crate) tokens: watch::Sender<Option<Secret>>,
    pub(crate) events: Publisher,
}

impl Channels {
    pub(super) fn tell(&self, event: ConnectionEvent) {
        let (name, data) = event.as_message();
        self.events.tell(name, data);
        // Nobody may be listening.
        drop(self.lifecycle.send(event));
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Channels")
    }
}
