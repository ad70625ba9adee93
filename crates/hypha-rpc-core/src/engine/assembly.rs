//! Messages that arrive in several frames (protocol section 9.3).

mod buffer;

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hypha_codec::Text;

use self::buffer::Buffer;
use super::timers::after;
use crate::address::Address;

/// Bounds of messages under way to here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AssemblyLimits {
    /// Bytes of one message.
    pub(crate) message_bytes: usize,
    /// Bytes of all messages together.
    pub(crate) all_bytes: usize,
}

/// Why a message, or a part of it, is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AssemblyError {
    /// The key is in use.
    KeyTaken,
    /// Nobody began a message with this key.
    UnknownKey,
    /// The sender, or all of them together, have too many messages under way.
    TooMany,
    /// The message would be longer than this many bytes.
    TooLong(usize),
    /// All messages together would take more memory than there may be.
    NoRoom,
    /// The chunk comes so long before this one that it would have to be kept aside.
    TooEarly { index: u64, missing: u64 },
    /// The message is over, and this chunk of it is missing.
    Incomplete(u64),
}

/// Messages of one sender that may be under way at once, and of all of them: a caller that sends
/// many large messages at once begins all of them before it goes on with one.
const MAX_OF_SENDER: usize = 1024;
const MAX_OF_ALL: usize = 4096;

/// How far ahead of the first missing chunk others are kept aside; the references have up to 30 on
/// their way at once.
const WINDOW: u64 = 64;

/// A message of which nothing was heard for this long is dropped.
const IDLE: Duration = Duration::from_secs(5 * 60);

/// Chunks that have to be kept aside are copied if they make up less than half of their frame, or
/// are so small that the read buffer behind them may be: a sender must not choose how much memory
/// a few bytes hold.
const COPY_BELOW: usize = 64 * 1024;

/// The messages under way, by sender and key: nobody can touch those of others.
#[derive(Debug)]
pub(crate) struct Assemblies {
    by_sender: HashMap<Address, HashMap<Text, Assembly>>,
    limits: AssemblyLimits,
    count: usize,
    bytes: usize,
    /// When to look for idle ones.
    next_check: Option<Instant>,
}

impl Assemblies {
    pub(crate) fn new(limits: AssemblyLimits) -> Self {
        Self {
            by_sender: HashMap::new(),
            limits,
            count: 0,
            bytes: 0,
            next_check: None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Begins a message, in the place of another with the same key only if `overwrite`.
    pub(crate) fn create(
        &mut self,
        now: Instant,
        sender: &Address,
        key: &str,
        overwrite: bool,
    ) -> Result<(), AssemblyError> {
        if overwrite {
            self.remove(sender, key);
        }
        let of_sender = self.by_sender.get(sender);
        if of_sender.is_some_and(|assemblies| assemblies.contains_key(key)) {
            return Err(AssemblyError::KeyTaken);
        }
        if self.count >= MAX_OF_ALL || of_sender.map_or(0, HashMap::len) >= MAX_OF_SENDER {
            return Err(AssemblyError::TooMany);
        }
        self.by_sender
            .entry(sender.clone())
            .or_default()
            .insert(Text::from(key), Assembly::new(now));
        self.count += 1;
        self.next_check.get_or_insert_with(|| after(now, IDLE));
        Ok(())
    }

    /// Takes a chunk, which came in a frame of `frame_len` bytes, at its place or without one at the
    /// end. Says how many bytes of the message have come.
    pub(crate) fn add(
        &mut self,
        now: Instant,
        sender: &Address,
        key: &str,
        index: Option<u64>,
        chunk: Bytes,
        frame_len: usize,
    ) -> Result<usize, AssemblyError> {
        let limits = self.limits;
        let room = limits.all_bytes.saturating_sub(self.bytes);
        let assembly = self
            .by_sender
            .get_mut(sender)
            .and_then(|assemblies| assemblies.get_mut(key))
            .ok_or(AssemblyError::UnknownKey)?;
        assembly.heard = now;
        let index = index.unwrap_or(assembly.next);
        // A sender that lost its connection does not know what came before, and sends it again.
        if assembly.has(index) {
            return Ok(assembly.bytes);
        }
        let len = chunk.len();
        if assembly.bytes.saturating_add(len) > limits.message_bytes {
            return Err(AssemblyError::TooLong(limits.message_bytes));
        }
        if len > room {
            return Err(AssemblyError::NoRoom);
        }
        assembly.add(index, chunk, frame_len, limits.message_bytes)?;
        self.bytes += len;
        Ok(assembly.bytes)
    }

    /// Takes a message out that is complete. One that is not stays.
    pub(crate) fn take(&mut self, sender: &Address, key: &str) -> Result<Bytes, AssemblyError> {
        let assembly = self
            .by_sender
            .get(sender)
            .and_then(|assemblies| assemblies.get(key))
            .ok_or(AssemblyError::UnknownKey)?;
        if !assembly.ahead.is_empty() {
            return Err(AssemblyError::Incomplete(assembly.next));
        }
        let assembly = self.remove(sender, key).ok_or(AssemblyError::UnknownKey)?;
        Ok(assembly.prefix.into_bytes())
    }

    /// Drops a message.
    pub(crate) fn remove(&mut self, sender: &Address, key: &str) -> Option<Assembly> {
        let assemblies = self.by_sender.get_mut(sender)?;
        let assembly = assemblies.remove(key)?;
        if assemblies.is_empty() {
            self.by_sender.remove(sender);
        }
        self.forget(&assembly);
        Some(assembly)
    }

    /// Drops the messages of a sender that is gone.
    pub(crate) fn remove_sender(&mut self, sender: &Address) {
        for assembly in self.by_sender.remove(sender).into_iter().flatten() {
            self.forget(&assembly.1);
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.next_check
    }

    /// Drops the messages of which nothing was heard for too long.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.next_check.is_none_or(|at| at > now) {
            return;
        }
        let idle = |assembly: &Assembly| after(assembly.heard, IDLE) <= now;
        let mut dropped = Vec::new();
        for assemblies in self.by_sender.values_mut() {
            dropped.extend(assemblies.extract_if(|_, assembly| idle(assembly)));
        }
        self.by_sender
            .retain(|_, assemblies| !assemblies.is_empty());
        for (_, assembly) in &dropped {
            self.forget(assembly);
        }
        let assemblies = self.by_sender.values().flat_map(HashMap::values);
        self.next_check = assemblies.map(|assembly| after(assembly.heard, IDLE)).min();
    }

    fn forget(&mut self, assembly: &Assembly) {
        self.count -= 1;
        self.bytes -= assembly.bytes;
    }
}

/// One message under way.
#[derive(Debug)]
pub(crate) struct Assembly {
    /// The chunks before the first that is missing.
    prefix: Buffer,
    /// Index of the first chunk that is missing.
    next: u64,
    /// Chunks after that one.
    ahead: BTreeMap<u64, Bytes>,
    bytes: usize,
    heard: Instant,
}

impl Assembly {
    fn new(now: Instant) -> Self {
        Self {
            prefix: Buffer::new(),
            next: 0,
            ahead: BTreeMap::new(),
            bytes: 0,
            heard: now,
        }
    }

    fn has(&self, index: u64) -> bool {
        index < self.next || self.ahead.contains_key(&index)
    }

    /// Takes a chunk of a message that may have `longest` bytes.
    fn add(
        &mut self,
        index: u64,
        chunk: Bytes,
        frame_len: usize,
        longest: usize,
    ) -> Result<(), AssemblyError> {
        let len = chunk.len();
        if index == self.next {
            let run = (index + 1..).map_while(|index| self.ahead.get(&index));
            let room = len + run.map(Bytes::len).sum::<usize>();
            self.prefix
                .make_room(room, longest)
                .map_err(|_| AssemblyError::NoRoom)?;
            let mut next = Some(chunk);
            while let Some(chunk) = next {
                self.prefix.extend(&chunk);
                self.next += 1;
                next = self.ahead.remove(&self.next);
            }
        } else if index - self.next < WINDOW {
            let wasteful = len < COPY_BELOW || len < frame_len / 2;
            let chunk = if wasteful {
                Bytes::copy_from_slice(&chunk)
            } else {
                chunk
            };
            self.ahead.insert(index, chunk);
        } else {
            return Err(AssemblyError::TooEarly {
                index,
                missing: self.next,
            });
        }
        self.bytes += len;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
