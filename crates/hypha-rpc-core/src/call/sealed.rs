//! Calls that are encrypted, and what comes back for them.

use std::sync::Arc;

use hypha_codec::Envelope;

use super::{Call, Reply, Sending, conclude};
use crate::engine::Outcome;
use crate::error::{CallError, RemoteError, RemoteErrorKind};
use crate::sealing::{self, EncryptionError, Recipient};
use crate::shared::Shared;
use crate::transfer;

/// Seals a call, hands it to the link and waits for its outcome: its result is one only if it comes
/// encrypted too.
///
/// An error of the protocol may come in clear. Servers say so that they did not deliver a call, and
/// providers that they cannot read it or have no such method; whoever can keep a call from its
/// provider could say so just as well. What a method itself says never comes so.
pub(super) async fn send(
    shared: &Arc<Shared>,
    call: Arc<Call>,
    recipient: Recipient,
) -> Result<Reply, CallError> {
    let Some(sealing) = &shared.sealing else {
        return Err(EncryptionError::Off(call.target.clone()).into());
    };
    let sealing = sealing.sealing_for(&recipient)?;
    let key = recipient.key;
    let Sending {
        key: number,
        mut outgoing,
        target,
        method,
        progress,
    } = Sending::prepare(shared, &call)?;
    drop(call);
    let clear = std::mem::take(&mut outgoing.payload);
    let session = outgoing.timeout.map(|_| shared.sessions.id(number));
    outgoing.payload = sealing::aside(clear.len(), {
        let (sealing, target, method) = (Arc::clone(&sealing), target.clone(), method.clone());
        move || sealing.seal(&key, &target, &method, session.as_deref(), &clear)
    })
    .await?;
    // The calls that carry a message in several frames are answered in clear, too.
    let outcome = transfer::call(shared, number, outgoing, progress.as_ref()).await;
    let outcome = outcome.map_err(unsealed)?;
    let (packet, is_result) = match outcome {
        Outcome::Resolved(packet) => (packet, true),
        Outcome::Rejected(packet) => (packet, false),
        other => return conclude(shared, target, method, other),
    };
    let envelope = Envelope::read(&packet.payload()).map_err(|_| EncryptionError::Malformed)?;
    let Some(envelope) = envelope else {
        return if is_result {
            Err(EncryptionError::PlainAnswer.into())
        } else {
            let refused = conclude(shared, target, method, Outcome::Rejected(packet));
            refused.map_err(unsealed)
        };
    };
    let local = shared.local.clone();
    let opened = sealing::aside(packet.payload().len(), move || {
        sealing.open_answer(packet, envelope, &local, Some(&key))
    })
    .await?;
    let outcome = if is_result {
        Outcome::Resolved(opened.packet)
    } else {
        Outcome::Rejected(opened.packet)
    };
    let reply = conclude(shared, target, method, outcome).map_err(said_by_provider)?;
    Ok(Reply {
        sealed_by: Some(recipient),
        ..reply
    })
}

/// An error that its provider sealed. That somebody is not connected is then about a call of its own, whatever the header
/// makes of it: whoever had this one in hand could say that it was not delivered.
fn said_by_provider(error: CallError) -> CallError {
    match error {
        CallError::Remote(error) if error.kind() == RemoteErrorKind::PeerNotConnected => {
            CallError::Remote(error.of_application())
        }
        other => other,
    }
}

/// What is left of an error that came in clear: the words of the protocol that are said before a call is
/// opened, and that it was in clear. Anything else is nobody's word.
fn unsealed(error: CallError) -> CallError {
    match error {
        CallError::Remote(error) if is_said_before_opening(&error) => {
            CallError::Remote(error.in_clear())
        }
        CallError::Remote(error) => EncryptionError::PlainError(error.message().to_owned()).into(),
        other => other,
    }
}

fn is_said_before_opening(error: &RemoteError) -> bool {
    // Whose kind is read off one line among many could say anything in the others, and show those.
    let is_one_line = !error.message().trim_end().contains('\n');
    let shown = RemoteError::new(error.to_string());
    is_one_line
        && shown.kind() == error.kind()
        && matches!(
            error.kind(),
            RemoteErrorKind::MethodNotFound
                | RemoteErrorKind::SessionNotFound
                | RemoteErrorKind::ServiceNotFound
                | RemoteErrorKind::PermissionDenied
                | RemoteErrorKind::Encryption
                | RemoteErrorKind::PeerNotConnected
                | RemoteErrorKind::Busy
                | RemoteErrorKind::ShuttingDown
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only the header, which anybody on the way can change, tells it from the words of a server.
    #[test]
    fn a_provider_that_did_not_reach_somebody_was_reached() {
        let said = RemoteError::new("Target peer ws/x is not connected");
        assert!(CallError::Remote(said.clone()).is_retryable());
        let said = said_by_provider(CallError::Remote(said));
        assert!(!said.is_retryable() && !said.is_disconnected(), "{said}");
        let kind = said.remote().map(RemoteError::kind);
        assert_eq!(kind, Some(RemoteErrorKind::Application));
    }
}
