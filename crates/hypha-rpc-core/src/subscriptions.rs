//! Which broadcasts this client asked the manager for (protocol section 10.5).

use std::collections::BTreeMap;
use std::sync::Mutex;

use hypha_codec::{Text, Value};

use crate::error::CallError;
use crate::peer::Peer;
use crate::protocol::event;

/// The one record of subscriptions: what a new connection must ask for again.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    asked: Mutex<BTreeMap<Text, Asked>>,
}

/// One name that was asked for.
#[derive(Debug, Default)]
struct Asked {
    /// The manager took it.
    taken: bool,
    /// How many ask for it right now.
    asking: usize,
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
        self.asked().keys().cloned().collect()
    }

    /// Notes names that the manager is asked for: a connection that is lost meanwhile is renewed with
    /// them.
    fn asking(&self, names: &[Text]) {
        let mut asked = self.asked();
        for name in names.iter().filter(|name| !OWN.contains(&&***name)) {
            asked.entry(name.clone()).or_default().asking += 1;
        }
    }

    /// The manager took them or did not. What others ask for as well, or what it took before, stays.
    fn answered(&self, names: &[Text], taken: bool) {
        let mut asked = self.asked();
        for name in names.iter().filter(|name| !OWN.contains(&&***name)) {
            let entry = asked.entry(name.clone()).or_default();
            entry.asking = entry.asking.saturating_sub(1);
            entry.taken |= taken;
            if !entry.taken && entry.asking == 0 {
                asked.remove(name);
            }
        }
    }

    /// Forgets names, and returns those that were there.
    fn remove(&self, names: &[Text]) -> Vec<Text> {
        let mut asked = self.asked();
        names
            .iter()
            .filter(|name| asked.remove(*name).is_some())
            .cloned()
            .collect()
    }

    fn asked(&self) -> std::sync::MutexGuard<'_, BTreeMap<Text, Asked>> {
        // Nothing that is done under the lock can leave the names half changed.
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
        subscriptions.asking(&names);
        let mut question = Question {
            subscriptions,
            names: &names,
            taken: false,
        };
        drop::<Value>(self.call_manager("subscribe", (&names,)).await?);
        question.taken = true;
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

/// Names that the manager is asked for, until it answered or nobody waits any more.
struct Question<'a> {
    subscriptions: &'a Subscriptions,
    names: &'a [Text],
    taken: bool,
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.subscriptions.answered(self.names, self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_once_and_the_own_ones_for_ever() {
        let subscriptions = Subscriptions::default();
        let names = ["b", "a", "b", event::CLIENT_DISCONNECTED].map(Text::from);
        for _ in 0..2 {
            subscriptions.asking(&names);
            subscriptions.answered(&names, true);
        }
        assert_eq!(subscriptions.of_user(), ["a", "b"]);
        assert_eq!(subscriptions.remove(&names), ["b", "a"]);
        assert_eq!(subscriptions.of_user(), [""; 0]);
        assert_eq!(Subscriptions::own(), [event::CLIENT_DISCONNECTED]);
    }

    #[test]
    fn whoever_gives_up_takes_nothing_from_others_who_asked_for_the_same() {
        let names = ["a"].map(Text::from);
        for (answers, kept) in [
            (&[false, false][..], 0),
            (&[true, false], 1),
            (&[false, true], 1),
            (&[true, true], 1),
            (&[false], 1),
        ] {
            let subscriptions = Subscriptions::default();
            subscriptions.asking(&names);
            subscriptions.asking(&names);
            for taken in answers {
                subscriptions.answered(&names, *taken);
            }
            assert_eq!(subscriptions.of_user().len(), kept, "{answers:?}");
        }
    }
}
