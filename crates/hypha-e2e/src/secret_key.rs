//! Keys that nobody else may know.

use std::fmt;
use std::str::FromStr;

use curve25519_dalek::montgomery::MontgomeryPoint;
use zeroize::Zeroizing;

use crate::hex;
use crate::public_key::{KeyError, PublicKey};
use crate::shared_key::{SharedKey, WeakKey};

/// The secret key of a client. Wiped from memory when it is dropped, and never shown by `Debug`.
///
/// It stays in one place of the heap: moving it leaves no copies behind.
#[derive(Clone)]
pub struct SecretKey(Box<Zeroizing<[u8; 32]>>);

impl SecretKey {
    /// A new key.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn generate() -> Result<Self, RandomError> {
        let mut key = Self::empty();
        getrandom::fill(&mut **key.0)?;
        Ok(key)
    }

    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let mut key = Self::empty();
        key.0.copy_from_slice(&*bytes);
        key
    }

    fn empty() -> Self {
        Self(Box::new(Zeroizing::new([0; 32])))
    }

    /// The public key that belongs to it.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(MontgomeryPoint::mul_base_clamped(**self.0).to_bytes())
    }

    /// 64 hexadecimal digits, as files hold them. Whoever has them has the key.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        // With room for all of it: what a growing text leaves behind would not be wiped.
        let mut text = Zeroizing::new(String::with_capacity(hex::DIGITS));
        for byte in self.0.iter() {
            text.push(hex::digit(byte >> 4));
            text.push(hex::digit(*byte));
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
        let mut key = Self::empty();
        hex::read(text, &mut key.0).ok_or(KeyError(()))?;
        Ok(key)
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
