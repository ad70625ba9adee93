//! The header segment, read and written.

use bstr::{BStr, ByteSlice as _};

use super::layout::Layout;
use crate::decode::reader::{Reader, Token};
use crate::encode::Output;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::wire::{header, marker};

/// The routing fields of a header, borrowed from the frame. A field that is not text counts as absent; of fields with the
/// same key the last one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Header<'a> {
    kind: Option<&'a BStr>,
    from: Option<&'a BStr>,
    to: Option<&'a BStr>,
    method: Option<&'a BStr>,
    session: Option<&'a BStr>,
    parent: Option<&'a BStr>,
    ws: Option<&'a BStr>,
    user: Option<&'a [u8]>,
}

impl<'a> Header<'a> {
    /// What the frame is: [`header::METHOD_CALL`], or the name of an event.
    #[must_use]
    pub fn kind(&self) -> Option<&'a str> {
        shown(self.kind)
    }

    /// The sender's address.
    #[must_use]
    pub fn from(&self) -> Option<&'a str> {
        shown(self.from)
    }

    /// The target's address.
    #[must_use]
    pub fn to(&self) -> Option<&'a str> {
        shown(self.to)
    }

    /// The path of the called function.
    #[must_use]
    pub fn method(&self) -> Option<&'a str> {
        shown(self.method)
    }

    /// The caller's session; present when an answer is wanted.
    #[must_use]
    pub fn session(&self) -> Option<&'a str> {
        shown(self.session)
    }

    /// The receiver's session that the call belongs to.
    #[must_use]
    pub fn parent(&self) -> Option<&'a str> {
        shown(self.parent)
    }

    /// The sender's workspace, as the server wrote it.
    #[must_use]
    pub fn ws(&self) -> Option<&'a str> {
        shown(self.ws)
    }

    /// The server's description of the sender, still encoded.
    #[must_use]
    pub fn user_bytes(&self) -> Option<&'a [u8]> {
        self.user
    }

    pub(super) fn read(segment: &'a [u8]) -> Result<Self, DecodeError> {
        let mut fields = Self::default();
        for field in Fields::new(segment)? {
            let (key, raw) = field?;
            let Some(slot) = Field::named(key) else {
                continue;
            };
            match slot {
                Field::User => fields.user = Some(raw),
                Field::Type => fields.kind = text(raw)?,
                Field::From => fields.from = text(raw)?,
                Field::To => fields.to = text(raw)?,
                Field::Method => fields.method = text(raw)?,
                Field::Parent => fields.parent = text(raw)?,
                Field::Session => fields.session = text(raw)?,
                Field::Ws => fields.ws = text(raw)?,
            }
        }
        Ok(fields)
    }

    /// Reads an ordinary header.
    #[inline]
    pub(super) fn at(segment: &'a [u8], layout: &Layout) -> Result<Self, DecodeError> {
        let text = |field| match layout.value(segment, field) {
            Some(raw) => text(raw),
            None => Ok(None),
        };
        Ok(Self {
            kind: text(Field::Type)?,
            from: text(Field::From)?,
            to: text(Field::To)?,
            method: text(Field::Method)?,
            session: text(Field::Session)?,
            parent: text(Field::Parent)?,
            ws: text(Field::Ws)?,
            user: layout.value(segment, Field::User),
        })
    }
}

/// A known key with its marker.
macro_rules! key {
    ($name:expr) => {{
        const KEY: [u8; $name.len() + 1] = {
            let mut key = [marker::FIXSTR | $name.len() as u8; $name.len() + 1];
            let (_, text) = key.split_at_mut(1);
            text.copy_from_slice($name.as_bytes());
            key
        };
        KEY
    }};
}

/// The known fields of a header, in the order in which the server and the references write them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Type,
    From,
    To,
    Method,
    Parent,
    Session,
    Ws,
    User,
}

impl Field {
    pub(super) const ALL: [Self; 8] = [
        Self::Type,
        Self::From,
        Self::To,
        Self::Method,
        Self::Parent,
        Self::Session,
        Self::Ws,
        Self::User,
    ];

    #[inline]
    pub(super) fn named(key: &[u8]) -> Option<Self> {
        // Comparisons of constant length are a load and a compare each.
        const TYPE: &[u8] = header::TYPE.as_bytes();
        const FROM: &[u8] = header::FROM.as_bytes();
        const TO: &[u8] = header::TO.as_bytes();
        const METHOD: &[u8] = header::METHOD.as_bytes();
        const PARENT: &[u8] = header::PARENT.as_bytes();
        const SESSION: &[u8] = header::SESSION.as_bytes();
        const WS: &[u8] = header::WS.as_bytes();
        const USER: &[u8] = header::USER.as_bytes();
        match key {
            TYPE => Some(Self::Type),
            FROM => Some(Self::From),
            TO => Some(Self::To),
            METHOD => Some(Self::Method),
            PARENT => Some(Self::Parent),
            SESSION => Some(Self::Session),
            WS => Some(Self::Ws),
            USER => Some(Self::User),
            _ => None,
        }
    }

    /// Writes the key. Copies of constant length are a store each.
    #[inline]
    pub(super) fn write_key(self, out: &mut Output) {
        match self {
            Self::Type => out.raw(&key!(header::TYPE)),
            Self::From => out.raw(&key!(header::FROM)),
            Self::To => out.raw(&key!(header::TO)),
            Self::Method => out.raw(&key!(header::METHOD)),
            Self::Parent => out.raw(&key!(header::PARENT)),
            Self::Session => out.raw(&key!(header::SESSION)),
            Self::Ws => out.raw(&key!(header::WS)),
            Self::User => out.raw(&key!(header::USER)),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Type => header::TYPE,
            Self::From => header::FROM,
            Self::To => header::TO,
            Self::Method => header::METHOD,
            Self::Parent => header::PARENT,
            Self::Session => header::SESSION,
            Self::Ws => header::WS,
            Self::User => header::USER,
        }
    }
}

/// The entries of a header: the bytes of each key without its marker, and the encoded value.
pub(super) struct Fields<'a> {
    reader: Reader<'a>,
    left: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new(segment: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(segment);
        match reader.token()? {
            Token::Map(left) => Ok(Self { reader, left }),
            _ => Err(DecodeErrorKind::NotAMap.into()),
        }
    }

    /// How many entries are left.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// The encoded entries that are left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }

    fn entry(&mut self) -> Result<(&'a [u8], &'a [u8]), DecodeError> {
        match self.reader.token()? {
            Token::Str(key) | Token::Bin(key) => Ok((key, self.reader.raw()?)),
            _ => Err(DecodeErrorKind::NonTextKey.into()),
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(&'a [u8], &'a [u8]), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some(self.entry())
    }
}

/// The encoded value of a field, the last one if there are several.
pub(super) fn find<'a>(segment: &'a [u8], name: &str) -> Result<Option<&'a [u8]>, DecodeError> {
    let mut found = None;
    for field in Fields::new(segment)? {
        let (key, raw) = field?;
        if key == name.as_bytes() {
            found = Some(raw);
        }
    }
    Ok(found)
}

/// The text that a whole encoded value is. It is looked at here and made a `str` when it is asked for, as a relay asks
/// for one of them.
#[inline]
fn text(raw: &[u8]) -> Result<Option<&BStr>, DecodeError> {
    let bytes = match raw {
        [marker::FIXSTR..=0xbf, text @ ..] | [marker::STR8, _, text @ ..] => text,
        _ => match Reader::new(raw).token()? {
            Token::Str(bytes) => bytes,
            _ => return Ok(None),
        },
    };
    if bytes.is_ascii() || bytes.to_str().is_ok() {
        Ok(Some(bytes.as_bstr()))
    } else {
        Err(DecodeErrorKind::InvalidUtf8.into())
    }
}

/// A [`text`], which is UTF-8.
#[inline]
fn shown(text: Option<&BStr>) -> Option<&str> {
    // Quicker than the standard library at texts as short as these.
    text?.to_str().ok()
}

/// A header to be sent. The server adds who it is from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutgoingHeader<'a> {
    kind: &'a str,
    from: Option<&'a str>,
    to: &'a str,
    method: Option<&'a str>,
    parent: Option<&'a str>,
    session: Option<&'a str>,
}

impl<'a> OutgoingHeader<'a> {
    /// The header of a call.
    #[must_use]
    pub fn call(to: &'a str, method: &'a str) -> Self {
        Self {
            method: Some(method),
            ..Self::event(header::METHOD_CALL, to)
        }
    }

    /// The header of an event of some type.
    #[must_use]
    pub fn event(kind: &'a str, to: &'a str) -> Self {
        Self {
            kind,
            from: None,
            to,
            method: None,
            parent: None,
            session: None,
        }
    }

    /// Sets the sender's address.
    #[must_use]
    pub fn from(mut self, from: &'a str) -> Self {
        self.from = Some(from);
        self
    }

    /// Sets the receiver's session that the call belongs to.
    #[must_use]
    pub fn parent(mut self, parent: Option<&'a str>) -> Self {
        self.parent = parent;
        self
    }

    /// Sets our session, which asks for an answer.
    #[must_use]
    pub fn session(mut self, session: Option<&'a str>) -> Self {
        self.session = session;
        self
    }

    fn fields(&self) -> [(&'static str, Option<&'a str>); 6] {
        [
            (header::TYPE, Some(self.kind)),
            (header::FROM, self.from),
            (header::TO, Some(self.to)),
            (header::METHOD, self.method),
            (header::PARENT, self.parent),
            (header::SESSION, self.session),
        ]
    }

    pub(super) fn write(&self, out: &mut Output) {
        let fields = self.fields();
        out.map_header(fields.iter().filter(|(_, text)| text.is_some()).count() as u32);
        for (name, text) in fields {
            if let Some(text) = text {
                out.short_str(name);
                out.short_str(text);
            }
        }
    }

    /// Enough room for the header in all ordinary cases.
    pub(super) fn size_hint(&self) -> usize {
        self.fields()
            .iter()
            .filter_map(|(name, text)| text.map(|text| name.len() + text.len() + 6))
            .sum::<usize>()
            + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_name() {
        for field in Field::ALL {
            assert_eq!(Field::named(field.name().as_bytes()), Some(field));
        }
        assert_eq!(Field::named(b"data"), None);
    }
}
