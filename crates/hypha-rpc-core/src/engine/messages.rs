//! Large messages: those that arrive in several frames, and answers that have to leave so (protocol
//! section 9).

use std::fmt;
use std::time::Instant;

use bytes::Bytes;
use hypha_codec::{DecodeError, HeaderEdits, Packet};

use super::assembly::AssemblyError;
use super::hold_back::Reservation;
use super::outbox::{Lane, Message, Origin};
use super::receive::MAX_SESSION_ID;
use super::{Driver, Engine, OutgoingCall};
use crate::address::Address;
use crate::error::with_sources;
use crate::protocol::answer;
use crate::{payload, texts};

/// An answer that is longer than one frame may be.
#[derive(Debug)]
pub(crate) struct LargeAnswer {
    /// The running call that it belongs to.
    pub(crate) key: u64,
    pub(crate) message: Message,
}

/// Which message a call of the message cache is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MessageKey<'a> {
    pub(crate) sender: &'a Address,
    pub(crate) key: &'a str,
    /// The key is a session of ours, and every part of the message a sign of life.
    pub(crate) is_session: bool,
}

/// Why a part of a message is not taken.
#[derive(Debug)]
pub(crate) enum MessageError {
    /// The key is no session of ours that waits for the sender.
    NoSession,
    /// The key is longer than any session id.
    LongKey,
    Assembly(AssemblyError),
    /// The message does not start with a header.
    Malformed(DecodeError),
}

impl From<AssemblyError> for MessageError {
    fn from(error: AssemblyError) -> Self {
        Self::Assembly(error)
    }
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSession => f.write_str(texts::NO_SESSION_FOR_MESSAGE),
            Self::LongKey => f.write_str(texts::LONG_MESSAGE_KEY),
            Self::Assembly(error) => f.write_str(&texts::message_refused(*error)),
            Self::Malformed(error) => f.write_str(&texts::malformed_call(&with_sources(error))),
        }
    }
}

impl<D: Driver> Engine<D> {
    /// A message in several frames begins.
    pub(crate) fn begin_message(
        &mut self,
        now: Instant,
        message: MessageKey<'_>,
        overwrite: bool,
    ) -> Result<(), MessageError> {
        if message.key.len() > MAX_SESSION_ID {
            return Err(MessageError::LongKey);
        }
        self.hear(now, message)?;
        Ok(self
            .assemblies
            .create(now, message.sender, message.key, overwrite)?)
    }

    /// A chunk of a message came in a frame of `frame_len` bytes; without an index it goes to the end.
    pub(crate) fn add_chunk(
        &mut self,
        now: Instant,
        message: MessageKey<'_>,
        index: Option<u64>,
        chunk: Bytes,
        frame_len: usize,
    ) -> Result<(), MessageError> {
        let call = self.hear(now, message)?;
        let (sender, key) = (message.sender, message.key);
        let bytes = self
            .assemblies
            .add(now, sender, key, index, chunk, frame_len)?;
        if let Some(call) = call.and_then(|call| self.calls.get(call)) {
            D::received(&call.reply, bytes);
        }
        Ok(())
    }

    /// A message is complete: it is handled as if it had come in one frame, sent by whoever sent the
    /// `process` call in `packet`. What it says itself about its sender does not count.
    pub(crate) fn finish_message(
        &mut self,
        now: Instant,
        message: MessageKey<'_>,
        packet: &Packet,
    ) -> Result<(), MessageError> {
        self.hear(now, message)?;
        let frame = self.assemblies.take(message.sender, message.key)?;
        let header = packet.header().map_err(MessageError::Malformed)?;
        let identity = HeaderEdits::new().identity_of(&header);
        let packet = Packet::parse_within(frame, MAX_HEADER)
            .and_then(|packet| packet.edited(&identity))
            .map_err(MessageError::Malformed)?;
        self.handle_packet(now, &packet);
        Ok(())
    }

    /// The sender gave a message up.
    pub(crate) fn drop_message(&mut self, sender: &Address, key: &str) -> Result<(), MessageError> {
        match self.assemblies.remove(sender, key) {
            Some(_) => Ok(()),
            None => Err(AssemblyError::UnknownKey.into()),
        }
    }

    /// Nobody waits for the answer of this call any more, of which a part may be here.
    pub(super) fn drop_part_of_answer(&mut self, call: u64, target: &Address) {
        if self.assemblies.len() > 0 {
            self.assemblies.remove(target, &self.sessions.id(call));
        }
    }

    /// Queues a call that carries a part of a large message.
    pub(crate) fn start_chunk(
        &mut self,
        now: Instant,
        key: u64,
        call: OutgoingCall<D::Handler>,
        reply: D::Reply,
        permit: Option<D::Permit>,
    ) {
        let mut queued = self.keep_call(now, key, call, reply, permit);
        queued.origin = Origin::Chunk { key };
        self.outbox.push(Lane::Chunk, queued);
    }

    /// Waits for the answer of a call whose message others carry. Its silence counts from when it was
    /// [delivered](Self::delivered).
    pub(crate) fn expect_call(
        &mut self,
        now: Instant,
        key: u64,
        call: OutgoingCall<D::Handler>,
        reply: D::Reply,
    ) {
        drop(self.keep_call(now, key, call, reply, None));
    }

    /// The target has a call that went in several frames: its silence counts from here.
    pub(crate) fn delivered(&mut self, now: Instant, key: u64) {
        self.calls.sent(key, now, Reservation::default());
    }

    /// A large answer was handed over, or for this reason was not.
    pub(crate) fn answer_delivered(&mut self, now: Instant, key: u64, result: Result<(), String>) {
        let reason = match result {
            Ok(()) => return self.finish_running(now, key),
            Err(reason) => reason,
        };
        if let Some(given) = self.running.take_given(key) {
            self.take_back_given(&given);
        }
        let payload = payload::reject(&texts::answer_not_delivered(&reason), "");
        let Some(call) = self.running.answered(key, payload.len()) else {
            return;
        };
        match &call.session {
            None => self.finish_running(now, key),
            Some(session) => {
                let (to, session) = (call.from.clone(), session.clone());
                self.push_answer(key, Message::answer(&to, session, answer::REJECT, payload));
            }
        }
    }

    /// A part whose key is a session shows that the peer of that session lives. Gives the call, if
    /// the session is that of one.
    fn hear(&mut self, now: Instant, message: MessageKey<'_>) -> Result<Option<u64>, MessageError> {
        if !message.is_session {
            return Ok(None);
        }
        let session = self
            .sessions
            .key(message.key)
            .ok_or(MessageError::NoSession)?;
        let pending = self.calls.get(session).map(|call| &call.target);
        if pending.is_some_and(|target| target == message.sender) {
            self.calls.heard(session, now);
            return Ok(Some(session));
        }
        match self.exports.target(session) {
            Some(target) if target == message.sender => Ok(None),
            _ => Err(MessageError::NoSession),
        }
    }
}

/// Bytes of the header of a message in several frames: it is looked through at once.
const MAX_HEADER: usize = 1 << 20;
