//! What waits for a connection.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use hypha_client::{Callback, RemoteObject};

use crate::background::{Background, Serving};
use crate::client::Client;
use crate::error::{CannotBlock, Error, waited};
use crate::method_call::MethodCall;
use crate::remote_service::RemoteService;

/// What keeps a connection, to wait for what it brings: made of a [`Client`] or a [`RemoteService`], or that of the
/// handler or callback that is running [here](Self::here).
#[derive(Clone)]
pub struct Connection {
    keeper: Keeper,
}

#[derive(Clone)]
enum Keeper {
    /// The connection is kept.
    Ours(Background),
    /// It is kept by others.
    Theirs(Serving),
}

impl Connection {
    /// The connection of the handler, callback or iterator that runs on this thread. It is not kept open.
    ///
    /// # Errors
    /// [`CannotBlock::OutsideHandler`] on other threads.
    pub fn here() -> Result<Self, CannotBlock> {
        Ok(Self {
            keeper: Keeper::Theirs(Serving::here()?),
        })
    }

    /// Waits for a future, which is polled on this thread.
    ///
    /// # Errors
    /// [`CannotBlock`].
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output, CannotBlock> {
        match &self.keeper {
            Keeper::Ours(background) => background.block_on(future),
            Keeper::Theirs(serving) => serving.block_on(future),
        }
    }

    /// Starts a call of a callback that has more to say than positional arguments.
    ///
    /// ```
    /// use hypha_sync::{Callback, Connection, Service};
    ///
    /// let service = Service::new("trainer").blocking("train", |report: Callback| {
    ///     Connection::here()?.invoke(&report).kwarg("step", 1).call()
    /// });
    /// # drop(service);
    /// ```
    pub fn invoke<Args, R>(&self, callback: &Callback<Args, R>) -> MethodCall {
        MethodCall::new(callback.invoke(), self.clone())
    }

    /// Starts a call of a function of an object, by its path.
    pub fn method(&self, object: &RemoteObject, path: &str) -> MethodCall {
        MethodCall::new(object.method(path), self.clone())
    }

    /// Tells the provider of an object that it is not needed any more.
    ///
    /// # Errors
    /// As [`RemoteObject::dispose`], and [`CannotBlock`].
    pub fn dispose(&self, object: RemoteObject) -> Result<(), Error> {
        self.wait(object.dispose())
    }

    /// Waits for a future of a client.
    pub(crate) fn wait<T, E: Into<hypha_client::Error>>(
        &self,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Error> {
        waited(self.block_on(future))
    }

    /// Waits for the next of something.
    pub(crate) fn next<T, E: Into<Error>>(
        &self,
        next: impl Future<Output = Option<Result<T, E>>>,
    ) -> Option<Result<T, Error>> {
        match self.block_on(next) {
            Ok(next) => next.map(|next| next.map_err(Into::into)),
            Err(problem) => Some(Err(problem.into())),
        }
    }

    /// Waits for the next of something, but no longer than `timeout`. The future has to be cancel safe.
    pub(crate) fn next_timeout<T, E: Into<Error>>(
        &self,
        timeout: Duration,
        next: impl Future<Output = Option<Result<T, E>>>,
    ) -> Option<Result<T, Error>> {
        // The timer wants to be made inside the runtime.
        match self.block_on(async move { tokio::time::timeout(timeout, next).await }) {
            Ok(Ok(next)) => next.map(|next| next.map_err(Into::into)),
            Ok(Err(_)) => Some(Err(Error::TimedOut(timeout))),
            Err(problem) => Some(Err(problem.into())),
        }
    }
}

impl From<Background> for Connection {
    fn from(background: Background) -> Self {
        Self {
            keeper: Keeper::Ours(background),
        }
    }
}

impl From<&Client> for Connection {
    fn from(client: &Client) -> Self {
        client.background().clone().into()
    }
}

impl From<&RemoteService> for Connection {
    fn from(service: &RemoteService) -> Self {
        service.background().clone().into()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}
