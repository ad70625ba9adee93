//! Which broadcasts this client asked the manager for (protocol section 10.5).

use std::collections::BTreeSet;
use std::sync::Mutex;

use hypha_codec::{Text, Value};

use crate::error::CallError;
use crate::peer::Peer;
use crate::protocol::event;

/// The one record of subscriptions: what a new connection must ask for again.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    asked: Mutex<BTreeSet<Text>>,
}

/// What the core itself needs to hear: users cannot take it back.
const OWN: [&str; 1] = [event::CLIENT_DISCONNECTED];

impl Subscriptions {
    /// What the core itself asks for on every connection.
    pub(crate) fn own() -> Vec<Text> {
        OWN.iter().copied().map(Text::from).collect()
    }

    /// What the user asked for, to be asked for again on a new connection.
    pub(crate) fn of_user(&self) -> Vec<Text> {
        self.asked().iter().cloned().collect()
    }

    /// Notes what is new of `names`, and returns that.
    fn add(&self, names: &[Text]) -> Vec<Text> {
        let mut asked = self.asked();
        names
            .iter()
            .filter(|name| !OWN.contains(&&***name) && asked.insert((*name).clone()))
            .cloned()
            .collect()
    }

    /// Forgets names, and returns those that were there.
    fn remove(&self, names: &[Text]) -> Vec<Text> {
        let mut asked = self.asked();
        names
            .iter()
            .filter(|name| asked.remove(*name))
            .cloned()
            .collect()
    }

    fn asked(&self) -> std::sync::MutexGuard<'_, BTreeSet<Text>> {
        // Nothing that is done under the lock can leave the set half changed.
        self.asked
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Peer {
    /// Asks the manager for the broadcasts of these names in our workspace, and for those of the
    /// server such as `service_added`. Events that are sent to this client alone arrive anyway.
    /// Subscriptions outlive a lost connection: they are renewed on the next one.
    ///
    /// If the future is dropped half way, the names may be subscribed to until the next one.
    ///
    /// # Errors
    /// What the manager says, for instance of names that belong to another workspace; then none of
    /// the names is subscribed to that was not before.
    pub async fn subscribe<N: Into<Text>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<(), CallError> {
        let names: Vec<Text> = names.into_iter().map(Into::into).collect();
        let subscriptions = &self.shared.subscriptions;
        // Noted first: a connection that is lost meanwhile is renewed with them.
        let mut noted = Noted {
            subscriptions,
            names: subscriptions.add(&names),
        };
        drop::<Value>(self.call_manager("subscribe", (&names,)).await?);
        noted.names.clear();
        Ok(())
    }

    /// Takes subscriptions back. Names that were not subscribed to do no harm.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn unsubscribe<N: Into<Text>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<(), CallError> {
        let names: Vec<Text> = names.into_iter().map(Into::into).collect();
        let removed = self.shared.subscriptions.remove(&names);
        if removed.is_empty() {
            return Ok(());
        }
        self.call_manager::<Value>("unsubscribe", (&removed,))
            .await
            .map(drop)
    }
}

/// Names that nobody knows yet whether the manager takes; forgotten again unless it does.
struct Noted<'a> {
    subscriptions: &'a Subscriptions,
    names: Vec<Text>,
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.subscriptions.remove(&self.names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_once_and_the_own_ones_for_ever() {
        let subscriptions = Subscriptions::default();
        let names = ["b", "a", "b", event::CLIENT_DISCONNECTED].map(Text::from);
        assert_eq!(subscriptions.add(&names), ["b", "a"]);
        assert_eq!(subscriptions.add(&names), [""; 0]);
        assert_eq!(subscriptions.of_user(), ["a", "b"]);
        assert_eq!(subscriptions.remove(&names), ["b", "a"]);
        assert_eq!(subscriptions.of_user(), [""; 0]);
        assert_eq!(Subscriptions::own(), [event::CLIENT_DISCONNECTED]);
    }
}
