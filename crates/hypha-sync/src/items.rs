//! Generators of others.

use std::fmt;
use std::time::Duration;

use futures_util::StreamExt as _;
use hypha_client::RemoteStream;
use serde::de::DeserializeOwned;

use crate::connection::Connection;
use crate::error::{CannotBlock, Error};

/// The items of a generator of another client, in their order. Each is a call. Dropping it closes the generator; after
/// an error there are no more items. Only where it [cannot be waited](crate::CannotBlock) for them nothing is lost: the
/// error comes again until the next item is asked for elsewhere.
pub struct Items<T> {
    /// None after the last item, or an error.
    stream: Option<RemoteStream<T>>,
    connection: Connection,
}

impl<T> Items<T> {
    pub(crate) fn new(stream: RemoteStream<T>, connection: Connection) -> Self {
        Self {
            stream: Some(stream),
            connection,
        }
    }

    /// Closes the generator and waits until it is closed. Dropping the iterator closes it as well.
    ///
    /// # Errors
    /// If the generator's holder does not answer, and [`CannotBlock`](crate::CannotBlock).
    pub fn close(self) -> Result<(), Error> {
        match self.stream {
            Some(stream) => Ok(self.connection.block_on(stream.close())??),
            None => Ok(()),
        }
    }
}

impl<T: DeserializeOwned> Items<T> {
    /// Waits for the next item, but no longer than `timeout`. An item that was late comes next.
    ///
    /// # Errors
    /// [`Error::TimedOut`], after which the iterator goes on, and those of [`next`](Self::next).
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<Result<T, Error>> {
        let next = self.stream.as_mut()?.next();
        let next = self.connection.next_timeout(timeout, next);
        if !matches!(next, Some(Err(Error::TimedOut(_)))) {
            self.end_after(&next);
        }
        next
    }

    fn end_after(&mut self, next: &Option<Result<T, Error>>) {
        let goes_on = match next {
            // The holder was not asked.
            Some(Err(Error::CannotBlock(problem))) => !matches!(problem, CannotBlock::Over),
            Some(Ok(_)) => true,
            Some(Err(_)) | None => false,
        };
        if !goes_on {
            self.stream = None;
        }
    }
}

impl<T: DeserializeOwned> Iterator for Items<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.connection.next(self.stream.as_mut()?.next());
        self.end_after(&next);
        next
    }
}

impl<T: DeserializeOwned> std::iter::FusedIterator for Items<T> {}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.stream, f)
    }
}
