//! Encrypted payload segments (protocol section 11).

use bytes::Bytes;

use super::{Payload, wrong};
use crate::decode::Decoder;
use crate::encode::Writer;
use crate::error::{DecodeError, EncodeError};
use crate::registry::CodecRegistry;
use crate::rope::Rope;
use crate::value::Value;
use crate::wire::{envelope, marker, payload};

/// An encrypted payload (protocol section 11).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Envelope {
    /// Version of the scheme.
    pub version: u64,
    /// Public key of the sender, of any length: nothing is checked here.
    pub public_key: Bytes,
    /// Nonce, of any length.
    pub nonce: Bytes,
    /// Sealed content.
    pub data: Bytes,
}

impl Envelope {
    /// The version of the scheme that all known clients speak.
    pub const VERSION: u64 = 2;

    /// An envelope around sealed content.
    #[must_use]
    pub fn new(public_key: Bytes, nonce: Bytes, data: Bytes) -> Self {
        Self {
            version: Self::VERSION,
            public_key,
            nonce,
            data,
        }
    }

    /// Reads a payload segment, if it is an envelope: a map of `_enc` and `data` alone. All other segments are not
    /// looked through.
    ///
    /// # Errors
    /// If it is an envelope with a part missing or of the wrong kind.
    pub fn read(segment: &Bytes) -> Result<Option<Self>, DecodeError> {
        if !looks_sealed(segment) {
            return Ok(None);
        }
        let decoder = Decoder::new(CodecRegistry::builtin());
        Ok(Payload::decode(segment.clone(), &decoder)?.encrypted)
    }

    /// The payload segment.
    ///
    /// # Errors
    /// If a part is longer than MessagePack can say.
    pub fn encode(&self) -> Result<Rope, EncodeError> {
        let mut writer = Writer::new(CodecRegistry::builtin());
        writer.map_header(2).str(payload::ENC)?.map_header(3);
        writer.str(envelope::VERSION)?.int(self.version);
        writer.str(envelope::PUBLIC_KEY)?.bytes(&self.public_key)?;
        writer.str(envelope::NONCE)?.bytes(&self.nonce)?;
        writer.str(payload::DATA)?.bytes(&self.data)?;
        Ok(writer.finish())
    }

    pub(super) fn of(enc: &Value, data: Value) -> Result<Self, DecodeError> {
        let part = |name| enc.get(name).and_then(Value::as_bytes).cloned();
        let invalid = || wrong(payload::ENC, "an envelope");
        let Value::Bytes(data) = data else {
            return Err(wrong(payload::DATA, "bytes"));
        };
        Ok(Self {
            version: enc
                .get(envelope::VERSION)
                .and_then(Value::as_u64)
                .ok_or_else(invalid)?,
            public_key: part(envelope::PUBLIC_KEY).ok_or_else(invalid)?,
            nonce: part(envelope::NONCE).ok_or_else(invalid)?,
            data,
        })
    }
}

/// Whether a segment is a map of two entries that begins as an envelope does.
fn looks_sealed(segment: &[u8]) -> bool {
    let Some((&first, rest)) = segment.split_first() else {
        return false;
    };
    first == marker::FIXMAP | 2
        && [payload::ENC, payload::DATA].iter().any(|key| {
            rest.split_first().is_some_and(|(&length, text)| {
                usize::from(length ^ marker::FIXSTR) == key.len()
                    && text.starts_with(key.as_bytes())
            })
        })
}
