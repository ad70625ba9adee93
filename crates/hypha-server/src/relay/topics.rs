//! Who wants to hear of what: subscriptions to events, by workspace and name (protocol section 8.3).

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::connection::Connection;
use super::outbound::SenderKey;

/// How many names one client may subscribe to, and how long they may be in bytes.
pub(crate) const MAX_SUBSCRIPTIONS: usize = 1000;
pub(crate) const MAX_EVENT_NAME: usize = 256;

/// All subscriptions of the clients of this process.
#[derive(Debug, Default)]
pub(crate) struct Topics(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// By workspace, then by name.
    subscribers: HashMap<String, HashMap<String, Subscribers>>,
    names: HashMap<SenderKey, HashSet<String>>,
}

type Subscribers = HashMap<SenderKey, Arc<Connection>>;

impl Topics {
    /// Adds a subscription; false if the client has too many, or the name is too long.
    pub(crate) fn subscribe(&self, connection: &Arc<Connection>, event: &str) -> bool {
        let mut state = self.state();
        let names = state.names.entry(connection.key()).or_default();
        let is_known = names.contains(event);
        if event.len() > MAX_EVENT_NAME || !is_known && names.len() >= MAX_SUBSCRIPTIONS {
            return false;
        }
        names.insert(event.to_owned());
        state
            .subscribers
            .entry(connection.workspace().to_owned())
            .or_default()
            .entry(event.to_owned())
            .or_default()
            .insert(connection.key(), Arc::clone(connection));
        true
    }

    /// Takes a subscription back.
    pub(crate) fn unsubscribe(&self, connection: &Connection, event: &str) {
        let mut state = self.state();
        if let Some(names) = state.names.get_mut(&connection.key()) {
            names.remove(event);
        }
        state.remove(connection, event);
    }

    /// Takes all subscriptions of a client back.
    pub(crate) fn forget(&self, connection: &Connection) {
        let mut state = self.state();
        for event in state.names.remove(&connection.key()).unwrap_or_default() {
            state.remove(connection, &event);
        }
    }

    /// Who of a workspace subscribed to an event.
    pub(crate) fn subscribers(&self, workspace: &str, event: &str) -> Vec<Arc<Connection>> {
        let state = self.state();
        let events = state.subscribers.get(workspace);
        let subscribers = events.and_then(|events| events.get(event));
        subscribers.map_or_else(Vec::new, |all| all.values().cloned().collect())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn remove(&mut self, connection: &Connection, event: &str) {
        let Some(events) = self.subscribers.get_mut(connection.workspace()) else {
            return;
        };
        if let Some(subscribers) = events.get_mut(event) {
            subscribers.remove(&connection.key());
            if subscribers.is_empty() {
                events.remove(event);
            }
        }
        if events.is_empty() {
            self.subscribers.remove(connection.workspace());
        }
    }
}
