//! Why a server does not start.

use std::error::Error;
use std::io;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is taken, not ours, or none.
    #[error("cannot listen on {address}")]
    Listen {
        /// What was asked for, as `host:port`.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// The system gives no random numbers, without which no secret is one.
    #[error("no random numbers for secrets and ids")]
    Random(#[source] Box<dyn Error + Send + Sync>),
    /// The manager service cannot be set up.
    #[error("the manager service cannot be set up")]
    Manager(#[source] Box<dyn Error + Send + Sync>),
}

impl StartError {
    pub(crate) fn manager(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Manager(Box::new(source))
    }
}
