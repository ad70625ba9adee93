//! The built-in tagged forms, with their keys in the order that Python writes them.

use bytes::Bytes;

use super::{EncodeError, Writer, deeper, length};
use crate::array::{DType, NdArray, TypedArray};
use crate::function::{Generator, IoStream, Method, Nils, Promised};
use crate::text::Text;
use crate::value::{ErrorValue, Value};
use crate::wire::{key, payload, tag};

impl Writer<'_> {
    pub(super) fn put_builtin(&mut self, value: &Value, depth: usize) -> Result<(), EncodeError> {
        let depth = deeper(depth)?;
        match value {
            Value::Set(items) => {
                self.tagged(2, tag::SET)?;
                self.out.str(key::RVALUE)?;
                self.put_items(items, depth)
            }
            Value::OrderedMap(pairs) => self.put_pairs(pairs, depth),
            Value::MemoryView(bytes) => {
                self.tagged(2, tag::MEMORYVIEW)?;
                self.out.str(key::RVALUE)?;
                self.out.bin(bytes)
            }
            Value::NdArray(array) => self.put_array(array),
            Value::TypedArray(array) => self.put_typed_array(array),
            Value::Error(error) => self.put_error(error, depth),
            Value::Method(method) => self.put_method(method, depth),
            Value::Generator(generator) => self.put_generator(generator, depth),
            Value::IoStream(stream) => self.put_stream(stream, depth),
            plain => self.put(plain, depth),
        }
    }

    fn put_pairs(&mut self, pairs: &[(Value, Value)], depth: usize) -> Result<(), EncodeError> {
        self.tagged(2, tag::ORDEREDMAP)?;
        self.out.str(key::RVALUE)?;
        let depth = deeper(deeper(depth)?)?;
        self.out.array_header(length(pairs.len())?);
        for (key, value) in pairs {
            self.out.array_header(2);
            self.put(key, depth)?;
            self.put(value, depth)?;
        }
        Ok(())
    }

    fn put_array(&mut self, array: &NdArray) -> Result<(), EncodeError> {
        self.tagged(4, tag::NDARRAY)?;
        self.out.str(key::RVALUE)?;
        self.out.bin(array.data())?;
        self.out.str(key::RSHAPE)?;
        self.out.array_header(length(array.shape().len())?);
        for &side in array.shape() {
            self.out.u64(side as u64);
        }
        self.text_field(key::RDTYPE, array.dtype().as_str())
    }

    fn put_typed_array(&mut self, array: &TypedArray) -> Result<(), EncodeError> {
        self.tagged(3, tag::TYPEDARRAY)?;
        self.out.str(key::RVALUE)?;
        self.out.bin(array.data())?;
        self.out.str(key::RDTYPE)?;
        match array.dtype().map(DType::as_str) {
            Some(dtype) => self.out.str(dtype)?,
            None => self.out.nil(),
        }
        Ok(())
    }

    fn put_error(&mut self, error: &ErrorValue, depth: usize) -> Result<(), EncodeError> {
        self.tagged(
            2 + usize::from(error.trace.is_some()) + error.extra.len(),
            tag::ERROR,
        )?;
        self.text_field(key::RVALUE, &error.message)?;
        if let Some(trace) = &error.trace {
            self.text_field(key::RTRACE, trace)?;
        }
        self.put_entries(&error.extra, depth)
    }

    fn put_method(&mut self, method: &Method, depth: usize) -> Result<(), EncodeError> {
        let Method {
            server,
            target,
            method: path,
            promise,
            name,
            is_async,
            enc_pub,
            doc,
            schema,
            extra,
            nils,
            ..
        } = method;
        let optional = [
            is_written(server, key::RSERVER, *nils),
            is_written(name, key::RNAME, *nils),
            is_written(doc, key::RDOC, *nils),
            is_written(schema, key::RSCHEMA, *nils),
            is_async.is_some(),
            enc_pub.is_some(),
        ];
        self.tagged(
            4 + optional.iter().filter(|written| **written).count() + extra.len(),
            tag::METHOD,
        )?;
        self.optional_text(key::RSERVER, server, *nils)?;
        self.text_field(key::RTARGET, target)?;
        self.text_field(key::RMETHOD, path)?;
        if method.is_service_method() {
            self.promise_field(*promise)?;
            self.optional_text(key::RNAME, name, *nils)?;
            self.optional_bool(key::RASYNC, *is_async)?;
            self.optional_bytes(key::RENC_PUB, enc_pub.as_ref())?;
        } else {
            self.optional_text(key::RNAME, name, *nils)?;
            self.promise_field(*promise)?;
            self.optional_bytes(key::RENC_PUB, enc_pub.as_ref())?;
            self.optional_bool(key::RASYNC, *is_async)?;
        }
        self.optional_text(key::RDOC, doc, *nils)?;
        if is_written(schema, key::RSCHEMA, *nils) {
            self.out.str(key::RSCHEMA)?;
            self.put(schema.as_ref().unwrap_or(&Value::Null), depth)?;
        }
        self.put_entries(extra, depth)
    }

    fn put_generator(&mut self, generator: &Generator, depth: usize) -> Result<(), EncodeError> {
        let Generator {
            server,
            target,
            method,
            close_method,
            promise,
            enc_pub,
            doc,
            extra,
            nils,
            ..
        } = generator;
        let optional = [
            is_written(server, key::RSERVER, *nils),
            is_written(doc, key::RDOC, *nils),
            close_method.is_some(),
            enc_pub.is_some(),
        ];
        self.tagged(
            4 + optional.iter().filter(|written| **written).count() + extra.len(),
            tag::GENERATOR,
        )?;
        self.optional_text(key::RSERVER, server, *nils)?;
        self.text_field(key::RTARGET, target)?;
        self.text_field(key::RMETHOD, method)?;
        if let Some(close) = close_method {
            self.text_field(key::RCLOSE_METHOD, close)?;
        }
        self.promise_field(*promise)?;
        self.optional_bytes(key::RENC_PUB, enc_pub.as_ref())?;
        self.optional_text(key::RDOC, doc, *nils)?;
        self.put_entries(extra, depth)
    }

    fn put_stream(&mut self, stream: &IoStream, depth: usize) -> Result<(), EncodeError> {
        self.out.map_header(length(stream.members.len() + 2)?);
        self.put_entries(&stream.members, depth)?;
        self.text_field(key::RNATIVE, &stream.native)?;
        self.text_field(key::RTYPE, tag::IOSTREAM)
    }

    fn tagged(&mut self, entries: usize, tag: &str) -> Result<(), EncodeError> {
        self.out.map_header(length(entries)?);
        self.text_field(key::RTYPE, tag)
    }

    fn text_field(&mut self, key: &str, text: &str) -> Result<(), EncodeError> {
        self.out.str(key)?;
        self.out.str(text)
    }

    fn optional_text(
        &mut self,
        key: &str,
        text: &Option<Text>,
        nils: Nils,
    ) -> Result<(), EncodeError> {
        match text {
            Some(text) => self.text_field(key, text),
            None if nils.contains(key) => {
                self.out.str(key)?;
                self.out.nil();
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn optional_bool(&mut self, key: &str, b: Option<bool>) -> Result<(), EncodeError> {
        if let Some(b) = b {
            self.out.str(key)?;
            self.out.bool(b);
        }
        Ok(())
    }

    fn optional_bytes(&mut self, key: &str, bytes: Option<&Bytes>) -> Result<(), EncodeError> {
        if let Some(bytes) = bytes {
            self.out.str(key)?;
            self.out.bin(bytes)?;
        }
        Ok(())
    }

    fn promise_field(&mut self, promise: Promised) -> Result<(), EncodeError> {
        self.out.str(key::RPROMISE)?;
        match promise {
            Promised::Always => self.out.str(payload::PROMISE_STAR)?,
            Promised::Written => self.out.bool(true),
            Promised::Never => self.out.bool(false),
        }
        Ok(())
    }
}

fn is_written<T>(field: &Option<T>, key: &str, nils: Nils) -> bool {
    field.is_some() || nils.contains(key)
}
