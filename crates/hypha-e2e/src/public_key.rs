//! Keys that others may know.

use std::fmt;
use std::str::FromStr;

use crate::hex;

/// The public key of a client: 32 bytes, or 64 hexadecimal digits as text (written in lower case).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key with these bytes. Any 32 bytes are one; what cannot be sealed for is refused when it is tried.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether it is written as keys are made: a number below 2^255 - 19, little end first. X25519 takes others for the
    /// same key in another form, so that whoever tells callers apart by their keys must not take them.
    #[must_use]
    pub fn is_canonical(&self) -> bool {
        let [first, middle @ .., last] = &self.0;
        let above = *last == 0x7f && *first >= 0xed && middle.iter().all(|byte| *byte == 0xff);
        *last < 0x80 && !above
    }
}

impl From<[u8; 32]> for PublicKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl TryFrom<&[u8]> for PublicKey {
    type Error = KeyError;

    /// # Errors
    /// If there are not 32 of them.
    fn try_from(bytes: &[u8]) -> Result<Self, KeyError> {
        bytes.try_into().map(Self).map_err(|_| KeyError(()))
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    /// # Errors
    /// If it is not 64 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut key = [0; 32];
        hex::read(text, &mut key).ok_or(KeyError(()))?;
        Ok(Self(key))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Something is no key. It is not shown: it may be a key with a slip in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is 32 bytes, or 64 hexadecimal digits")]
pub struct KeyError(pub(crate) ());
