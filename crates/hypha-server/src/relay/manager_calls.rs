//! The calls of the manager that one client waits for.
//!
//! They are counted, so that nobody keeps the manager busy for all. And it is remembered how the manager was addressed:
//! after the server was restarted a Python client goes on using the manager's former id, and takes an answer only from
//! the address that it called.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hypha_codec::wire::promise;
use tokio::time::Instant;

use super::clock::now;

/// How many calls of the manager a client may wait for at once.
const MAX_CALLS: usize = 1024;

/// The longest session, or address of the manager, that is remembered, in bytes.
const MAX_NAME: usize = 1024;

/// A call that was not answered for so long does not count any more: it may have been none.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

/// The calls of one client, by the session that the answer goes to.
#[derive(Debug, Default)]
pub(crate) struct ManagerCalls(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    calls: HashMap<String, OpenCall>,
    /// How many there are in all sessions.
    count: usize,
    /// When the calls began that are not answered, for their callers do not wait.
    silent: VecDeque<Instant>,
    /// The sessions of the others in the order of their calls; those that were answered may still be here.
    order: VecDeque<(Instant, String)>,
}

#[derive(Debug)]
struct OpenCall {
    since: Instant,
    /// How many calls share the session: whoever wants answers has a session for each call.
    count: usize,
    /// The address that was called, if it is not the manager's.
    alias: Option<Box<str>>,
}

impl ManagerCalls {
    /// Counts a call; false if there are too many, or its names are too long to remember.
    pub(crate) fn begin(&self, session: &str, alias: Option<&str>) -> bool {
        let since = now();
        let mut open = self.open();
        open.forget_before(since.checked_sub(FORGOTTEN_AFTER));
        let is_long = session.len().max(alias.map_or(0, str::len)) > MAX_NAME;
        if is_long || open.count >= MAX_CALLS {
            return false;
        }
        open.count += 1;
        let before = open.calls.get(session).map_or(0, |call| call.count);
        let call = OpenCall {
            since,
            count: before + 1,
            alias: alias.map(Box::from),
        };
        open.calls.insert(session.to_owned(), call);
        open.order.push_back((since, session.to_owned()));
        true
    }

    /// Counts a call that is not answered; false if there are too many.
    pub(crate) fn begin_silent(&self) -> bool {
        let since = now();
        let mut open = self.open();
        open.forget_silent_before(since.checked_sub(FORGOTTEN_AFTER));
        let has_room = open.silent.len() < MAX_CALLS;
        if has_room {
            open.silent.push_back(since);
        }
        has_room
    }

    /// Takes note of a message of the manager to this method: an answer ends its call. The address that it has to come
    /// from, if that is not the manager's.
    pub(crate) fn answered(&self, method: &str) -> Option<Box<str>> {
        let (session, name) = method.rsplit_once('.')?;
        let mut open = self.open();
        if name != promise::RESOLVE && name != promise::REJECT {
            return open.calls.get(session)?.alias.clone();
        }
        let answered = open.calls.get_mut(session)?;
        let alias = answered.alias.clone();
        answered.count -= 1;
        let is_last = answered.count == 0;
        open.count -= 1;
        if is_last {
            open.calls.remove(session);
        }
        // What is left of answered calls goes as soon as it is first in line.
        open.forget_before(None);
        alias
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Forgets calls that began before a time, and drops from the line those that were answered.
    fn forget_before(&mut self, time: Option<Instant>) {
        while let Some((since, session)) = self.order.front() {
            let is_open = self
                .calls
                .get(session)
                .is_some_and(|call| call.since == *since);
            if is_open && time.is_none_or(|time| *since >= time) {
                break;
            }
            if is_open && let Some(call) = self.calls.remove(session) {
                self.count -= call.count;
            }
            self.order.pop_front();
        }
        if self.order.len() > 2 * MAX_CALLS {
            let Self { calls, order, .. } = self;
            order.retain(|(since, session)| {
                calls.get(session).is_some_and(|call| call.since == *since)
            });
        }
        if self.calls.is_empty() {
            // Idle clients keep no memory for the calls they once made.
            self.calls = HashMap::new();
            self.order = VecDeque::new();
        }
    }

    fn forget_silent_before(&mut self, time: Option<Instant>) {
        let is_old = |since: &Instant| time.is_some_and(|time| *since < time);
        while self.silent.front().is_some_and(is_old) {
            self.silent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_from_the_address_that_was_called() {
        let calls = ManagerCalls::default();
        assert_eq!(calls.answered("s.resolve"), None);
        assert!(calls.begin("s", Some("*/old")));
        assert!(calls.begin("s.t", Some("*/older")));
        assert!(calls.begin("u", None));
        assert_eq!(calls.answered("s.heartbeat").as_deref(), Some("*/old"));
        assert_eq!(calls.answered("s.resolve").as_deref(), Some("*/old"));
        assert_eq!(calls.answered("s.resolve"), None);
        assert_eq!(calls.answered("s.t.reject").as_deref(), Some("*/older"));
        assert_eq!(calls.answered("u.resolve"), None);
        assert_eq!(calls.answered("other.resolve"), None);
    }

    #[test]
    fn only_so_many_are_open_at_once() {
        let calls = ManagerCalls::default();
        for session in 0..MAX_CALLS {
            assert!(calls.begin(&session.to_string(), None));
        }
        assert!(!calls.begin("one more", None));
        assert_eq!(calls.answered("7.resolve"), None);
        assert!(calls.begin("one more", None));
        assert!(!calls.begin("and one more", None));
    }

    #[test]
    fn old_calls_stop_counting() {
        let calls = ManagerCalls::default();
        assert!(calls.begin("s", None) && calls.begin("s", None));
        assert!(calls.begin_silent());
        let later = now() + Duration::from_secs(1);
        let mut open = calls.open();
        open.forget_before(Some(later));
        open.forget_silent_before(Some(later));
        assert!(open.calls.is_empty() && open.silent.is_empty());
        assert_eq!(open.count, 0);
    }

    #[test]
    fn answered_calls_leave_nothing() {
        let calls = ManagerCalls::default();
        assert!(calls.begin("first", None));
        for session in 0..10 * MAX_CALLS {
            let session = session.to_string();
            assert!(calls.begin(&session, None));
            calls.answered(&format!("{session}.resolve"));
        }
        assert!(calls.open().order.len() <= 2 * MAX_CALLS + 1);
        calls.answered("first.reject");
        let open = calls.open();
        assert_eq!((open.calls.capacity(), open.order.capacity()), (0, 0));
    }
}
