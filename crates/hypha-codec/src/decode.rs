//! Bytes to values.

pub(crate) mod reader;
mod run;
mod shapes;

use std::fmt;

use bytes::{Buf, Bytes};

pub(crate) use self::run::Run;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::function::{Generator, IoStream, Method};
use crate::registry::CodecRegistry;
use crate::value::{Map, Value};
use crate::wire::{key, tag};

/// Deepest nesting that is ever read: the references stop there too, and it fits a 2 MiB stack in every build.
pub(crate) const MAX_DEPTH: usize = 1024;

/// How many values one input may hold by default; they take 40 bytes each.
const MAX_VALUES: usize = 8 * 1024 * 1024;

/// Decodes a value with the built-in codecs and default limits. The input must be exactly one value.
///
/// # Errors
/// If the input is no MessagePack, is longer than one value, or holds a tagged value with wrong fields.
pub fn decode(bytes: Bytes) -> Result<Value, DecodeError> {
    Decoder::new(CodecRegistry::builtin()).decode(bytes)
}

/// Bounds on what a decoder accepts. Whatever they are, memory stays within a small multiple of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeLimits {
    /// Levels of nesting; at most 1024, which is the default.
    pub max_depth: usize,
    /// Values in one input, those inside of others included; 8 Mi by default. Each takes 40 bytes.
    pub max_values: usize,
    /// Bytes of one input; not limited by default, as the transport limits frames.
    pub max_bytes: usize,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self {
            max_depth: MAX_DEPTH,
            max_values: MAX_VALUES,
            max_bytes: usize::MAX,
        }
    }
}

impl DecodeLimits {
    /// Sets the levels of nesting; more than 1024 counts as 1024.
    #[must_use]
    pub fn with_max_depth(mut self, levels: usize) -> Self {
        self.max_depth = levels;
        self
    }

    /// Sets the number of values.
    #[must_use]
    pub fn with_max_values(mut self, values: usize) -> Self {
        self.max_values = values;
        self
    }

    /// Sets the size of the input.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }
}

/// Turns descriptors that come in into something callable. Each method keeps the descriptor unless it is implemented.
///
/// The RPC layer implements it: it resolves relative targets, remembers the session the descriptor came with, and
/// returns an [`Object`](crate::Object).
pub trait Import {
    /// A function came in.
    ///
    /// # Errors
    /// If it is not acceptable; the whole input is refused then.
    fn method(&self, method: Method) -> Result<Value, DecodeError> {
        Ok(Value::from(method))
    }

    /// A generator came in.
    ///
    /// # Errors
    /// If it is not acceptable; the whole input is refused then.
    fn generator(&self, generator: Generator) -> Result<Value, DecodeError> {
        Ok(Value::from(generator))
    }

    /// A stream came in; its members have passed through this hook.
    ///
    /// # Errors
    /// If it is not acceptable; the whole input is refused then.
    fn io_stream(&self, stream: IoStream) -> Result<Value, DecodeError> {
        Ok(Value::from(stream))
    }
}

/// Decodes values with the codecs of a registry, limits and an [`Import`] hook.
#[derive(Clone, Copy)]
pub struct Decoder<'a> {
    registry: &'a CodecRegistry,
    limits: DecodeLimits,
    import: Option<&'a dyn Import>,
    keep_tagged_maps: bool,
}

impl<'a> Decoder<'a> {
    /// A decoder with default limits that keeps descriptors as they are.
    #[must_use]
    pub fn new(registry: &'a CodecRegistry) -> Self {
        Self {
            registry,
            limits: DecodeLimits::default(),
            import: None,
            keep_tagged_maps: false,
        }
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: DecodeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the hook for descriptors.
    #[must_use]
    pub fn import(mut self, import: &'a dyn Import) -> Self {
        self.import = Some(import);
        self
    }

    /// Leaves tagged maps as the maps they are on the wire, instead of making arrays, functions and so on of them.
    #[must_use]
    pub fn keep_tagged_maps(mut self) -> Self {
        self.keep_tagged_maps = true;
        self
    }

    /// Decodes input that is exactly one value.
    ///
    /// # Errors
    /// If the input is no MessagePack, is longer than one value, breaks a limit, holds a tagged value with wrong
    /// fields, or if a codec or the hook refuses something.
    pub fn decode(&self, bytes: Bytes) -> Result<Value, DecodeError> {
        let (value, rest) = self.decode_prefix(bytes)?;
        if rest.is_empty() {
            Ok(value)
        } else {
            Err(DecodeErrorKind::TrailingBytes.into())
        }
    }

    /// What a tagged map stands for; its entries are decoded already.
    #[inline(never)]
    pub(crate) fn tagged(&self, map: Map) -> Result<Value, DecodeError> {
        let Some(Value::Text(tag)) = map.get(key::RTYPE) else {
            return Ok(Value::Map(map));
        };
        match (tag.as_str(), self.import) {
            (tag::METHOD, Some(import)) => import.method(Method::from_map(map)?),
            (tag::METHOD, None) => Method::from_map(map).map(Value::from),
            (tag::GENERATOR, Some(import)) => import.generator(Generator::from_map(map)?),
            (tag::GENERATOR, None) => Generator::from_map(map).map(Value::from),
            (_, import) => match (self.registry.decode_tagged(map)?, import) {
                (Value::IoStream(stream), Some(import)) => import.io_stream(*stream),
                (value, _) => Ok(value),
            },
        }
    }

    /// Decodes the value that the input starts with, and gives back what follows it.
    ///
    /// # Errors
    /// As [`Decoder::decode`], except that more input may follow.
    pub fn decode_prefix(&self, bytes: Bytes) -> Result<(Value, Bytes), DecodeError> {
        let mut run = Run::new(*self, &bytes)?;
        let value = run.value(0)?;
        let read = bytes.len() - run.reader.left();
        let mut rest = bytes;
        rest.advance(read);
        Ok((value, rest))
    }
}

impl fmt::Debug for Decoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
