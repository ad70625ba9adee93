//! Keys that nobody else may know.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::hex;
use crate::public_key::{KeyError, PublicKey};
use crate::shared_key::{SharedKey, WeakKey};

/// The secret key of a client. Wiped from memory when it is dropped, and never shown by `Debug`.
#[derive(Clone)]
pub struct SecretKey(crypto_box::SecretKey);

impl SecretKey {
    /// A new key.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn generate() -> Result<Self, RandomError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes)?;
        Ok(Self(crypto_box::SecretKey::from(*bytes)))
    }

    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self(crypto_box::SecretKey::from(*bytes))
    }

    /// The public key that belongs to it.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(*self.0.public_key().as_bytes())
    }

    /// 64 hexadecimal digits, as files hold them. Whoever has them has the key.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        // With room for all of it: what a growing text leaves behind would not be wiped.
        let mut text = Zeroizing::new(String::with_capacity(hex::DIGITS));
        let bytes = Zeroizing::new(self.0.to_bytes());
        for byte in *bytes {
            text.push(hex::digit(byte >> 4));
            text.push(hex::digit(byte));
        }
        text
    }

    /// What seals and opens between this key and another. Working it out takes as long as sealing some ten kilobytes,
    /// so it is worth keeping.
    ///
    /// # Errors
    /// If the other is one of the few keys with which every secret key has the same in common, as nobody has by
    /// accident.
    pub fn shared_with(&self, other: &PublicKey) -> Result<SharedKey, WeakKey> {
        SharedKey::new(other, &self.0)
    }
}

impl FromStr for SecretKey {
    type Err = KeyError;

    /// # Errors
    /// If it is not 64 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::read(text, &mut bytes).ok_or(KeyError(()))?;
        Ok(Self(crypto_box::SecretKey::from(*bytes)))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// The system gives no randomness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no randomness: {0}")]
pub struct RandomError(String);

impl From<getrandom::Error> for RandomError {
    fn from(error: getrandom::Error) -> Self {
        Self(error.to_string())
    }
}
