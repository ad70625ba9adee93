//! Calls of other peers that run here, and the heartbeats that their callers wait for.

use std::time::{Duration, Instant};

use hypha_codec::Text;

use super::keys::KeyMap;
use super::timers::{Timers, after};
use crate::address::Address;
use crate::protocol::MIN_HEARTBEAT_INTERVAL;

/// One call that somebody made to us.
#[derive(Debug)]
pub(crate) struct RunningCall {
    /// Where the answer goes.
    pub(crate) from: Address,
    /// The caller's session; without one no answer is wanted.
    pub(crate) session: Option<Text>,
    /// The session of ours that the called function lives in.
    pub(crate) exported: Option<u64>,
    /// The caller lost its connection since; it may be back.
    pub(crate) caller_left: bool,
    /// What went out with an answer that is under way.
    pub(crate) given: Option<Given>,
    started: Instant,
    bytes: usize,
    heartbeat: Option<Heartbeat>,
}

/// Functions and interfaces that went out with a message.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) session: u64,
    pub(crate) interfaces: Vec<Text>,
}

#[derive(Debug)]
struct Heartbeat {
    interval: Duration,
    due: Instant,
    /// It is due and waits to be written.
    queued: bool,
}

/// The running calls, bounded in number and in bytes of their payloads.
#[derive(Debug)]
pub(crate) struct Running {
    calls: KeyMap<RunningCall>,
    timers: Timers,
    next_key: u64,
    bytes: usize,
    max_calls: usize,
    max_bytes: usize,
}

impl Running {
    pub(crate) fn new(max_calls: usize, max_bytes: usize) -> Self {
        Self {
            calls: KeyMap::default(),
            timers: Timers::new(),
            next_key: 0,
            bytes: 0,
            max_calls,
            max_bytes,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether another call with a payload of this size fits. One alone always does: the transport
    /// bounds its size.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.calls.is_empty()
            || (self.calls.len() < self.max_calls
                && self.bytes.saturating_add(bytes) <= self.max_bytes)
    }

    pub(crate) fn get(&self, key: u64) -> Option<&RunningCall> {
        self.calls.get(&key)
    }

    pub(crate) fn start(
        &mut self,
        now: Instant,
        from: Address,
        session: Option<Text>,
        exported: Option<u64>,
        bytes: usize,
    ) -> u64 {
        let key = self.next_key;
        self.next_key += 1;
        self.bytes += bytes;
        self.calls.insert(
            key,
            RunningCall {
                from,
                session,
                exported,
                caller_left: false,
                given: None,
                started: now,
                bytes,
                heartbeat: None,
            },
        );
        key
    }

    /// The payload of the call was read and its handler takes its time: heartbeats are due every
    /// `interval` from its arrival on, the first after one interval.
    pub(crate) fn accepted(&mut self, now: Instant, key: u64, interval: Duration) {
        if let Some(call) = self.calls.get_mut(&key)
            && call.session.is_some()
        {
            let interval = interval.max(MIN_HEARTBEAT_INTERVAL);
            let due = after(call.started, interval).max(now);
            call.heartbeat = Some(Heartbeat {
                interval,
                due,
                queued: false,
            });
            self.timers.schedule(due, key);
        }
    }

    /// The call has its answer, of this size. It counts as running until the answer is written, so
    /// that a caller that does not read cannot pile up answers; heartbeats go on as long.
    pub(crate) fn answered(&mut self, key: u64, bytes: usize) -> Option<&RunningCall> {
        let call = self.calls.get_mut(&key)?;
        self.bytes = self.bytes - call.bytes + bytes;
        call.bytes = bytes;
        Some(call)
    }

    /// Whether an answer of this size may wait to be written. One alone always may: its maker bounds
    /// its size.
    pub(crate) fn has_room_for_answer(&self, key: u64, bytes: usize) -> bool {
        self.calls.get(&key).is_none_or(|call| {
            let others = self.bytes - call.bytes;
            bytes <= call.bytes || others == 0 || others.saturating_add(bytes) <= self.max_bytes
        })
    }

    /// Notes what goes out with the answer of a call.
    pub(crate) fn gives(&mut self, key: u64, given: Given) {
        if let Some(call) = self.calls.get_mut(&key) {
            call.given = Some(given);
        }
    }

    /// What went out with the answer of a call, which did not arrive.
    pub(crate) fn take_given(&mut self, key: u64) -> Option<Given> {
        self.calls.get_mut(&key)?.given.take()
    }

    pub(crate) fn finish(&mut self, key: u64) -> Option<RunningCall> {
        let call = self.calls.remove(&key)?;
        self.bytes -= call.bytes;
        self.timers
            .trim(self.calls.len(), |key| self.calls.contains_key(&key));
        Some(call)
    }

    /// A caller is gone for good: what runs for it goes on, and nobody is told any more.
    pub(crate) fn forget_caller(&mut self, caller: &str) {
        for call in self
            .calls
            .values_mut()
            .filter(|call| call.from.as_str() == caller)
        {
            call.session = None;
            call.heartbeat = None;
        }
    }

    /// A caller lost its connection. Says how many calls of it run here.
    pub(crate) fn caller_left(&mut self, caller: &str) -> usize {
        let calls = self.calls.values_mut();
        calls
            .filter(|call| call.from.as_str() == caller)
            .map(|call| call.caller_left = true)
            .count()
    }

    /// A call whose heartbeat has come due and is not queued yet; the next one is scheduled.
    pub(crate) fn pop_heartbeat(&mut self, now: Instant) -> Option<u64> {
        while let Some(key) = self.timers.pop_due(now) {
            if let Some(heartbeat) = self
                .calls
                .get_mut(&key)
                .and_then(|call| call.heartbeat.as_mut())
            {
                let is_due = heartbeat.due <= now;
                if is_due {
                    heartbeat.due = after(now, heartbeat.interval);
                }
                self.timers.schedule(heartbeat.due, key);
                if is_due && !std::mem::replace(&mut heartbeat.queued, true) {
                    return Some(key);
                }
            }
        }
        None
    }

    /// Where the queued heartbeat of a call goes, if it is still wanted: caller and session.
    pub(crate) fn take_heartbeat(&mut self, key: u64) -> Option<(Address, Text)> {
        let call = self.calls.get_mut(&key)?;
        call.heartbeat.as_mut()?.queued = false;
        Some((call.from.clone(), call.session.clone()?))
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }
}
