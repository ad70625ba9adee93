//! Conversions of Rust values into [`Value`].

use std::borrow::Cow;

use bytes::Bytes;
use bytestring::ByteString;

use super::{ErrorValue, Map, Value};
use crate::array::{NdArray, TypedArray};
use crate::extension::{Ext, Timestamp};
use crate::function::{Generator, IoStream, Method};
use crate::integer::Integer;
use crate::object::Object;
use crate::text::Text;

macro_rules! from_with {
    ($($from:ty => $to:expr;)*) => {$(
        impl From<$from> for Value {
            #[inline]
            fn from(value: $from) -> Self {
                $to(value)
            }
        }
    )*};
}

from_with! {
    bool => Self::Bool;
    Integer => Self::Int;
    i8 => |n| Self::Int(Integer::from(n));
    i16 => |n| Self::Int(Integer::from(n));
    i32 => |n| Self::Int(Integer::from(n));
    i64 => |n| Self::Int(Integer::from(n));
    isize => |n| Self::Int(Integer::from(n));
    u8 => |n| Self::Int(Integer::from(n));
    u16 => |n| Self::Int(Integer::from(n));
    u32 => |n| Self::Int(Integer::from(n));
    u64 => |n| Self::Int(Integer::from(n));
    usize => |n| Self::Int(Integer::from(n));
    f64 => Self::Float;
    f32 => |float| Self::Float(f64::from(float));
    Text => Self::Text;
    &Text => |text: &Text| Self::Text(text.clone());
    &str => |text| Self::Text(Text::from(text));
    String => |text| Self::Text(Text::from(text));
    &String => |text| Self::Text(Text::from(text));
    Cow<'_, str> => |text| Self::Text(Text::from(text));
    ByteString => |text| Self::Text(Text::from(text));
    char => |c| Self::Text(Text::from(c));
    Bytes => Self::Bytes;
    Vec<u8> => |bytes| Self::Bytes(Bytes::from(bytes));
    &[u8] => |bytes| Self::Bytes(Bytes::copy_from_slice(bytes));
    Vec<Value> => Self::List;
    Map => Self::Map;
    NdArray => Self::NdArray;
    TypedArray => Self::TypedArray;
    Timestamp => Self::Timestamp;
    Ext => Self::Ext;
    Object => Self::Object;
    ErrorValue => |error| Self::Error(Box::new(error));
    Method => |method| Self::Method(Box::new(method));
    Generator => |generator| Self::Generator(Box::new(generator));
    IoStream => |stream| Self::IoStream(Box::new(stream));
    () => |()| Self::Null;
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<V: Into<Self>, const N: usize> From<[V; N]> for Value {
    fn from(items: [V; N]) -> Self {
        items.into_iter().collect()
    }
}

impl<V: Into<Self>> FromIterator<V> for Value {
    /// A list.
    fn from_iter<I: IntoIterator<Item = V>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}
