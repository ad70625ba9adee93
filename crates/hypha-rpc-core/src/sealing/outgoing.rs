//! Sealing payload segments.

use bytes::Bytes;
use hypha_codec::{Binding, Envelope, Rope};
use hypha_e2e::PublicKey;

use super::{EncryptionError, SEAL_TAG, Sealing, now_ms};
use crate::address::Address;

/// Marker of a MessagePack map whose length is part of it, and the longest such map.
const FIXMAP: u8 = 0x80;
const MAX_FIXMAP: u32 = 15;

impl Sealing {
    /// Seals a payload segment for a function of a receiver, which answers at `session`. A segment
    /// without bytes has nothing to hide and stays as it is.
    pub(crate) fn seal(
        &self,
        key: &PublicKey,
        to: &Address,
        method: &str,
        session: Option<&str>,
        payload: &Rope,
    ) -> Result<Rope, EncryptionError> {
        if payload.is_empty() {
            return Ok(Rope::new());
        }
        let binding = Binding::new(to.as_str(), method, now_ms()).answered_at(session);
        let binding = binding.entries()?;
        let mut buffer = Vec::with_capacity(SEAL_TAG + payload.len() + binding.len());
        buffer.resize(SEAL_TAG, 0);
        for segment in payload.segments().chain(binding.segments()) {
            buffer.extend_from_slice(segment);
        }
        extend_map(&mut buffer)?;
        let nonce = self.sealer.seal(key, &mut buffer)?;
        let envelope = Envelope::new(
            Bytes::copy_from_slice(self.public_key().as_bytes()),
            Bytes::copy_from_slice(nonce.as_bytes()),
            Bytes::from(buffer),
        );
        Ok(envelope.encode()?)
    }
}

/// The map of the payload, whose header has the length in it, has the entries of the binding too.
fn extend_map(buffer: &mut [u8]) -> Result<(), EncryptionError> {
    let marker = buffer.get_mut(SEAL_TAG);
    let longer = marker
        .as_deref()
        .and_then(|marker| marker.checked_sub(FIXMAP))
        .map(|entries| u32::from(entries) + Binding::ENTRIES)
        .filter(|entries| *entries <= MAX_FIXMAP)
        .and_then(|entries| u8::try_from(entries).ok());
    match (marker, longer) {
        (Some(marker), Some(entries)) => {
            *marker = FIXMAP | entries;
            Ok(())
        }
        _ => Err(EncryptionError::Malformed),
    }
}
