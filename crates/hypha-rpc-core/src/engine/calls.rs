//! Calls of ours that wait for their answer, by session.

use std::time::{Duration, Instant};

use hypha_codec::Text;

use super::hold_back::Reservation;
use super::keys::KeyMap;
use super::timers::{Timers, after};
use crate::address::Address;

/// One call that waits.
#[derive(Debug)]
pub(crate) struct PendingCall<R> {
    /// Who must answer; nobody else may (protocol section 7, rule 2).
    pub(crate) target: Address,
    /// The longest silence; without an answer to come, how long the call may wait for a link.
    pub(crate) timeout: Duration,
    /// Running twice does no harm: once it may be lost it is given back, to be made again.
    pub(crate) idempotent: bool,
    /// Part of making a link usable: it ends with the link.
    pub(crate) setup: bool,
    /// Interfaces among its arguments.
    pub(crate) interfaces: Vec<Text>,
    standing: Standing,
    /// Frames that are kept free for the answer.
    pub(crate) reservation: Reservation,
    /// What the caller waits on.
    pub(crate) reply: R,
}

#[derive(Clone, Copy, Debug)]
enum Standing {
    /// The frame waits here; without a usable link only for so long.
    Waiting { give_up: Option<Instant> },
    /// The frame went to the transport; silence becomes too long then.
    Sent { due: Instant },
}

impl<R> PendingCall<R> {
    pub(crate) fn new(target: Address, timeout: Duration, reply: R) -> Self {
        Self {
            target,
            timeout,
            idempotent: false,
            setup: false,
            interfaces: Vec::new(),
            standing: Standing::Waiting { give_up: None },
            reservation: Reservation::default(),
            reply,
        }
    }

    /// Whether the frame went to the transport.
    pub(crate) fn was_sent(&self) -> bool {
        matches!(self.standing, Standing::Sent { .. })
    }

    fn ends(&self) -> Option<Instant> {
        match self.standing {
            Standing::Waiting { give_up } => give_up,
            Standing::Sent { due } => Some(due),
        }
    }
}

/// The pending calls and their timers.
#[derive(Debug)]
pub(crate) struct Calls<R> {
    pending: KeyMap<PendingCall<R>>,
    timers: Timers,
}

impl<R> Calls<R> {
    pub(crate) fn new() -> Self {
        Self {
            pending: KeyMap::default(),
            timers: Timers::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn contains(&self, key: u64) -> bool {
        self.pending.contains_key(&key)
    }

    pub(crate) fn insert(&mut self, key: u64, call: PendingCall<R>) {
        self.pending.insert(key, call);
    }

    /// Whether the call is still to be sent.
    pub(crate) fn is_waiting(&self, key: u64) -> bool {
        self.get(key).is_some_and(|call| !call.was_sent())
    }

    /// Whether an interface is among the arguments of a call that is still to be sent.
    pub(crate) fn is_interface_waiting(&self, id: &Text) -> bool {
        let mut calls = self.pending.values();
        calls.any(|call| !call.was_sent() && call.interfaces.contains(id))
    }

    /// There is no usable link: the call waits for one no longer than its time-out.
    pub(crate) fn wait_for_link(&mut self, key: u64, now: Instant) {
        if let Some(call) = self.pending.get_mut(&key)
            && !call.was_sent()
        {
            let at = after(now, call.timeout);
            call.standing = Standing::Waiting { give_up: Some(at) };
            self.timers.schedule(at, key);
        }
    }

    /// The same for every call that was not sent and does not wait already.
    pub(crate) fn all_wait_for_link(&mut self, now: Instant) {
        let waits = |call: &PendingCall<R>| call.ends().is_some();
        let calls = self.pending.iter().filter(|(_, call)| !waits(call));
        let keys: Vec<u64> = calls.map(|(key, _)| *key).collect();
        for key in keys {
            self.wait_for_link(key, now);
        }
    }

    /// There is a usable link again.
    pub(crate) fn found_link(&mut self) {
        for call in self.pending.values_mut().filter(|call| !call.was_sent()) {
            call.standing = Standing::Waiting { give_up: None };
        }
    }

    /// The frame did not go to the transport after all.
    pub(crate) fn unsent(&mut self, key: u64) {
        if let Some(call) = self.pending.get_mut(&key) {
            call.standing = Standing::Waiting { give_up: None };
        }
    }

    /// What waits for `from` waits for `to` instead.
    pub(crate) fn retarget(&mut self, from: &Address, to: &Address) {
        for call in self.pending.values_mut() {
            if call.target == *from {
                call.target = to.clone();
            }
        }
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
            call.standing = Standing::Sent { due };
            call.reservation = reservation;
            self.timers.schedule(due, key);
        }
    }

    /// A heartbeat arrived: silence counts anew.
    pub(crate) fn heard(&mut self, key: u64, now: Instant) -> Option<&mut PendingCall<R>> {
        let call = self.pending.get_mut(&key)?;
        if call.was_sent() {
            call.standing = Standing::Sent {
                due: after(now, call.timeout),
            };
        }
        Some(call)
    }

    /// Takes out a call whose silence is too long, or that waited too long for a link.
    pub(crate) fn pop_overdue(&mut self, now: Instant) -> Option<(u64, PendingCall<R>)> {
        while let Some(key) = self.timers.pop_due(now) {
            match self.pending.get(&key).and_then(PendingCall::ends) {
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
