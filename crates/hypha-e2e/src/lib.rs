#![cfg_attr(feature = "crypto", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "crypto"),
    doc = "Public keys of Hypha RPC clients, nonces, and a guard against replays."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod hex;
#[cfg(feature = "crypto")]
mod key_file;
mod nonce;
mod public_key;
mod replay;
#[cfg(feature = "crypto")]
mod secret_key;
#[cfg(feature = "crypto")]
mod shared_key;

#[cfg(feature = "crypto")]
#[cfg_attr(docsrs, doc(cfg(feature = "crypto")))]
pub use self::key_file::{KeyFileError, KeyFileProblem};
pub use self::nonce::{Nonce, NonceError};
pub use self::public_key::{KeyError, PublicKey};
pub use self::replay::{ReplayError, ReplayGuard};
#[cfg(feature = "crypto")]
#[cfg_attr(docsrs, doc(cfg(feature = "crypto")))]
pub use self::secret_key::{RandomError, SecretKey};
#[cfg(feature = "crypto")]
#[cfg_attr(docsrs, doc(cfg(feature = "crypto")))]
pub use self::shared_key::{OpenError, SharedKey, TAG_LEN, TooShort, WeakKey};
