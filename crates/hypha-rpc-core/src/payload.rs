//! The payload segments that the core writes, and the data it reads in frames of the server
//! (protocol sections 3.3, 6.2 and 8.3).

use std::time::Duration;

use hypha_codec::wire::{header, key, payload, promise, tag};
use hypha_codec::{
    CodecRegistry, EncodeError, Encoder, Map, Method, Packet, Rope, Text, Value, Writer,
};
use serde::Serialize;

use crate::address::Address;
use crate::error::{RemoteError, with_sources};
use crate::events::client_address;
use crate::export::Exporter;
use crate::protocol::{MAX_HEARTBEAT_INTERVAL, MIN_HEARTBEAT_INTERVAL, answer};
use crate::service::Arguments;
use crate::texts;

/// `{"args": [result]}`.
pub(crate) fn resolve<T: Serialize + ?Sized>(
    registry: &CodecRegistry,
    exporter: Option<&mut Exporter>,
    result: &T,
) -> Result<Rope, EncodeError> {
    let mut writer = writer(registry, exporter);
    writer
        .map_header(1)
        .str(payload::ARGS)?
        .array_header(1)
        .typed(result)?;
    Ok(writer.finish())
}

/// `{"args": [error]}`.
pub(crate) fn reject(message: &str, trace: &str) -> Rope {
    let mut writer = Writer::new(CodecRegistry::builtin());
    let mut write = || {
        writer
            .map_header(1)
            .str(payload::ARGS)?
            .array_header(1)
            .map_header(3);
        writer.str(key::RTYPE)?.str(tag::ERROR)?;
        writer.str(key::RVALUE)?.str(message)?;
        writer.str(key::RTRACE)?.str(trace)?;
        Ok::<_, EncodeError>(())
    };
    match write() {
        Ok(()) => writer.finish(),
        // Only a text of 4 GiB cannot be written.
        Err(_) => Rope::default(),
    }
}

/// Bytes of the header and of all else in the frame of a reject but its texts.
const REJECT_ROOM: usize = 4096;

/// The reject of a handler's error; texts that do not fit into a frame are cut.
pub(crate) fn reject_error(error: &RemoteError, chunk_size: usize) -> Rope {
    let room = chunk_size.saturating_sub(REJECT_ROOM) / 2;
    let (message, trace) = (error.to_string(), error.trace().unwrap_or_default());
    reject(cut(&message, room), cut(trace, room))
}

fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}

/// How a call asks for its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Promise<'a> {
    /// `"*"`, with the interval of heartbeats.
    Star(Duration),
    /// Written out: for functions that ask for it.
    Written {
        local: &'a Address,
        session: &'a str,
        interval: Duration,
    },
    /// No answer.
    None,
}

impl Promise<'_> {
    /// The promise of a call that bears this much silence.
    pub(crate) fn star(timeout: Duration) -> Self {
        Self::Star((timeout / 2).clamp(MIN_HEARTBEAT_INTERVAL, MAX_HEARTBEAT_INTERVAL))
    }
}

/// Positional arguments, encoded one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Args {
    count: usize,
    encoded: Rope,
}

impl Args {
    pub(crate) fn encode(
        registry: &CodecRegistry,
        exporter: &mut Exporter,
        args: &dyn Arguments,
    ) -> Result<Self, EncodeError> {
        Self::write(writer(registry, Some(exporter)), args)
    }

    /// Arguments without functions in them.
    pub(crate) fn plain(
        registry: &CodecRegistry,
        args: &dyn Arguments,
    ) -> Result<Self, EncodeError> {
        Self::write(writer(registry, None), args)
    }

    fn write(mut writer: Writer<'_>, args: &dyn Arguments) -> Result<Self, EncodeError> {
        args.write(&mut writer)?;
        Ok(Self {
            count: args.count(),
            encoded: writer.finish(),
        })
    }
}

/// Arguments by name, encoded one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct NamedArgs {
    names: Vec<Text>,
    encoded: Rope,
}

impl NamedArgs {
    /// Adds an argument. The name must be new.
    pub(crate) fn add<T: Serialize + ?Sized>(
        &mut self,
        registry: &CodecRegistry,
        exporter: &mut Exporter,
        name: Text,
        value: &T,
    ) -> Result<(), EncodeError> {
        if self.names.contains(&name) {
            return Err(EncodeError::custom(format_args!(
                "argument `{name}` was given twice"
            )));
        }
        let mut writer = writer(registry, Some(exporter));
        writer.str(&name)?.typed(value)?;
        self.encoded.append(writer.finish());
        self.names.push(name);
        Ok(())
    }
}

fn writer<'a>(registry: &'a CodecRegistry, exporter: Option<&'a mut Exporter>) -> Writer<'a> {
    let encoder = Encoder::new(registry);
    match exporter {
        Some(exporter) => encoder.export(exporter).writer(),
        None => encoder.writer(),
    }
}

impl Args {
    /// Bytes of all of them.
    pub(crate) fn len(&self) -> usize {
        self.encoded.len()
    }
}

/// Arguments up to this size are copied behind the head of their payload rather than kept apart.
const COPY_ARGS: usize = 16 * 1024;

/// The payload of a call, in the key order of the references.
pub(crate) fn call(
    registry: &CodecRegistry,
    args: &Args,
    kwargs: &NamedArgs,
    form: Promise<'_>,
) -> Result<Rope, EncodeError> {
    let with_kwargs = !kwargs.names.is_empty();
    let count = args.count + usize::from(with_kwargs);
    let promise_keys = match form {
        Promise::Star(_) => 2,
        Promise::Written { .. } => 1,
        Promise::None => 0,
    };
    let mut writer = Writer::new(registry);
    writer.map_header(u32::from(count > 0) + u32::from(with_kwargs) + promise_keys);
    let mut head = Rope::new();
    if count > 0 {
        writer
            .str(payload::ARGS)?
            .array_header(u32::try_from(count).map_err(EncodeError::custom)?);
        put(registry, &mut head, &mut writer, &args.encoded);
    }
    if with_kwargs {
        writer.map_header(u32::try_from(kwargs.names.len()).map_err(EncodeError::custom)?);
        put(registry, &mut head, &mut writer, &kwargs.encoded);
        writer.str(payload::WITH_KWARGS)?.bool(true);
    }
    match form {
        Promise::Star(interval) => {
            writer.str(payload::PROMISE)?.str(payload::PROMISE_STAR)?;
            writer.str(payload::INTERVAL)?.f64(interval.as_secs_f64());
        }
        Promise::Written {
            local,
            session,
            interval,
        } => {
            let function = |name: &str| {
                Value::from(Method::answer(
                    local.client_id(),
                    format!("{session}.{name}"),
                ))
            };
            writer.str(payload::PROMISE)?.map_header(4);
            writer
                .str(promise::HEARTBEAT)?
                .value(&function(answer::HEARTBEAT))?;
            writer.str(promise::INTERVAL)?.f64(interval.as_secs_f64());
            writer
                .str(promise::RESOLVE)?
                .value(&function(answer::RESOLVE))?;
            writer
                .str(promise::REJECT)?
                .value(&function(answer::REJECT))?;
        }
        Promise::None => {}
    }
    if head.is_empty() {
        return Ok(writer.finish());
    }
    head.append(writer.finish());
    Ok(head)
}

/// Puts encoded arguments behind what is written: a copy if they are small, else by reference.
fn put<'a>(registry: &'a CodecRegistry, head: &mut Rope, writer: &mut Writer<'a>, encoded: &Rope) {
    if encoded.len() <= COPY_ARGS {
        for segment in encoded.segments() {
            writer.raw(segment);
        }
    } else {
        head.append(std::mem::replace(writer, Writer::new(registry)).finish());
        head.append(encoded.clone());
    }
}

/// What a received call asks for.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) args: Vec<Value>,
    pub(crate) kwargs: Map,
    /// Seconds between heartbeats, if the caller wants them.
    pub(crate) interval: Option<Duration>,
}

/// Why a received call does not run.
#[derive(Debug)]
pub(crate) enum Unacceptable {
    /// The payload cannot be read.
    Malformed(hypha_codec::DecodeError),
    /// It is an encrypted payload with something beside it.
    Envelope,
    /// The promise is no promise.
    NoPromise,
    /// This part of the promise leads to somebody else than the caller.
    ForeignPromise(&'static str),
}

impl Unacceptable {
    /// What the caller is told.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Malformed(error) => texts::malformed_call(&with_sources(error)),
            Self::Envelope => texts::malformed_call("its envelope cannot be read"),
            Self::NoPromise => texts::malformed_call("its promise is none"),
            Self::ForeignPromise(part) => texts::foreign_promise(part),
        }
    }
}

/// Reads the payload of a call that `from` made with `session`.
pub(crate) fn receive(
    packet: &Packet,
    decoder: &hypha_codec::Decoder<'_>,
    from: &Address,
    session: Option<&str>,
) -> Result<Received, Unacceptable> {
    let received =
        hypha_codec::Payload::decode(packet.payload(), decoder).map_err(Unacceptable::Malformed)?;
    // What is left of them here is none that can be opened.
    if received.encrypted.is_some() {
        return Err(Unacceptable::Envelope);
    }
    let seconds = match &received.promise {
        hypha_codec::Promise::None => None,
        hypha_codec::Promise::Star => received.interval,
        hypha_codec::Promise::Written(written) => {
            let session = session.ok_or(Unacceptable::NoPromise)?;
            check_promise(Some(&written.resolve), from, session, answer::RESOLVE)?;
            check_promise(Some(&written.reject), from, session, answer::REJECT)?;
            check_promise(written.heartbeat.as_ref(), from, session, answer::HEARTBEAT)?;
            written.interval
        }
        _ => return Err(Unacceptable::NoPromise),
    };
    // A zero or absurd interval asks for no heartbeats, or for one that is never due.
    let interval = seconds
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Ok(Received {
        args: received.args,
        kwargs: received.kwargs.unwrap_or_default(),
        interval,
    })
}

/// Answers go to the caller's session and nowhere else, whatever its promise says: otherwise a
/// caller could lend itself our name at a third client.
fn check_promise(
    method: Option<&Method>,
    from: &Address,
    session: &str,
    name: &'static str,
) -> Result<(), Unacceptable> {
    let Some(method) = method else { return Ok(()) };
    let ours = Address::resolve(&method.target, from).is_ok_and(|target| target == *from)
        && method
            .method
            .strip_suffix(name)
            .and_then(|path| path.strip_suffix('.'))
            == Some(session);
    if ours {
        Ok(())
    } else {
        Err(Unacceptable::ForeignPromise(name))
    }
}

/// The client that a `client_disconnected` of the server speaks of. Its id is bare or full.
pub(crate) fn departed_client(packet: &Packet) -> Option<Address> {
    let data = packet.field(header::DATA).ok()??;
    let id = data.get("id")?.as_str()?;
    client_address(id, data.get("workspace").and_then(Value::as_str)).ok()
}

/// The peer that a `peer_not_found` speaks of, and its text.
pub(crate) fn missing_peer(packet: &Packet) -> Option<(Address, Option<String>)> {
    let peer = Address::parse(packet.field("peer_id").ok()??.as_str()?).ok()?;
    let text = packet.field("error").ok().flatten();
    Some((peer, text.and_then(|text| text.as_str().map(str::to_owned))))
}

/// The reason that a `force-exit` gives.
pub(crate) fn exit_reason(packet: &Packet) -> String {
    let reason = packet.field("reason").ok().flatten();
    reason
        .and_then(|reason| reason.as_str().map(str::to_owned))
        .unwrap_or_default()
}
