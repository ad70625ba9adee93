//! Bytes to values.

pub(crate) mod reader;

use std::fmt;

use bytes::{Buf, Bytes};
use bytestring::ByteString;

use self::reader::{Container, Reader, Token};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::extension::{Ext, Timestamp};
use crate::function::{Generator, IoStream, Method};
use crate::registry::CodecRegistry;
use crate::text::Text;
use crate::value::{Map, Value};
use crate::wire::{key, marker, tag};

/// Deepest nesting that is ever read: the references stop there too, and it fits a 2 MiB stack in every build.
pub(crate) const MAX_DEPTH: usize = 1024;

/// How many values one input may hold by default; they take 40 bytes each.
const MAX_VALUES: usize = 8 * 1024 * 1024;

/// Text and bytes below this size are copied out: a slice would keep the whole frame in memory for them.
const COPY_BELOW: usize = 4096;

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

/// One pass over one input.
pub(crate) struct Run<'f> {
    frame: &'f Bytes,
    pub(crate) reader: Reader<'f>,
    decoder: Decoder<'f>,
    /// Values that containers have announced so far. Each of them takes at least one byte, so that announcing more than
    /// the input has bytes shows a lie before anything is allocated.
    announced: usize,
}

impl<'f> Run<'f> {
    pub(crate) fn new(mut decoder: Decoder<'f>, frame: &'f Bytes) -> Result<Self, DecodeError> {
        decoder.limits.max_depth = decoder.limits.max_depth.min(MAX_DEPTH);
        if frame.len() > decoder.limits.max_bytes {
            return Err(DecodeErrorKind::TooLong {
                limit: decoder.limits.max_bytes,
            }
            .into());
        }
        Ok(Self {
            frame,
            reader: Reader::new(frame),
            decoder,
            announced: 0,
        })
    }

    /// The next value. Only this, `list` and `map` are on the stack once for each level of nesting, so they are kept
    /// free of everything that would make their stack frames large.
    pub(crate) fn value(&mut self, depth: usize) -> Result<Value, DecodeError> {
        match self.reader.container() {
            Some(Container::List(items)) => self.list(items, depth),
            Some(Container::Map(entries)) => self.map(entries, depth),
            None => self.scalar(),
        }
    }

    #[inline(never)]
    fn scalar(&mut self) -> Result<Value, DecodeError> {
        Ok(match self.reader.token()? {
            Token::Nil => Value::Null,
            Token::Bool(b) => Value::Bool(b),
            Token::Int(n) => Value::Int(n),
            Token::Float(float) => Value::Float(float),
            Token::Str(bytes) => Value::Text(self.text(bytes)?),
            Token::Bin(bytes) => Value::Bytes(self.bytes(bytes)),
            Token::Ext(kind, data) => self.ext(kind, data),
            // A container whose header is cut off.
            Token::Array(_) | Token::Map(_) => return Err(DecodeErrorKind::Truncated.into()),
        })
    }

    /// The next value with functions and streams in it as plain descriptors.
    pub(crate) fn unimported(&mut self, depth: usize) -> Result<Value, DecodeError> {
        let import = self.decoder.import.take();
        let value = self.value(depth);
        self.decoder.import = import;
        value
    }

    #[inline]
    fn text(&self, bytes: &[u8]) -> Result<Text, DecodeError> {
        let text = std::str::from_utf8(bytes).map_err(|_| DecodeErrorKind::InvalidUtf8)?;
        if bytes.len() < COPY_BELOW {
            Ok(Text::from(text))
        } else {
            self.sliced_text(bytes)
        }
    }

    #[cold]
    fn sliced_text(&self, bytes: &[u8]) -> Result<Text, DecodeError> {
        let text = ByteString::try_from(self.frame.slice_ref(bytes))
            .map_err(|_| DecodeErrorKind::InvalidUtf8)?;
        Ok(Text::shared(text))
    }

    fn bytes(&self, bytes: &[u8]) -> Bytes {
        if bytes.len() < COPY_BELOW {
            Bytes::copy_from_slice(bytes)
        } else {
            self.frame.slice_ref(bytes)
        }
    }

    fn ext(&self, kind: i8, data: &[u8]) -> Value {
        let time = if kind == marker::EXT_TIMESTAMP {
            Timestamp::from_ext(data)
        } else {
            None
        };
        time.map_or_else(
            || Value::Ext(Ext::new(kind, self.bytes(data))),
            Value::Timestamp,
        )
    }

    fn list(&mut self, items: usize, depth: usize) -> Result<Value, DecodeError> {
        self.announce(items, depth)?;
        let mut list = Vec::with_capacity(items);
        for _ in 0..items {
            list.push(self.value(depth + 1)?);
        }
        Ok(Value::List(list))
    }

    fn map(&mut self, count: usize, depth: usize) -> Result<Value, DecodeError> {
        self.announce(count.saturating_mul(2), depth)?;
        let mut entries = Vec::with_capacity(count);
        for _ in 0..count {
            let key = self.value(depth + 1)?;
            let value = self.value(depth + 1)?;
            entries.push((key, value));
        }
        self.finish_map(entries)
    }

    fn finish_map(&self, entries: Vec<(Value, Value)>) -> Result<Value, DecodeError> {
        let is_tagged = entries
            .iter()
            .any(|(key, _)| matches!(key, Value::Text(text) if text == key::RTYPE));
        let map = Map::from_entries(entries);
        if is_tagged && !self.decoder.keep_tagged_maps {
            self.decoder.tagged(map)
        } else {
            Ok(Value::Map(map))
        }
    }

    /// Counts the values that a container announces before room is made for them.
    fn announce(&mut self, values: usize, depth: usize) -> Result<(), DecodeError> {
        let DecodeLimits {
            max_depth,
            max_values,
            ..
        } = self.decoder.limits;
        if depth >= max_depth {
            return Err(DecodeErrorKind::TooDeep { limit: max_depth }.into());
        }
        self.announced = self.announced.saturating_add(values);
        if self.announced > self.frame.len() {
            return Err(DecodeErrorKind::Truncated.into());
        }
        if self.announced > max_values {
            return Err(DecodeErrorKind::TooManyValues { limit: max_values }.into());
        }
        Ok(())
    }
}
