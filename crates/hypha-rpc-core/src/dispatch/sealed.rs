//! Encrypted calls: opening them, who may make them, and encrypting their answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use hypha_codec::{Envelope, Packet, Rope, Text};
use hypha_e2e::PublicKey;

use super::{Environment, Incoming};
use crate::address::Address;
use crate::engine::Answer;
use crate::error::{RemoteError, RemoteErrorKind, with_sources};
use crate::payload;
use crate::protocol::answer;
use crate::sealing::{EncryptionError, Recipient, Sealing};
use crate::target::{Target, UserMethod};
use crate::texts;

/// How the answer to an encrypted call is encrypted.
#[derive(Clone, Debug)]
pub(super) struct Seal {
    sealing: Arc<Sealing>,
    /// The caller.
    key: PublicKey,
    from: Address,
    session: Option<Text>,
}

impl Seal {
    /// Whose call it is.
    pub(super) fn caller(&self) -> Recipient {
        Recipient {
            key: self.key,
            anonymously: self.sealing.is_anonymous(),
        }
    }

    /// What seals the answer.
    pub(super) fn sealing(&self) -> &Arc<Sealing> {
        &self.sealing
    }

    /// Encrypts an answer.
    pub(super) fn answer(&self, answer: Answer<Target>) -> Answer<Target> {
        let Some(session) = &self.session else {
            // It goes nowhere.
            return answer;
        };
        let seal = |name: &str, payload: &Rope| {
            let method = Text::concat(&[session, ".", name]);
            self.sealing
                .seal(&self.key, &self.from, &method, None, payload)
        };
        // Sealers of the user run here.
        let sealed = catch_unwind(AssertUnwindSafe(|| match answer {
            Answer::Resolve { payload, exports } => {
                let payload = seal(answer::RESOLVE, &payload)?;
                Ok(Answer::Resolve { payload, exports })
            }
            Answer::Reject(payload) => seal(answer::REJECT, &payload).map(Answer::Reject),
        }));
        let sealed = sealed.unwrap_or(Err(EncryptionError::Unopened));
        // The words are ours, and say nothing of the answer.
        sealed.unwrap_or_else(|error| {
            let text = texts::answer_not_delivered(&error.to_string());
            Answer::Reject(payload::reject(&text, ""))
        })
    }
}

/// Opens the payload of a call, if it is encrypted.
pub(super) fn open(
    mut invoke: Incoming,
    environment: &Environment,
) -> Result<(Incoming, Option<Seal>), RemoteError> {
    let malformed = |error: hypha_codec::DecodeError| {
        let text = texts::malformed_call(&with_sources(&error));
        RemoteError::of_kind(RemoteErrorKind::InvalidArguments, text)
    };
    let Some(envelope) = Envelope::read(&invoke.packet.payload()).map_err(malformed)? else {
        return Ok((invoke, None));
    };
    let refused = |text| RemoteError::of_kind(RemoteErrorKind::Encryption, text);
    let header = invoke.packet.header().map_err(malformed)?;
    let method = Text::from(header.method().unwrap_or_default());
    let session = header.session().map(Text::from);
    let (target, local) = &invoke.handler;
    let own = target.keys.sealing.as_ref();
    let Some(sealing) = own.or(environment.sealing.as_ref()) else {
        return Err(refused(texts::encryption_off(&method)));
    };
    let seal = |key| Seal {
        sealing: Arc::clone(sealing),
        key,
        from: invoke.from.clone(),
        session,
    };
    let refuse = |error: EncryptionError| match error {
        EncryptionError::Misdirected | EncryptionError::Replayed | EncryptionError::Crowded => {
            refused(texts::sealed_call_refused(&method, &error.to_string()))
        }
        _ => refused(texts::decryption_failed(&method)),
    };
    let opened = sealing
        .open_call(invoke.packet.clone(), envelope, local)
        .map_err(refuse)?;
    // Whom the method does not trust is told so later, encrypted; such calls are not remembered.
    if admit(target, Some(&opened.key), &opened.packet).is_ok() {
        sealing.take(&opened).map_err(refuse)?;
    }
    let seal = seal(opened.key);
    invoke.packet = opened.packet;
    Ok((invoke, Some(seal)))
}

/// Opens an answer that nobody reads. Nobody knows any more with which of our keys its call was encrypted.
pub(super) fn open_unread(
    sealing: &Sealing,
    packet: &Packet,
    envelope: &Envelope,
    local: &Address,
) -> Option<(Bytes, Recipient)> {
    let open = |sealing: &Sealing| {
        let opened = sealing.open_answer(packet.clone(), envelope.clone(), local, None);
        let opened = opened.ok()?;
        let sender = Recipient {
            key: opened.key,
            anonymously: sealing.is_anonymous(),
        };
        Some((opened.packet.payload(), sender))
    };
    open(sealing).or_else(|| open(&sealing.anonymous().ok()?))
}

/// Whether a method takes calls of the owner of this key (protocol section 11).
pub(super) fn admit(
    method: &UserMethod,
    caller: Option<&PublicKey>,
    packet: &Packet,
) -> Result<(), RemoteError> {
    let Some(trusted) = &method.keys.trusted else {
        return Ok(());
    };
    let path = packet.header().ok().and_then(|header| header.method());
    let path = path.unwrap_or_default();
    let text = match caller {
        None => texts::encryption_required(path),
        Some(key) if !trusted.contains(key) => texts::untrusted_key(path),
        Some(_) => return Ok(()),
    };
    Err(RemoteError::of_kind(RemoteErrorKind::Encryption, text))
}
