//! Map keys: text on the wire, whatever they are in Rust.

use serde_core::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, Unexpected, VariantAccess, Visitor,
};
use serde_core::forward_to_deserialize_any;
use serde_core::ser::{Impossible, Serialize, Serializer};

use super::error::FromValueError;
use crate::error::{EncodeError, EncodeErrorKind};
use crate::text::Text;

/// Makes the text of a key: text itself, integers, bools, chars, unit variants.
pub(super) struct KeySerializer;

fn no_text(kind: &'static str) -> EncodeError {
    EncodeErrorKind::NonTextKey { kind }.into()
}

macro_rules! as_display {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, key: $type) -> Result<Text, EncodeError> {
            Ok(Text::from(key.to_string()))
        }
    )*};
}

impl Serializer for KeySerializer {
    type Ok = Text;
    type Error = EncodeError;
    type SerializeSeq = Impossible<Text, EncodeError>;
    type SerializeTuple = Impossible<Text, EncodeError>;
    type SerializeTupleStruct = Impossible<Text, EncodeError>;
    type SerializeTupleVariant = Impossible<Text, EncodeError>;
    type SerializeMap = Impossible<Text, EncodeError>;
    type SerializeStruct = Impossible<Text, EncodeError>;
    type SerializeStructVariant = Impossible<Text, EncodeError>;

    as_display!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128
    );

    fn serialize_char(self, key: char) -> Result<Text, EncodeError> {
        Ok(Text::from(key))
    }

    fn serialize_str(self, key: &str) -> Result<Text, EncodeError> {
        Ok(Text::from(key))
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Text, EncodeError> {
        Ok(Text::from(variant))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, key: &T) -> Result<Text, EncodeError> {
        key.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        key: &T,
    ) -> Result<Text, EncodeError> {
        key.serialize(self)
    }

    fn serialize_f32(self, _: f32) -> Result<Text, EncodeError> {
        Err(no_text("float"))
    }

    fn serialize_f64(self, _: f64) -> Result<Text, EncodeError> {
        Err(no_text("float"))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Text, EncodeError> {
        Err(no_text("bytes"))
    }

    fn serialize_none(self) -> Result<Text, EncodeError> {
        Err(no_text("null"))
    }

    fn serialize_unit(self) -> Result<Text, EncodeError> {
        Err(no_text("null"))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Text, EncodeError> {
        Err(no_text("null"))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Text, EncodeError> {
        Err(no_text("map"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, EncodeError> {
        Err(no_text("list"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, EncodeError> {
        Err(no_text("list"))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, EncodeError> {
        Err(no_text("list"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, EncodeError> {
        Err(no_text("map"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, EncodeError> {
        Err(no_text("map"))
    }

    fn serialize_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStruct, EncodeError> {
        Err(no_text("map"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, EncodeError> {
        Err(no_text("map"))
    }
}

/// Reads a key of text as what the map's key type asks for.
pub(super) struct KeyDeserializer<'a>(pub(super) &'a str);

macro_rules! parsed {
    ($($method:ident => $visit:ident: $type:ty),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
            match self.0.parse::<$type>() {
                Ok(key) => visitor.$visit(key),
                Err(_) => visitor.visit_str(self.0),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for KeyDeserializer<'_> {
    type Error = FromValueError;

    parsed!(
        deserialize_bool => visit_bool: bool,
        deserialize_i8 => visit_i8: i8, deserialize_i16 => visit_i16: i16, deserialize_i32 => visit_i32: i32,
        deserialize_i64 => visit_i64: i64, deserialize_i128 => visit_i128: i128,
        deserialize_u8 => visit_u8: u8, deserialize_u16 => visit_u16: u16, deserialize_u32 => visit_u32: u32,
        deserialize_u64 => visit_u64: u64, deserialize_u128 => visit_u128: u128
    );

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FromValueError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FromValueError> {
        visitor.visit_enum(UnitVariant(self.0))
    }

    forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The variant that a key names.
struct UnitVariant<'a>(&'a str);

impl<'de> EnumAccess<'de> for UnitVariant<'_> {
    type Error = FromValueError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self), FromValueError> {
        Ok((seed.deserialize(KeyDeserializer(self.0))?, self))
    }
}

impl<'de> VariantAccess<'de> for UnitVariant<'_> {
    type Error = FromValueError;

    fn unit_variant(self) -> Result<(), FromValueError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(
        self,
        _: S,
    ) -> Result<S::Value, FromValueError> {
        Err(FromValueError::invalid_type(
            Unexpected::UnitVariant,
            &"a variant with content",
        ))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, FromValueError> {
        Err(FromValueError::invalid_type(
            Unexpected::UnitVariant,
            &"a tuple variant",
        ))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, FromValueError> {
        Err(FromValueError::invalid_type(
            Unexpected::UnitVariant,
            &"a struct variant",
        ))
    }
}
