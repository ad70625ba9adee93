//! A call that is being put together.

use std::any::Any;
use std::fmt;
use std::time::Duration;

use hypha_client::{Arguments, Progress, RemoteStream, Reply, Text, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::connection::Connection;
use crate::error::Error;
use crate::items::Items;

/// A call that is being put together; [`call`](Self::call) makes it and waits for its result.
#[must_use = "a call is made by `call`"]
pub struct MethodCall<T = Value> {
    call: hypha_client::MethodCall<T>,
    connection: Connection,
}

impl<T> MethodCall<T> {
    pub(crate) fn new(
        call: hypha_client::MethodCall<T>,
        connection: impl Into<Connection>,
    ) -> Self {
        Self {
            call,
            connection: connection.into(),
        }
    }

    fn with<U>(
        self,
        change: impl FnOnce(hypha_client::MethodCall<T>) -> hypha_client::MethodCall<U>,
    ) -> MethodCall<U> {
        MethodCall {
            call: change(self.call),
            connection: self.connection,
        }
    }

    /// The positional arguments: a tuple.
    pub fn args(self, args: impl Arguments) -> Self {
        self.with(|call| call.args(args))
    }

    /// An argument by name.
    pub fn kwarg(self, name: impl Into<Text>, value: impl Serialize) -> Self {
        self.with(|call| call.kwarg(name, value))
    }

    /// The longest silence.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|call| call.timeout(timeout))
    }

    /// The longest time in all.
    pub fn deadline(self, deadline: Duration) -> Self {
        self.with(|call| call.deadline(deadline))
    }

    /// The method may run twice without harm.
    pub fn idempotent(self) -> Self {
        self.with(hypha_client::MethodCall::idempotent)
    }

    /// Something for the layers of the call path.
    pub fn extension<E: Any + Send + Sync>(self, extension: E) -> Self {
        self.with(|call| call.extension(extension))
    }

    /// Calls `hook` with the progress of messages that are too long for one frame, on the thread that waits.
    pub fn progress(self, hook: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.with(|call| call.progress(hook))
    }

    /// A result of this type instead of a [`Value`].
    pub fn returns<U: DeserializeOwned>(self) -> MethodCall<U> {
        self.with(hypha_client::MethodCall::returns)
    }

    /// Makes the call.
    ///
    /// # Errors
    /// What the provider answered, or why it did not; [`CannotBlock`](crate::CannotBlock).
    pub fn send(self) -> Result<Reply, Error> {
        self.connection.wait(self.call.send())
    }
}

impl<T: DeserializeOwned> MethodCall<T> {
    /// Makes the call and reads its result.
    ///
    /// # Errors
    /// As [`send`](Self::send), and if the result is no `T`.
    pub fn call(self) -> Result<T, Error> {
        self.connection.wait(self.call.decode())
    }
}

impl<T: DeserializeOwned> MethodCall<RemoteStream<T>> {
    /// Makes the call and reads the items of its generator; dropping the iterator closes it.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn items(self) -> Result<Items<T>, Error> {
        let stream = self.connection.wait(self.call.decode())?;
        Ok(Items::new(stream, self.connection))
    }
}

impl<T> fmt::Debug for MethodCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.call, f)
    }
}
