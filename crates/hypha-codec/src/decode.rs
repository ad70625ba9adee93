//! Bytes to values.

pub(crate) mod reader;
mod shapes;

use std::fmt;

use bytes::{Buf, Bytes};
use bytestring::ByteString;

use self::reader::{Head, Reader, Token};
use self::shapes::Shapes;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::extension::{Ext, Timestamp};
use crate::function::{Generator, IoStream, Method};
use crate::registry::CodecRegistry;
use crate::text::Text;
use crate::value::{KeyWatch, Map, Shape, Value};
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
    shapes: Shapes,
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
            shapes: Shapes::default(),
        })
    }

    /// The next value.
    pub(crate) fn value(&mut self, depth: usize) -> Result<Value, DecodeError> {
        let mut value = Value::Null;
        self.read_into(&mut value, depth)?;
        Ok(value)
    }

    /// Reads the next value into its place, which is null: values are not small, and moving them is a good part of the
    /// work.
    ///
    /// Only this, `list` and `map` are on the stack once for each level of nesting, so they are kept free of everything
    /// that would make their stack frames large.
    fn read_into(&mut self, place: &mut Value, depth: usize) -> Result<(), DecodeError> {
        match self.reader.head() {
            Head::ShortText(len) => self.short_text(len, place),
            Head::List(items) => self.list(items, place, depth),
            Head::Map(entries) => self.map(entries, place, depth),
            Head::Other => self.scalar(place),
        }
    }

    #[inline(never)]
    fn scalar(&mut self, place: &mut Value) -> Result<(), DecodeError> {
        let value = match self.reader.token()? {
            Token::Nil => Value::Null,
            Token::Bool(b) => Value::Bool(b),
            Token::Int(n) => Value::Int(n),
            Token::Float(float) => Value::Float(float),
            Token::Str(bytes) => return self.text(bytes, place),
            Token::Bin(bytes) => Value::Bytes(self.bytes(bytes)),
            Token::Ext(kind, data) => self.ext(kind, data),
            // A container whose header is cut off.
            Token::Array(_) | Token::Map(_) => return Err(DecodeErrorKind::Truncated.into()),
        };
        fill(place, value);
        Ok(())
    }

    /// A text of at most 31 bytes, as nearly all keys are.
    #[inline(never)]
    fn short_text(&mut self, len: usize, place: &mut Value) -> Result<(), DecodeError> {
        let bytes = self.reader.take(len)?;
        self.text(bytes, place)
    }

    /// The next value with functions and streams in it as plain descriptors.
    pub(crate) fn unimported(&mut self, depth: usize) -> Result<Value, DecodeError> {
        let import = self.decoder.import.take();
        let value = self.value(depth);
        self.decoder.import = import;
        value
    }

    #[inline]
    fn text(&self, bytes: &[u8], place: &mut Value) -> Result<(), DecodeError> {
        let text = std::str::from_utf8(bytes).map_err(|_| DecodeErrorKind::InvalidUtf8)?;
        if bytes.len() >= COPY_BELOW {
            fill(place, Value::Text(self.sliced_text(bytes)?));
            return Ok(());
        }
        fill(place, Value::Text(Text::new()));
        if let Value::Text(place) = place {
            place.set(text);
        }
        Ok(())
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

    fn list(&mut self, items: usize, place: &mut Value, depth: usize) -> Result<(), DecodeError> {
        self.announce(items, depth)?;
        let mut list = Vec::new();
        list.resize_with(items, Value::default);
        let mut learnt = items < shapes::WORTH_LEARNING;
        for item in &mut list {
            self.read_into(item, depth + 1)?;
            if !learnt {
                self.shapes.learn(item);
                learnt = true;
            }
        }
        fill(place, Value::List(list));
        Ok(())
    }

    fn map(&mut self, count: usize, place: &mut Value, depth: usize) -> Result<(), DecodeError> {
        self.announce(count.saturating_mul(2), depth)?;
        let mut entries = Vec::new();
        if let Some(shape) = self.shapes.expected(count, &self.reader) {
            match self.shaped(shape, depth)? {
                Ok(map) => {
                    fill(place, Value::Map(map));
                    return Ok(());
                }
                Err(others) => entries = others,
            }
        }
        let known = entries.len();
        entries.resize_with(count, Default::default);
        let mut keys = KeyWatch::new();
        for (at, (key, value)) in entries.iter_mut().enumerate() {
            if at >= known {
                self.read_into(key, depth + 1)?;
                self.read_into(value, depth + 1)?;
            }
            keys.watch(key);
        }
        self.finish_map(entries, &keys, place)
    }

    /// A map that is expected to have the keys of a shape, or the first entries of it if it has not.
    #[inline(never)]
    fn shaped(
        &mut self,
        shape: Shape,
        depth: usize,
    ) -> Result<Result<Map, Vec<(Value, Value)>>, DecodeError> {
        let mut values = Vec::new();
        values.resize_with(shape.keys().len(), Value::default);
        for (at, (key, value)) in shape.keys().iter().zip(&mut values).enumerate() {
            if !shapes::passes(&mut self.reader, key) {
                values.truncate(at);
                return Ok(Err(shape.keys().iter().cloned().zip(values).collect()));
            }
            self.read_into(value, depth + 1)?;
        }
        Ok(Ok(Map::from_shape(shape, values)))
    }

    #[inline(never)]
    fn finish_map(
        &self,
        entries: Vec<(Value, Value)>,
        keys: &KeyWatch,
        place: &mut Value,
    ) -> Result<(), DecodeError> {
        let map = if keys.may_repeat() {
            Map::from_entries(entries)
        } else {
            Map::from_distinct(entries)
        };
        let is_tagged =
            keys.may_have_tag() && !self.decoder.keep_tagged_maps && map.contains_key(key::RTYPE);
        fill(
            place,
            if is_tagged {
                self.decoder.tagged(map)?
            } else {
                Value::Map(map)
            },
        );
        Ok(())
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

/// Puts a value where null is, which needs no drop: asking every place whether it does shows in the time.
#[inline(always)]
fn fill(place: &mut Value, value: Value) {
    debug_assert!(place.is_null(), "a place is filled once");
    std::mem::forget(std::mem::replace(place, value));
}
