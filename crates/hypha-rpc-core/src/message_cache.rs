//! The methods with which others send us messages in several frames (protocol section 9.3).

use std::time::Instant;

use bytes::Bytes;
use hypha_codec::{Packet, Payload, Scalar, Value};

use crate::address::Address;
use crate::built_in;
use crate::engine::{Driver, Engine, MessageKey};
use crate::payload::Received;

/// A method of the message cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageCache {
    /// `create(key, heartbeat, overwrite)`
    Create,
    /// `append(key, data, heartbeat)`
    Append,
    /// `set(key, index, data, heartbeat)`
    Set,
    /// `process(key, heartbeat)`
    Process,
    /// `remove(key)`
    Remove,
}

/// Does what a call of one of the methods asks for.
///
/// # Errors
/// The text that its caller gets.
pub(crate) fn handle<D: Driver>(
    now: Instant,
    method: MessageCache,
    engine: &mut Engine<D>,
    from: &Address,
    packet: &Packet,
) -> Result<(), String> {
    if matches!(method, MessageCache::Set | MessageCache::Append) {
        return add(now, method == MessageCache::Set, engine, from, packet);
    }
    let received = built_in::receive(from, packet)?;
    let key = argument(&received, 0, "key").and_then(Value::as_str);
    let message = MessageKey {
        sender: from,
        key: key.ok_or_else(|| wrong("key", "a text"))?,
        is_session: flag(&received, 1, "heartbeat")?,
    };
    let done = match method {
        MessageCache::Create => {
            engine.begin_message(now, message, flag(&received, 2, "overwrite")?)
        }
        MessageCache::Process => engine.finish_message(now, message, packet),
        _ => engine.drop_message(from, message.key),
    };
    done.map_err(|error| error.to_string())
}

/// Takes a chunk. There may be thousands a second, each of them large: their bytes are not decoded
/// but taken from the frame.
fn add<D: Driver>(
    now: Instant,
    has_index: bool,
    engine: &mut Engine<D>,
    from: &Address,
    packet: &Packet,
) -> Result<(), String> {
    let payload = packet.payload();
    let scalars =
        Payload::scalars(&payload).map_err(|error| format!("Invalid arguments: {error}"))?;
    let mut scalars = scalars.into_iter();
    let Some(Scalar::Text(key)) = scalars.next() else {
        return Err(wrong("key", "a text"));
    };
    let index = match has_index.then(|| scalars.next()) {
        None => None,
        Some(Some(Scalar::Int(index))) => Some(
            index
                .as_u64()
                .ok_or_else(|| wrong("index", "not negative"))?,
        ),
        Some(_) => return Err(wrong("index", "an integer")),
    };
    let chunk: Bytes = match scalars.next() {
        Some(Scalar::Bytes(chunk)) => chunk,
        _ => return Err(wrong("data", "bytes")),
    };
    let is_session = match scalars.next() {
        None | Some(Scalar::Null | Scalar::Bool(false) | Scalar::Other) => false,
        Some(Scalar::Bool(true)) => true,
        Some(_) => return Err(wrong("heartbeat", "a bool")),
    };
    let message = MessageKey {
        sender: from,
        key,
        is_session,
    };
    engine
        .add_chunk(now, message, index, chunk, packet.frame().len())
        .map_err(|error| error.to_string())
}

fn argument<'a>(received: &'a Received, position: usize, name: &str) -> Option<&'a Value> {
    received
        .args
        .get(position)
        .or_else(|| received.kwargs.get(name))
}

/// A flag that may be left out.
fn flag(received: &Received, position: usize, name: &str) -> Result<bool, String> {
    match argument(received, position, name) {
        // A map is the context, which some callers may send along.
        None | Some(Value::Null | Value::Map(_)) => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| wrong(name, "a bool")),
    }
}

fn wrong(argument: &str, expected: &str) -> String {
    format!("Invalid arguments: `{argument}` must be {expected}")
}
