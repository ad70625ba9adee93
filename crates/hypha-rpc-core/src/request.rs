//! One message on its way through the link: below the layers of the call path.

use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::engine::{Outcome, OutgoingCall, OutgoingEvent};
use crate::error::CallError;
use crate::link::Command;
use crate::shared::Shared;
use crate::state::State;
use crate::target::Target;

/// Hands a call to the link, once there is room for it, and waits for its outcome.
///
/// Dropping the future frees everything that was kept of the call; a call that was not sent yet
/// never is.
///
/// # Errors
/// [`CallError::Disconnected`] if there is no link any more.
pub(crate) async fn request(
    shared: &Shared,
    key: u64,
    call: OutgoingCall<Target>,
) -> Result<Outcome, CallError> {
    let size = call.payload.len();
    let patience = call.timeout.unwrap_or(shared.config.method_timeout);
    hand_over(shared, key, size, patience, |reply, permit| Command::Call {
        key,
        call,
        reply,
        permit,
    })
    .await
}

/// Hands an event to the link, once there is room for it, and waits until it is written.
///
/// # Errors
/// [`CallError::Disconnected`] if there is no link any more.
pub(crate) async fn send_event(
    shared: &Shared,
    event: OutgoingEvent,
) -> Result<Outcome, CallError> {
    let (key, size) = (shared.next_key(), event.frame.len());
    let patience = shared.config.method_timeout;
    hand_over(shared, key, size, patience, |reply, permit| {
        Command::Event {
            key,
            event,
            reply,
            permit,
        }
    })
    .await
}

async fn hand_over(
    shared: &Shared,
    key: u64,
    size: usize,
    patience: Duration,
    command: impl FnOnce(oneshot::Sender<Outcome>, OwnedSemaphorePermit) -> Command,
) -> Result<Outcome, CallError> {
    let permit = tokio::select! {
        biased;
        permit = shared.budget.reserve(size) => permit,
        // What fills the budget does not go out while there is no connection.
        () = lost_for(shared, patience) => None,
    };
    let permit = permit.ok_or_else(|| shared.disconnected(false))?;
    let (reply, outcome) = oneshot::channel();
    if shared.commands.send(command(reply, permit)).is_err() {
        return Err(shared.disconnected(false));
    }
    let guard = CancelOnDrop {
        shared,
        key,
        armed: true,
    };
    let outcome = outcome.await;
    guard.disarm();
    // The link ended without a word: whether the call was sent is not known.
    outcome.map_err(|_| shared.disconnected(true))
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

/// Frees the pending call when its caller stops waiting.
struct CancelOnDrop<'a> {
    shared: &'a Shared,
    key: u64,
    armed: bool,
}

impl CancelOnDrop<'_> {
    fn disarm(mut self) {
        self.armed = false;
    }
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        if self.armed {
            // A link that is gone has nothing to free.
            drop(self.shared.commands.send(Command::Cancel(self.key)));
        }
    }
}
