//! Functions of ours that went out inside messages: who may call them, and for how long.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use hypha_codec::Text;

use super::keys::KeyMap;
use super::running::Given;
use super::services::ServiceRecord;
use super::timers::after;
use super::{Driver, Engine, Event};
use crate::address::Address;
use crate::protocol::SESSION_TTL;

/// What goes out with one message.
#[derive(Debug)]
pub(crate) struct Exported<H> {
    /// The number of the session that the functions live in.
    pub(crate) key: u64,
    /// Functions by their name in the session.
    pub(crate) functions: Vec<(Text, H)>,
    /// Interfaces: services for the receiver alone.
    pub(crate) interfaces: Vec<ServiceRecord<H>>,
}

impl<H> Exported<H> {
    pub(crate) fn interface_ids(&self) -> Vec<Text> {
        let interfaces = self.interfaces.iter();
        interfaces.map(|record| record.id.clone()).collect()
    }
}

/// How long the functions of a session live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lease {
    /// Until the call that they are arguments of has its outcome.
    Call,
    /// Until nobody has called one for [`SESSION_TTL`]: functions in results (protocol section 6.5).
    Use,
}

/// What the path `SESSION.name` leads to.
#[derive(Debug)]
pub(crate) enum Found<'a, H> {
    /// A function.
    Function(&'a H),
    /// The session holds no such function.
    NoFunction,
}

/// The sessions whose functions peers may call.
#[derive(Debug)]
pub(crate) struct Exports<H> {
    sessions: KeyMap<Session<H>>,
    next_sweep: Option<Instant>,
}

#[derive(Debug)]
struct Session<H> {
    target: Address,
    lease: Lease,
    functions: HashMap<Text, H>,
    last_used: Instant,
    running: usize,
}

/// Sessions and interfaces at most: results with functions are refused beyond it.
pub(super) const MAX_LEASED: usize = 65_536;

/// The part of them that one receiver may hold, so that nobody can use them up for all others.
pub(super) const MAX_LEASED_BY_ONE: usize = 8192;

/// How often sessions that nobody uses are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

impl<H> Exports<H> {
    pub(crate) fn new() -> Self {
        Self {
            sessions: KeyMap::default(),
            next_sweep: None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn open(
        &mut self,
        now: Instant,
        key: u64,
        target: Address,
        functions: Vec<(Text, H)>,
        lease: Lease,
    ) {
        if functions.is_empty() {
            return;
        }
        let session = Session {
            target,
            lease,
            functions: functions.into_iter().collect(),
            last_used: now,
            running: 0,
        };
        self.sessions.insert(key, session);
        if lease == Lease::Use && self.next_sweep.is_none() {
            self.next_sweep = Some(after(now, SWEEP_INTERVAL));
        }
    }

    /// How many sessions this client may use.
    fn held_by(&self, target: &str) -> usize {
        self.sessions
            .values()
            .filter(|session| session.target.as_str() == target)
            .count()
    }

    /// Who may call the functions of a session.
    pub(crate) fn target(&self, key: u64) -> Option<&Address> {
        self.sessions.get(&key).map(|session| &session.target)
    }

    pub(crate) fn find(&self, key: u64, name: &str) -> Found<'_, H> {
        let function = self
            .sessions
            .get(&key)
            .and_then(|session| session.functions.get(name));
        function.map_or(Found::NoFunction, Found::Function)
    }

    /// A function of the session is called.
    pub(crate) fn used(&mut self, now: Instant, key: u64) {
        if let Some(session) = self.sessions.get_mut(&key) {
            session.last_used = now;
            session.running += 1;
        }
    }

    /// A function of the session has answered.
    pub(crate) fn returned(&mut self, now: Instant, key: u64) {
        if let Some(session) = self.sessions.get_mut(&key) {
            session.last_used = now;
            session.running = session.running.saturating_sub(1);
        }
    }

    /// Takes functions out; a session without any is gone.
    pub(crate) fn release(&mut self, key: u64, names: &[Text]) -> Vec<H> {
        let Some(session) = self.sessions.get_mut(&key) else {
            return Vec::new();
        };
        let released = names
            .iter()
            .filter_map(|name| session.functions.remove(name))
            .collect();
        if session.functions.is_empty() {
            self.sessions.remove(&key);
        }
        released
    }

    /// The call of a session has its outcome.
    pub(crate) fn close_call(&mut self, key: u64) -> Vec<H> {
        match self.sessions.get(&key) {
            Some(session) if session.lease == Lease::Call => self.close(key),
            _ => Vec::new(),
        }
    }

    /// A peer is gone, and with it whoever could call what it was given; `is_waiting` tells the
    /// sessions of calls that are still to be sent.
    pub(crate) fn close_target(
        &mut self,
        target: &Address,
        is_waiting: impl Fn(u64) -> bool,
    ) -> Vec<H> {
        self.close_where(|key, session| session.target == *target && !is_waiting(key))
    }

    pub(crate) fn close_all(&mut self) -> Vec<H> {
        self.close_where(|_, _| true)
    }

    /// What was for `from` is for `to`.
    pub(crate) fn retarget(&mut self, from: &Address, to: &Address) {
        for session in self.sessions.values_mut() {
            if session.target == *from {
                session.target = to.clone();
            }
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.next_sweep
    }

    /// Closes sessions that nobody has used for long.
    pub(crate) fn sweep(&mut self, now: Instant) -> Vec<H> {
        if self.next_sweep.is_none_or(|at| at > now) {
            return Vec::new();
        }
        let closed = self.close_where(|_, session| {
            session.lease == Lease::Use
                && session.running == 0
                && after(session.last_used, SESSION_TTL) <= now
        });
        let leased = self
            .sessions
            .values()
            .any(|session| session.lease == Lease::Use);
        self.next_sweep = leased.then(|| after(now, SWEEP_INTERVAL));
        closed
    }

    /// Ends a session, whatever it lives by.
    pub(crate) fn close(&mut self, key: u64) -> Vec<H> {
        let session = self.sessions.remove(&key);
        session.map_or_else(Vec::new, |session| {
            session.functions.into_values().collect()
        })
    }

    fn close_where(&mut self, select: impl Fn(u64, &Session<H>) -> bool) -> Vec<H> {
        let keys: Vec<u64> = self
            .sessions
            .iter()
            .filter(|(key, session)| select(**key, session))
            .map(|(key, _)| *key)
            .collect();
        keys.into_iter().flat_map(|key| self.close(key)).collect()
    }
}

impl<D: Driver> Engine<D> {
    /// Functions that went out are of no use any more, such as those of a generator at its end.
    pub(crate) fn release(&mut self, session: u64, names: &[Text]) {
        let released = self.exports.release(session, names);
        self.dropped(released);
    }

    pub(super) fn open(
        &mut self,
        now: Instant,
        target: &Address,
        exported: Exported<D::Handler>,
        lease: Lease,
    ) {
        for record in exported.interfaces {
            // The id is random: it cannot be taken.
            drop(self.services.insert(record, false));
        }
        self.exports
            .open(now, exported.key, target.clone(), exported.functions, lease);
    }

    /// Nobody will ever call these.
    pub(super) fn discard(&mut self, exported: Option<Exported<D::Handler>>) {
        let Some(exported) = exported else { return };
        let mut handlers: Vec<_> = exported.functions.into_iter().map(|(_, h)| h).collect();
        for interface in exported.interfaces {
            handlers.extend(interface.methods.into_values());
        }
        self.dropped(handlers);
    }

    pub(super) fn close_session(&mut self, key: u64) {
        let closed = self.exports.close_call(key);
        self.dropped(closed);
    }

    pub(super) fn dropped(&mut self, handlers: Vec<D::Handler>) {
        if !handlers.is_empty() {
            self.events.push_back(Event::Dropped(handlers));
        }
    }

    /// A client is gone, and with it the use of everything that it alone could call. Says how many
    /// sessions and interfaces those were.
    pub(super) fn forget_holder(&mut self, client: &Address) -> (usize, usize) {
        let before = self.exports.len();
        let calls = &self.calls;
        let closed = self
            .exports
            .close_target(client, |key| calls.is_waiting(key));
        let interfaces = self
            .services
            .remove_interfaces_of(client, |id| calls.is_interface_waiting(id));
        self.dropped(closed);
        let count = interfaces.len();
        for interface in interfaces {
            self.dropped(interface.methods.into_values().collect());
        }
        (before - self.exports.len(), count)
    }

    /// Whether what one more result for this receiver brings along can be kept.
    pub(super) fn has_room_for_exports(&self, receiver: &str) -> bool {
        let all = self.exports.len() + self.services.interfaces();
        // Counting takes a while, and is for those times when there is much to count.
        let held = || self.exports.held_by(receiver) + self.services.interfaces_of(receiver);
        all < MAX_LEASED_BY_ONE || (all < MAX_LEASED && held() < MAX_LEASED_BY_ONE)
    }

    /// An interface ends when its receiver leaves, and this one has left already.
    pub(super) fn would_outlive_its_caller(
        &self,
        key: u64,
        exported: Option<&Exported<D::Handler>>,
    ) -> bool {
        let left = self.running.get(key).is_some_and(|call| call.caller_left);
        left && exported.is_some_and(|exported| !exported.interfaces.is_empty())
    }

    /// A message did not arrive: nobody will use what it brought along.
    pub(super) fn take_back_given(&mut self, given: &Given) {
        let functions = self.exports.close(given.session);
        self.dropped(functions);
        self.remove_interfaces(&given.interfaces);
    }

    pub(super) fn remove_interfaces(&mut self, ids: &[Text]) {
        for id in ids {
            self.remove_service(id);
        }
    }
}
