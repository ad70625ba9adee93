//! Anything serialisable straight into the outgoing bytes.

use serde_core::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::key::KeySerializer;
use super::native;
use crate::encode::{Writer, deeper, length};
use crate::error::{EncodeError, EncodeErrorKind};
use crate::integer::Integer;

pub(super) struct WriterSerializer<'w, 'a> {
    writer: &'w mut Writer<'a>,
    depth: usize,
}

impl<'w, 'a> WriterSerializer<'w, 'a> {
    pub(super) fn new(writer: &'w mut Writer<'a>) -> Self {
        Self { writer, depth: 0 }
    }

    fn variant(self, variant: &'static str) -> Result<Self, EncodeError> {
        let depth = deeper(self.depth)?;
        self.writer.out.map_header(1);
        self.writer.out.str(variant)?;
        Ok(Self { depth, ..self })
    }

    fn items(self, len: Option<usize>) -> Result<Compound<'w, 'a>, EncodeError> {
        let start = self.writer.out.position();
        if let Some(len) = len {
            self.writer.out.array_header(length(len)?);
        }
        Ok(Compound {
            depth: deeper(self.depth)?,
            writer: self.writer,
            announced: len,
            start,
            count: 0,
            is_map: false,
        })
    }

    fn entries(self, len: Option<usize>) -> Result<Compound<'w, 'a>, EncodeError> {
        let start = self.writer.out.position();
        if let Some(len) = len {
            self.writer.out.map_header(length(len)?);
        }
        Ok(Compound {
            depth: deeper(self.depth)?,
            writer: self.writer,
            announced: len,
            start,
            count: 0,
            is_map: true,
        })
    }
}

macro_rules! through {
    ($put:ident; $($method:ident: $type:ty),*) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<(), EncodeError> {
            self.writer.out.$put(value.into());
            Ok(())
        }
    )*};
}

impl<'w, 'a> Serializer for WriterSerializer<'w, 'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Compound<'w, 'a>;
    type SerializeTuple = Compound<'w, 'a>;
    type SerializeTupleStruct = Compound<'w, 'a>;
    type SerializeTupleVariant = Compound<'w, 'a>;
    type SerializeMap = Compound<'w, 'a>;
    type SerializeStruct = Compound<'w, 'a>;
    type SerializeStructVariant = Compound<'w, 'a>;

    through!(bool; serialize_bool: bool);
    through!(i64; serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64);
    through!(u64; serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);
    through!(f64; serialize_f32: f32, serialize_f64: f64);

    fn serialize_i128(self, n: i128) -> Result<(), EncodeError> {
        self.writer
            .out
            .integer(Integer::try_from(n).map_err(|_| EncodeErrorKind::IntegerTooLarge)?);
        Ok(())
    }

    fn serialize_u128(self, n: u128) -> Result<(), EncodeError> {
        self.writer
            .out
            .integer(Integer::try_from(n).map_err(|_| EncodeErrorKind::IntegerTooLarge)?);
        Ok(())
    }

    fn serialize_char(self, c: char) -> Result<(), EncodeError> {
        self.writer.out.str(c.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), EncodeError> {
        self.writer.out.str(text)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.writer.out.bin_slice(bytes)
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        self.writer.out.nil();
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), EncodeError> {
        self.serialize_none()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.writer.out.str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        match native::handed(name) {
            Some(value) => self.writer.put(&value, self.depth),
            None => value.serialize(self),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self.variant(variant)?)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Compound<'w, 'a>, EncodeError> {
        self.items(len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Compound<'w, 'a>, EncodeError> {
        self.items(Some(len))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        len: usize,
    ) -> Result<Compound<'w, 'a>, EncodeError> {
        self.items(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Compound<'w, 'a>, EncodeError> {
        self.variant(variant)?.items(Some(len))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Compound<'w, 'a>, EncodeError> {
        self.entries(len)
    }

    fn serialize_struct(
        self,
        _: &'static str,
        len: usize,
    ) -> Result<Compound<'w, 'a>, EncodeError> {
        self.entries(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Compound<'w, 'a>, EncodeError> {
        self.variant(variant)?.entries(Some(len))
    }
}

/// A list or map under way.
pub(super) struct Compound<'w, 'a> {
    writer: &'w mut Writer<'a>,
    depth: usize,
    /// How many items the header says, if it is written already.
    announced: Option<usize>,
    /// Where the header is or will be.
    start: usize,
    count: usize,
    is_map: bool,
}

impl<'a> Compound<'_, 'a> {
    #[inline]
    fn next(&mut self) -> WriterSerializer<'_, 'a> {
        WriterSerializer {
            writer: self.writer,
            depth: self.depth,
        }
    }

    #[inline]
    fn item<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), EncodeError> {
        self.count += 1;
        item.serialize(self.next())
    }

    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), EncodeError> {
        self.count += 1;
        self.writer.out.str(key)?;
        value.serialize(self.next())
    }

    fn finish(self) -> Result<(), EncodeError> {
        match self.announced {
            Some(announced) if announced == self.count => Ok(()),
            Some(announced) => Err(EncodeError::custom(format_args!(
                "serialised {} items after announcing {announced}",
                self.count
            ))),
            None => {
                let count = length(self.count)?;
                self.writer
                    .out
                    .insert_header(self.start, count, self.is_map);
                Ok(())
            }
        }
    }
}

macro_rules! items {
    ($($trait:ident::$method:ident),*) => {$(
        impl $trait for Compound<'_, '_> {
            type Ok = ();
            type Error = EncodeError;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), EncodeError> {
                self.item(item)
            }

            fn end(self) -> Result<(), EncodeError> {
                self.finish()
            }
        }
    )*};
}
items!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! fields {
    ($($trait:ident),*) => {$(
        impl $trait for Compound<'_, '_> {
            type Ok = ();
            type Error = EncodeError;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), EncodeError> {
                self.field(key, value)
            }

            fn end(self) -> Result<(), EncodeError> {
                self.finish()
            }
        }
    )*};
}
fields!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        self.count += 1;
        let key = key.serialize(KeySerializer)?;
        self.writer.out.str(&key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self.next())
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}
