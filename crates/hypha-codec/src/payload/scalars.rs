//! Plain arguments read without decoding: for calls that carry large bytes, many times a second.

use bytes::Bytes;

use super::Payload;
use crate::decode::reader::{Reader, Token};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::integer::Integer;
use crate::wire::payload;

/// A plain argument.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Scalar<'a> {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(Integer),
    /// Text.
    Text(&'a str),
    /// Bytes: a slice of the frame, however short.
    Bytes(Bytes),
    /// Anything else, passed over unread.
    Other,
}

/// More arguments than this are not read.
const MAX_SCALARS: usize = 8;

impl Payload {
    /// Reads the arguments of a payload segment that are plain, by position; nothing is copied. Everything else in the
    /// payload is passed over, and so are all arguments after the eighth.
    ///
    /// # Errors
    /// If it is not a map, its arguments are no list, or an argument is text that is no UTF-8.
    pub fn scalars(segment: &Bytes) -> Result<Vec<Scalar<'_>>, DecodeError> {
        if segment.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = Reader::new(segment);
        let Token::Map(entries) = reader.token()? else {
            return Err(DecodeErrorKind::NotAMap.into());
        };
        for _ in 0..entries {
            if matches!(Reader::new(reader.raw()?).token()?, Token::Str(key) if key == payload::ARGS.as_bytes())
            {
                return arguments(segment, &mut reader);
            }
            reader.skip()?;
        }
        Ok(Vec::new())
    }
}

fn arguments<'a>(
    segment: &'a Bytes,
    reader: &mut Reader<'a>,
) -> Result<Vec<Scalar<'a>>, DecodeError> {
    let Token::Array(count) = reader.token()? else {
        return Err(super::wrong(payload::ARGS, "a list"));
    };
    let scalar = |_| {
        Ok(match Reader::new(reader.raw()?).token()? {
            Token::Nil => Scalar::Null,
            Token::Bool(b) => Scalar::Bool(b),
            Token::Int(n) => Scalar::Int(n),
            Token::Str(text) => Scalar::Text(
                std::str::from_utf8(text)
                    .map_err(|_| DecodeError::from(DecodeErrorKind::InvalidUtf8))?,
            ),
            Token::Bin(bytes) => Scalar::Bytes(segment.slice_ref(bytes)),
            Token::Float(_) | Token::Array(_) | Token::Map(_) | Token::Ext(..) => Scalar::Other,
        })
    };
    (0..count.min(MAX_SCALARS)).map(scalar).collect()
}
