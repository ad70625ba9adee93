//! Opening payload segments, and checking that they belong where they came.

use std::time::Duration;

use bytes::Bytes;
use hypha_codec::{Binding, Envelope, Packet};
use hypha_e2e::{Nonce, PublicKey};

use super::{BYTES_PER_SECOND, EncryptionError, SEAL_TAG, Sealing, now_ms};
use crate::address::Address;

/// What was in an envelope.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The message with its payload in clear.
    pub(crate) packet: Packet,
    /// Who sealed it.
    pub(crate) key: PublicKey,
}

impl Sealing {
    /// Opens the call of a function at `local`. It is taken once.
    pub(crate) fn open_call(
        &self,
        packet: Packet,
        envelope: Envelope,
        local: &Address,
    ) -> Result<Opened, EncryptionError> {
        let (payload, key, nonce) = self.open(envelope)?;
        if let Some(sealed_at) = check_place(&packet, &payload, local)? {
            let longer = u64::try_from(payload.len()).unwrap_or(u64::MAX) / BYTES_PER_SECOND;
            self.seen()
                .admit(&nonce, sealed_at, Duration::from_secs(longer), now_ms())
                .map_err(|_| EncryptionError::Replayed)?;
        }
        Ok(Opened {
            packet: packet.with_payload(payload),
            key,
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
        })
    }

    fn open(&self, envelope: Envelope) -> Result<(Bytes, PublicKey, Nonce), EncryptionError> {
        if envelope.version != Envelope::VERSION {
            return Err(EncryptionError::Malformed);
        }
        let key = PublicKey::try_from(&*envelope.public_key);
        let key = key.map_err(|_| EncryptionError::Malformed)?;
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
    if binding.to != local.as_str() || header.method() != Some(binding.method) {
        return Err(EncryptionError::Misdirected);
    }
    Ok(Some(binding.sealed_at_ms))
}
