//! Values to bytes.

mod output;
mod tagged;

use std::fmt;

use bytes::Bytes;

pub(crate) use self::output::Output;
use crate::error::{EncodeError, EncodeErrorKind};
use crate::function::{Generator, Method};
use crate::integer::Integer;
use crate::object::Object;
use crate::registry::{CodecRegistry, Overridable};
use crate::rope::Rope;
use crate::text::Text;
use crate::value::{Map, Value};
use crate::wire::key;

/// Deepest nesting that is written; as deep as the references can read.
pub(crate) const MAX_DEPTH: usize = crate::decode::MAX_DEPTH;

/// Encodes a value with the built-in codecs into one buffer.
///
/// # Errors
/// If the value holds a map key that is no text, or an object.
pub fn encode(value: &Value) -> Result<Bytes, EncodeError> {
    Ok(Encoder::new(CodecRegistry::builtin())
        .value(value)?
        .into_bytes())
}

/// Turns local Rust objects, for which no codec is registered, into something that has a wire form.
///
/// The RPC layer implements it: it stores a closure in the call's session and describes it as a
/// [`Method`](crate::Method).
pub trait Export {
    /// What to send in place of the object.
    ///
    /// # Errors
    /// [`EncodeError::unsupported`] for objects that cannot be sent.
    fn export(&mut self, object: &Object) -> Result<Value, EncodeError>;

    /// What to send in place of a function of some peer that is passed on; `None` is the descriptor as it is.
    ///
    /// # Errors
    /// If the function may not be passed on.
    fn method(&mut self, method: &Method) -> Result<Option<Value>, EncodeError> {
        let _ = method;
        Ok(None)
    }

    /// What to send in place of a generator of some peer that is passed on; `None` is the descriptor as it is.
    ///
    /// # Errors
    /// If the generator may not be passed on.
    fn generator(&mut self, generator: &Generator) -> Result<Option<Value>, EncodeError> {
        let _ = generator;
        Ok(None)
    }
}

/// Encodes values with the codecs of a registry and an [`Export`] hook.
pub struct Encoder<'a> {
    registry: &'a CodecRegistry,
    export: Option<&'a mut dyn Export>,
}

impl<'a> Encoder<'a> {
    /// An encoder without a hook: objects without a codec are errors.
    #[must_use]
    pub fn new(registry: &'a CodecRegistry) -> Self {
        Self {
            registry,
            export: None,
        }
    }

    /// Sets the hook for objects.
    #[must_use]
    pub fn export(mut self, export: &'a mut dyn Export) -> Self {
        self.export = Some(export);
        self
    }

    /// A writer that puts one value after the other.
    #[must_use]
    pub fn writer(self) -> Writer<'a> {
        Writer {
            out: Output::new(),
            registry: self.registry,
            export: self.export,
        }
    }

    /// Encodes one value.
    ///
    /// # Errors
    /// If the value holds a map key that is no text, an object that cannot be sent, or if a codec fails.
    pub fn value(self, value: &Value) -> Result<Rope, EncodeError> {
        let mut writer = self.writer();
        writer.value(value)?;
        Ok(writer.finish())
    }
}

impl fmt::Debug for Encoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}

/// Writes MessagePack piece by piece, for callers that assemble a segment themselves.
///
/// Headers announce how many values follow; writing exactly that many is up to the caller.
pub struct Writer<'a> {
    pub(crate) out: Output,
    registry: &'a CodecRegistry,
    export: Option<&'a mut dyn Export>,
}

impl<'a> Writer<'a> {
    /// A writer with a registry and no export hook.
    #[must_use]
    pub fn new(registry: &'a CodecRegistry) -> Self {
        Encoder::new(registry).writer()
    }

    /// Announces a map of so many entries: key and value of each follow.
    pub fn map_header(&mut self, entries: u32) -> &mut Self {
        self.out.map_header(entries);
        self
    }

    /// Announces a list of so many items.
    pub fn array_header(&mut self, items: u32) -> &mut Self {
        self.out.array_header(items);
        self
    }

    /// Writes nil.
    pub fn null(&mut self) -> &mut Self {
        self.out.nil();
        self
    }

    /// Writes a truth value.
    pub fn bool(&mut self, b: bool) -> &mut Self {
        self.out.bool(b);
        self
    }

    /// Writes an integer in its shortest form.
    pub fn int(&mut self, n: impl Into<Integer>) -> &mut Self {
        self.out.integer(n.into());
        self
    }

    /// Writes a float.
    pub fn f64(&mut self, float: f64) -> &mut Self {
        self.out.f64(float);
        self
    }

    /// Writes a text.
    ///
    /// # Errors
    /// If it is longer than 2^32-1 bytes.
    pub fn str(&mut self, text: &str) -> Result<&mut Self, EncodeError> {
        self.out.str(text)?;
        Ok(self)
    }

    /// Writes a byte string; from 16 KiB on by reference.
    ///
    /// # Errors
    /// If it is longer than 2^32-1 bytes.
    pub fn bytes(&mut self, bytes: &Bytes) -> Result<&mut Self, EncodeError> {
        self.out.bin(bytes)?;
        Ok(self)
    }

    /// Puts in bytes that are MessagePack already.
    pub fn raw(&mut self, encoded: &[u8]) -> &mut Self {
        self.out.raw(encoded);
        self
    }

    /// Writes a value.
    ///
    /// # Errors
    /// If the value holds a map key that is no text, an object that cannot be sent, or if a codec fails.
    pub fn value(&mut self, value: &Value) -> Result<&mut Self, EncodeError> {
        self.put(value, 0)?;
        Ok(self)
    }

    /// How many bytes are written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> Rope {
        self.out.finish()
    }

    pub(crate) fn put(&mut self, value: &Value, depth: usize) -> Result<(), EncodeError> {
        match value {
            Value::Null => self.out.nil(),
            Value::Bool(b) => self.out.bool(*b),
            Value::Int(n) => self.out.integer(*n),
            Value::Float(float) => self.out.f64(*float),
            Value::Text(text) => self.out.str(text)?,
            Value::Bytes(bytes) => self.out.bin(bytes)?,
            Value::List(items) => self.put_items(items, depth)?,
            Value::Map(map) => self.put_map(map, depth)?,
            Value::Timestamp(time) => self.out.timestamp(*time),
            Value::Ext(ext) => self.out.ext(ext.kind(), ext.data())?,
            tagged => self.put_tagged(tagged, depth)?,
        }
        Ok(())
    }

    fn put_items(&mut self, items: &[Value], depth: usize) -> Result<(), EncodeError> {
        let depth = deeper(depth)?;
        self.out.array_header(length(items.len())?);
        items.iter().try_for_each(|item| self.put(item, depth))
    }

    fn put_map(&mut self, map: &Map, depth: usize) -> Result<(), EncodeError> {
        let depth = deeper(depth)?;
        self.out.map_header(length(map.len())?);
        self.put_entries(map, depth)
    }

    /// The entries of a map whose header is written; `depth` is that of the entries.
    fn put_entries(&mut self, map: &Map, depth: usize) -> Result<(), EncodeError> {
        for (key, value) in map.iter() {
            match key {
                Value::Text(key) => self.out.str(key)?,
                other => return Err(EncodeErrorKind::NonTextKey { kind: other.kind() }.into()),
            }
            self.put(value, depth)?;
        }
        Ok(())
    }

    /// The kinds that need more than MessagePack has: by a codec that replaces the built-in one, else as built in.
    #[inline(never)]
    fn put_tagged(&mut self, value: &Value, depth: usize) -> Result<(), EncodeError> {
        let registry = self.registry;
        let replaced = match value {
            Value::NdArray(array) => registry.replaced(Overridable::NdArray, array),
            Value::TypedArray(array) => registry.replaced(Overridable::TypedArray, array),
            Value::Error(error) => registry.replaced(Overridable::Error, &**error),
            Value::IoStream(stream) => registry.replaced(Overridable::IoStream, &**stream),
            Value::Object(object) => return self.put_object(object, depth),
            Value::Method(method) => self.passed_on(|export| export.method(method)),
            Value::Generator(generator) => self.passed_on(|export| export.generator(generator)),
            _ => None,
        };
        match replaced {
            Some(encoded) => match encoded? {
                final_form @ (Value::Method(_) | Value::Generator(_)) => {
                    self.put_builtin(&final_form, depth)
                }
                encoded => self.put(&encoded, deeper(depth)?),
            },
            None => self.put_builtin(value, depth),
        }
    }

    /// What the hook sends in the place of a descriptor. It must not be replaced again: what the hook returns is final.
    fn passed_on(
        &mut self,
        ask: impl FnOnce(&mut dyn Export) -> Result<Option<Value>, EncodeError>,
    ) -> Option<Result<Value, EncodeError>> {
        ask(&mut **self.export.as_mut()?).transpose()
    }

    fn put_object(&mut self, object: &Object, depth: usize) -> Result<(), EncodeError> {
        let depth = deeper(depth)?;
        if let Some(encoded) = self.registry.encode_object(object) {
            return self.put(&encoded?, depth);
        }
        let Some(export) = &mut self.export else {
            return Err(EncodeError::unsupported(object.type_name()));
        };
        match export.export(object)? {
            // What the hook made itself is final.
            descriptor @ (Value::Method(_) | Value::Generator(_)) => {
                self.put_builtin(&descriptor, depth)
            }
            encoded => self.put(&encoded, depth),
        }
    }
}

impl fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// What the encoder of a codec returned, with the tag last where it did not put one itself.
pub(crate) fn with_tag(encoded: Value, tag: &Text) -> Value {
    match encoded {
        Value::Map(mut map) => {
            let tag = map
                .remove(key::RTYPE)
                .unwrap_or_else(|| Value::Text(tag.clone()));
            map.push(key::RTYPE, tag);
            Value::Map(map)
        }
        other => other,
    }
}

pub(crate) fn deeper(depth: usize) -> Result<usize, EncodeError> {
    if depth < MAX_DEPTH {
        Ok(depth + 1)
    } else {
        Err(EncodeErrorKind::TooDeep { limit: MAX_DEPTH }.into())
    }
}

pub(crate) fn length(len: usize) -> Result<u32, EncodeError> {
    u32::try_from(len).map_err(|_| EncodeErrorKind::TooLong.into())
}
