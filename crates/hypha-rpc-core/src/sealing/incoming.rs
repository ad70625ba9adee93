//! Opening payload segments, and checking that they belong where they came.

use std::time::Duration;

use bytes::Bytes;
use hypha_codec::{Binding, Envelope, Packet};
use hypha_e2e::{Nonce, PublicKey, ReplayError};

use super::{BYTES_PER_SECOND, EncryptionError, SEAL_TAG, Sealing};
use crate::address::Address;

/// What was in an envelope.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The message with its payload in clear.
    pub(crate) packet: Packet,
    /// Who sealed it.
    pub(crate) key: PublicKey,
    /// What tells it from others of the same sender, if it says when it was sealed.
    stamp: Option<Stamp>,
}

#[derive(Clone, Copy, Debug)]
struct Stamp {
    nonce: Nonce,
    sealed_at_ms: u64,
}

impl Sealing {
    /// Opens the call of a function at `local`.
    pub(crate) fn open_call(
        &self,
        packet: Packet,
        envelope: Envelope,
        local: &Address,
    ) -> Result<Opened, EncryptionError> {
        let (payload, key, nonce) = self.open(envelope)?;
        let sealed_at = check_place(&packet, &payload, local)?;
        Ok(Opened {
            packet: packet.with_payload(payload),
            key,
            stamp: sealed_at.map(|sealed_at_ms| Stamp {
                nonce,
                sealed_at_ms,
            }),
        })
    }

    /// Takes a call once, while it is fresh. Whoever may not call anyway should not get here, and
    /// have calls of others forgotten.
    pub(crate) fn take(&self, opened: &Opened) -> Result<(), EncryptionError> {
        let Some(Stamp {
            nonce,
            sealed_at_ms,
        }) = opened.stamp
        else {
            return Ok(());
        };
        let bytes = u64::try_from(opened.packet.payload().len()).unwrap_or(u64::MAX);
        let longer = Duration::from_secs(bytes / BYTES_PER_SECOND);
        self.seen
            .admit(&opened.key, &nonce, sealed_at_ms, longer)
            .map_err(|error| match error {
                ReplayError::Crowded => EncryptionError::Crowded,
                _ => EncryptionError::Replayed,
            })
    }

    /// Opens the answer to a call that was sealed for `key`. Its age does not matter: the session it
    /// belongs to is answered once.
    pub(crate) fn open_answer(
        &self,
        packet: Packet,
        envelope: Envelope,
        local: &Address,
        key: Option<&PublicKey>,
    ) -> Result<Opened, EncryptionError> {
        let (payload, by, _) = self.open(envelope)?;
        if key.is_some_and(|key| *key != by) {
            return Err(EncryptionError::OtherKey);
        }
        check_place(&packet, &payload, local)?;
        Ok(Opened {
            packet: packet.with_payload(payload),
            key: by,
            stamp: None,
        })
    }

    fn open(&self, envelope: Envelope) -> Result<(Bytes, PublicKey, Nonce), EncryptionError> {
        if envelope.version != Envelope::VERSION {
            return Err(EncryptionError::Malformed);
        }
        let key = PublicKey::try_from(&*envelope.public_key);
        let key = key.map_err(|_| EncryptionError::Malformed)?;
        // Nobody authenticates this key but by its secret, which another form of it shares: with that
        // one a message would be another caller's, and come in once more.
        if !key.is_canonical() {
            return Err(EncryptionError::Malformed);
        }
        let nonce = Nonce::try_from(&*envelope.nonce);
        let nonce = nonce.map_err(|_| EncryptionError::Malformed)?;
        // Decrypted in its place: a copy, unless nobody else holds the frame.
        let mut buffer = Vec::from(envelope.data);
        self.sealer.open(&key, &nonce, &mut buffer)?;
        let mut payload = Bytes::from(buffer);
        if payload.len() < SEAL_TAG {
            return Err(EncryptionError::Malformed);
        }
        Ok((payload.split_off(SEAL_TAG), key, nonce))
    }
}

/// Checks that a message came where it was sealed for, if it says so; tells when it was sealed. What
/// the Python and JavaScript clients seal does not say it.
fn check_place(
    packet: &Packet,
    payload: &Bytes,
    local: &Address,
) -> Result<Option<u64>, EncryptionError> {
    let binding = Binding::read(payload).map_err(|_| EncryptionError::Malformed)?;
    let Some(binding) = binding else {
        return Ok(None);
    };
    let header = packet.header().map_err(|_| EncryptionError::Malformed)?;
    let here = binding.to == local.as_str()
        && header.method() == Some(binding.method)
        && header.session() == binding.session;
    if !here {
        return Err(EncryptionError::Misdirected);
    }
    Ok(Some(binding.sealed_at_ms))
}
