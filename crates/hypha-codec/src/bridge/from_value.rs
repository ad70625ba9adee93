//! Typed values out of a [`Value`].

mod access;

use serde_core::de::{Deserializer, Error as _, Unexpected, Visitor};

use self::access::{Variant, visit_all, visit_entries, visit_items};
use super::error::FromValueError;
use super::native::{self, Untagged};
use crate::value::Value;

/// A value with its depth.
pub(super) struct ValueDeserializer(Value, usize);

impl ValueDeserializer {
    pub(super) fn new(value: Value) -> Self {
        Self(value, 0)
    }

    fn mismatch<'de, V: Visitor<'de>>(&self, visitor: &V) -> FromValueError {
        let unexpected = match &self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(b) => Unexpected::Bool(*b),
            Value::Int(n) => match (n.as_i64(), n.as_u64()) {
                (Some(n), _) => Unexpected::Signed(n),
                (None, n) => Unexpected::Unsigned(n.unwrap_or_default()),
            },
            Value::Float(float) => Unexpected::Float(*float),
            Value::Text(text) => Unexpected::Str(text),
            other => Unexpected::Other(other.kind()),
        };
        FromValueError::invalid_type(unexpected, visitor)
    }

    /// A number in place of an array without sides: numpy's scalars arrive so.
    fn scalar(self) -> Self {
        match self.0 {
            Value::NdArray(array) => Self(array.scalar().unwrap_or(Value::NdArray(array)), self.1),
            other => Self(other, self.1),
        }
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        let number = self.scalar();
        match number.0.as_integer().map(|n| (n.as_u64(), n.as_i64())) {
            Some((Some(n), _)) => visitor.visit_u64(n),
            Some((None, Some(n))) => visitor.visit_i64(n),
            _ => Err(number.mismatch(&visitor)),
        }
    }

    fn float<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        let number = self.scalar();
        match &number.0 {
            Value::Float(float) => visitor.visit_f64(*float),
            Value::Int(n) => match n.as_exact_f64() {
                Some(float) => visitor.visit_f64(float),
                None => Err(FromValueError::custom(format_args!(
                    "integer {n} is no float: it would lose digits"
                ))),
            },
            _ => Err(number.mismatch(&visitor)),
        }
    }
}

macro_rules! all_as {
    ($with:ident: $($method:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
            self.$with(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for ValueDeserializer {
    type Error = FromValueError;

    all_as!(integer: deserialize_i8, deserialize_i16, deserialize_i32, deserialize_i64, deserialize_i128);
    all_as!(integer: deserialize_u8, deserialize_u16, deserialize_u32, deserialize_u64, deserialize_u128);
    all_as!(float: deserialize_f64);

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match self.0.as_f64() {
            Some(float) if float.is_finite() && float.abs() > f64::from(f32::MAX) => Err(
                FromValueError::new(format!("{float} is out of range for a float of 32 bits")),
            ),
            _ => self.float(visitor),
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(b) => visitor.visit_bool(b),
            Value::Int(_) => self.integer(visitor),
            Value::Float(float) => visitor.visit_f64(float),
            Value::Text(text) => visitor.visit_string(text.into_string()),
            Value::Bytes(bytes) | Value::MemoryView(bytes) => visitor.visit_byte_buf(bytes.into()),
            Value::List(items) | Value::Set(items) => visit_items(items, self.1, visitor),
            Value::Map(map) => visit_entries(map.into_entries(), self.1, visitor),
            Value::OrderedMap(pairs) => visit_entries(pairs, self.1, visitor),
            tagged => match tagged.untagged() {
                Ok(map) => visit_entries(map.into_entries(), self.1, visitor),
                Err(error) => Err(FromValueError::custom(error)),
            },
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        let scalar = self.scalar();
        match scalar.0 {
            Value::Bool(b) => visitor.visit_bool(b),
            _ => Err(scalar.mismatch(&visitor)),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match &self.0 {
            Value::Text(text) => visitor.visit_str(text),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        self.deserialize_byte_buf(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match self.0 {
            Value::Bytes(bytes) | Value::MemoryView(bytes) => visitor.visit_byte_buf(bytes.into()),
            Value::List(items) => visit_items(items, self.1, visitor),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        if name == native::NAME {
            native::hand_to(self.0, visitor, Self(Value::Null, self.1))
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match self.0 {
            Value::List(items) | Value::Set(items) => visit_items(items, self.1, visitor),
            Value::Bytes(bytes) | Value::MemoryView(bytes) => visit_all(
                bytes.iter().map(|byte| Value::from(*byte)),
                bytes.len(),
                self.1,
                visitor,
            ),
            Value::OrderedMap(pairs) => {
                let len = pairs.len();
                visit_all(
                    pairs
                        .into_iter()
                        .map(|(key, value)| Value::List(vec![key, value])),
                    len,
                    self.1,
                    visitor,
                )
            }
            Value::TypedArray(array) => match array.elements() {
                Some(elements) => visit_all(elements, array.len(), self.1, visitor),
                None => Err(Self(Value::TypedArray(array), self.1).mismatch(&visitor)),
            },
            Value::NdArray(array) => match array.rows() {
                Some(rows) => visit_all(
                    rows,
                    array.shape().first().copied().unwrap_or_default(),
                    self.1,
                    visitor,
                ),
                None => Err(Self(Value::NdArray(array), self.1).mismatch(&visitor)),
            },
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match self.0 {
            Value::Map(map) => visit_entries(map.into_entries(), self.1, visitor),
            Value::OrderedMap(pairs) => visit_entries(pairs, self.1, visitor),
            Value::Error(_) | Value::Method(_) | Value::Generator(_) | Value::IoStream(_) => {
                self.deserialize_any(visitor)
            }
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        match self.0 {
            Value::List(items) => visit_items(items, self.1, visitor),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        match self.0 {
            Value::Text(name) => visitor.visit_enum(Variant {
                name,
                content: None,
                level: self.1,
            }),
            Value::Map(map) if map.len() == 1 && map.has_text_keys() => {
                match map.into_iter().next() {
                    Some((Value::Text(name), content)) => visitor.visit_enum(Variant {
                        name,
                        content: Some(content),
                        level: self.1,
                    }),
                    _ => Err(FromValueError::custom("enum without a variant")),
                }
            }
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        match &self.0 {
            Value::Text(text) => visitor.visit_str(text),
            Value::Int(_) => self.integer(visitor),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        visitor.visit_unit()
    }
}
