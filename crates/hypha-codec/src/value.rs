//! Everything that can go over the wire.

mod convert;
pub(crate) mod debug;
mod map;
mod walk;

use bytes::Bytes;

pub use self::map::{Iter as MapIter, Map};
pub(crate) use self::map::{KeyWatch, Shape};
use crate::array::{NdArray, TypedArray};
use crate::extension::{Ext, Timestamp};
use crate::function::{Generator, IoStream, Method};
use crate::integer::Integer;
use crate::object::Object;
use crate::text::Text;

/// A value of the wire format (protocol section 5).
///
/// Text and bytes from a decoded frame may be slices of it, which keeps the frame in memory; [`Value::detach`] copies
/// them out.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing: `None`, `null`, `undefined`.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(Integer),
    /// A float.
    Float(f64),
    /// Text.
    Text(Text),
    /// Bytes.
    Bytes(Bytes),
    /// A list.
    List(Vec<Self>),
    /// A map; keys that are no text are received, but not sent.
    Map(Map),
    /// A set. Its items are neither sorted nor compared here.
    Set(Vec<Self>),
    /// A map with keys of any kind, as JavaScript's `Map`.
    OrderedMap(Vec<(Self, Self)>),
    /// An n-dimensional array.
    NdArray(NdArray),
    /// A JavaScript typed array.
    TypedArray(TypedArray),
    /// Raw memory: Python's `memoryview`, JavaScript's `ArrayBuffer`.
    MemoryView(Bytes),
    /// An error.
    Error(Box<ErrorValue>),
    /// A function of some peer.
    Method(Box<Method>),
    /// A generator of some peer.
    Generator(Box<Generator>),
    /// A file or other stream of some peer.
    IoStream(Box<IoStream>),
    /// A point in time.
    Timestamp(Timestamp),
    /// An extension that is no timestamp.
    Ext(Ext),
    /// A local Rust object.
    Object(Object),
}

/// An error as a value (protocol section 5.1).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ErrorValue {
    /// What went wrong. What a peer sent in place of text is here as text.
    pub message: Text,
    /// Where it went wrong, in the words of the peer's language.
    pub trace: Option<Text>,
    /// Fields beyond the protocol's.
    pub extra: Map,
}

impl ErrorValue {
    /// An error with a message and an empty trace, which the references expect to be there.
    #[must_use]
    pub fn new(message: impl Into<Text>) -> Self {
        Self {
            message: message.into(),
            trace: Some(Text::new()),
            extra: Map::new(),
        }
    }

    /// Sets the trace.
    #[must_use]
    pub fn with_trace(mut self, trace: impl Into<Text>) -> Self {
        self.trace = Some(trace.into());
        self
    }
}

impl Value {
    /// Whether this is [`Value::Null`].
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The integer, if it is one, or a whole float.
    #[must_use]
    pub fn as_integer(&self) -> Option<Integer> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Float(float) => Integer::from_whole_f64(*float),
            _ => None,
        }
    }

    /// The number, if it is an integer or a whole float in the range of `i64`.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.as_integer()?.as_i64()
    }

    /// The number, if it is an integer or a whole float in the range of `u64`.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.as_integer()?.as_u64()
    }

    /// The number, if it is a float or an integer (the nearest float then).
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(float) => Some(*float),
            Self::Int(n) => Some(n.as_f64()),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes, if it is bytes or a memory view.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Bytes(bytes) | Self::MemoryView(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The items, if it is a list or a set.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) | Self::Set(items) => Some(items),
            _ => None,
        }
    }

    /// The map, if it is a plain one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The member of a map with this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// A word or two for messages to people: `list`, `memory view`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Set(_) => "set",
            Self::OrderedMap(_) => "ordered map",
            Self::NdArray(_) => "ndarray",
            Self::TypedArray(_) => "typed array",
            Self::MemoryView(_) => "memory view",
            Self::Error(_) => "error",
            Self::Method(_) => "function",
            Self::Generator(_) => "generator",
            Self::IoStream(_) => "io stream",
            Self::Timestamp(_) => "timestamp",
            Self::Ext(_) => "extension",
            Self::Object(_) => "object",
        }
    }

    /// Copies out every text and every byte string that is a slice of a larger buffer, so that keeping the value keeps
    /// nothing else.
    #[must_use]
    pub fn detach(mut self) -> Self {
        self.detach_in_place();
        self
    }

    fn detach_in_place(&mut self) {
        match self {
            Self::List(items) | Self::Set(items) => {
                items.iter_mut().for_each(Self::detach_in_place)
            }
            Self::Map(map) => map.detach_in_place(),
            Self::OrderedMap(pairs) => {
                for (key, value) in pairs {
                    key.detach_in_place();
                    value.detach_in_place();
                }
            }
            leaf => leaf.detach_leaf(),
        }
    }

    #[inline(never)]
    fn detach_leaf(&mut self) {
        match self {
            Self::Text(text) => text.detach_in_place(),
            Self::Bytes(bytes) | Self::MemoryView(bytes) => *bytes = Bytes::copy_from_slice(bytes),
            Self::NdArray(array) => array.detach_in_place(),
            Self::TypedArray(array) => array.detach_in_place(),
            Self::Error(error) => {
                error.message.detach_in_place();
                error.trace.iter_mut().for_each(Text::detach_in_place);
                error.extra.detach_in_place();
            }
            Self::Method(method) => method.detach_in_place(),
            Self::Generator(generator) => generator.detach_in_place(),
            Self::IoStream(stream) => {
                stream.native.detach_in_place();
                stream.members.detach_in_place();
            }
            Self::Ext(ext) => *ext = Ext::new(ext.kind(), Bytes::copy_from_slice(ext.data())),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_small() {
        assert_eq!(size_of::<Value>(), 40);
        assert_eq!(size_of::<Option<Value>>(), 40);
    }

    #[test]
    fn numbers_read_as_each_other_where_nothing_is_lost() {
        assert_eq!(Value::from(15.0).as_i64(), Some(15));
        assert_eq!(Value::from(15).as_f64(), Some(15.0));
        assert_eq!(Value::from(15.5).as_i64(), None);
        assert_eq!(Value::from(u64::MAX).as_i64(), None);
        assert_eq!(Value::from(-1).as_u64(), None);
    }
}
