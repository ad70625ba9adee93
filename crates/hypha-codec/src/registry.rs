//! Codecs: how Rust types become tagged maps, and tagged maps values.

mod builtin;

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, LazyLock};

use crate::array::{NdArray, TypedArray};
use crate::encode::with_tag;
use crate::error::{DecodeError, EncodeError};
use crate::function::{Generator, IoStream, Method};
use crate::object::Object;
use crate::text::Text;
use crate::value::{ErrorValue, Map, Value};
use crate::wire::{key, tag};

type EncodeFn = dyn Fn(&dyn Any) -> Result<Value, EncodeError> + Send + Sync;
type DecodeFn = dyn Fn(Map) -> Result<Value, DecodeError> + Send + Sync;

/// How one Rust type goes over the wire: its tag, and functions to and from the fields beside it (protocol section 5.5).
///
/// A codec has an encoder, a decoder, or both.
pub struct TypeCodec<T> {
    tag: Text,
    encode: Option<Arc<EncodeFn>>,
    decode: Option<Arc<DecodeFn>>,
    types: PhantomData<fn(T) -> T>,
}

impl<T: Any + Send + Sync> TypeCodec<T> {
    /// A codec for a type under a tag, with nothing it can do yet.
    #[must_use]
    pub fn new(tag: impl Into<Text>) -> Self {
        Self {
            tag: tag.into(),
            encode: None,
            decode: None,
            types: PhantomData,
        }
    }

    /// Sets the function that turns a `T` into what is sent.
    ///
    /// A map without `_rtype` gets the codec's tag; a map with one keeps it. Whatever is in the map is encoded in turn:
    /// it may hold objects with codecs of their own, and objects that the [`Export`](crate::Export) hook takes.
    /// Anything but a map goes out as it is.
    #[must_use]
    pub fn encode<R, F>(mut self, encode: F) -> Self
    where
        R: Into<Value>,
        F: Fn(&T) -> Result<R, EncodeError> + Send + Sync + 'static,
    {
        self.encode = Some(Arc::new(move |object| match object.downcast_ref::<T>() {
            Some(object) => encode(object).map(Into::into),
            None => Err(EncodeError::unsupported(type_name::<T>())),
        }));
        self
    }

    /// Sets the function that makes a `T` of a map with the codec's tag; what is in the map is decoded already.
    ///
    /// The `T` becomes an [`Object`], or for the built-in types the variant of [`Value`] that holds it.
    #[must_use]
    pub fn decode<F>(self, decode: F) -> Self
    where
        F: Fn(Map) -> Result<T, DecodeError> + Send + Sync + 'static,
    {
        self.decode_value(move |map| decode(map).map(|object| value_of(Object::new(object))))
    }

    /// Sets a function that makes any value of a map with the codec's tag; what is in the map is decoded already.
    #[must_use]
    pub fn decode_value<F>(mut self, decode: F) -> Self
    where
        F: Fn(Map) -> Result<Value, DecodeError> + Send + Sync + 'static,
    {
        self.decode = Some(Arc::new(decode));
        self
    }
}

impl<T> fmt::Debug for TypeCodec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypeCodec")
            .field("tag", &self.tag)
            .field("type", &type_name::<T>())
            .field("encodes", &self.encode.is_some())
            .field("decodes", &self.decode.is_some())
            .finish()
    }
}

/// The codecs that a program knows. Clones are cheap, and a clone does not see what is registered later.
///
/// [`CodecRegistry::default`] has the built-in ones. They can be replaced like any other, but functions, generators and
/// plain values cannot.
#[derive(Clone)]
pub struct CodecRegistry {
    inner: Arc<Inner>,
}

#[derive(Clone, Default)]
struct Inner {
    encoders: HashMap<TypeId, Encoding>,
    decoders: HashMap<Text, Arc<DecodeFn>>,
    /// Whether a built-in type has an entry in `encoders`, by [`Overridable`].
    replaced: [bool; Overridable::COUNT],
}

#[derive(Clone)]
struct Encoding {
    tag: Text,
    encode: Arc<EncodeFn>,
}

/// The variants of [`Value`] whose encoding a codec can replace.
#[derive(Clone, Copy)]
pub(crate) enum Overridable {
    NdArray,
    TypedArray,
    Error,
    IoStream,
}

impl Overridable {
    const COUNT: usize = 4;

    fn of(id: TypeId) -> Option<Self> {
        [
            (TypeId::of::<NdArray>(), Self::NdArray),
            (TypeId::of::<TypedArray>(), Self::TypedArray),
            (TypeId::of::<ErrorValue>(), Self::Error),
            (TypeId::of::<IoStream>(), Self::IoStream),
        ]
        .into_iter()
        .find_map(|(candidate, kind)| (candidate == id).then_some(kind))
    }
}

impl CodecRegistry {
    /// The built-in codecs.
    #[must_use]
    pub fn new() -> Self {
        Self::builtin().clone()
    }

    /// The built-in codecs, shared.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<CodecRegistry> = LazyLock::new(|| {
            let mut registry = CodecRegistry {
                inner: Arc::default(),
            };
            builtin::register(&mut registry);
            registry
        });
        &BUILTIN
    }

    /// Adds a codec. Its encoder replaces an earlier one of the same type, its decoder an earlier one of the same tag.
    ///
    /// # Errors
    /// If the codec can do nothing, its tag is empty or one of functions, or its type goes over the wire as it is.
    pub fn register<T: Any + Send + Sync>(
        &mut self,
        codec: TypeCodec<T>,
    ) -> Result<&mut Self, RegisterError> {
        let TypeCodec {
            tag,
            encode,
            decode,
            ..
        } = codec;
        if encode.is_none() && decode.is_none() {
            return Err(RegisterError::Empty { tag });
        }
        if matches!(tag.as_str(), "" | tag::METHOD | tag::GENERATOR) {
            return Err(RegisterError::ReservedTag { tag });
        }
        if encode.is_some() && is_primitive(TypeId::of::<T>()) {
            return Err(RegisterError::PrimitiveType {
                type_name: type_name::<T>(),
            });
        }
        let inner = Arc::make_mut(&mut self.inner);
        if let Some(decode) = decode {
            inner.decoders.insert(tag.clone(), decode);
        }
        if let Some(encode) = encode {
            let id = TypeId::of::<T>();
            inner.encoders.insert(id, Encoding { tag, encode });
            if let Some(kind) = Overridable::of(id) {
                inner.replaced[kind as usize] = true;
            }
        }
        Ok(self)
    }

    /// Whether maps with this tag are decoded to something else than a map.
    #[must_use]
    pub fn decodes(&self, tag: &str) -> bool {
        matches!(tag, tag::METHOD | tag::GENERATOR) || self.inner.decoders.contains_key(tag)
    }

    /// The encoding of an object of a registered type; none for other types.
    pub(crate) fn encode_object(&self, object: &Object) -> Option<Result<Value, EncodeError>> {
        self.encode_any(object.object_type(), object.as_any())
    }

    /// The encoding of a built-in type by the codec that replaces the built-in one; none if there is no such codec.
    #[inline]
    pub(crate) fn replaced<T: Any>(
        &self,
        kind: Overridable,
        value: &T,
    ) -> Option<Result<Value, EncodeError>> {
        if self.inner.replaced[kind as usize] {
            self.encode_any(TypeId::of::<T>(), value)
        } else {
            None
        }
    }

    fn encode_any(&self, id: TypeId, value: &dyn Any) -> Option<Result<Value, EncodeError>> {
        let Encoding { tag, encode } = self.inner.encoders.get(&id)?;
        Some(encode(value).map(|encoded| with_tag(encoded, tag)))
    }

    /// What the codec of its tag makes of a map; the map itself if there is none.
    pub(crate) fn decode_tagged(&self, map: Map) -> Result<Value, DecodeError> {
        let decode = match map.get(key::RTYPE) {
            Some(Value::Text(tag)) => self.inner.decoders.get(tag.as_str()),
            _ => None,
        };
        match decode {
            Some(decode) => decode(map),
            None => Ok(Value::Map(map)),
        }
    }
}

impl Default for CodecRegistry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CodecRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tags: Vec<_> = self.inner.decoders.keys().collect();
        tags.sort();
        f.debug_struct("CodecRegistry")
            .field("decodes", &tags)
            .finish_non_exhaustive()
    }
}

/// A codec that cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// It has neither an encoder nor a decoder.
    #[non_exhaustive]
    Empty {
        /// The codec's tag.
        tag: Text,
    },
    /// The tag is empty, or one of those that functions have.
    #[non_exhaustive]
    ReservedTag {
        /// The tag.
        tag: Text,
    },
    /// The type needs no codec: it goes over the wire as it is.
    #[non_exhaustive]
    PrimitiveType {
        /// The name of the type.
        type_name: &'static str,
    },
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { tag } => write!(f, "codec {tag:?} has neither an encoder nor a decoder"),
            Self::ReservedTag { tag } => write!(f, "tag {tag:?} is reserved"),
            Self::PrimitiveType { type_name } => write!(f, "type {type_name} cannot have a codec"),
        }
    }
}

impl std::error::Error for RegisterError {}

/// Puts a decoded object of a built-in type where such a value belongs.
fn value_of(object: Object) -> Value {
    fn unwrap<T: Any + Send + Sync + Clone + Into<Value>>(object: Object) -> Result<Value, Object> {
        object.downcast::<T>().map(Into::into)
    }
    unwrap::<Value>(object)
        .or_else(unwrap::<NdArray>)
        .or_else(unwrap::<TypedArray>)
        .or_else(unwrap::<ErrorValue>)
        .or_else(unwrap::<IoStream>)
        .unwrap_or_else(Value::Object)
}

fn is_primitive(id: TypeId) -> bool {
    macro_rules! is_one_of {
        ($($primitive:ty),*) => { [$(TypeId::of::<$primitive>()),*].contains(&id) };
    }
    is_one_of!(
        (),
        bool,
        char,
        i8,
        i16,
        i32,
        i64,
        isize,
        u8,
        u16,
        u32,
        u64,
        usize,
        f32,
        f64,
        String,
        &'static str,
        Text,
        bytes::Bytes,
        Vec<u8>,
        Vec<Value>,
        Map,
        Value,
        Object,
        Method,
        Generator
    )
}
