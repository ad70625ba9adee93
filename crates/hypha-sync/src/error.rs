//! What can go wrong.

use std::io;
use std::time::Duration;

use hypha_client::{CallError, ErrorKind};

/// What went wrong, whatever was tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The client says why, as it does in async programs.
    #[error(transparent)]
    Client(hypha_client::Error),
    /// The result cannot be waited for here. Nothing was done.
    #[error(transparent)]
    CannotBlock(#[from] CannotBlock),
    /// Nothing came within the time of a `next_timeout`.
    #[error("nothing came within {0:?}")]
    TimedOut(Duration),
}

impl Error {
    /// What the error means; nothing if it could not be waited for.
    #[must_use]
    pub fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Client(error) => Some(error.kind()),
            Self::CannotBlock(_) => None,
            Self::TimedOut(_) => Some(ErrorKind::Timeout),
        }
    }

    /// The error of the client, if it is one.
    #[must_use]
    pub fn client(&self) -> Option<&hypha_client::Error> {
        match self {
            Self::Client(error) => Some(error),
            Self::CannotBlock(_) | Self::TimedOut(_) => None,
        }
    }
}

impl From<hypha_client::Error> for Error {
    fn from(error: hypha_client::Error) -> Self {
        Self::Client(error)
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        Self::Client(error.into())
    }
}

/// What came of waiting for a future of a client.
pub(crate) fn waited<T, E: Into<hypha_client::Error>>(
    outcome: Result<Result<T, E>, CannotBlock>,
) -> Result<T, Error> {
    outcome?.map_err(|error| Error::Client(error.into()))
}

/// Why nothing can be waited for where it was tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CannotBlock {
    /// An async handler or callback waits on the thread that would have to bring the result.
    #[error(
        "this is the thread that keeps the connection, which would wait for itself: make the handler with `blocking`"
    )]
    OwnThread,
    /// An async runtime of one thread would stand still meanwhile.
    #[error(
        "this thread belongs to an async runtime of one thread, which would stand still: wait in a thread of its own, or use `hypha-client`"
    )]
    InsideRuntime,
    /// There is no connection to wait with: it belongs to handlers and callbacks that are made with `blocking`.
    #[error(
        "this is no handler or callback of a client of this crate that is made with `blocking`"
    )]
    OutsideHandler,
    /// The connection ended, and the thread that kept it: nothing comes any more.
    #[error("the connection of this handler or callback has ended")]
    Over,
    /// The system gives no thread for the background.
    #[error("there is no thread for the connection: {0}")]
    NoThread(#[from] io::Error),
}

impl From<CannotBlock> for io::Error {
    fn from(problem: CannotBlock) -> Self {
        Self::other(problem)
    }
}
