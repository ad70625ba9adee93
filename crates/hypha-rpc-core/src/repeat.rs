//! Calls that are made again: those that are certain not to have run, and those that may run twice.

use std::sync::Arc;
use std::time::Duration;

use crate::backoff::{Backoff, random};
use crate::call::{Call, CallService, Reply};
use crate::error::{CallError, RemoteErrorKind};
use crate::shared::Shared;
use crate::texts;

/// What is known of a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    /// It never got as far as its method.
    NotRun,
    /// It may have run.
    MaybeRan,
}

/// Arguments that are kept until the answer comes, in case that the call has to be made again, if it
/// may run only once.
const KEPT_BYTES: usize = 1 << 20;

/// The longest wait before a call is made again, at first and at last.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LAST_WAIT: Duration = Duration::from_secs(5);

/// Makes a call.
pub(crate) async fn make(
    calls: &CallService,
    shared: &Arc<Shared>,
    call: Arc<Call>,
) -> Result<Reply, CallError> {
    let kept = kept(&call);
    let give_up = if call.options.idempotent {
        started(call.options.timeout.unwrap_or(shared.config.method_timeout))
    } else {
        None
    };
    let error = match calls.pass(call).await {
        Ok(reply) => return Ok(reply),
        Err(error) => error,
    };
    match kept {
        // Boxed for its size, and rare.
        Some(kept) => Box::pin(make_again(calls, shared, kept, give_up, error)).await,
        None => Err(error),
    }
}

/// What is needed to make a call again, if that can be.
fn kept(call: &Arc<Call>) -> Option<Arc<Call>> {
    // Whoever an encrypted call is hidden from could make it run twice by saying that it did not.
    let may_be_looked_up =
        call.found.is_some() && call.recipient.is_none() && call.payload_len() <= KEPT_BYTES;
    let keep = call.can_repeat() && (call.options.idempotent || may_be_looked_up);
    keep.then(|| Arc::clone(call))
}

async fn make_again(
    calls: &CallService,
    shared: &Arc<Shared>,
    mut again: Arc<Call>,
    give_up: Option<tokio::time::Instant>,
    mut error: CallError,
) -> Result<Reply, CallError> {
    let idempotent = again.options.idempotent;
    let mut backoff = Backoff::new(FIRST_WAIT, LAST_WAIT);
    let mut looked_up = false;
    loop {
        let Some(loss) = loss(shared, &again, &error) else {
            return Err(error);
        };
        let stale = loss == Loss::NotRun || matches!(error, CallError::PeerGone { .. });
        // Without leave to run it twice a call is made again once, and only if it did not run.
        // Nobody else holds it by now: this copies nothing.
        let call = Arc::make_mut(&mut again);
        let fresh = match &mut call.found {
            Some(found) if stale && (idempotent || (loss == Loss::NotRun && !looked_up)) => {
                looked_up = true;
                found.again().await.ok()
            }
            _ => None,
        };
        let is_fresh = fresh.is_some();
        if let Some(place) = fresh {
            (call.target, call.method) = (place.target, place.method);
        }
        if !(idempotent || is_fresh) {
            return Err(error);
        }
        if idempotent {
            let wait = backoff.failed(random());
            let over = give_up.is_some_and(|at| now() + wait >= at);
            if over || shared.ended.get().is_some() {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
        }
        let kept = kept(&again);
        (again, error) = match (calls.pass(again).await, kept) {
            (Err(error), Some(kept)) => (kept, error),
            (result, _) => return result,
        };
    }
}

/// What an error says of the fate of its call, if the call might be made again.
fn loss(shared: &Shared, call: &Call, error: &CallError) -> Option<Loss> {
    match error {
        CallError::PeerGone { .. }
        | CallError::Disconnected {
            maybe_ran: true, ..
        } => Some(Loss::MaybeRan),
        // These come from the server alone, which did not deliver the call.
        CallError::Remote(error) if error.kind() == RemoteErrorKind::PeerNotConnected => {
            Some(Loss::NotRun)
        }
        CallError::Remote(error) => {
            // The words in which a provider says that it has no such method name the caller: an
            // error of its own, or of a call that the method made, does not count.
            texts::is_failed_lookup(error.message(), &shared.local, &call.method)
                .then_some(Loss::NotRun)
        }
        _ => None,
    }
}

fn started(patience: Duration) -> Option<tokio::time::Instant> {
    now().checked_add(patience)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a caller goes on trying is no matter of the engine"
)]
fn now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}
