//! Sending events.

use std::fmt;
use std::sync::Arc;

use hypha_codec::wire::header;
use hypha_codec::{EncodeError, Map, Rope, Text, Value, Writer};
use serde::Serialize;

use super::message::{Message, is_routing};
use crate::address::Address;
use crate::call::conclude;
use crate::engine::OutgoingEvent;
use crate::error::CallError;
use crate::protocol::{BROADCAST, event, kind};
use crate::request::send_event;
use crate::shared::Shared;

/// To whom an event goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventTarget {
    /// Everybody in our workspace who subscribed to the name; on a direct link, the other end.
    Broadcast,
    /// One client, whether it subscribed or not. The client id `*` stands for everybody in its
    /// workspace who subscribed.
    Client(Address),
    /// The listeners of this client and nobody else: nothing is sent.
    Here,
}

impl From<Address> for EventTarget {
    fn from(address: Address) -> Self {
        Self::Client(address)
    }
}

impl From<&Address> for EventTarget {
    fn from(address: &Address) -> Self {
        Self::Client(address.clone())
    }
}

/// Why an event was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// Names of calls, of the server's events and of a client's own events cannot be used.
    #[error("`{0}` cannot be the name of an event of a client")]
    Name(Text),
    /// The field says where the event comes from or goes, or is the data.
    #[error("`{0}` cannot be a field of an event beside its data")]
    Field(Text),
    /// It cannot be encoded, is too large for one frame, or the connection is over.
    #[error(transparent)]
    Send(#[from] CallError),
}

/// An event to be sent.
#[must_use = "nothing is sent until `send` is called"]
pub struct Emit {
    shared: Arc<Shared>,
    name: Text,
    to: EventTarget,
    data: Result<Rope, EncodeError>,
    fields: Map,
    extra: Map,
}

impl Emit {
    pub(super) fn new(shared: Arc<Shared>, name: Text) -> Self {
        Self {
            shared,
            name,
            to: EventTarget::Broadcast,
            data: Ok(Rope::new()),
            fields: Map::new(),
            extra: Map::new(),
        }
    }

    /// Sets to whom it goes.
    pub fn to(mut self, to: impl Into<EventTarget>) -> Self {
        self.to = to.into();
        self
    }

    /// Sets the field `data`. JavaScript and Python listeners get plain data only: arrays, sets and
    /// the like reach them as maps with a tag.
    pub fn data<T: Serialize + ?Sized>(mut self, data: &T) -> Self {
        let mut writer = Writer::new(self.shared.registry());
        self.data = writer.typed(data).map(drop).map(|()| writer.finish());
        self
    }

    /// Adds a field beside `data`.
    pub fn field(mut self, name: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// Adds a field to the second segment, which the server does not read. Listeners in other
    /// clients see it among the other fields.
    pub fn extra(mut self, name: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    /// Sends it; returns when it was handed to the transport. While there is no connection it waits
    /// for the next one, but no longer than a call would. Dropped before that, it may not go out.
    ///
    /// # Errors
    /// [`EmitError`].
    pub async fn send(self) -> Result<(), EmitError> {
        if self.name.is_empty()
            || *self.name == *kind::METHOD
            || event::is_of_server(&self.name)
            || event::is_of_client(&self.name)
        {
            return Err(EmitError::Name(self.name));
        }
        if let Some(bad) = self.misnamed_field() {
            return Err(EmitError::Field(bad));
        }
        let (shared, name) = (Arc::clone(&self.shared), self.name.clone());
        let to = match &self.to {
            EventTarget::Broadcast => None,
            EventTarget::Client(address) => Some(address.clone()),
            EventTarget::Here => return self.send_here().map_err(EmitError::Send),
        };
        let frame = self.encode(to.as_ref()).map_err(CallError::from)?;
        let (size, limit) = (frame.len(), shared.one_frame);
        if size > limit {
            return Err(CallError::TooLarge { size, limit }.into());
        }
        let to = match to {
            Some(address) => address,
            None => Address::new(shared.local.workspace(), BROADCAST)
                .map_err(|error| CallError::from(EncodeError::custom(error)))?,
        };
        let event = OutgoingEvent {
            to: to.clone(),
            frame,
        };
        let outcome = send_event(&shared, event).await?;
        conclude(&shared, to, name, outcome)?;
        Ok(())
    }

    fn misnamed_field(&self) -> Option<Text> {
        let mut names = self.fields.keys().chain(self.extra.keys());
        names
            .find(|name| is_routing(name) || *name == header::DATA)
            .map(Text::from)
    }

    /// The listeners of this client get the frame that others would get.
    fn send_here(self) -> Result<(), CallError> {
        let (shared, name) = (Arc::clone(&self.shared), self.name.clone());
        let frame = self.encode(Some(&shared.local))?.into_bytes();
        let message = Message::local(name, Some(shared.local.clone()), frame);
        shared.events.deliver(message.map_err(EncodeError::custom)?);
        Ok(())
    }

    fn encode(self, to: Option<&Address>) -> Result<Rope, EncodeError> {
        let data = self.data?;
        let mut writer = Writer::new(self.shared.registry());
        let count = 3 + usize::from(!data.is_empty()) + self.fields.len();
        writer.map_header(u32::try_from(count).map_err(EncodeError::custom)?);
        writer.str(header::TYPE)?.str(&self.name)?;
        writer.str(header::FROM)?.str(self.shared.local.as_str())?;
        writer
            .str(header::TO)?
            .str(to.map_or(BROADCAST, Address::as_str))?;
        if !data.is_empty() {
            writer.str(header::DATA)?;
            for segment in data.segments() {
                writer.raw(segment);
            }
        }
        for (name, value) in self.fields.iter() {
            writer.value(name)?.value(value)?;
        }
        if !self.extra.is_empty() {
            writer.value(&Value::Map(self.extra))?;
        }
        Ok(writer.finish())
    }
}

impl fmt::Debug for Emit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emit")
            .field("name", &self.name)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}
