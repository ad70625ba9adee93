//! What the handles of a peer share: identity, configuration, and the way to the link.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hypha_codec::{CodecRegistry, Text};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::address::Address;
use crate::config::PeerConfig;
use crate::error::CallError;
use crate::link::Command;
use crate::session::SessionIds;
use crate::state::State;

/// See the module.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) local: Address,
    pub(crate) manager: Option<Address>,
    pub(crate) server_url: Option<Text>,
    pub(crate) config: PeerConfig,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    pub(crate) sessions: SessionIds,
    pub(crate) state: watch::Receiver<State>,
    keys: AtomicU64,
    budget: Arc<Semaphore>,
}

/// Bytes in one permit of the budget.
const PERMIT_BYTES: usize = 1024;

impl Shared {
    pub(crate) fn new(
        local: Address,
        manager: Option<Address>,
        server_url: Option<Text>,
        config: PeerConfig,
        commands: mpsc::UnboundedSender<Command>,
        sessions: SessionIds,
        state: watch::Receiver<State>,
    ) -> Self {
        let budget = Arc::new(Semaphore::new(permits(config.max_queued_bytes)));
        Self {
            local,
            manager,
            server_url,
            config,
            commands,
            sessions,
            state,
            keys: AtomicU64::new(0),
            budget,
        }
    }

    pub(crate) fn registry(&self) -> &CodecRegistry {
        &self.config.registry
    }

    /// A number for a call; none comes twice.
    pub(crate) fn next_key(&self) -> u64 {
        self.keys.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits for room for a message in the queue of the link. This is what makes callers wait
    /// while the network is slower than they are. `None`: there is no link any more.
    pub(crate) async fn reserve(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let wanted = permits(bytes).min(permits(self.config.max_queued_bytes));
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        Arc::clone(&self.budget)
            .acquire_many_owned(wanted)
            .await
            .ok()
    }

    /// The error of a call that met the end of the connection.
    pub(crate) fn disconnected(&self, maybe_ran: bool) -> CallError {
        let reason = match &*self.state.borrow() {
            State::Closed(reason) => reason.to_string(),
            State::Connected => String::from("the connection is closing"),
        };
        CallError::Disconnected { reason, maybe_ran }
    }
}

fn permits(bytes: usize) -> usize {
    bytes
        .div_ceil(PERMIT_BYTES)
        .clamp(1, Semaphore::MAX_PERMITS)
}
