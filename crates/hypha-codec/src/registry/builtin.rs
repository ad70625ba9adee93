//! Decoders of the built-in tagged forms (protocol section 5.1). Their encoders are in the writer.

use bytes::{Bytes, BytesMut};

use super::{CodecRegistry, TypeCodec};
use crate::array::{DType, NdArray, TypedArray};
use crate::error::DecodeError;
use crate::function::{Generator, IoStream, Method, Promised};
use crate::text::Text;
use crate::value::{ErrorValue, Map, Value};
use crate::wire::{key, payload, tag};

const TEXT: &str = "text";
const BYTES: &str = "bytes";

type Decode = fn(Map) -> Result<Value, DecodeError>;

pub(super) fn register(registry: &mut CodecRegistry) {
    let decoders: [(&'static str, Decode); 7] = [
        (tag::SET, set),
        (tag::ORDEREDMAP, ordered_map),
        (tag::MEMORYVIEW, memory_view),
        (tag::NDARRAY, ndarray),
        (tag::TYPEDARRAY, typed_array),
        (tag::ERROR, error),
        (tag::IOSTREAM, io_stream),
    ];
    for (tag, decode) in decoders {
        let registered =
            registry.register(TypeCodec::<Value>::new(Text::from_static(tag)).decode_value(decode));
        debug_assert!(registered.is_ok(), "built-in tag {tag} is refused");
    }
}

fn set(mut map: Map) -> Result<Value, DecodeError> {
    match map.remove(key::RVALUE) {
        Some(Value::List(items)) => Ok(Value::Set(items)),
        _ => Err(DecodeError::field(tag::SET, key::RVALUE, "a list")),
    }
}

fn ordered_map(mut map: Map) -> Result<Value, DecodeError> {
    let invalid = || DecodeError::field(tag::ORDEREDMAP, key::RVALUE, "a list of pairs");
    let Some(Value::List(items)) = map.remove(key::RVALUE) else {
        return Err(invalid());
    };
    let pair = |item| match item {
        Value::List(pair) => <[Value; 2]>::try_from(pair)
            .map(Into::into)
            .map_err(|_| invalid()),
        _ => Err(invalid()),
    };
    items
        .into_iter()
        .map(pair)
        .collect::<Result<_, _>>()
        .map(Value::OrderedMap)
}

fn memory_view(mut map: Map) -> Result<Value, DecodeError> {
    match map.remove(key::RVALUE) {
        Some(Value::Bytes(bytes)) => Ok(Value::MemoryView(bytes)),
        _ => Err(DecodeError::field(tag::MEMORYVIEW, key::RVALUE, BYTES)),
    }
}

fn ndarray(mut map: Map) -> Result<Value, DecodeError> {
    let data = match map.remove(key::RVALUE) {
        Some(Value::Bytes(bytes) | Value::MemoryView(bytes)) => bytes,
        Some(Value::List(parts)) => joined(&parts)?,
        _ => return Err(DecodeError::field(tag::NDARRAY, key::RVALUE, BYTES)),
    };
    let shape = match map.get(key::RSHAPE) {
        Some(Value::List(sides)) => sides
            .iter()
            .map(side)
            .collect::<Result<Box<[usize]>, _>>()?,
        _ => return Err(invalid_shape()),
    };
    let Some(Value::Text(dtype)) = map.remove(key::RDTYPE) else {
        return Err(DecodeError::field(tag::NDARRAY, key::RDTYPE, TEXT));
    };
    Ok(Value::NdArray(NdArray::new(
        DType::from(dtype),
        shape,
        data,
    )?))
}

fn side(side: &Value) -> Result<usize, DecodeError> {
    side.as_u64()
        .and_then(|side| usize::try_from(side).ok())
        .ok_or_else(invalid_shape)
}

fn invalid_shape() -> DecodeError {
    DecodeError::field(tag::NDARRAY, key::RSHAPE, "a list of sizes")
}

/// Large arrays may come in parts.
fn joined(parts: &[Value]) -> Result<Bytes, DecodeError> {
    let mut all = BytesMut::with_capacity(
        parts
            .iter()
            .filter_map(Value::as_bytes)
            .map(Bytes::len)
            .sum(),
    );
    for part in parts {
        match part {
            Value::Bytes(part) | Value::MemoryView(part) => all.extend_from_slice(part),
            _ => {
                return Err(DecodeError::field(
                    tag::NDARRAY,
                    key::RVALUE,
                    "a list of bytes",
                ));
            }
        }
    }
    Ok(all.freeze())
}

fn typed_array(mut map: Map) -> Result<Value, DecodeError> {
    let Some(Value::Bytes(data) | Value::MemoryView(data)) = map.remove(key::RVALUE) else {
        return Err(DecodeError::field(tag::TYPEDARRAY, key::RVALUE, BYTES));
    };
    let dtype = match map.remove(key::RDTYPE) {
        Some(Value::Text(dtype)) => Some(DType::from(dtype)),
        None | Some(Value::Null) => None,
        Some(_) => return Err(DecodeError::field(tag::TYPEDARRAY, key::RDTYPE, TEXT)),
    };
    Ok(Value::TypedArray(TypedArray::with_optional_dtype(
        dtype, data,
    )?))
}

/// An error is never refused: what should be text and is not is shown as text.
fn error(mut map: Map) -> Result<Value, DecodeError> {
    map.remove(key::RTYPE);
    let message = map.remove(key::RVALUE).map(shown).unwrap_or_default();
    let trace = match map.remove(key::RTRACE) {
        None | Some(Value::Null) => None,
        Some(trace) => Some(shown(trace)),
    };
    Ok(Value::from(ErrorValue {
        message,
        trace,
        extra: map,
    }))
}

fn shown(value: Value) -> Text {
    match value {
        Value::Text(text) => text,
        Value::Null => Text::new(),
        other => Text::from(format!("{other:?}")),
    }
}

fn io_stream(mut map: Map) -> Result<Value, DecodeError> {
    map.remove(key::RTYPE);
    match map.remove(key::RNATIVE) {
        Some(Value::Text(native)) => Ok(Value::from(IoStream {
            native,
            members: map,
        })),
        None | Some(Value::Null) => Ok(Value::from(IoStream {
            native: Text::new(),
            members: map,
        })),
        Some(_) => Err(DecodeError::field(tag::IOSTREAM, key::RNATIVE, TEXT)),
    }
}

impl Method {
    /// Reads the map of a function.
    pub(crate) fn from_map(map: Map) -> Result<Self, DecodeError> {
        let mut method = Self {
            promise: Promised::Never,
            ..Self::bare(Text::new(), Text::new())
        };
        let mut fields = Fields::of(tag::METHOD);
        for (name, value) in map {
            let Value::Text(name) = name else { continue };
            match (name.as_str(), value) {
                (key::RTYPE, _) => {}
                (key::RTARGET, Value::Text(target)) => method.target = fields.found(0, target),
                (key::RMETHOD, Value::Text(path)) => method.method = fields.found(1, path),
                (key::RTARGET, _) => return Err(fields.wrong(key::RTARGET, TEXT)),
                (key::RMETHOD, _) => return Err(fields.wrong(key::RMETHOD, TEXT)),
                (key::RPROMISE, promise) => method.promise = Promised::from_wire(&promise),
                (field @ (key::RSERVER | key::RNAME | key::RDOC | key::RSCHEMA), Value::Null) => {
                    method.nils.add(field)
                }
                (key::RSERVER, Value::Text(server)) => method.server = Some(server),
                (key::RNAME, Value::Text(name)) => method.name = Some(name),
                (key::RDOC, Value::Text(doc)) => method.doc = Some(doc),
                (key::RSCHEMA, schema) => method.schema = Some(schema),
                (key::RASYNC, Value::Bool(is_async)) => method.is_async = Some(is_async),
                (key::RENC_PUB, Value::Bytes(public_key)) => method.enc_pub = Some(public_key),
                (_, value) => method.extra.push(name, value),
            }
        }
        fields.complete([key::RTARGET, key::RMETHOD])?;
        Ok(method)
    }
}

impl Generator {
    /// Reads the map of a generator.
    pub(crate) fn from_map(map: Map) -> Result<Self, DecodeError> {
        let mut generator = Self::bare(Text::new(), Text::new());
        let mut fields = Fields::of(tag::GENERATOR);
        for (name, value) in map {
            let Value::Text(name) = name else { continue };
            match (name.as_str(), value) {
                (key::RTYPE, _) => {}
                (key::RTARGET, Value::Text(target)) => generator.target = fields.found(0, target),
                (key::RMETHOD, Value::Text(path)) => generator.method = fields.found(1, path),
                (key::RTARGET, _) => return Err(fields.wrong(key::RTARGET, TEXT)),
                (key::RMETHOD, _) => return Err(fields.wrong(key::RMETHOD, TEXT)),
                (key::RCLOSE_METHOD, Value::Text(path)) => generator.close_method = Some(path),
                (key::RPROMISE, promise) => generator.promise = Promised::from_wire(&promise),
                (field @ (key::RSERVER | key::RDOC), Value::Null) => generator.nils.add(field),
                (key::RSERVER, Value::Text(server)) => generator.server = Some(server),
                (key::RDOC, Value::Text(doc)) => generator.doc = Some(doc),
                (key::RENC_PUB, Value::Bytes(public_key)) => generator.enc_pub = Some(public_key),
                (_, value) => generator.extra.push(name, value),
            }
        }
        fields.complete([key::RTARGET, key::RMETHOD])?;
        Ok(generator)
    }
}

impl Promised {
    fn from_wire(promise: &Value) -> Self {
        match promise {
            Value::Text(star) if star == payload::PROMISE_STAR => Self::Always,
            Value::Bool(true) => Self::Written,
            _ => Self::Never,
        }
    }
}

/// Keeps book of the two fields that a descriptor cannot do without.
struct Fields {
    tag: &'static str,
    found: [bool; 2],
}

impl Fields {
    fn of(tag: &'static str) -> Self {
        Self {
            tag,
            found: [false; 2],
        }
    }

    fn found(&mut self, field: usize, text: Text) -> Text {
        self.found[field] = true;
        text
    }

    fn wrong(&self, field: &'static str, expected: &'static str) -> DecodeError {
        DecodeError::field(self.tag, field, expected)
    }

    fn complete(&self, names: [&'static str; 2]) -> Result<(), DecodeError> {
        match names.into_iter().zip(self.found).find(|(_, found)| !found) {
            Some((missing, _)) => Err(self.wrong(missing, TEXT)),
            None => Ok(()),
        }
    }
}
