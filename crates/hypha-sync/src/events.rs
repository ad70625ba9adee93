//! Messages that nobody answers.

use std::fmt;
use std::time::Duration;

use hypha_client::{Event, EventTarget, Text, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::background::Background;
use crate::client::Client;
use crate::connection::Connection;
use crate::error::Error;

impl Client {
    /// Listens for events of a name, from now on: an iterator that waits for the next.
    #[must_use]
    pub fn on<T: DeserializeOwned>(&self, name: &str) -> Events<T> {
        Events {
            events: self.as_async().on(name),
            connection: self.into(),
        }
    }

    /// Waits for the next event of a name.
    ///
    /// # Errors
    /// As [`hypha_client::Client::once`], and [`CannotBlock`](crate::CannotBlock).
    pub fn once<T: DeserializeOwned>(&self, name: &str) -> Result<Event<T>, Error> {
        self.background().wait(self.as_async().once(name))
    }

    /// Waits for the next event of a name, but no longer than `timeout`.
    ///
    /// # Errors
    /// As [`hypha_client::Client::wait_for`], and [`CannotBlock`](crate::CannotBlock).
    pub fn wait_for<T: DeserializeOwned>(
        &self,
        name: &str,
        timeout: Duration,
    ) -> Result<Event<T>, Error> {
        let waited = self
            .background()
            .enter(|| self.as_async().wait_for(name, timeout));
        self.background().wait(waited)
    }

    /// Waits for the next event of a name that `matches`, but no longer than `timeout`.
    ///
    /// # Errors
    /// As [`hypha_client::Client::wait_for_match`], and [`CannotBlock`](crate::CannotBlock).
    pub fn wait_for_match<T: DeserializeOwned>(
        &self,
        name: &str,
        timeout: Duration,
        matches: impl FnMut(&Event<T>) -> bool + Send,
    ) -> Result<Event<T>, Error> {
        let client = self.as_async();
        let waited = self
            .background()
            .enter(|| client.wait_for_match(name, timeout, matches));
        self.background().wait(waited)
    }

    /// Sends an event: to everybody in our workspace who subscribed to it, or to one client.
    ///
    /// # Errors
    /// As [`hypha_client::Client::emit`], and [`CannotBlock`](crate::CannotBlock).
    pub fn emit<T: Serialize + Sync + ?Sized>(
        &self,
        name: &str,
        to: impl Into<EventTarget>,
        data: &T,
    ) -> Result<(), Error> {
        self.background().wait(self.as_async().emit(name, to, data))
    }

    /// Starts an event that has more to say than its data.
    pub fn event(&self, name: &str) -> Emit {
        Emit {
            emit: self.as_async().event(name),
            background: self.background().clone(),
        }
    }

    /// Asks the server for the broadcasts of these names in our workspace.
    ///
    /// # Errors
    /// As [`hypha_client::Client::subscribe`], and [`CannotBlock`](crate::CannotBlock).
    pub fn subscribe<N: Into<Text>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<(), Error> {
        self.background().wait(self.as_async().subscribe(names))
    }

    /// Takes subscriptions back.
    ///
    /// # Errors
    /// As [`hypha_client::Client::unsubscribe`], and [`CannotBlock`](crate::CannotBlock).
    pub fn unsubscribe<N: Into<Text>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<(), Error> {
        self.background().wait(self.as_async().unsubscribe(names))
    }
}

/// Events of a name, as they come. It ends with the connection, and does not keep it open.
///
/// Where it [cannot be waited](crate::CannotBlock) for events that error comes again and again: a loop that passes over
/// errors does not end there.
pub struct Events<T> {
    events: hypha_client::Events<T>,
    connection: Connection,
}

impl<T: DeserializeOwned> Events<T> {
    /// What this listens for.
    #[must_use]
    pub fn name(&self) -> &Text {
        self.events.name()
    }

    /// Waits for the next event, but no longer than `timeout`.
    ///
    /// # Errors
    /// [`Error::TimedOut`], and those of [`next`](Self::next).
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<Result<Event<T>, Error>> {
        let next = next(&mut self.events);
        self.connection.next_timeout(timeout, next)
    }
}

impl<T: DeserializeOwned> Iterator for Events<T> {
    /// Errors do not end it: events that were missed because they came faster than they were read, or that are no `T`.
    type Item = Result<Event<T>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = next(&mut self.events);
        self.connection.next(next)
    }
}

async fn next<T: DeserializeOwned>(
    events: &mut hypha_client::Events<T>,
) -> Option<Result<Event<T>, hypha_client::Error>> {
    Some(events.next().await?.map_err(Into::into))
}

impl<T> fmt::Debug for Events<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

/// An event that is being put together; [`send`](Self::send) sends it.
#[derive(Debug)]
#[must_use = "an event is sent by `send`"]
pub struct Emit {
    emit: hypha_client::Emit,
    background: Background,
}

impl Emit {
    /// Who gets it.
    pub fn to(mut self, to: impl Into<EventTarget>) -> Self {
        self.emit = self.emit.to(to);
        self
    }

    /// What it says.
    pub fn data<T: Serialize + ?Sized>(mut self, data: &T) -> Self {
        self.emit = self.emit.data(data);
        self
    }

    /// A field beside the data.
    pub fn field(mut self, name: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.emit = self.emit.field(name, value);
        self
    }

    /// A field that the server does not read.
    pub fn extra(mut self, name: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.emit = self.emit.extra(name, value);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// As [`hypha_client::Emit::send`], and [`CannotBlock`](crate::CannotBlock).
    pub fn send(self) -> Result<(), Error> {
        self.background.wait(self.emit.send())
    }
}
