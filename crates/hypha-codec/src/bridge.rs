//! Typed values by serde.

mod error;
mod from_value;
mod key;
pub mod native;
mod native_types;
mod to_value;
mod writer;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

pub use self::error::FromValueError;
pub use self::native_types::{Binary, Custom};
use crate::encode::{Encoder, Writer};
use crate::error::EncodeError;
use crate::rope::Rope;
use crate::value::Value;

/// Makes a [`Value`] of anything that serde can serialise.
///
/// Structs become maps with text keys, enums are tagged by their variant's name from outside, integers and floats keep
/// their kind. Native types ([`Binary`], [`NdArray`](crate::NdArray), [`Value`] and so on) go in as they are, without a
/// copy of their bytes.
///
/// # Errors
/// If a map key is neither text, integer, bool nor char, an integer does not fit 64 bit, or the type itself fails.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, EncodeError> {
    value.serialize(to_value::ValueSerializer)
}

/// Reads a typed value out of a [`Value`].
///
/// Whole floats are read as integers and integers as floats where nothing is lost, because JavaScript does not tell them
/// apart. Bytes, typed arrays and arrays of numbers are read as sequences, sets too. What serde buffers (untagged enums,
/// flattened fields) sees sets as lists, memory views as bytes, and copies of bytes.
///
/// # Errors
/// If the value does not have the type's form; the error says where.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, FromValueError> {
    T::deserialize(from_value::ValueDeserializer::new(value))
}

impl Encoder<'_> {
    /// Encodes one typed value without making a [`Value`] of it first.
    ///
    /// # Errors
    /// As [`to_value`] and [`Encoder::value`].
    pub fn typed<T: Serialize + ?Sized>(self, value: &T) -> Result<Rope, EncodeError> {
        let mut writer = self.writer();
        writer.typed(value)?;
        Ok(writer.finish())
    }
}

impl Writer<'_> {
    /// Writes a typed value without making a [`Value`] of it first.
    ///
    /// # Errors
    /// As [`to_value`] and [`Writer::value`].
    pub fn typed<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<&mut Self, EncodeError> {
        value.serialize(writer::WriterSerializer::new(self))?;
        Ok(self)
    }
}
