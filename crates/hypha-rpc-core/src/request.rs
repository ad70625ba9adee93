//! One message on its way through the link: below the layers of the call path.

use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};

use crate::engine::{Outcome, OutgoingCall, OutgoingEvent};
use crate::error::CallError;
use crate::link::{Command, Waiter};
use crate::shared::{Budget, Shared};
use crate::state::State;
use crate::target::Target;

/// Hands a call to the link, once there is room for it, and waits for its outcome. `received` is
/// told how much of an answer in several frames has come.
///
/// Dropping the future frees everything that was kept of the call; a call that was not sent yet
/// never is.
///
/// # Errors
/// [`CallError::Disconnected`] if there is no link any more.
pub(crate) async fn request(
    shared: &Shared,
    key: u64,
    call: Box<OutgoingCall<Target>>,
    received: Option<watch::Sender<usize>>,
) -> Result<Outcome, CallError> {
    let patience = call.timeout.unwrap_or(shared.config.method_timeout);
    let permit = room(shared, &shared.budget, call.payload.len(), patience).await?;
    let command = |reply| Command::Call {
        key,
        call,
        reply,
        permit,
    };
    Pending::start(shared, key, received, command)?
        .outcome()
        .await
}

/// Hands a call to the link that carries a part of a large message, and waits for its outcome.
///
/// # Errors
/// [`CallError::Disconnected`] if there is no link any more.
pub(crate) async fn send_chunk(
    shared: &Shared,
    call: Box<OutgoingCall<Target>>,
) -> Result<Outcome, CallError> {
    let key = shared.next_key();
    let patience = call.timeout.unwrap_or(shared.config.method_timeout);
    let permit = room(shared, &shared.chunk_budget, call.payload.len(), patience).await?;
    let command = |reply| Command::Chunk {
        key,
        call,
        reply,
        permit,
    };
    Pending::start(shared, key, None, command)?.outcome().await
}

/// Hands an event to the link, once there is room for it, and waits until it is written.
///
/// # Errors
/// [`CallError::Disconnected`] if there is no link any more.
pub(crate) async fn send_event(
    shared: &Shared,
    event: OutgoingEvent,
) -> Result<Outcome, CallError> {
    let key = shared.next_key();
    let patience = shared.config.method_timeout;
    let permit = room(shared, &shared.budget, event.frame.len(), patience).await?;
    let command = |reply| Command::Event {
        key,
        event,
        reply,
        permit,
    };
    Pending::start(shared, key, None, command)?.outcome().await
}

async fn room(
    shared: &Shared,
    budget: &Budget,
    bytes: usize,
    patience: Duration,
) -> Result<OwnedSemaphorePermit, CallError> {
    match budget.try_reserve(bytes) {
        Some(permit) => Ok(permit),
        // Boxed for its size, and rare.
        None => Box::pin(wait_for_room(shared, budget, bytes, patience)).await,
    }
}

async fn wait_for_room(
    shared: &Shared,
    budget: &Budget,
    bytes: usize,
    patience: Duration,
) -> Result<OwnedSemaphorePermit, CallError> {
    let permit = tokio::select! {
        biased;
        permit = budget.reserve(bytes) => permit,
        // What fills the budget does not go out while there is no connection.
        () = lost_for(shared, patience) => None,
    };
    permit.ok_or_else(|| shared.disconnected(false))
}

/// Ends once the connection was lost for this long without a break.
async fn lost_for(shared: &Shared, patience: Duration) {
    let mut state = shared.state.clone();
    let is_lost = |state: &State| matches!(state, State::Reconnecting { .. });
    while state.wait_for(is_lost).await.is_ok() {
        let found = state.wait_for(|state| !is_lost(state));
        match tokio::time::timeout(patience, found).await {
            Ok(Ok(_)) => {}
            // The end of the link empties the budget.
            Ok(Err(_)) => break,
            Err(_) => return,
        }
    }
    std::future::pending().await
}

/// A call that the link keeps until its outcome, or until this is dropped.
pub(crate) struct Pending<'a> {
    shared: &'a Shared,
    key: u64,
    outcome: oneshot::Receiver<Outcome>,
    waits: bool,
}

impl<'a> Pending<'a> {
    /// Tells the link of a call.
    pub(crate) fn start(
        shared: &'a Shared,
        key: u64,
        received: Option<watch::Sender<usize>>,
        command: impl FnOnce(Waiter) -> Command,
    ) -> Result<Self, CallError> {
        let (sender, outcome) = oneshot::channel();
        let waiter = Waiter {
            outcome: sender,
            received,
        };
        if shared.commands.send(command(waiter)).is_err() {
            return Err(shared.disconnected(false));
        }
        Ok(Self {
            shared,
            key,
            outcome,
            waits: true,
        })
    }

    /// Waits for the outcome, which comes once; cancel safe.
    pub(crate) async fn outcome(&mut self) -> Result<Outcome, CallError> {
        let outcome = (&mut self.outcome).await;
        self.waits = false;
        // The link ended without a word: whether the call was sent is not known.
        outcome.map_err(|_| self.shared.disconnected(true))
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.waits {
            return;
        }
        if let Ok(Outcome::Resolved(packet)) = self.outcome.try_recv() {
            // It came, and nobody reads it any more.
            drop(self.shared.commands.send(Command::Unread(packet)));
        } else {
            // A link that is gone has nothing to free.
            drop(self.shared.commands.send(Command::Cancel(self.key)));
        }
    }
}
