//! The key of a client, and what is sealed and opened with it (wire-protocol section 11).

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use hypha_e2e::{KeyFileError, Nonce, RandomError, SecretKey, SharedKey};
use hypha_rpc_core::{EncryptionError, PublicKey, SealedCalls, Sealer};

/// End-to-end encryption with a key of one's own: `encryption` in other clients.
///
/// A cheap clone; all clones share the key, which is wiped from memory with the last of them. Calls of a service are
/// encrypted if its provider's public key was given ([`GetService::encryption_public_key`]), and calls that come
/// encrypted are answered so.
///
/// ```no_run
/// use hypha_client::{Client, Encryption};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// // A key that others can know beforehand: `hypha keygen` makes such a file.
/// let encryption = Encryption::from_file("hypha.key")?;
/// println!("our public key: {}", encryption.public_key());
/// let server = Client::builder("https://hypha.example.org").encryption(encryption).connect().await?;
/// let theirs = "9aa8b5e2..".parse()?;
/// let service = server.get_service("lab/microscope").encryption_public_key(theirs).await?;
/// # Ok(())
/// # }
/// ```
///
/// [`GetService::encryption_public_key`]: crate::GetService::encryption_public_key
#[derive(Clone)]
pub struct Encryption {
    keys: Arc<Keys>,
}

struct Keys {
    secret: SecretKey,
    public: PublicKey,
    /// What was worked out with the keys of others: that takes as long as sealing tens of kilobytes.
    shared: Mutex<HashMap<PublicKey, Arc<SharedKey>>>,
    seen: SealedCalls,
    /// Another key, which nobody knows.
    other: OnceLock<Encryption>,
}

/// Others choose which keys they use: more than so many are not remembered.
const MAX_SHARED: usize = 1024;

impl Encryption {
    /// With a new key, for as long as the program runs.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn generate() -> Result<Self, RandomError> {
        let secret = SecretKey::generate()?;
        Ok(Self::new(secret, SealedCalls::of_new_key()))
    }

    /// With the key in a file, as `hypha keygen` writes it.
    ///
    /// # Errors
    /// If the file cannot be read, others can read it too, or it holds no key.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyFileError> {
        SecretKey::read_file(path).map(Self::with_key)
    }

    /// With this key.
    ///
    /// Calls that were sealed before now are refused: a program that had the key before may have answered them. All
    /// connections with one `Encryption` and its clones know of each other what came.
    #[must_use]
    pub fn with_key(secret: SecretKey) -> Self {
        Self::new(secret, SealedCalls::from_now())
    }

    fn new(secret: SecretKey, seen: SealedCalls) -> Self {
        let public = secret.public_key();
        Self {
            keys: Arc::new(Keys {
                secret,
                public,
                shared: Mutex::default(),
                seen,
                other: OnceLock::new(),
            }),
        }
    }

    /// The key that others encrypt for. They must get it in a way that they trust: whoever hands it over could hand
    /// over another one.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.keys.public
    }
}

impl Keys {
    /// What the keys have in common, and whether it was remembered.
    fn shared_with(&self, key: &PublicKey) -> Result<(Arc<SharedKey>, bool), EncryptionError> {
        // Not locked while a key is worked out.
        if let Some(shared) = self.remembered().get(key) {
            return Ok((Arc::clone(shared), true));
        }
        let shared = self.secret.shared_with(key);
        let shared = shared.map_err(|_| EncryptionError::BadKey)?;
        Ok((Arc::new(shared), false))
    }

    fn remember(&self, key: PublicKey, shared: Arc<SharedKey>) {
        let mut remembered = self.remembered();
        if remembered.len() >= MAX_SHARED {
            remembered.clear();
        }
        remembered.insert(key, shared);
    }

    fn remembered(&self) -> MutexGuard<'_, HashMap<PublicKey, Arc<SharedKey>>> {
        // Nothing panics under the lock.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sealer for Encryption {
    fn public_key(&self) -> PublicKey {
        self.keys.public
    }

    fn seal(&self, to: &PublicKey, buffer: &mut [u8]) -> Result<Nonce, EncryptionError> {
        let nonce = Nonce::random().map_err(|_| EncryptionError::Random)?;
        let (shared, known) = self.keys.shared_with(to)?;
        let sealed = shared.seal_in_place(&nonce, buffer);
        sealed.map_err(|_| EncryptionError::Malformed)?;
        if !known {
            self.keys.remember(*to, shared);
        }
        Ok(nonce)
    }

    fn open(
        &self,
        from: &PublicKey,
        nonce: &Nonce,
        buffer: &mut [u8],
    ) -> Result<(), EncryptionError> {
        let (shared, known) = self.keys.shared_with(from)?;
        let opened = shared.open_in_place(nonce, buffer);
        opened.map_err(|_| EncryptionError::Unopened)?;
        // Whoever has no secret makes us forget nobody.
        if !known {
            self.keys.remember(*from, shared);
        }
        Ok(())
    }

    fn anonymous(&self) -> Result<Arc<dyn Sealer>, EncryptionError> {
        let other = match self.keys.other.get() {
            Some(other) => other,
            None => {
                let made = Self::generate().map_err(|_| EncryptionError::Random)?;
                self.keys.other.get_or_init(|| made)
            }
        };
        Ok(Arc::new(other.clone()))
    }

    fn seen(&self) -> SealedCalls {
        self.keys.seen.clone()
    }
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encryption")
            .field("public_key", &self.keys.public)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use hypha_rpc_core::SEAL_TAG;

    use super::*;

    fn pair() -> (Encryption, Encryption) {
        (
            Encryption::generate().unwrap(),
            Encryption::generate().unwrap(),
        )
    }

    #[test]
    fn what_one_seals_the_other_opens() {
        let (left, right) = pair();
        let mut buffer = [&[0; SEAL_TAG], &b"secret"[..]].concat();
        let nonce = left.seal(&right.public_key(), &mut buffer).unwrap();
        assert_ne!(&buffer[SEAL_TAG..], b"secret");
        let mut changed = buffer.clone();
        changed[SEAL_TAG] ^= 1;
        let open = |key, buffer: &mut [u8]| right.open(&key, &nonce, buffer);
        assert_eq!(
            open(left.public_key(), &mut changed),
            Err(EncryptionError::Unopened)
        );
        assert_eq!(
            open(right.public_key(), &mut buffer.clone()),
            Err(EncryptionError::Unopened)
        );
        open(left.public_key(), &mut buffer).unwrap();
        assert_eq!(&buffer[SEAL_TAG..], b"secret");
    }

    #[test]
    fn the_keys_of_others_do_not_pile_up() {
        let (left, _) = pair();
        for _ in 0..MAX_SHARED + 2 {
            let key = SecretKey::generate().unwrap().public_key();
            left.seal(&key, &mut [0; SEAL_TAG + 1]).unwrap();
        }
        assert_eq!(left.keys.remembered().len(), 2);
    }

    #[test]
    fn keys_that_nobody_has_are_not_remembered() {
        let (left, right) = pair();
        let mut buffer = [0; SEAL_TAG + 1];
        let nonce = right.seal(&left.public_key(), &mut buffer).unwrap();
        let stranger = SecretKey::generate().unwrap().public_key();
        let opened = left.open(&stranger, &nonce, &mut buffer.clone());
        assert_eq!(opened, Err(EncryptionError::Unopened));
        assert_eq!(left.keys.remembered().len(), 0);
        left.open(&right.public_key(), &nonce, &mut buffer).unwrap();
        assert_eq!(left.keys.remembered().len(), 1);
    }

    #[test]
    fn debug_shows_the_public_key_alone() {
        let encryption = Encryption::with_key("77".repeat(32).parse().unwrap());
        let shown = format!("{encryption:?}");
        assert!(
            shown.contains(&encryption.public_key().to_string()),
            "{shown}"
        );
        assert!(!shown.contains("7777"), "{shown}");
    }
}
