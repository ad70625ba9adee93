//! Values in formats other than this crate's.

use std::fmt;

use bytes::Bytes;
use serde_core::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_core::ser::{Error as _, Serialize, SerializeMap, Serializer};

use super::{FOREIGN, HANDED, deserialize};
use crate::decode::Decoder;
use crate::encode::encode;
use crate::error::{DecodeError, EncodeError};
use crate::extension::{Ext, Timestamp};
use crate::integer::Integer;
use crate::registry::CodecRegistry;
use crate::value::{Map, Value};
use crate::wire::key;

/// Tags that exist only in other formats, for what is no map on the wire.
const BYTES: &str = "bytes";
const TIMESTAMP: &str = "timestamp";
const EXT: &str = "ext";
/// Type of an extension there.
const RKIND: &str = "_rkind";

/// A value, with its depth, for a serialiser of another format, which did not take it as it is.
pub(super) struct Foreign<'a>(pub(super) usize, pub(super) &'a Value);

impl Serialize for Foreign<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = |value| Foreign(self.0 + 1, value);
        let is_scalar = matches!(
            self.1,
            Value::Null
                | Value::Bool(_)
                | Value::Int(_)
                | Value::Float(_)
                | Value::Text(_)
                | Value::Bytes(_)
        );
        if self.0 >= FOREIGN && !is_scalar {
            return Err(S::Error::custom(format_args!(
                "values nested deeper than {FOREIGN} levels"
            )));
        }
        match self.1 {
            Value::Bytes(bytes) if serializer.is_human_readable() => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry(key::RTYPE, BYTES)?;
                map.serialize_entry(key::RVALUE, &hex(bytes))?;
                map.end()
            }
            Value::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Value::List(items) => serializer.collect_seq(items.iter().map(inner)),
            Value::Map(map) => {
                serializer.collect_map(map.iter().map(|(key, value)| (inner(key), inner(value))))
            }
            scalar if is_scalar => super::serialize(scalar, serializer),
            tagged => inner(&Value::Map(tagged.untagged().map_err(S::Error::custom)?))
                .serialize(serializer),
        }
    }
}

/// Tagged values as the maps they are on the wire.
pub(crate) trait Untagged {
    /// The map of a value that is neither plain data nor an object.
    fn untagged(&self) -> Result<Map, EncodeError>;
}

impl Untagged for Value {
    fn untagged(&self) -> Result<Map, EncodeError> {
        match self {
            Self::Timestamp(time) => Ok(Map::from([
                (key::RTYPE, Self::from(TIMESTAMP)),
                (
                    key::RVALUE,
                    Self::from([Self::from(time.seconds()), Self::from(time.nanoseconds())]),
                ),
            ])),
            Self::Ext(ext) => Ok(Map::from([
                (key::RTYPE, Self::from(EXT)),
                (RKIND, Self::from(ext.kind())),
                (key::RVALUE, Self::from(ext.data().clone())),
            ])),
            tagged => {
                // Through the wire form, so that it is described in one place only.
                let decoder = Decoder::new(CodecRegistry::builtin()).keep_tagged_maps();
                match decoder.decode(encode(tagged)?) {
                    Ok(Self::Map(map)) => Ok(map),
                    Ok(other) => Err(EncodeError::custom(format_args!(
                        "{} is no tagged value",
                        other.kind()
                    ))),
                    Err(error) => Err(EncodeError::custom(error)),
                }
            }
        }
    }
}

/// The value of a map that came from another format.
fn tagged(map: Map) -> Result<Value, DecodeError> {
    let part = |name| map.get(name);
    let invalid = |tag: &'static str| DecodeError::field(tag, key::RVALUE, "its content");
    match map.get(key::RTYPE).and_then(Value::as_str) {
        Some(BYTES) => {
            let bytes = part(key::RVALUE).and_then(Value::as_str).and_then(unhex);
            bytes
                .map(|bytes| Value::Bytes(Bytes::from(bytes)))
                .ok_or_else(|| invalid(BYTES))
        }
        Some(TIMESTAMP) => {
            let time = match part(key::RVALUE).and_then(Value::as_list) {
                Some([seconds, nanos]) => seconds
                    .as_i64()
                    .zip(nanos.as_u64().and_then(|nanos| u32::try_from(nanos).ok()))
                    .and_then(|(seconds, nanos)| Timestamp::new(seconds, nanos)),
                _ => None,
            };
            time.map(Value::Timestamp).ok_or_else(|| invalid(TIMESTAMP))
        }
        Some(EXT) => {
            let kind = part(RKIND)
                .and_then(Value::as_i64)
                .and_then(|kind| i8::try_from(kind).ok());
            let ext = kind.zip(part(key::RVALUE).and_then(Value::as_bytes).cloned());
            ext.map(|(kind, data)| Value::Ext(Ext::new(kind, data)))
                .ok_or_else(|| invalid(EXT))
        }
        Some(_) => Decoder::new(CodecRegistry::builtin()).tagged(map),
        None => Ok(Value::Map(map)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |d: u8| char::from(d).to_digit(16);
    digits
        .chunks_exact(2)
        .map(|pair| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8))
        .collect()
}

/// Takes the value that this crate's deserialiser hands over, or makes one of what another format has.
pub(super) struct NativeVisitor;

impl<'de> Visitor<'de> for NativeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        match HANDED.take() {
            Some(value) => Ok(value),
            None => deserializer.deserialize_any(self),
        }
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserialize(deserializer)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
        Ok(Value::from(n))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Value, E> {
        Ok(Value::from(n))
    }

    fn visit_i128<E: serde_core::de::Error>(self, n: i128) -> Result<Value, E> {
        Integer::try_from(n).map(Value::Int).map_err(E::custom)
    }

    fn visit_u128<E: serde_core::de::Error>(self, n: u128) -> Result<Value, E> {
        Integer::try_from(n).map(Value::Int).map_err(E::custom)
    }

    fn visit_f64<E>(self, float: f64) -> Result<Value, E> {
        Ok(Value::Float(float))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::from(bytes))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Value, E> {
        Ok(Value::from(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Owned(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some((Owned(key), Owned(value))) = entries.next_entry()? {
            map.push((key, value));
        }
        tagged(Map::from_entries(map)).map_err(A::Error::custom)
    }
}

/// An owned value, deserialised from anything.
struct Owned(Value);

impl<'de> serde_core::Deserialize<'de> for Owned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}
