//! Generators of others.

use std::fmt;

use futures_util::StreamExt as _;
use hypha_client::RemoteStream;
use serde::de::DeserializeOwned;

use crate::background::{Background, Serving};
use crate::error::Error;

/// The items of a generator of another client, in their order. Each is a call. Dropping it closes the generator; after
/// an error there are no more items.
pub struct Items<T> {
    stream: RemoteStream<T>,
    waits: Waits,
}

enum Waits {
    /// It keeps the connection.
    With(Background),
    /// It belongs to a handler or callback.
    In(Serving),
}

impl<T> Items<T> {
    pub(crate) fn new(stream: RemoteStream<T>, background: Background) -> Self {
        Self {
            stream,
            waits: Waits::With(background),
        }
    }

    pub(crate) fn within(stream: RemoteStream<T>, serving: Serving) -> Self {
        Self {
            stream,
            waits: Waits::In(serving),
        }
    }
}

impl<T: DeserializeOwned> Iterator for Items<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.stream.next();
        let next = match &self.waits {
            Waits::With(background) => background.block_on(next),
            Waits::In(serving) => serving.block_on(next),
        };
        match next {
            Ok(item) => item.map(|item| item.map_err(Error::from)),
            Err(problem) => Some(Err(problem.into())),
        }
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.stream, f)
    }
}
