//! What the handles of a peer share: identity, configuration, and the way to the link.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use hypha_codec::{CodecRegistry, Rope, Text};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, mpsc, watch};

use crate::address::Address;
use crate::config::PeerConfig;
use crate::engine::OutgoingCall;
use crate::error::CallError;
use crate::events::Hub;
use crate::lifecycle::ConnectionEvent;
use crate::link::{Command, Waiter};
use crate::sealing::Sealing;
use crate::secret::Secret;
use crate::session::SessionIds;
use crate::state::{ClosedReason, State};
use crate::subscriptions::Subscriptions;

/// See the module.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) local: Address,
    /// Whether a server relays.
    pub(crate) relayed: bool,
    pub(crate) server: RwLock<Server>,
    pub(crate) config: PeerConfig,
    /// Encryption, if it is on.
    pub(crate) sealing: Option<Arc<Sealing>>,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    pub(crate) sessions: SessionIds,
    pub(crate) state: watch::Receiver<State>,
    pub(crate) lifecycle: broadcast::Receiver<ConnectionEvent>,
    /// Why the link ended, as soon as that is known.
    pub(crate) ended: Arc<OnceLock<ClosedReason>>,
    pub(crate) keys: AtomicU64,
    pub(crate) budget: Budget,
    /// Places for calls that nobody waits for.
    pub(crate) posts: Arc<Semaphore>,
    /// Bytes of a message that has to go in one frame, such as an event.
    pub(crate) one_frame: usize,
    /// Chunks have a budget of their own: a small call must not wait for room behind them.
    pub(crate) chunk_budget: Budget,
    /// Messages in several frames that are under way from here.
    pub(crate) transfers: AtomicUsize,
    /// Counts what goes out beside their parts.
    pub(crate) small_frames: Arc<AtomicU64>,
    /// The other end of a direct link.
    pub(crate) remote: Option<Address>,
    pub(crate) tokens: watch::Receiver<Option<Secret>>,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) events: Arc<Hub>,
}

/// The server at the other end, which may be another one after each loss.
#[derive(Clone, Debug, Default)]
pub(crate) struct Server {
    pub(crate) manager: Option<Address>,
    pub(crate) url: Option<Text>,
}

impl Shared {
    /// The manager of the present connection, or of the last one.
    pub(crate) fn manager(&self) -> Option<Address> {
        self.server().manager
    }

    /// The URL of that server, as others reach it.
    pub(crate) fn server_url(&self) -> Option<Text> {
        self.server().url
    }

    /// Notes a new connection; says whether the URL is another one than before.
    pub(crate) fn set_server(&self, manager: Address, url: Option<Text>) -> bool {
        let manager = Some(manager);
        let mut server = self.server.write().unwrap_or_else(PoisonError::into_inner);
        let changed = server.url != url;
        *server = Server { manager, url };
        changed
    }

    fn server(&self) -> Server {
        // Nothing panics under the lock.
        let server = self.server.read().unwrap_or_else(PoisonError::into_inner);
        server.clone()
    }

    pub(crate) fn registry(&self) -> &CodecRegistry {
        &self.config.registry
    }

    /// A number for a call; none comes twice.
    pub(crate) fn next_key(&self) -> u64 {
        self.keys.fetch_add(1, Ordering::Relaxed)
    }

    /// Calls a method and does not wait for anything. The payload is small. While too many such calls
    /// wait for the network, more are not made: peers choose how many there are.
    pub(crate) fn post(&self, target: Address, method: Text, payload: Rope, parent: Option<Text>) {
        let Ok(permit) = Arc::clone(&self.posts).try_acquire_owned() else {
            return;
        };
        let call = OutgoingCall {
            target,
            method,
            payload,
            timeout: None,
            parent,
            idempotent: false,
            exports: None,
        };
        let command = Command::Call {
            key: self.next_key(),
            call: Box::new(call),
            reply: Waiter::nobody(),
            permit,
        };
        // Without a link there is nobody to tell.
        drop(self.commands.send(command));
    }

    /// The error of a call that met the end of the connection.
    pub(crate) fn disconnected(&self, maybe_ran: bool) -> CallError {
        let reason = match (self.ended.get(), &*self.state.borrow()) {
            (Some(reason), _) | (None, State::Reconnecting { reason, .. }) => reason.to_string(),
            _ => String::from("closing"),
        };
        CallError::Disconnected { reason, maybe_ran }
    }
}

/// Calls that nobody waits for, such as those that close generators, which may wait for the network.
pub(crate) const MAX_POSTS: usize = 1024;

/// Bytes of calls that may wait for the network: what makes callers wait while it is slower than
/// they are.
#[derive(Debug)]
pub(crate) struct Budget {
    permits: Arc<Semaphore>,
    total: usize,
}

/// Bytes in one permit.
const PERMIT_BYTES: usize = 1024;

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        let total = bytes
            .div_ceil(PERMIT_BYTES)
            .clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        Self {
            permits: Arc::new(Semaphore::new(total)),
            total,
        }
    }

    /// Waits for room for a message; one that is larger than the budget waits for all of it.
    pub(crate) async fn reserve(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits)
            .acquire_many_owned(self.wanted(bytes))
            .await
            .ok()
    }

    /// Room for a message, if there is room now and nobody waits for it.
    pub(crate) fn try_reserve(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits)
            .try_acquire_many_owned(self.wanted(bytes))
            .ok()
    }

    fn wanted(&self, bytes: usize) -> u32 {
        let wanted = bytes.div_ceil(PERMIT_BYTES).clamp(1, self.total);
        u32::try_from(wanted).unwrap_or(u32::MAX)
    }
}
