//! Who is connected to this process, by address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use hypha_codec::wire::header;
use hypha_codec::{Map, Value};
use hypha_transport::Frame;

use super::connection::Connection;
use super::outbound::{SERVER, SenderKey};
use super::topics::Topics;

/// The connections of this process.
#[derive(Debug, Default)]
pub(crate) struct Router {
    connections: RwLock<HashMap<String, Arc<Connection>>>,
    topics: Topics,
    keys: AtomicU64,
}

impl Router {
    /// A key for a connection: no other has it.
    pub(crate) fn next_key(&self) -> SenderKey {
        self.keys.fetch_add(1, Ordering::Relaxed) + SERVER + 1
    }

    /// The connection at an address, if there is one that is not about to leave.
    pub(crate) fn get(&self, address: &str) -> Option<Arc<Connection>> {
        let connection = self.read().get(address).cloned();
        connection.filter(|connection| !connection.is_gone())
    }

    /// Puts a connection at its address, unless somebody else is there: then that is the error.
    pub(crate) fn insert(&self, connection: &Arc<Connection>) -> Result<(), Arc<Connection>> {
        match self.write().entry(connection.address().to_owned()) {
            Entry::Occupied(there) if !there.get().is_gone() => Err(Arc::clone(there.get())),
            Entry::Occupied(mut left) => {
                left.insert(Arc::clone(connection));
                Ok(())
            }
            Entry::Vacant(free) => {
                free.insert(Arc::clone(connection));
                Ok(())
            }
        }
    }

    /// Takes a connection out. False if another one is at its address by now.
    pub(crate) fn remove(&self, connection: &Arc<Connection>) -> bool {
        self.topics.forget(connection);
        match self.write().entry(connection.address().to_owned()) {
            Entry::Occupied(there) if Arc::ptr_eq(there.get(), connection) => {
                there.remove();
                true
            }
            Entry::Occupied(_) => false,
            Entry::Vacant(_) => true,
        }
    }

    /// Everybody, the manager too.
    pub(crate) fn all(&self) -> Vec<Arc<Connection>> {
        self.read().values().cloned().collect()
    }

    /// Who subscribed to what.
    pub(crate) fn topics(&self) -> &Topics {
        &self.topics
    }

    /// Sends an event of the server itself to those of a workspace who subscribed to it (protocol section 8.3).
    pub(crate) fn announce(&self, workspace: &str, event: &str, data: Value) {
        self.announce_to(workspace, event, data, |_| true);
    }

    /// The same for some of them.
    pub(crate) fn announce_to(
        &self,
        workspace: &str,
        event: &str,
        data: Value,
        is_meant: impl Fn(&Connection) -> bool,
    ) {
        let mut subscribers = self.topics.subscribers(workspace, event);
        subscribers.retain(|subscriber| is_meant(subscriber));
        if subscribers.is_empty() {
            return;
        }
        let Ok(frame) = event_frame(event, data) else {
            tracing::error!(event, "an event of the server cannot be encoded");
            return;
        };
        for subscriber in subscribers {
            notify(&subscriber, SERVER, frame.clone());
        }
    }
}

/// Puts an event into somebody's queue. Whoever has no room for it misses it: events do not hold up their sender.
pub(crate) fn notify(subscriber: &Connection, sender: SenderKey, frame: Bytes) {
    if subscriber
        .outbound()
        .push(sender, Frame::Binary(frame))
        .is_err()
    {
        tracing::debug!(client = subscriber.address(), "misses an event");
    }
}

/// An event of the server: a header alone, from nobody.
pub(crate) fn event_frame(event: &str, data: Value) -> Result<Bytes, hypha_codec::EncodeError> {
    let frame = Map::from_iter([
        (header::TYPE, Value::from(event)),
        (header::TO, Value::from("*")),
        (header::DATA, data),
    ]);
    hypha_codec::encode(&Value::from(frame))
}

impl Router {
    fn read(&self) -> RwLockReadGuard<'_, HashMap<String, Arc<Connection>>> {
        self.connections
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<String, Arc<Connection>>> {
        self.connections
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
