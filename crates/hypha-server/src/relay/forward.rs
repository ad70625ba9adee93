//! A frame on its way through: whom it is for, who it says it is from, and where it goes.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hypha_codec::wire::{SERVICES_PREFIX, payload, promise};
use hypha_codec::{ErrorValue, Header, HeaderEdits, Map, OutgoingHeader, Packet, Rope, Value};
use hypha_rpc_core::protocol::{BROADCAST, MANAGER_WORKSPACE};
use hypha_transport::Frame;
use tokio::time::sleep_until;

use super::clock::now;
use super::connection::{Connection, End};
use super::outbound::{NotTaken, SERVER};
use super::router::notify;
use super::routes::Routes;
use crate::hub::Hub;

/// Longer header segments are no headers.
const MAX_HEADER: usize = 64 * 1024;

/// A receiver that holds up a sender is given so long to take something.
const PATIENCE: Duration = Duration::from_secs(1);

/// And it has to take at least so many bytes in that time.
const MIN_DRAINED: u64 = 16 * 1024;

/// Moves the frames of one connection.
#[derive(Debug)]
pub(crate) struct Forwarder<'a> {
    hub: &'a Hub,
    sender: &'a Arc<Connection>,
    routes: Routes,
}

/// A frame whose receiver has no room for it now.
#[must_use]
#[derive(Debug)]
pub(crate) struct HeldUp {
    receiver: Arc<Connection>,
    frame: Frame,
}

/// Where a target leads.
#[derive(Debug, PartialEq)]
enum Destination<'a> {
    /// One client, by its absolute address.
    Client(Cow<'a, str>),
    /// The manager, by any of its ids.
    Manager,
    /// All of a workspace who subscribed.
    Workspace(&'a str),
    /// Nobody.
    Nowhere,
}

impl<'a> Forwarder<'a> {
    pub(crate) fn new(hub: &'a Hub, sender: &'a Arc<Connection>) -> Self {
        Self {
            hub,
            sender,
            routes: Routes::default(),
        }
    }

    /// Sends a frame on, unless it has to [wait for room](Self::wait_for_room). What is no frame is ignored, as are
    /// frames for nobody that want no answer.
    pub(crate) fn forward(&mut self, frame: Bytes) -> Option<HeldUp> {
        self.sender.count_frame();
        self.hub.vigil().frame();
        let packet = Packet::parse_within(frame, MAX_HEADER).ok()?;
        let header = packet.header().ok()?;
        let Some(to) = header.to() else {
            self.reject(&header, "The message has no target");
            return None;
        };
        match destination(to, self.sender.workspace()) {
            Destination::Client(address) => self.send_to(&packet, &header, &address),
            Destination::Manager => self.send_to_manager(&packet, &header, to),
            Destination::Workspace(workspace) => {
                self.broadcast(&packet, &header, workspace);
                None
            }
            Destination::Nowhere => None,
        }
    }

    fn send_to(&mut self, packet: &Packet, header: &Header<'_>, address: &str) -> Option<HeldUp> {
        let Some(receiver) = self.routes.find(self.hub.router(), address) else {
            self.reject(header, &format!("Target peer {address} is not connected"));
            return None;
        };
        let alias = self.alias(&receiver, header);
        let from = alias.as_deref().unwrap_or_else(|| self.sender.address());
        let edits = self.edits(from, address, receiver.workspace());
        let frame = packet.rewrite(&edits).ok()?;
        self.deliver(receiver, frame)
    }

    fn send_to_manager(
        &mut self,
        packet: &Packet,
        header: &Header<'_>,
        to: &str,
    ) -> Option<HeldUp> {
        let address = self.hub.manager_address();
        let Some(manager) = self.routes.find(self.hub.router(), address) else {
            self.reject(header, &format!("Target peer {to} is not connected"));
            return None;
        };
        let alias = (to != address).then_some(to);
        let calls = self.sender.manager_calls();
        let may_call = match header.session() {
            Some(session) => calls.begin(session, alias),
            // Nothing is left to count of answers, which go to sessions of the manager.
            None => {
                let is_call = |method: &str| method.starts_with(SERVICES_PREFIX);
                !header.method().is_some_and(is_call) || calls.begin_silent()
            }
        };
        if !may_call {
            self.reject(header, "Too many calls of the manager at once");
            return None;
        }
        let edits = self.edits(self.sender.address(), address, self.sender.workspace());
        let frame = packet.rewrite(&edits).ok()?;
        self.deliver(manager, frame)
    }

    fn broadcast(&self, packet: &Packet, header: &Header<'_>, workspace: &str) {
        if workspace != self.sender.workspace() && !self.sender.is_system() {
            return self.reject(header, "Broadcasts do not leave their workspace");
        }
        if !self.sender.may_broadcast() {
            return self.reject(header, "A read-only client cannot broadcast");
        }
        let Some(event) = header.kind() else {
            return;
        };
        let subscribers = self.hub.router().topics().subscribers(workspace, event);
        let to = format!("{workspace}/{BROADCAST}");
        let edits = self.edits(self.sender.address(), &to, workspace);
        let Ok(frame) = packet.rewrite(&edits) else {
            return;
        };
        for subscriber in subscribers {
            notify(&subscriber, self.sender.key(), frame.clone());
        }
    }

    /// The header fields that only the server writes (protocol section 3.2). What the server itself sends is said in the
    /// workspace of the receiver.
    fn edits<'b>(&'b self, from: &'b str, to: &'b str, there: &'b str) -> HeaderEdits<'b> {
        let system = self.sender.is_system();
        let workspace = if system {
            there
        } else {
            self.sender.workspace()
        };
        HeaderEdits::new()
            .from(from)
            .to(to)
            .ws(workspace)
            .user(self.sender.encoded_user())
    }

    /// The address by which a client called the manager, for what the manager says to it.
    fn alias(&self, receiver: &Connection, header: &Header<'_>) -> Option<Box<str>> {
        if !self.sender.is_system() {
            return None;
        }
        receiver.manager_calls().answered(header.method()?)
    }

    fn deliver(&self, receiver: Arc<Connection>, frame: Bytes) -> Option<HeldUp> {
        let pushed = receiver
            .outbound()
            .push(self.sender.key(), Frame::Binary(frame));
        match pushed {
            Err(NotTaken::Full(_)) if self.sender.is_system() => {
                tracing::debug!(client = receiver.address(), "does not read its answers");
                receiver.end(End::Cut);
                None
            }
            Err(NotTaken::Full(frame)) => Some(HeldUp { receiver, frame }),
            Ok(()) | Err(NotTaken::Ended) => None,
        }
    }

    /// Holds the sender up while the receiver reads, and gives the receiver up if it does not.
    pub(crate) async fn wait_for_room(&self, held_up: HeldUp) {
        let HeldUp {
            receiver,
            mut frame,
        } = held_up;
        let mut drained = receiver.drained();
        let mut deadline = now() + PATIENCE;
        loop {
            let mut room = std::pin::pin!(receiver.outbound().room());
            room.as_mut().enable();
            frame = match receiver.outbound().push(self.sender.key(), frame) {
                Ok(()) | Err(NotTaken::Ended) => return,
                Err(NotTaken::Full(frame)) => frame,
            };
            tokio::select! {
                () = &mut room => {}
                () = sleep_until(deadline) => {
                    let taken = receiver.drained();
                    if taken.saturating_sub(drained) < MIN_DRAINED && !receiver.is_system() {
                        tracing::info!(client = receiver.address(), "reads too slowly and is closed");
                        return receiver.end(End::Cut);
                    }
                    drained = taken;
                    deadline = now() + PATIENCE;
                }
            }
        }
    }

    /// Answers a message that cannot be delivered, if it wants an answer (protocol section 6.7).
    fn reject(&self, header: &Header<'_>, words: &str) {
        let Some(session) = header.session() else {
            return;
        };
        let method = format!("{session}.{}", promise::REJECT);
        let outgoing = OutgoingHeader::call(header.from().unwrap_or_default(), &method)
            .from(header.to().unwrap_or_default());
        let Ok(answer) = reject_payload(words) else {
            return;
        };
        let frame = hypha_codec::encode_frame(&outgoing, Rope::from(answer)).into_bytes();
        let pushed = self.sender.outbound().push(SERVER, Frame::Binary(frame));
        if let Err(NotTaken::Full(_)) = pushed {
            self.sender.end(End::Cut);
        }
    }
}

fn reject_payload(words: &str) -> Result<Bytes, hypha_codec::EncodeError> {
    let error = Value::from(ErrorValue::new(words.to_owned()));
    let arguments = Map::from_iter([(payload::ARGS, Value::from(vec![error]))]);
    hypha_codec::encode(&Value::from(arguments))
}

/// What a target means to somebody of a workspace (protocol section 4).
fn destination<'a>(to: &'a str, own: &'a str) -> Destination<'a> {
    match to.split_once('/') {
        None if to == BROADCAST => Destination::Workspace(own),
        None if to.is_empty() => Destination::Nowhere,
        None => Destination::Client(Cow::Owned(format!("{own}/{to}"))),
        Some((_, client)) if client.is_empty() || client.contains('/') => Destination::Nowhere,
        Some(("", _)) => Destination::Nowhere,
        Some((MANAGER_WORKSPACE, BROADCAST)) => Destination::Nowhere,
        Some((MANAGER_WORKSPACE, _)) => Destination::Manager,
        Some((workspace, BROADCAST)) => Destination::Workspace(workspace),
        Some(_) => Destination::Client(Cow::Borrowed(to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_lead_where_they_say() {
        let client = |address: &str| Destination::Client(Cow::Owned(address.to_owned()));
        for (to, wanted) in [
            ("c", client("w/c")),
            ("v/c", client("v/c")),
            ("*", Destination::Workspace("w")),
            ("v/*", Destination::Workspace("v")),
            ("*/m", Destination::Manager),
            ("*/*", Destination::Nowhere),
            ("", Destination::Nowhere),
            ("/", Destination::Nowhere),
            ("/c", Destination::Nowhere),
            ("v/", Destination::Nowhere),
            ("v/c/d", Destination::Nowhere),
            ("../w/c", Destination::Nowhere),
        ] {
            assert_eq!(destination(to, "w"), wanted, "{to}");
        }
    }
}
