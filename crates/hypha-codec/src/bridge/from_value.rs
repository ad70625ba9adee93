//! Typed values out of a [`Value`].

use serde_core::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

use super::error::FromValueError;
use super::key::KeyDeserializer;
use super::native::{self, Untagged};
use crate::text::Text;
use crate::value::Value;

pub(super) struct ValueDeserializer(Value);

impl ValueDeserializer {
    pub(super) fn new(value: Value) -> Self {
        Self(value)
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
            Value::NdArray(array) => Self(array.scalar().unwrap_or(Value::NdArray(array))),
            other => Self(other),
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
    all_as!(float: deserialize_f32, deserialize_f64);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(b) => visitor.visit_bool(b),
            Value::Int(_) => self.integer(visitor),
            Value::Float(float) => visitor.visit_f64(float),
            Value::Text(text) => visitor.visit_string(text.into_string()),
            Value::Bytes(bytes) | Value::MemoryView(bytes) => visitor.visit_byte_buf(bytes.into()),
            Value::List(items) | Value::Set(items) => visit_items(items, visitor),
            Value::Map(map) => visit_entries(map.into_entries(), visitor),
            Value::OrderedMap(pairs) => visit_entries(pairs, visitor),
            tagged => match tagged.untagged() {
                Ok(map) => visit_entries(map.into_entries(), visitor),
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
            Value::List(items) => visit_items(items, visitor),
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
            native::hand_to(self.0, visitor, Self(Value::Null))
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        match self.0 {
            Value::List(items) | Value::Set(items) => visit_items(items, visitor),
            Value::Bytes(bytes) | Value::MemoryView(bytes) => visit_all(
                bytes.iter().map(|byte| Value::from(*byte)),
                bytes.len(),
                visitor,
            ),
            Value::OrderedMap(pairs) => {
                let len = pairs.len();
                visit_all(
                    pairs
                        .into_iter()
                        .map(|(key, value)| Value::List(vec![key, value])),
                    len,
                    visitor,
                )
            }
            Value::TypedArray(array) => match array.elements() {
                Some(elements) => visit_all(elements, array.len(), visitor),
                None => Err(Self(Value::TypedArray(array)).mismatch(&visitor)),
            },
            Value::NdArray(array) => match array.rows() {
                Some(rows) => visit_all(
                    rows,
                    array.shape().first().copied().unwrap_or_default(),
                    visitor,
                ),
                None => Err(Self(Value::NdArray(array)).mismatch(&visitor)),
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
            Value::Map(map) => visit_entries(map.into_entries(), visitor),
            Value::OrderedMap(pairs) => visit_entries(pairs, visitor),
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
            Value::List(items) => visit_items(items, visitor),
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
            }),
            Value::Map(map) if map.len() == 1 && map.has_text_keys() => {
                match map.into_iter().next() {
                    Some((Value::Text(name), content)) => visitor.visit_enum(Variant {
                        name,
                        content: Some(content),
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

fn visit_items<'de, V: Visitor<'de>>(
    items: Vec<Value>,
    visitor: V,
) -> Result<V::Value, FromValueError> {
    let len = items.len();
    visit_all(items.into_iter(), len, visitor)
}

/// Lets a visitor take items and sees that it took them all, which a tuple that is too short does not.
fn visit_all<'de, V, I>(items: I, len: usize, visitor: V) -> Result<V::Value, FromValueError>
where
    V: Visitor<'de>,
    I: Iterator<Item = Value>,
{
    let mut access = Items {
        items,
        taken: 0,
        len,
    };
    let value = visitor.visit_seq(&mut access)?;
    if access.taken < len {
        let expected = format!("a sequence of {} items", access.taken);
        return Err(FromValueError::invalid_length(len, &expected.as_str()));
    }
    Ok(value)
}

struct Items<I> {
    items: I,
    taken: usize,
    len: usize,
}

impl<'de, I: Iterator<Item = Value>> SeqAccess<'de> for &mut Items<I> {
    type Error = FromValueError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, FromValueError> {
        let Some(item) = self.items.next() else {
            return Ok(None);
        };
        let index = self.taken;
        self.taken += 1;
        seed.deserialize(ValueDeserializer(item))
            .map(Some)
            .map_err(|error| error.in_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len - self.taken.min(self.len))
    }
}

fn visit_entries<'de, V: Visitor<'de>>(
    entries: Vec<(Value, Value)>,
    visitor: V,
) -> Result<V::Value, FromValueError> {
    visitor.visit_map(Entries {
        entries: entries.into_iter(),
        key: Value::Null,
        value: None,
    })
}

struct Entries {
    entries: std::vec::IntoIter<(Value, Value)>,
    /// The key of `value`, to say where an error is.
    key: Value,
    value: Option<Value>,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = FromValueError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, FromValueError> {
        let Some((key, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        self.key = key;
        match &self.key {
            Value::Text(text) => seed.deserialize(KeyDeserializer(text)),
            other => seed.deserialize(ValueDeserializer(other.clone())),
        }
        .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, FromValueError> {
        let Some(value) = self.value.take() else {
            return Err(FromValueError::custom("map value asked for before its key"));
        };
        seed.deserialize(ValueDeserializer(value))
            .map_err(|error| match &self.key {
                Value::Text(key) => error.in_key(key.clone()),
                other => error.in_key(format!("{other:?}")),
            })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

struct Variant {
    name: Text,
    content: Option<Value>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = FromValueError;
    type Variant = Content;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Content), FromValueError> {
        let variant = seed.deserialize(KeyDeserializer(&self.name))?;
        Ok((
            variant,
            Content {
                name: self.name,
                content: self.content,
            },
        ))
    }
}

/// What belongs to a variant.
struct Content {
    name: Text,
    content: Option<Value>,
}

impl Content {
    fn deserializer(content: Option<Value>) -> Result<ValueDeserializer, FromValueError> {
        match content {
            Some(content) => Ok(ValueDeserializer(content)),
            None => Err(FromValueError::invalid_type(
                Unexpected::UnitVariant,
                &"a variant with content",
            )),
        }
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = FromValueError;

    fn unit_variant(self) -> Result<(), FromValueError> {
        match self.content {
            None | Some(Value::Null) => Ok(()),
            Some(content) => Err(FromValueError::invalid_type(
                Unexpected::Other(content.kind()),
                &"a unit variant",
            )
            .in_key(self.name)),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<S::Value, FromValueError> {
        seed.deserialize(Self::deserializer(self.content)?)
            .map_err(|error| error.in_key(self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        Self::deserializer(self.content)?
            .deserialize_tuple(len, visitor)
            .map_err(|error| error.in_key(self.name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        Self::deserializer(self.content)?
            .deserialize_struct("", fields, visitor)
            .map_err(|error| error.in_key(self.name))
    }
}
