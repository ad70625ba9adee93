//! Items, entries and variants, one after the other.

use serde_core::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

use super::ValueDeserializer;
use crate::bridge::error::FromValueError;
use crate::bridge::key::KeyDeserializer;
use crate::text::Text;
use crate::value::Value;

/// Levels of lists and maps that a type can read: serde takes much stack for each.
const MAX_LEVELS: usize = 256;

fn deeper(level: usize) -> Result<usize, FromValueError> {
    if level < MAX_LEVELS {
        Ok(level + 1)
    } else {
        Err(FromValueError::new(format_args!(
            "values nested deeper than {MAX_LEVELS} levels"
        )))
    }
}

/// Lets a visitor take the items of a list at a level.
pub(super) fn visit_items<'de, V: Visitor<'de>>(
    items: Vec<Value>,
    level: usize,
    visitor: V,
) -> Result<V::Value, FromValueError> {
    let len = items.len();
    visit_all(items.into_iter(), len, level, visitor)
}

/// Lets a visitor take items and sees that it took them all, which a tuple that is too short does not.
pub(super) fn visit_all<'de, V, I>(
    items: I,
    len: usize,
    level: usize,
    visitor: V,
) -> Result<V::Value, FromValueError>
where
    V: Visitor<'de>,
    I: Iterator<Item = Value>,
{
    let mut access = Items {
        items,
        taken: 0,
        len,
        level: deeper(level)?,
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
    level: usize,
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
        let item = ValueDeserializer(item, self.level);
        seed.deserialize(item)
            .map(Some)
            .map_err(|error| error.in_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len - self.taken.min(self.len))
    }
}

/// Lets a visitor take the entries of a map at a level.
pub(super) fn visit_entries<'de, V: Visitor<'de>>(
    entries: Vec<(Value, Value)>,
    level: usize,
    visitor: V,
) -> Result<V::Value, FromValueError> {
    let level = deeper(level)?;
    visitor.visit_map(Entries {
        entries: entries.into_iter(),
        key: Value::Null,
        value: None,
        level,
    })
}

struct Entries {
    entries: std::vec::IntoIter<(Value, Value)>,
    /// The key of `value`, to say where an error is.
    key: Value,
    value: Option<Value>,
    level: usize,
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
            other => seed.deserialize(ValueDeserializer(other.clone(), self.level)),
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
        seed.deserialize(ValueDeserializer(value, self.level))
            .map_err(|error| match &self.key {
                Value::Text(key) => error.in_key(key.clone()),
                other => error.in_key(format!("{other:?}")),
            })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// A variant and what belongs to it.
pub(super) struct Variant {
    pub(super) name: Text,
    pub(super) content: Option<Value>,
    pub(super) level: usize,
}

impl Variant {
    /// What belongs to the variant, and its name to say where an error is.
    fn split(self) -> Result<(ValueDeserializer, Text), FromValueError> {
        match self.content {
            Some(content) => Ok((ValueDeserializer(content, deeper(self.level)?), self.name)),
            None => Err(FromValueError::invalid_type(
                Unexpected::UnitVariant,
                &"a variant with content",
            )),
        }
    }
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = FromValueError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self), FromValueError> {
        Ok((seed.deserialize(KeyDeserializer(&self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant {
    type Error = FromValueError;

    fn unit_variant(self) -> Result<(), FromValueError> {
        match self.content {
            None | Some(Value::Null) => Ok(()),
            Some(content) => {
                let unexpected = Unexpected::Other(content.kind());
                Err(FromValueError::invalid_type(unexpected, &"a unit variant").in_key(self.name))
            }
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<S::Value, FromValueError> {
        let (content, name) = self.split()?;
        seed.deserialize(content)
            .map_err(|error| error.in_key(name))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        let (content, name) = self.split()?;
        content
            .deserialize_tuple(len, visitor)
            .map_err(|error| error.in_key(name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        let (content, name) = self.split()?;
        content
            .deserialize_struct("", fields, visitor)
            .map_err(|error| error.in_key(name))
    }
}
