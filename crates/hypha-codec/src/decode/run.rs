//! The pass over an input.

use bytes::Bytes;
use bytestring::ByteString;

use super::reader::{Head, Reader, Token};
use super::shapes::{self, Shapes};
use super::{DecodeLimits, Decoder, MAX_DEPTH};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::extension::{Ext, Timestamp};
use crate::text::Text;
use crate::value::{KeyWatch, Map, Shape, Value};
use crate::wire::{key, marker};

/// Text and bytes below this size are copied out: a slice would keep the whole frame in memory for them.
const COPY_BELOW: usize = 4096;

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
        if bytes.len() >= COPY_BELOW {
            fill(place, Value::Text(self.sliced_text(bytes)?));
            return Ok(());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| DecodeErrorKind::InvalidUtf8)?;
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
