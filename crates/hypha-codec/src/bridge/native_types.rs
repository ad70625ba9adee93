//! Types that travel through serde whole.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use serde_core::de::Error as _;
use serde_core::{Deserialize, Deserializer, Serialize, Serializer};

use super::native;
use crate::array::{NdArray, TypedArray};
use crate::extension::{Ext, Timestamp};
use crate::function::{Generator, IoStream, Method};
use crate::integer::Integer;
use crate::object::Object;
use crate::text::Text;
use crate::value::{ErrorValue, Map, Value};

/// Bytes that are shared and not copied: the type of a parameter, result or field for binary data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Binary(Bytes);

impl Binary {
    /// The bytes.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Deref for Binary {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.0
    }
}

impl AsRef<[u8]> for Binary {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Bytes> for Binary {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Bytes::from(bytes))
    }
}

impl From<Binary> for Bytes {
    fn from(bytes: Binary) -> Self {
        bytes.0
    }
}

impl From<Binary> for Value {
    fn from(bytes: Binary) -> Self {
        Self::Bytes(bytes.0)
    }
}

/// A Rust object as a parameter, result or field: it is encoded by the codec of its type.
///
/// [`Custom<T>`] goes in and out as [`Value::Object`]; the [`CodecRegistry`](crate::CodecRegistry) of the encoder and
/// decoder must know `T`.
#[derive(Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Custom<T>(Arc<T>);

impl<T> Custom<T> {
    /// Wraps an object.
    #[must_use]
    pub fn new(object: T) -> Self {
        Self(Arc::new(object))
    }

    /// The object itself, if this is the only handle of it, as it is for what was just received.
    ///
    /// # Errors
    /// The handle, if there are others.
    pub fn try_into_inner(self) -> Result<T, Self> {
        Arc::try_unwrap(self.0).map_err(Self)
    }
}

impl<T: Clone> Custom<T> {
    /// The object; cloned if it is shared.
    #[must_use]
    pub fn into_inner(self) -> T {
        Arc::unwrap_or_clone(self.0)
    }
}

impl<T> Clone for Custom<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Custom<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Custom<T> {
    fn from(object: T) -> Self {
        Self::new(object)
    }
}

impl<T: Any + Send + Sync> Serialize for Custom<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        native::serialize(
            &Value::Object(Object::from_arc(Arc::clone(&self.0))),
            serializer,
        )
    }
}

impl<'de, T: Any + Send + Sync> Deserialize<'de> for Custom<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = match native::deserialize(deserializer)? {
            Value::Object(object) => match object.downcast_arc::<T>() {
                Ok(object) => return Ok(Self(object)),
                Err(other) => other.type_name(),
            },
            other => other.kind(),
        };
        Err(wrong(found, std::any::type_name::<T>()))
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        native::serialize(self, serializer)
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.has_text_keys() {
            native::serialize_map(0, self, serializer)
        } else {
            native::serialize(&Value::Map(self.clone()), serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match native::deserialize(deserializer)? {
            Value::Map(map) => Ok(map),
            other => Err(wrong(other.kind(), "a map")),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        native::deserialize(deserializer)
    }
}

fn wrong<E: serde_core::de::Error>(found: impl fmt::Display, expected: &str) -> E {
    E::custom(format_args!("invalid type: {found}, expected {expected}"))
}

/// Types that are one or more variants of [`Value`].
macro_rules! native {
    ($($type:ty, $expected:literal, $($pattern:pat => $read:expr),+;)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                native::serialize(&Value::from(self.clone()), serializer)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                match native::deserialize(deserializer)? {
                    $($pattern => $read,)+
                    other => Err(wrong(other.kind(), $expected)),
                }
            }
        }
    )*};
}

native! {
    Binary, "bytes",
        Value::Bytes(bytes) | Value::MemoryView(bytes) => Ok(Self(bytes)),
        Value::List(items) => octets(&items).map(Self::from).ok_or_else(|| wrong("list", "bytes"));
    NdArray, "an array",
        Value::NdArray(array) => Ok(array),
        Value::TypedArray(array) => Self::try_from(array).map_err(D::Error::custom);
    TypedArray, "a typed array", Value::TypedArray(array) => Ok(array);
    Timestamp, "a timestamp", Value::Timestamp(time) => Ok(time);
    Ext, "an extension", Value::Ext(ext) => Ok(ext);
    Method, "a function", Value::Method(method) => Ok(*method);
    Generator, "a generator", Value::Generator(generator) => Ok(*generator);
    IoStream, "a stream", Value::IoStream(stream) => Ok(*stream);
    ErrorValue, "an error", Value::Error(error) => Ok(*error);
    Object, "an object", Value::Object(object) => Ok(object);
    Text, "text", Value::Text(text) => Ok(text);
    Integer, "an integer",
        Value::Int(n) => Ok(n),
        Value::Float(float) => Integer::from_whole_f64(float).ok_or_else(|| wrong(float, "an integer"));
}

/// Bytes from a format that has none and writes a list of numbers.
fn octets(items: &[Value]) -> Option<Vec<u8>> {
    items
        .iter()
        .map(|item| item.as_u64().and_then(|byte| u8::try_from(byte).ok()))
        .collect()
}
