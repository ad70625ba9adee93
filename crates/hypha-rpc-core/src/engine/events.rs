//! Events: frames of any type but `method` (protocol section 8.3).

use std::time::Instant;

use hypha_codec::{Header, Packet, Rope, Text};

use super::calls::PendingCall;
use super::linking::Phase;
use super::outbox::{Content, Lane, Origin, Queued};
use super::{Driver, Engine, Event, Leave, Remote};
use crate::address::Address;
use crate::protocol::event;
use crate::{payload, texts};

/// An event to send, encoded.
#[derive(Debug)]
pub(crate) struct OutgoingEvent {
    pub(crate) to: Address,
    pub(crate) frame: Rope,
}

/// An event that arrived.
#[derive(Debug)]
pub(crate) struct IncomingEvent {
    pub(crate) name: Text,
    /// Nobody but the server leaves it out.
    pub(crate) from: Option<Address>,
    pub(crate) packet: Packet,
}

/// A client that left, and what was kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Departure {
    pub(crate) client: Address,
    /// Calls to it and of it, and functions that it was given.
    pub(crate) sessions: usize,
    /// Interfaces that it was given.
    pub(crate) interfaces: usize,
}

impl<D: Driver> Engine<D> {
    /// Queues an event. `key` names it until it is handed to the transport.
    pub(crate) fn start_event(
        &mut self,
        now: Instant,
        key: u64,
        event: OutgoingEvent,
        reply: D::Reply,
        permit: Option<D::Permit>,
    ) {
        let origin = Origin::Call {
            key,
            answered: false,
        };
        let content = Content::Encoded {
            to: event.to.as_text().clone(),
            frame: event.frame,
        };
        self.calls
            .insert(key, PendingCall::new(event.to, self.patience, reply));
        self.outbox.push(
            Lane::Call,
            Queued {
                content,
                origin,
                permit,
            },
        );
        if self.phase != Phase::Open {
            self.calls.wait_for_link(key, now);
        }
    }

    /// Events of the server are believed only from it (protocol section 18, rule 22), those that a
    /// client tells itself from nobody.
    pub(super) fn handle_event(&mut self, name: &str, packet: &Packet, header: &Header<'_>) {
        let from_server = match (&self.remote, header.from()) {
            (Remote::Direct { .. }, _) => false,
            (Remote::Relay { .. }, None) => true,
            (Remote::Relay { manager }, Some(from)) => from == manager.as_str(),
        };
        if event::is_of_client(name) || (event::is_of_server(name) && !from_server) {
            self.malformed += 1;
            return;
        }
        let from = self.sender(header);
        if from.is_none() && !(from_server && header.from().is_none()) {
            self.malformed += 1;
            return;
        }
        if from_server {
            self.obey(name, packet, header);
        }
        self.events.push_back(Event::Arrived(IncomingEvent {
            name: Text::from(name),
            from,
            packet: packet.clone(),
        }));
    }

    /// What the server says of the connection and of other clients changes what is kept here.
    fn obey(&mut self, name: &str, packet: &Packet, header: &Header<'_>) {
        match name {
            event::CLIENT_DISCONNECTED => {
                if let Some(client) = payload::departed_client(packet) {
                    let text = texts::client_disconnected(&client);
                    // It may come back before its calls here have their answers, and waits for them.
                    let calls =
                        self.drop_peer(&client, &text) + self.running.caller_left(client.as_str());
                    let (functions, interfaces) = self.forget_holder(&client);
                    self.events.push_back(Event::Departed(Departure {
                        client,
                        sessions: calls + functions,
                        interfaces,
                    }));
                }
            }
            event::PEER_NOT_FOUND => {
                if let Some((peer, text)) = payload::missing_peer(packet) {
                    let text = text.unwrap_or_else(|| texts::peer_not_connected(&peer));
                    self.drop_peer(&peer, &text);
                }
            }
            event::FORCE_EXIT if header.from().is_some() => {
                let reason = payload::exit_reason(packet);
                self.events
                    .push_back(Event::Leave(Leave::ForceExit(reason)));
            }
            _ => {}
        }
    }
}
