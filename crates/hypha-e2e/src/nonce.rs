//! Numbers used once.

/// What makes two boxes of the same content different: 24 bytes, random, and never used twice with the same keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce([u8; 24]);

impl Nonce {
    /// A fresh one.
    ///
    /// # Errors
    /// If the system gives no randomness.
    #[cfg(feature = "crypto")]
    #[cfg_attr(docsrs, doc(cfg(feature = "crypto")))]
    pub fn random() -> Result<Self, crate::RandomError> {
        let mut bytes = [0; 24];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The nonce with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 24]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }
}

impl TryFrom<&[u8]> for Nonce {
    type Error = NonceError;

    /// # Errors
    /// If there are not 24 of them.
    fn try_from(bytes: &[u8]) -> Result<Self, NonceError> {
        bytes.try_into().map(Self).map_err(|_| NonceError(()))
    }
}

/// A nonce of another length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a nonce is 24 bytes")]
pub struct NonceError(());
