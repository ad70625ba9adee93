//! Listening.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use hypha_codec::{CodecRegistry, DecodeError, FromValueError, Text, Value};
use serde::de::DeserializeOwned;

use super::hub::{Heard, Listener, QueueLimits};
use super::message::Event;
use crate::shared::Shared;

/// The events of one name, from the moment of [`Peer::on`](crate::Peer::on); dropping it ends the
/// listening.
///
/// A listener that is slower than the events come loses the oldest ones and gets
/// [`EventError::Missed`] with their number; the bounds are
/// [`PeerConfig::max_queued_events`](crate::PeerConfig::max_queued_events) and
/// [`max_queued_event_bytes`](crate::PeerConfig::max_queued_event_bytes). Errors do not end the
/// stream, the end of the connection does. Taking the next item is cancel safe.
#[must_use = "nobody listens once it is dropped"]
pub struct Events<T = Value> {
    listener: Listener,
    registry: CodecRegistry,
    data: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Events<T> {
    pub(super) fn new(shared: &Arc<Shared>, name: &Text) -> Self {
        let limits = QueueLimits {
            events: shared.config.max_queued_events,
            bytes: shared.config.max_queued_event_bytes,
        };
        Self {
            listener: shared.events.listen(name, limits),
            registry: shared.config.registry.clone(),
            data: PhantomData,
        }
    }

    /// What this listens for.
    #[must_use]
    pub fn name(&self) -> &Text {
        self.listener.name()
    }

    /// The next event; nothing when the connection is over. Cancel safe.
    pub async fn next(&mut self) -> Option<Result<Event<T>, EventError>> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// The first event that is picked.
    pub(super) async fn first(
        mut self,
        mut picked: impl FnMut(&Event<T>) -> bool + Send,
    ) -> Result<Event<T>, EventError> {
        while let Some(event) = self.next().await {
            let event = event?;
            if picked(&event) {
                return Ok(event);
            }
        }
        Err(EventError::Closed {
            name: self.name().clone(),
        })
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Event<T>, EventError>>> {
        Poll::Ready(match ready!(self.listener.poll_next(cx)) {
            Some(Heard::Message(message)) => Some(Event::read(message, &self.registry)),
            Some(Heard::Missed(count)) => Some(Err(EventError::Missed { count })),
            None => None,
        })
    }
}

impl<T: DeserializeOwned> Stream for Events<T> {
    type Item = Result<Event<T>, EventError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx)
    }
}

impl<T> fmt::Debug for Events<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Events").field(self.listener.name()).finish()
    }
}

/// Why there is no event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// Events were dropped: they came faster than they were read.
    #[error("{count} events were missed because they came faster than they were read")]
    Missed {
        /// How many.
        count: u64,
    },
    /// The event cannot be read.
    #[error("event `{kind}` cannot be read")]
    Decode {
        /// The name of the event.
        kind: Text,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// The data of the event is something else than what was asked for.
    #[error("the data of event `{kind}` is not what was asked for")]
    Data {
        /// The name of the event.
        kind: Text,
        /// What is wrong with it, and where.
        source: FromValueError,
    },
    /// None came in time.
    #[error("no event `{name}` came within {timeout:?}")]
    Timeout {
        /// The name.
        name: Text,
        /// How long was waited.
        timeout: Duration,
    },
    /// The connection ended before one came.
    #[error("the connection ended before an event `{name}` came")]
    Closed {
        /// The name.
        name: Text,
    },
}
