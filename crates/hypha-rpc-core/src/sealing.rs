//! End-to-end encryption of what calls and answers carry (protocol section 11).
//!
//! Headers stay clear: the server routes by them. What is sealed says itself where it belongs, so
//! that a server cannot move it.

mod incoming;
mod outgoing;
mod seen;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hypha_codec::EncodeError;
use hypha_e2e::{Nonce, PublicKey};

pub use self::seen::SealedCalls;
use crate::address::Address;

/// Bytes in front of what is sealed, where its tag stands.
pub const SEAL_TAG: usize = 16;

/// Seals and opens what travels: the cryptography of a peer, and its own key.
///
/// `hypha-client` has one, over `hypha-e2e`; tests and hardware keys may bring others. X25519 with
/// XSalsa20-Poly1305 (`crypto_box`) is what the other clients understand.
pub trait Sealer: fmt::Debug + Send + Sync + 'static {
    /// Our public key, which others seal for.
    fn public_key(&self) -> PublicKey;

    /// Seals a buffer for `to` under a fresh nonce. The buffer begins with [`SEAL_TAG`] bytes of
    /// room for the tag; the text behind it is replaced by as many bytes.
    ///
    /// # Errors
    /// [`EncryptionError::Random`] without randomness, [`EncryptionError::BadKey`] if nothing can
    /// be sealed for this key.
    fn seal(&self, to: &PublicKey, buffer: &mut [u8]) -> Result<Nonce, EncryptionError>;

    /// Opens what the owner of `from` sealed for us, in its place: the text stands behind
    /// [`SEAL_TAG`] bytes then.
    ///
    /// # Errors
    /// [`EncryptionError::Unopened`] if it was not sealed so, or changed since.
    fn open(
        &self,
        from: &PublicKey,
        nonce: &Nonce,
        buffer: &mut [u8],
    ) -> Result<(), EncryptionError>;

    /// A sealer with another key, which nobody knows and which tells nobody who we are: for functions
    /// whose public key is nobody's word. It is asked for each of their calls, and should be the same
    /// for all.
    ///
    /// # Errors
    /// [`EncryptionError::Random`], or what a sealer says that has no other key: those functions cannot
    /// be called then.
    fn anonymous(&self) -> Result<Arc<dyn Sealer>, EncryptionError> {
        Err(EncryptionError::NoOtherKey)
    }

    /// What came sealed for this key already: a call that came over one connection must not come again
    /// over the next. Without a place to keep it, each connection begins with
    /// [`SealedCalls::from_now`].
    fn seen(&self) -> SealedCalls {
        SealedCalls::from_now()
    }
}

/// Why something is not encrypted or decrypted as it should be. Nothing is ever sent or taken in
/// clear instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptionError {
    /// A public key was given, and this client has no key of its own.
    #[error("a public key is given for `{0}`, but encryption is off at this client")]
    Off(Address),
    /// The function came in an encrypted message and leads to a client whose key is not known.
    #[error("the function came encrypted, but leads to `{0}`, whose public key did not come along")]
    NoKey(Address),
    /// The function came with a public key that whoever sent it cannot answer for, and there is no other
    /// key here than the one that would be lent by calling it.
    #[error(
        "the function came with a public key that whoever sent it cannot answer for: our own key would be lent"
    )]
    NoOtherKey,
    /// What should be a public key is none, or none that anything can be sealed for.
    #[error("the public key is none that can be encrypted for")]
    BadKey,
    /// There is no randomness for a nonce.
    #[error("the system gives no randomness")]
    Random,
    /// The answer of an encrypted call came in clear.
    #[error("the call was encrypted, and its answer is not")]
    PlainAnswer,
    /// The call was encrypted, and an error came in clear that is none of the protocol's: anybody on the
    /// way could have written it, and the call may have run.
    #[error(
        "the call was encrypted, and its error is not, so that anybody on its way may have written it: {0}"
    )]
    PlainError(String),
    /// The answer of a call in clear came encrypted.
    #[error("the call was not encrypted, and its answer is")]
    SealedAnswer,
    /// The message was encrypted by somebody else than the one the call was encrypted for.
    #[error("it was encrypted with another key than the provider's")]
    OtherKey,
    /// The message cannot be decrypted.
    #[error("it cannot be decrypted: it was changed on its way, or encrypted for another key")]
    Unopened,
    /// The envelope is not as it should be, or of a version that nobody knows here.
    #[error("its envelope cannot be read")]
    Malformed,
    /// The message was sealed for another receiver or another method.
    #[error("it was encrypted for another place than the one it came to")]
    Misdirected,
    /// The message came too long after it was sealed, or was there before.
    #[error(
        "it was there before, is older than {}s (clocks must agree to that) or than the program that it came to",
        FRESH.as_secs()
    )]
    Replayed,
    /// Too many calls came that are fresh for longer than most. This one did not run.
    #[error("too many calls came that were sealed ahead of time, or may take longer")]
    Crowded,
    /// The message is too long to be sealed.
    #[error("it cannot be encoded: {0}")]
    Encode(String),
}

impl From<EncodeError> for EncryptionError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error.to_string())
    }
}

/// How long after it was sealed a call is taken; clocks may differ by as much.
pub(crate) const FRESH: Duration = Duration::from_secs(60);

/// A long message is longer on its way: it has a second more for so many bytes, twice the time of
/// the slowest receiver that a server bears.
const BYTES_PER_SECOND: u64 = 8 * 1024;

/// Larger texts are sealed and opened on threads that may block.
const INLINE: usize = 64 * 1024;

/// The encryption of one connection.
#[derive(Debug)]
pub(crate) struct Sealing {
    sealer: Arc<dyn Sealer>,
    seen: SealedCalls,
    is_anonymous: bool,
}

impl Sealing {
    pub(crate) fn new(sealer: Arc<dyn Sealer>) -> Self {
        let seen = sealer.seen();
        Self {
            sealer,
            seen,
            is_anonymous: false,
        }
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        self.sealer.public_key()
    }

    /// Whether its key tells nobody who we are.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.is_anonymous
    }

    /// The same with a key that tells nobody who we are.
    pub(crate) fn anonymous(&self) -> Result<Self, EncryptionError> {
        Ok(Self {
            sealer: self.sealer.anonymous()?,
            seen: self.seen.clone(),
            is_anonymous: true,
        })
    }

    /// What seals for somebody.
    pub(crate) fn sealing_for(
        self: &Arc<Self>,
        recipient: &Recipient,
    ) -> Result<Arc<Self>, EncryptionError> {
        if recipient.anonymously {
            self.anonymous().map(Arc::new)
        } else {
            Ok(Arc::clone(self))
        }
    }
}

/// Whom a message is encrypted for, or who encrypted one, and whom they take us for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recipient {
    pub(crate) key: PublicKey,
    /// With the key that tells nobody who we are, since nobody answers for theirs. It could be that of
    /// somebody who trusts our own, so that a call which were sealed with that could be handed on to them.
    pub(crate) anonymously: bool,
}

impl From<PublicKey> for Recipient {
    /// Somebody whose key is known.
    fn from(key: PublicKey) -> Self {
        Self {
            key,
            anonymously: false,
        }
    }
}

/// Runs what takes time with so many bytes where it keeps nobody waiting.
pub(crate) async fn aside<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T, EncryptionError> + Send + 'static,
) -> Result<T, EncryptionError> {
    if bytes <= INLINE {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // The runtime goes down, or a sealer of the user panicked.
        Err(_) => Err(EncryptionError::Unopened),
    }
}

/// Whether work with so many bytes is done at once.
pub(crate) fn is_quick(bytes: usize) -> bool {
    bytes <= INLINE
}

#[expect(
    clippy::disallowed_methods,
    reason = "sealed messages carry the time of day, which the engine knows nothing of"
)]
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}
