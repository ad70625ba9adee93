//! What an event says.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use hypha_codec::wire::header;
use hypha_codec::{CodecRegistry, DecodeError, Decoder, Packet, Text, Value};
use serde::de::DeserializeOwned;

use super::stream::EventError;
use crate::address::Address;
use crate::engine::IncomingEvent;

/// An event that arrived.
#[derive(Clone)]
#[non_exhaustive]
pub struct Event<T = Value> {
    /// The name: `type` in other clients.
    pub kind: Text,
    /// Who sent it, as the server says or as the direct link was made. Nobody: the server itself,
    /// or this client.
    pub from: Option<Address>,
    /// The field `data`. An event without it is its data itself: all fields but those that say
    /// where it came from and goes.
    pub data: T,
    message: Arc<Message>,
}

impl<T> Event<T> {
    pub(super) fn read(message: Arc<Message>, registry: &CodecRegistry) -> Result<Self, EventError>
    where
        T: DeserializeOwned,
    {
        let data = message
            .data(registry)
            .map_err(|source| EventError::Decode {
                kind: message.name.clone(),
                source,
            })?;
        let data = hypha_codec::from_value(data).map_err(|source| EventError::Data {
            kind: message.name.clone(),
            source,
        })?;
        Ok(Self {
            kind: message.name.clone(),
            from: message.from.clone(),
            data,
            message,
        })
    }

    /// A field beside `data`, such as one that [`Emit::field`](super::Emit::field) wrote. Nothing
    /// if there is none, or it cannot be read.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Value> {
        if is_routing(name) {
            return None;
        }
        self.message.packet.field(name).ok()?
    }

    /// The user who sent it, as the server describes it; nothing on a direct link.
    #[must_use]
    pub fn user(&self) -> Option<Value> {
        if !self.message.relayed {
            return None;
        }
        self.message.packet.field(header::USER).ok()?
    }
}

impl<T: fmt::Debug> fmt::Debug for Event<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("kind", &self.kind)
            .field("from", &self.from)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

/// An event on its way to those who listen.
#[derive(Debug)]
pub(crate) struct Message {
    name: Text,
    from: Option<Address>,
    packet: Packet,
    /// Whether a server wrote who the sender is.
    relayed: bool,
}

/// Frames up to this size are copied: a slice would keep the whole buffer that the transport read.
const COPY_FRAME: usize = 16 * 1024;

/// What the queue counts for a message beside its frame.
const OVERHEAD: usize = 128;

impl Message {
    /// An event that this client tells itself, as a frame that is not sent.
    pub(crate) fn local(
        name: Text,
        from: Option<Address>,
        frame: Bytes,
    ) -> Result<Self, DecodeError> {
        Ok(Self {
            name,
            from,
            packet: Packet::parse(frame)?,
            relayed: false,
        })
    }

    /// An event that came over the link.
    pub(crate) fn arrived(event: IncomingEvent, relayed: bool) -> Self {
        let frame = event.packet.frame();
        let copy = (frame.len() <= COPY_FRAME)
            .then(|| Packet::parse(Bytes::copy_from_slice(frame)).ok())
            .flatten();
        Self {
            name: event.name,
            from: event.from,
            packet: copy.unwrap_or(event.packet),
            relayed,
        }
    }

    pub(super) fn name(&self) -> &Text {
        &self.name
    }

    /// What the message counts against the bound of a queue, in bytes.
    pub(super) fn size(&self) -> usize {
        OVERHEAD + self.name.len() + self.packet.frame().len()
    }

    pub(super) fn data(&self, registry: &CodecRegistry) -> Result<Value, DecodeError> {
        // Functions stay descriptors: an event gives nobody anything to call.
        let decoder = Decoder::new(registry);
        let (fields, _) = decoder.decode_prefix(self.packet.frame().clone())?;
        let Value::Map(mut fields) = fields else {
            return Ok(fields);
        };
        if let Some(data) = fields.remove(header::DATA) {
            return Ok(data);
        }
        let payload = self.packet.payload();
        if !payload.is_empty()
            && let (Value::Map(mut payload), _) = decoder.decode_prefix(payload)?
        {
            if let Some(data) = payload.remove(header::DATA) {
                return Ok(data);
            }
            for (name, value) in payload.into_entries() {
                // What stands in the header counts: the payload is the sender's word alone.
                if let Some(name) = name.as_str()
                    && !fields.contains_key(name)
                {
                    fields.push(Text::from(name), value);
                }
            }
        }
        for name in ROUTING {
            drop(fields.remove(name));
        }
        Ok(if fields.is_empty() {
            Value::Null
        } else {
            Value::Map(fields)
        })
    }
}

/// Whether a field says what the frame is and where it comes from and goes.
pub(super) fn is_routing(name: &str) -> bool {
    ROUTING.contains(&name)
}

const ROUTING: [&str; 5] = [
    header::TYPE,
    header::FROM,
    header::TO,
    header::WS,
    header::USER,
];
