//! MessagePack tokens out of a byte slice.

use crate::error::{DecodeError, DecodeErrorKind};
use crate::integer::Integer;
use crate::wire::marker;

/// One token: a whole scalar, or the announcement of a container.
pub(crate) enum Token<'a> {
    Nil,
    Bool(bool),
    Int(Integer),
    Float(f64),
    /// Not checked to be UTF-8.
    Str(&'a [u8]),
    Bin(&'a [u8]),
    Array(usize),
    Map(usize),
    Ext(i8, &'a [u8]),
}

/// What comes next, as far as its first bytes tell.
pub(crate) enum Head {
    /// A text of so many bytes, which follow.
    ShortText(usize),
    List(usize),
    Map(usize),
    /// Anything else, nothing of which is read yet; also a container whose announcement is cut off.
    Other,
}

/// A position in a byte slice.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads the announcement of the next value, if it is one of those that a decoder should be quick at.
    #[inline]
    pub(crate) fn head(&mut self) -> Head {
        let Some((&first, rest)) = self.rest.split_first() else {
            return Head::Other;
        };
        let head = match first {
            marker::FIXSTR..=0xbf => Head::ShortText(usize::from(first & 0x1f)),
            marker::FIXMAP..=0x8f => Head::Map(usize::from(first & 0x0f)),
            marker::FIXARRAY..=0x9f => Head::List(usize::from(first & 0x0f)),
            marker::ARRAY16..=marker::MAP32 => {
                return self.large_container(first).unwrap_or(Head::Other);
            }
            _ => return Head::Other,
        };
        self.rest = rest;
        head
    }

    #[cold]
    fn large_container(&mut self, first: u8) -> Option<Head> {
        let mut reader = Self {
            rest: self.rest.get(1..)?,
        };
        let head = match first {
            marker::ARRAY16 => Head::List(reader.count16().ok()?),
            marker::ARRAY32 => Head::List(reader.count32().ok()?),
            marker::MAP16 => Head::Map(reader.count16().ok()?),
            marker::MAP32 => Head::Map(reader.count32().ok()?),
            _ => return None,
        };
        *self = reader;
        Some(head)
    }

    #[inline(always)]
    pub(crate) fn token(&mut self) -> Result<Token<'a>, DecodeError> {
        let Some((&first, rest)) = self.rest.split_first() else {
            return Err(truncated());
        };
        self.rest = rest;
        Ok(match first {
            0x00..=0x7f => Token::Int(Integer::from(first)),
            0xe0..=0xff => Token::Int(Integer::from(first as i8)),
            marker::FIXSTR..=0xbf => Token::Str(self.take(usize::from(first & 0x1f))?),
            marker::FIXMAP..=0x8f => Token::Map(usize::from(first & 0x0f)),
            marker::FIXARRAY..=0x9f => Token::Array(usize::from(first & 0x0f)),
            marker::NIL => Token::Nil,
            marker::FALSE => Token::Bool(false),
            marker::TRUE => Token::Bool(true),
            marker::FLOAT64 => Token::Float(f64::from_be_bytes(self.array()?)),
            marker::FLOAT32 => Token::Float(f64::from(f32::from_be_bytes(self.array()?))),
            marker::UINT8 => Token::Int(Integer::from(u8::from_be_bytes(self.array()?))),
            marker::UINT16 => Token::Int(Integer::from(u16::from_be_bytes(self.array()?))),
            marker::UINT32 => Token::Int(Integer::from(u32::from_be_bytes(self.array()?))),
            marker::UINT64 => Token::Int(Integer::from(u64::from_be_bytes(self.array()?))),
            marker::INT8 => Token::Int(Integer::from(i8::from_be_bytes(self.array()?))),
            marker::INT16 => Token::Int(Integer::from(i16::from_be_bytes(self.array()?))),
            marker::INT32 => Token::Int(Integer::from(i32::from_be_bytes(self.array()?))),
            marker::INT64 => Token::Int(Integer::from(i64::from_be_bytes(self.array()?))),
            marker::STR8 => Token::Str(self.sized8()?),
            marker::STR16 => Token::Str(self.sized16()?),
            marker::STR32 => Token::Str(self.sized32()?),
            marker::BIN8 => Token::Bin(self.sized8()?),
            marker::BIN16 => Token::Bin(self.sized16()?),
            marker::BIN32 => Token::Bin(self.sized32()?),
            marker::ARRAY16 => Token::Array(self.count16()?),
            marker::ARRAY32 => Token::Array(self.count32()?),
            marker::MAP16 => Token::Map(self.count16()?),
            marker::MAP32 => Token::Map(self.count32()?),
            marker::FIXEXT1 => self.ext(1)?,
            marker::FIXEXT2 => self.ext(2)?,
            marker::FIXEXT4 => self.ext(4)?,
            marker::FIXEXT8 => self.ext(8)?,
            marker::FIXEXT16 => self.ext(16)?,
            marker::EXT8 => {
                let [len] = self.array()?;
                self.ext(usize::from(len))?
            }
            marker::EXT16 => {
                let len = self.count16()?;
                self.ext(len)?
            }
            marker::EXT32 => {
                let len = self.count32()?;
                self.ext(len)?
            }
            marker::RESERVED => return Err(DecodeErrorKind::InvalidMarker { marker: first }.into()),
        })
    }

    /// Passes over the next value if it is this text in its shortest form; the text has at most 31 bytes.
    #[inline]
    pub(crate) fn pass_short_text(&mut self, text: &[u8]) -> bool {
        let Some((&first, rest)) = self.rest.split_first() else {
            return false;
        };
        if usize::from(first) != usize::from(marker::FIXSTR) + text.len() {
            return false;
        }
        match rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Passes over one value without reading it, however deep it is.
    pub(crate) fn skip(&mut self) -> Result<(), DecodeError> {
        let mut pending = 1_usize;
        while pending > 0 {
            pending -= 1;
            let inside = match self.token()? {
                Token::Array(items) => items,
                Token::Map(entries) => entries.saturating_mul(2),
                _ => 0,
            };
            pending = pending.saturating_add(inside);
            if pending > self.left() {
                return Err(truncated());
            }
        }
        Ok(())
    }

    /// Passes one value, most likely a text of less than 256 bytes.
    #[inline]
    pub(crate) fn skip_likely_text(&mut self) -> Result<(), DecodeError> {
        let (&first, rest) = self.rest.split_first().ok_or_else(truncated)?;
        let passed = match (first, rest.first()) {
            (marker::FIXSTR..=0xbf, _) => rest.get(usize::from(first & 0x1f)..),
            (marker::STR8, Some(&len)) => rest.get(1 + usize::from(len)..),
            _ => return self.skip(),
        };
        self.rest = passed.ok_or_else(truncated)?;
        Ok(())
    }

    /// Passes over one value and returns its bytes.
    pub(crate) fn raw(&mut self) -> Result<&'a [u8], DecodeError> {
        let from = self.rest;
        self.skip()?;
        Ok(&from[..from.len() - self.rest.len()])
    }

    #[inline(always)]
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn count16(&mut self) -> Result<usize, DecodeError> {
        Ok(usize::from(u16::from_be_bytes(self.array()?)))
    }

    fn count32(&mut self) -> Result<usize, DecodeError> {
        Ok(u32::from_be_bytes(self.array()?) as usize)
    }

    fn sized8(&mut self) -> Result<&'a [u8], DecodeError> {
        let [len] = self.array()?;
        self.take(usize::from(len))
    }

    fn sized16(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.count16()?;
        self.take(len)
    }

    fn sized32(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.count32()?;
        self.take(len)
    }

    fn ext(&mut self, len: usize) -> Result<Token<'a>, DecodeError> {
        let [kind] = self.array()?;
        Ok(Token::Ext(kind as i8, self.take(len)?))
    }
}

#[cold]
fn truncated() -> DecodeError {
    DecodeErrorKind::Truncated.into()
}
