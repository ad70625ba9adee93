//! Where a sealed payload says that it belongs.

use bytes::Bytes;

use super::wrong;
use crate::decode::reader::{Reader, Token};
use crate::encode::Writer;
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::registry::CodecRegistry;
use crate::rope::Rope;
use crate::wire::binding;

/// What a sealed payload says of itself, so that nobody on its way can move it to another receiver or method, have
/// another call answered by it, or send it once more: the header beside it is clear, and anybody could change it. Rust
/// clients seal it in; the others write none, and pass over what they do not know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binding<'a> {
    /// Address of the receiver.
    pub to: &'a str,
    /// Path of the function that is called.
    pub method: &'a str,
    /// Session that the answer goes to, of a call that wants one.
    pub session: Option<&'a str>,
    /// When it was sealed, in milliseconds since 1970.
    pub sealed_at_ms: u64,
}

impl<'a> Binding<'a> {
    /// Entries that it adds to the map of a payload.
    pub const ENTRIES: u32 = 4;

    /// For a payload that goes to this function of this receiver.
    #[must_use]
    pub fn new(to: &'a str, method: &'a str, sealed_at_ms: u64) -> Self {
        Self {
            to,
            method,
            session: None,
            sealed_at_ms,
        }
    }

    /// For one that is answered at this session, or not at all.
    #[must_use]
    pub fn answered_at(self, session: Option<&'a str>) -> Self {
        Self { session, ..self }
    }

    /// Its [`ENTRIES`](Self::ENTRIES), without the header of a map.
    ///
    /// # Errors
    /// If a text is longer than MessagePack can say.
    pub fn entries(&self) -> Result<Rope, EncodeError> {
        let mut writer = Writer::new(CodecRegistry::builtin());
        writer.str(binding::TO)?.str(self.to)?;
        writer.str(binding::METHOD)?.str(self.method)?;
        writer.str(binding::SESSION)?;
        match self.session {
            Some(session) => writer.str(session)?,
            None => writer.null(),
        };
        writer.str(binding::SEALED_AT)?.int(self.sealed_at_ms);
        Ok(writer.finish())
    }

    /// Reads what a payload segment says of itself, if it says anything; nothing else in it is decoded.
    ///
    /// # Errors
    /// If it is no map, or says only a part of it.
    pub fn read(segment: &'a Bytes) -> Result<Option<Self>, DecodeError> {
        let mut reader = Reader::new(segment);
        let Token::Map(entries) = reader.token()? else {
            return Err(DecodeErrorKind::NotAMap.into());
        };
        let (mut to, mut method, mut session, mut sealed_at) = (None, None, None, None);
        for _ in 0..entries {
            let key = Reader::new(reader.raw()?).token()?;
            let field = match key {
                Token::Str(key) => std::str::from_utf8(key).unwrap_or_default(),
                _ => "",
            };
            match field {
                binding::TO => to = Some(text(binding::TO, &reader.token()?)?),
                binding::METHOD => method = Some(text(binding::METHOD, &reader.token()?)?),
                binding::SESSION => {
                    session = Some(match reader.token()? {
                        Token::Nil => None,
                        token => Some(text(binding::SESSION, &token)?),
                    });
                }
                binding::SEALED_AT => sealed_at = Some(time(&reader.token()?)?),
                _ => reader.skip()?,
            }
        }
        match (to, method, session, sealed_at) {
            (None, None, None, None) => Ok(None),
            (Some(to), Some(method), Some(session), Some(sealed_at_ms)) => Ok(Some(
                Self::new(to, method, sealed_at_ms).answered_at(session),
            )),
            _ => Err(wrong(binding::TO, "there with all that belongs to it")),
        }
    }
}

fn text<'a>(field: &'static str, token: &Token<'a>) -> Result<&'a str, DecodeError> {
    match token {
        Token::Str(text) => {
            std::str::from_utf8(text).map_err(|_| DecodeErrorKind::InvalidUtf8.into())
        }
        _ => Err(wrong(field, "text")),
    }
}

fn time(token: &Token<'_>) -> Result<u64, DecodeError> {
    match token {
        Token::Int(time) => time.as_u64(),
        _ => None,
    }
    .ok_or_else(|| wrong(binding::SEALED_AT, "a time in milliseconds"))
}
