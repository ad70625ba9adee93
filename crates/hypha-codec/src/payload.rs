//! The payload segment of a call (protocol section 3.3).

mod binding;
mod envelope;
mod scalars;

use bytes::Bytes;

pub use self::binding::Binding;
pub use self::envelope::Envelope;
pub use self::scalars::Scalar;

use crate::decode::reader::{Reader, Token};
use crate::decode::{Decoder, Run};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::function::Method;
use crate::value::{Map, Value};
use crate::wire::{payload, promise};

/// The decoded payload segment of a call.
///
/// Only the keys of the protocol are read. All others are passed over unread: the references let a payload overwrite the
/// server's `from`, `user` and `method`, which lets a peer pass for another (protocol section 3.5).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Payload {
    /// Arguments by position.
    pub args: Vec<Value>,
    /// Arguments by name.
    pub kwargs: Option<Map>,
    /// How to answer.
    pub promise: Promise,
    /// Heartbeat interval in seconds, as it came.
    pub interval: Option<f64>,
    /// The sealed payload, if the call is encrypted; the other fields are empty then.
    pub encrypted: Option<Envelope>,
}

/// How a call wants to be answered (protocol section 6.2).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Promise {
    /// Not at all.
    #[default]
    None,
    /// At the session of the header.
    Star,
    /// By the functions that are given.
    Written(Box<WrittenPromise>),
    /// In some way that the protocol does not know.
    Invalid,
}

/// A promise that is written out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WrittenPromise {
    /// Takes the result.
    pub resolve: Method,
    /// Takes the error.
    pub reject: Method,
    /// Shows that the callee still works.
    pub heartbeat: Option<Method>,
    /// Heartbeat interval in seconds, as it came.
    pub interval: Option<f64>,
}

impl Payload {
    /// Decodes what follows the header of a frame: nothing, or one map and maybe bytes that do not matter.
    ///
    /// # Errors
    /// If it is not a map, a field has the wrong kind, or the decoder refuses an argument.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers hand the segment over: what is kept are slices of it"
    )]
    pub fn decode(segment: Bytes, decoder: &Decoder<'_>) -> Result<Self, DecodeError> {
        if segment.is_empty() {
            return Ok(Self::default());
        }
        let mut fields = Fields::default();
        let mut run = Run::new(*decoder, &segment)?;
        let Token::Map(entries) = run.reader.token()? else {
            return Err(DecodeErrorKind::NotAMap.into());
        };
        for _ in 0..entries {
            let Token::Str(key) = Reader::new(run.reader.raw()?).token()? else {
                run.reader.skip()?;
                continue;
            };
            match std::str::from_utf8(key) {
                Ok(payload::ARGS) => fields.args = Some(run.value(1)?),
                Ok(payload::WITH_KWARGS) => fields.with_kwargs = run.unimported(1)?,
                Ok(payload::PROMISE) => fields.promise = run.unimported(1)?,
                Ok(payload::INTERVAL) => fields.interval = run.unimported(1)?,
                Ok(payload::ENC) => fields.enc = Some(run.unimported(1)?),
                Ok(payload::DATA) => fields.data = run.unimported(1)?,
                _ => run.reader.skip()?,
            }
        }
        fields.into_payload()
    }
}

#[derive(Default)]
struct Fields {
    args: Option<Value>,
    with_kwargs: Value,
    promise: Value,
    interval: Value,
    enc: Option<Value>,
    data: Value,
}

impl Fields {
    fn into_payload(self) -> Result<Payload, DecodeError> {
        if let Some(enc) = self.enc {
            return Ok(Payload {
                encrypted: Some(Envelope::of(&enc, self.data)?),
                ..Payload::default()
            });
        }
        let mut args = match self.args {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::List(args)) => args,
            Some(_) => return Err(wrong(payload::ARGS, "a list")),
        };
        let kwargs = match self.with_kwargs {
            Value::Bool(true) => match args.pop() {
                Some(Value::Map(kwargs)) => Some(kwargs),
                _ => {
                    return Err(wrong(
                        payload::WITH_KWARGS,
                        "followed by a map as last argument",
                    ));
                }
            },
            Value::Bool(false) | Value::Null => None,
            _ => return Err(wrong(payload::WITH_KWARGS, "a bool")),
        };
        Ok(Payload {
            args,
            kwargs,
            promise: read_promise(self.promise),
            interval: self.interval.as_f64(),
            encrypted: None,
        })
    }
}

fn read_promise(promise: Value) -> Promise {
    match promise {
        Value::Null | Value::Bool(false) => Promise::None,
        Value::Text(star) if star == payload::PROMISE_STAR => Promise::Star,
        Value::Map(map) => written_promise(map).map_or(Promise::Invalid, |written| {
            Promise::Written(Box::new(written))
        }),
        _ => Promise::Invalid,
    }
}

fn written_promise(mut map: Map) -> Option<WrittenPromise> {
    let interval = map.get(promise::INTERVAL).and_then(Value::as_f64);
    let mut function = |name| match map.remove(name) {
        Some(Value::Method(method)) => Some(*method),
        _ => None,
    };
    Some(WrittenPromise {
        resolve: function(promise::RESOLVE)?,
        reject: function(promise::REJECT)?,
        heartbeat: function(promise::HEARTBEAT),
        interval,
    })
}

fn wrong(field: &'static str, expected: &'static str) -> DecodeError {
    DecodeError::field("the payload", field, expected)
}
