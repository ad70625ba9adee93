//! What happens to a connection, as events.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use hypha_codec::{Map, Text, Value};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::address::Address;
use crate::handshake::ConnectionInfo;
use crate::protocol::event;
use crate::state::ClosedReason;

/// Something that happened to the connection of a peer.
///
/// After a loss they come in this order: `Disconnected`, `ManagerRefreshed`, `ServicesRegistered` or
/// `ServicesRegistrationFailed`, `Connected`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// A new connection is usable: services are registered, calls go out.
    Connected(Arc<ConnectionInfo>),
    /// The connection was lost.
    #[non_exhaustive]
    Disconnected {
        /// Why.
        reason: ClosedReason,
        /// Whether another is being made; else it is over.
        reconnecting: bool,
    },
    /// A new connection leads to this manager, which may be another one than before.
    ManagerRefreshed(Address),
    /// The services of this client were registered again.
    #[non_exhaustive]
    ServicesRegistered {
        /// How many there are, the built-in one included.
        total: usize,
        /// Ids of those that the server did not take. They are tried again.
        failed: Vec<Text>,
    },
    /// The server did not take the built-in service or the subscriptions of the core. They are tried
    /// again; until then services are not found by others.
    #[non_exhaustive]
    ServicesRegistrationFailed {
        /// What it said.
        error: Arc<str>,
        /// How many services there are, the built-in one included.
        total: usize,
    },
}

impl ConnectionEvent {
    /// What those hear who listen for it by the name that it has in other clients. No secrets.
    pub(crate) fn as_message(&self) -> (&'static str, Map) {
        let texts = |texts: &[Text]| texts.iter().cloned().map(Value::from).collect::<Vec<_>>();
        match self {
            Self::Connected(info) => (event::CONNECTED, about(info)),
            Self::Disconnected {
                reason,
                reconnecting,
            } => (
                event::DISCONNECTED,
                Map::from([
                    ("reason", Value::from(reason.to_string())),
                    ("reconnecting", Value::from(*reconnecting)),
                ]),
            ),
            Self::ManagerRefreshed(manager) => (
                event::MANAGER_REFRESHED,
                Map::from([("manager", manager.as_str())]),
            ),
            Self::ServicesRegistered { total, failed } => (
                event::SERVICES_REGISTERED,
                Map::from([
                    ("total", Value::from(*total as u64)),
                    (
                        "registered",
                        Value::from(total.saturating_sub(failed.len()) as u64),
                    ),
                    ("failed", Value::from(texts(failed))),
                ]),
            ),
            Self::ServicesRegistrationFailed { error, total } => (
                event::SERVICES_REGISTRATION_FAILED,
                Map::from([
                    ("error", Value::from(&**error)),
                    ("total_services", Value::from(*total as u64)),
                ]),
            ),
        }
    }
}

fn about(info: &ConnectionInfo) -> Map {
    let fields = [
        ("workspace", Some(&info.workspace)),
        ("client_id", Some(&info.client_id)),
        ("manager_id", Some(&info.manager_id)),
        ("public_base_url", info.public_base_url.as_ref()),
        ("hypha_version", info.hypha_version.as_ref()),
    ];
    let fields = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name, Value::from(value?.as_str()))));
    fields.collect()
}

/// The events of a connection from the time on when this was made: a stream, or [`recv`](Self::recv).
///
/// It ends with the connection. Whoever falls behind by more than 64 events misses the oldest.
pub struct ConnectionEvents {
    state: Waiting,
}

enum Waiting {
    Idle(broadcast::Receiver<ConnectionEvent>),
    Polled(Receiving),
    Over,
}

type Receiving = Pin<
    Box<
        dyn Future<Output = Option<(ConnectionEvent, broadcast::Receiver<ConnectionEvent>)>>
            + Send
            + Sync,
    >,
>;

/// How many events are kept for those who listen.
pub(crate) const KEPT_EVENTS: usize = 64;

impl ConnectionEvents {
    pub(crate) fn new(receiver: broadcast::Receiver<ConnectionEvent>) -> Self {
        Self {
            state: Waiting::Idle(receiver),
        }
    }

    /// The next event, or `None` once the connection is over. Cancel safe.
    pub async fn recv(&mut self) -> Option<ConnectionEvent> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for ConnectionEvents {
    type Item = ConnectionEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ConnectionEvent>> {
        let mut receiving = match std::mem::replace(&mut self.state, Waiting::Over) {
            Waiting::Idle(receiver) => Box::pin(next(receiver)),
            Waiting::Polled(receiving) => receiving,
            Waiting::Over => return Poll::Ready(None),
        };
        match receiving.as_mut().poll(cx) {
            Poll::Ready(Some((event, receiver))) => {
                self.state = Waiting::Idle(receiver);
                Poll::Ready(Some(event))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                self.state = Waiting::Polled(receiving);
                Poll::Pending
            }
        }
    }
}

impl fmt::Debug for ConnectionEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionEvents").finish_non_exhaustive()
    }
}

async fn next(
    mut receiver: broadcast::Receiver<ConnectionEvent>,
) -> Option<(ConnectionEvent, broadcast::Receiver<ConnectionEvent>)> {
    loop {
        match receiver.recv().await {
            Ok(event) => return Some((event, receiver)),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}
