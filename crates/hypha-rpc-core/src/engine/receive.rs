//! What arrives: answers to our calls, calls of our methods, and messages of the server.

use std::time::Instant;

use hypha_codec::{Header, Packet, Text};
use serde::Deserialize;

use super::exports::Found;
use super::outbox::{Content, Lane, Message, Origin, Queued};
use super::services::Lookup;
use super::{Driver, Engine, Event, Invoke, MAX_WAITING_REJECTS, Outcome, Remote};
use crate::address::Address;
use crate::protocol::{BUILT_IN, SERVICES, answer, is_message_part, kind};
use crate::secret::Secret;
use crate::{payload, texts};

impl<D: Driver> Engine<D> {
    pub(crate) fn handle_text(&mut self, text: &str) {
        self.keepalive.heard();
        // On a direct link there is no server whose words these could be.
        if matches!(self.remote, Remote::Direct { .. }) {
            self.malformed += 1;
            return;
        }
        // Unknown control messages may be logged and are otherwise ignored (protocol section 1.3).
        let Ok(control) = serde_json::from_str::<Control>(text) else {
            self.malformed += 1;
            return;
        };
        match control.kind.as_str() {
            "error" => self
                .events
                .push_back(Event::ServerError(control.message.unwrap_or_default())),
            "reconnection_token" => {
                if let Some(token) = control.reconnection_token {
                    self.events.push_back(Event::Token(Secret::from(token)));
                }
            }
            _ => {}
        }
    }

    pub(crate) fn handle_frame(&mut self, now: Instant, frame: bytes::Bytes) {
        self.keepalive.heard();
        match Packet::parse(frame) {
            Ok(packet) => {
                self.count_frame(now, &packet);
                self.handle_packet(now, &packet);
            }
            Err(_) => self.malformed += 1,
        }
    }

    /// Handles a message that came in one frame, or in several.
    pub(super) fn handle_packet(&mut self, now: Instant, packet: &Packet) {
        let Ok(header) = packet.header() else {
            self.malformed += 1;
            return;
        };
        match header.kind() {
            Some(kind::METHOD) => self.handle_method(now, packet, &header),
            Some(name) => self.handle_event(name, packet, &header),
            None => self.malformed += 1,
        }
    }

    /// Whoever sent a frame may send one fewer before the server closes its connection.
    fn count_frame(&mut self, now: Instant, packet: &Packet) {
        if !self.outbox.counts_frames() {
            return;
        }
        let Ok(header) = packet.header() else {
            return;
        };
        let Some(from) = self.sender(&header) else {
            return;
        };
        let is_call = header.kind() == Some(kind::METHOD)
            && !header
                .method()
                .and_then(|path| path.rsplit_once('.'))
                .is_some_and(|(session, name)| {
                    session != SERVICES && !session.contains('.') && answer::NAMES.contains(&name)
                });
        self.outbox.heard(now, from.as_str(), is_call);
    }

    fn handle_method(&mut self, now: Instant, packet: &Packet, header: &Header<'_>) {
        let Some(path) = header.method() else {
            self.malformed += 1;
            return;
        };
        let Some(from) = self.sender(header) else {
            self.malformed += 1;
            return;
        };
        // Answers repeat the session: a peer must not choose their size.
        if header
            .session()
            .is_some_and(|session| session.len() > MAX_SESSION_ID)
        {
            self.malformed += 1;
            return;
        }
        match path.split_once('.') {
            Some((SERVICES, rest)) => self.handle_service_call(now, packet, header, &from, rest),
            Some(_) => self.handle_session_call(now, packet, header, &from, path),
            None => {
                let text = texts::method_not_found(&from, path, &self.local);
                self.refuse(header, &from, &text);
            }
        }
    }

    fn handle_service_call(
        &mut self,
        now: Instant,
        packet: &Packet,
        header: &Header<'_>,
        from: &Address,
        rest: &str,
    ) {
        let path = header.method().unwrap_or_default();
        if let Some(text) = self.misdirected(header, path) {
            return self.refuse(header, from, &text);
        }
        let handler = match self.services.find(rest) {
            Lookup::Method(record, handler) => {
                if record
                    .access
                    .admits(from, self.local.workspace(), self.manager())
                {
                    Ok(handler.clone())
                } else if record.is_interface() {
                    Err(texts::interface_denied(path, from))
                } else {
                    Err(texts::permission_denied(
                        path,
                        self.local.workspace(),
                        from.workspace(),
                    ))
                }
            }
            Lookup::NotCallable => Err(texts::invalid_method(from, path)),
            Lookup::Missing => Err(texts::method_expired(from, path)),
        };
        match handler {
            Err(text) => self.refuse(header, from, &text),
            // Who asks whether we are alive is told so to the end.
            Ok(_) if self.draining && !is_built_in(rest) => {
                self.refuse(header, from, texts::SHUTTING_DOWN);
            }
            Ok(handler) => self.invoke(now, packet, header, from, handler, None),
        }
    }

    fn invoke(
        &mut self,
        now: Instant,
        packet: &Packet,
        header: &Header<'_>,
        from: &Address,
        handler: D::Handler,
        exported: Option<u64>,
    ) {
        let bytes = packet.payload().len();
        // Parts of messages are done at once and have bounds of their own: an answer that is awaited
        // must get through while all that may run here does.
        let has_room = if header.method().is_some_and(is_message_part) {
            self.outbox.waiting_answers(from.as_str()) < MAX_WAITING_REJECTS
        } else {
            self.running.has_room(bytes)
        };
        if !has_room {
            return self.refuse(header, from, texts::BUSY);
        }
        if let Some(session) = exported {
            self.exports.used(now, session);
        }
        let session = header.session().map(Text::from);
        let key = self
            .running
            .start(now, from.clone(), session, exported, bytes);
        self.events.push_back(Event::Invoke(Invoke {
            key,
            handler,
            from: from.clone(),
            packet: packet.clone(),
        }));
    }

    /// A frame for `SESSION.name`: an answer to one of our calls, or a call of a function that went
    /// out inside a message.
    fn handle_session_call(
        &mut self,
        now: Instant,
        packet: &Packet,
        header: &Header<'_>,
        from: &Address,
        path: &str,
    ) {
        let Some((session, name)) = path.split_once('.') else {
            return;
        };
        let open = self.sessions.key(session).and_then(|key| {
            let pending = self.calls.get(key).map(|call| &call.target);
            Some((
                key,
                pending.is_some(),
                pending.or_else(|| self.exports.target(key))?,
            ))
        });
        let Some((key, is_pending, target)) = open else {
            let key = self.sessions.key(session);
            if name == answer::RESOLVE && key.is_some_and(|key| self.unread.take(key, from)) {
                return self.unread(packet.clone());
            }
            // Late answers and heartbeats for dead sessions are ordinary (protocol section 18,
            // rules 5 and 6) and want no answer; calls into dead sessions get one.
            let text = texts::session_not_found(from, path);
            return self.refuse(header, from, &text);
        };
        // Nobody but the target of the message may use its session (protocol section 7, rule 2).
        if target != from {
            let text = texts::access_denied(path, from, target);
            return self.refuse(header, from, &text);
        }
        match name {
            answer::HEARTBEAT if is_pending => self.heard_heartbeat(now, key, from),
            answer::RESOLVE if is_pending => {
                self.finish_call(key, Outcome::Resolved(packet.clone()));
            }
            answer::REJECT if is_pending => {
                self.finish_call(key, Outcome::Rejected(packet.clone()));
            }
            _ => self.handle_exported_call(now, packet, header, from, (key, name)),
        }
    }

    /// Nobody reads this answer.
    pub(crate) fn unread(&mut self, packet: Packet) {
        let from = packet.header().ok().and_then(|header| self.sender(&header));
        if let Some(from) = from {
            self.events.push_back(Event::Unread { from, packet });
        }
    }

    /// A call of a function that we gave to `from`.
    fn handle_exported_call(
        &mut self,
        now: Instant,
        packet: &Packet,
        header: &Header<'_>,
        from: &Address,
        (session, name): (u64, &str),
    ) {
        let path = header.method().unwrap_or_default();
        if let Some(text) = self.misdirected(header, path) {
            return self.refuse(header, from, &text);
        }
        let handler = match self.exports.find(session, name) {
            Found::Function(handler) => handler.clone(),
            Found::NoFunction => {
                let text = texts::method_expired(from, path);
                return self.refuse(header, from, &text);
            }
        };
        // The call belongs to a session of ours that must still be there (protocol section 6.4).
        let orphaned = header.parent().is_some_and(|parent| {
            self.sessions
                .key(parent)
                .is_none_or(|key| !self.calls.contains(key) && self.exports.target(key).is_none())
        });
        if orphaned {
            let text = texts::parent_closed(from, path);
            return self.refuse(header, from, &text);
        }
        self.invoke(now, packet, header, from, handler, Some(session));
    }

    fn heard_heartbeat(&mut self, now: Instant, key: u64, from: &Address) {
        if let Some(call) = self.calls.heard(key, now) {
            self.outbox
                .heard_heartbeat(from.as_str(), &mut call.reservation);
        }
    }

    /// Who sent a frame: what the server wrote, or who is at the other end (identity never
    /// comes from the peer's own words).
    pub(super) fn sender(&mut self, header: &Header<'_>) -> Option<Address> {
        match &self.remote {
            Remote::Relay { .. } => self.senders.address(header.from()?),
            Remote::Direct { peer } => Some(peer.clone()),
        }
    }

    /// A frame for another workspace than ours is not for us (protocol section 6.4).
    fn misdirected(&self, header: &Header<'_>, path: &str) -> Option<String> {
        let (workspace, _) = header.to()?.split_once('/')?;
        let own = self.local.workspace();
        let ours = matches!(self.remote, Remote::Direct { .. }) || workspace == own;
        (!ours).then(|| texts::permission_denied(path, own, workspace))
    }

    /// Answers a call that will not run, if an answer is wanted.
    fn refuse(&mut self, header: &Header<'_>, from: &Address, text: &str) {
        if let Some(session) = header.session()
            && self.outbox.waiting_answers(from.as_str()) < MAX_WAITING_REJECTS
        {
            let session = Text::from(session);
            let message = Message::answer(from, session, answer::REJECT, payload::reject(text, ""));
            self.outbox.push(
                Lane::Answer,
                Queued::plain(Content::Message(message), Origin::Refusal),
            );
        }
    }
}

fn is_built_in(path: &str) -> bool {
    path.strip_prefix(BUILT_IN)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// Bytes of a received session id: nested ones are a few dozen for each level.
pub(super) const MAX_SESSION_ID: usize = 1024;

/// A text frame of the server.
#[derive(Deserialize)]
struct Control {
    #[serde(rename = "type")]
    kind: String,
    message: Option<String>,
    reconnection_token: Option<String>,
}
