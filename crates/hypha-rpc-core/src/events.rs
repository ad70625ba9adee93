//! Events: one-way messages by name, to one client or to a whole workspace (protocol section 8.3).

mod emit;
mod hub;
mod message;
mod stream;
mod system;

use std::time::Duration;

use hypha_codec::Text;
use serde::de::DeserializeOwned;

pub use self::emit::{Emit, EmitError, EventTarget};
pub(crate) use self::hub::{Hub, Publisher};
pub use self::message::Event;
pub use self::stream::{EventError, Events};
pub(crate) use self::system::client_address;
pub use self::system::{ClientEvent, RemoteClientDisconnected};
use crate::peer::Peer;

impl Peer {
    /// Listens for events of a name, from now on: [`Events`] is a stream of them. Dropping it ends
    /// the listening.
    ///
    /// Events that are sent to this client alone arrive without more ado; broadcasts only after
    /// [`subscribe`](Self::subscribe). The stream ends with the connection, and does not keep it
    /// open.
    pub fn on<T: DeserializeOwned>(&self, name: &str) -> Events<T> {
        Events::new(&self.shared, &Text::from(name))
    }

    /// Waits for the next event of a name. It listens from the moment of this call, not of its
    /// first poll.
    ///
    /// # Errors
    /// [`EventError::Closed`] if the connection ends first, and if the data is no `T`.
    pub fn once<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Event<T>, EventError>> + Send + use<T> {
        self.on(name).first(|_| true)
    }

    /// Waits for the next event of a name, but no longer than `timeout`. It listens, and the time
    /// runs, from the moment of this call.
    ///
    /// Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`EventError::Timeout`], and those of [`once`](Self::once).
    pub fn wait_for<T: DeserializeOwned>(
        &self,
        name: &str,
        timeout: Duration,
    ) -> impl Future<Output = Result<Event<T>, EventError>> + Send + use<T> {
        self.wait_for_match(name, timeout, |_| true)
    }

    /// Waits for the next event of a name that `matches`, but no longer than `timeout`. It listens,
    /// and the time runs, from the moment of this call.
    ///
    /// Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`EventError::Timeout`], [`EventError::Missed`] if events were dropped that may have
    /// matched, and those of [`once`](Self::once).
    pub fn wait_for_match<T: DeserializeOwned, F>(
        &self,
        name: &str,
        timeout: Duration,
        matches: F,
    ) -> impl Future<Output = Result<Event<T>, EventError>> + Send + use<T, F>
    where
        F: FnMut(&Event<T>) -> bool + Send,
    {
        let events = self.on(name);
        let name = events.name().clone();
        // Made here and not at the first poll, so that the time runs from now.
        let first = tokio::time::timeout(timeout, events.first(matches));
        async move {
            let missed = || EventError::Timeout { name, timeout };
            first.await.map_err(|_| missed())?
        }
    }

    /// Sends an event: see [`event`](Self::event) for those with more than data.
    ///
    /// It goes out once and nobody answers: whether anybody got it is not known.
    ///
    /// # Errors
    /// [`EmitError`] if the name or the data cannot be sent, or the connection is over.
    pub async fn emit<T: serde::Serialize + Sync + ?Sized>(
        &self,
        name: &str,
        to: impl Into<EventTarget>,
        data: &T,
    ) -> Result<(), EmitError> {
        self.event(name).to(to).data(data).send().await
    }

    /// Starts an event of this name: a broadcast to our workspace unless said otherwise.
    pub fn event(&self, name: &str) -> Emit {
        Emit::new(self.shared.clone(), Text::from(name))
    }
}
