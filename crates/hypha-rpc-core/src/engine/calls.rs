//! Calls of ours that wait for their answer, by session.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::hold_back::Reservation;
use super::timers::{Timers, after};
use crate::address::Address;
use crate::session::SessionIds;

/// One call that waits.
#[derive(Debug)]
pub(crate) struct PendingCall<R> {
    /// Who must answer; nobody else may (protocol section 7, rule 2).
    pub(crate) target: Address,
    /// The longest silence.
    pub(crate) timeout: Duration,
    /// When silence becomes too long; `None` until the frame went to the transport.
    due: Option<Instant>,
    /// Frames that are kept free for the answer.
    pub(crate) reservation: Reservation,
    /// What the caller waits on.
    pub(crate) reply: R,
}

impl<R> PendingCall<R> {
    /// Whether the frame went to the transport.
    pub(crate) fn was_sent(&self) -> bool {
        self.due.is_some()
    }
}

/// The pending calls and their timers.
#[derive(Debug)]
pub(crate) struct Calls<R> {
    ids: SessionIds,
    pending: HashMap<u64, PendingCall<R>>,
    timers: Timers,
}

impl<R> Calls<R> {
    pub(crate) fn new(ids: SessionIds) -> Self {
        Self {
            ids,
            pending: HashMap::new(),
            timers: Timers::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn contains(&self, key: u64) -> bool {
        self.pending.contains_key(&key)
    }

    pub(crate) fn insert(&mut self, key: u64, target: Address, timeout: Duration, reply: R) {
        self.pending.insert(
            key,
            PendingCall {
                target,
                timeout,
                due: None,
                reservation: Reservation::default(),
                reply,
            },
        );
    }

    /// The key of the call that a received session id names, if it is one of ours.
    pub(crate) fn key_of(&self, session: &str) -> Option<u64> {
        self.ids.key(session)
    }

    pub(crate) fn get(&self, key: u64) -> Option<&PendingCall<R>> {
        self.pending.get(&key)
    }

    pub(crate) fn remove(&mut self, key: u64) -> Option<PendingCall<R>> {
        let call = self.pending.remove(&key);
        self.timers
            .trim(self.pending.len(), |key| self.pending.contains_key(&key));
        call
    }

    /// The frame of the call went to the transport: silence counts from here.
    pub(crate) fn sent(&mut self, key: u64, now: Instant, reservation: Reservation) {
        if let Some(call) = self.pending.get_mut(&key) {
            let due = after(now, call.timeout);
            call.due = Some(due);
            call.reservation = reservation;
            self.timers.schedule(due, key);
        }
    }

    /// A heartbeat arrived: silence counts anew.
    pub(crate) fn heard(&mut self, key: u64, now: Instant) -> Option<&mut PendingCall<R>> {
        let call = self.pending.get_mut(&key)?;
        if call.due.is_some() {
            call.due = Some(after(now, call.timeout));
        }
        Some(call)
    }

    /// Takes out a call whose silence is too long.
    pub(crate) fn pop_overdue(&mut self, now: Instant) -> Option<(u64, PendingCall<R>)> {
        while let Some(key) = self.timers.pop_due(now) {
            match self.pending.get(&key).and_then(|call| call.due) {
                Some(due) if due <= now => {
                    return self.pending.remove(&key).map(|call| (key, call));
                }
                Some(due) => self.timers.schedule(due, key),
                None => {}
            }
        }
        None
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Takes out every call that `select` picks.
    pub(crate) fn take_where(
        &mut self,
        select: impl Fn(&PendingCall<R>) -> bool,
    ) -> Vec<(u64, PendingCall<R>)> {
        let keys: Vec<u64> = self
            .pending
            .iter()
            .filter(|(_, call)| select(call))
            .map(|(key, _)| *key)
            .collect();
        keys.into_iter()
            .filter_map(|key| self.pending.remove(&key).map(|call| (key, call)))
            .collect()
    }
}
