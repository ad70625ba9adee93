//! Events: one-way messages by name.

use std::time::Duration;

use hypha_codec::Text;
use hypha_rpc_core::{Emit, Event, EventTarget, Events};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::Error;

impl Client {
    /// Listens for events of a name, from now on: [`Events`] is a stream of them. Dropping it ends the listening.
    ///
    /// Events that are sent to this client alone arrive without more ado; broadcasts only after
    /// [`subscribe`](Self::subscribe). The stream ends with the connection, and does not keep it open. A listener that
    /// is too slow loses the oldest events and gets an error that says how many.
    ///
    /// ```no_run
    /// use hypha_client::{ServiceInfo, connect_to_server, event};
    ///
    /// # async fn example() -> Result<(), hypha_client::Error> {
    /// let server = connect_to_server("http://127.0.0.1:9527").await?;
    /// let mut added = server.on::<ServiceInfo>(event::SERVICE_ADDED);
    /// server.subscribe([event::SERVICE_ADDED]).await?;
    /// while let Some(added) = added.next().await {
    ///     println!("{} is here", added?.data.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn on<T: DeserializeOwned>(&self, name: &str) -> Events<T> {
        self.peer().on(name)
    }

    /// Waits for the next event of a name. It listens from the moment of this call, not of its first poll.
    ///
    /// # Errors
    /// [`Disconnected`](crate::ErrorKind::Disconnected) if the connection ends first, [`Data`](crate::ErrorKind::Data)
    /// if the data is no `T`.
    pub fn once<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Event<T>, Error>> + Send + use<T> {
        let event = self.peer().once(name);
        async move { Ok(event.await?) }
    }

    /// Waits for the next event of a name, but no longer than `timeout`. It listens, and the time runs, from the moment
    /// of this call.
    ///
    /// # Errors
    /// [`Timeout`](crate::ErrorKind::Timeout), and those of [`once`](Self::once).
    pub fn wait_for<T: DeserializeOwned>(
        &self,
        name: &str,
        timeout: Duration,
    ) -> impl Future<Output = Result<Event<T>, Error>> + Send + use<T> {
        let event = self.peer().wait_for(name, timeout);
        async move { Ok(event.await?) }
    }

    /// Waits for the next event of a name that `matches`, but no longer than `timeout`. It listens, and the time runs,
    /// from the moment of this call.
    ///
    /// # Errors
    /// [`Timeout`](crate::ErrorKind::Timeout), [`Missed`](crate::ErrorKind::Missed) if events were dropped that may
    /// have matched, and those of [`once`](Self::once).
    pub fn wait_for_match<T: DeserializeOwned, F>(
        &self,
        name: &str,
        timeout: Duration,
        matches: F,
    ) -> impl Future<Output = Result<Event<T>, Error>> + Send + use<T, F>
    where
        F: FnMut(&Event<T>) -> bool + Send,
    {
        let event = self.peer().wait_for_match(name, timeout, matches);
        async move { Ok(event.await?) }
    }

    /// Sends an event: to everybody in our workspace who subscribed to it, or to one client.
    ///
    /// It goes out once and nobody answers: whether anybody got it is not known.
    ///
    /// # Errors
    /// If the name or the data cannot be sent, or the connection is over.
    pub async fn emit<T: Serialize + Sync + ?Sized>(
        &self,
        name: &str,
        to: impl Into<EventTarget>,
        data: &T,
    ) -> Result<(), Error> {
        Ok(self.peer().emit(name, to, data).await?)
    }

    /// Starts an event that has more to say than its data.
    pub fn event(&self, name: &str) -> Emit {
        self.peer().event(name)
    }

    /// Asks the server for the broadcasts of these names in our workspace, and for its own events such as
    /// `service_added`. Subscriptions outlive a lost connection: they are renewed on the next one.
    ///
    /// # Errors
    /// What the manager says, for instance of names that belong to another workspace.
    pub async fn subscribe<N: Into<Text>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<(), Error> {
        Ok(self.peer().subscribe(names).await?)
    }

    /// Takes subscriptions back. Names that were not subscribed to do no harm.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn unsubscribe<N: Into<Text>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<(), Error> {
        Ok(self.peer().unsubscribe(names).await?)
    }
}
