//! Where the known fields of a header are.

use super::header::Field;
use crate::decode::reader::{Reader, Token};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::wire::marker;

/// The places of the known fields of an ordinary header, found in the one pass that finds its end: reading and rewriting
/// it take no further one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    values: [Place; Field::ALL.len()],
    /// The fields that are there, in the order of their places.
    order: [Field; Field::ALL.len()],
    known: u8,
    entries: u8,
    is_ordinary: bool,
}

/// An encoded value, from its start to its end in bytes from the start of the header. An absent one is empty, as no value
/// is.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    start: u16,
    end: u16,
}

impl Layout {
    /// Of a header that nobody has looked at.
    #[inline]
    pub(super) fn unknown() -> Self {
        Self {
            values: Default::default(),
            order: Field::ALL,
            known: 0,
            entries: 0,
            is_ordinary: false,
        }
    }

    /// The end of the header that the bytes begin with. Whoever looks keeps the layout where it is: what is written in
    /// small pieces and moved at once makes the processor wait.
    pub(super) fn find(&mut self, bytes: &[u8]) -> Result<usize, DecodeError> {
        let mut reader = Reader::new(bytes);
        let Token::Map(entries) = reader.token()? else {
            return Err(DecodeErrorKind::NotAMap.into());
        };
        // Whoever writes more entries than that needs no haste.
        if let Ok(entries) = u8::try_from(entries)
            && matches!(bytes[0], marker::FIXMAP..=0x8f)
        {
            self.entries = entries;
            self.is_ordinary = self.pass_entries(bytes.len(), &mut reader)?;
        }
        if !self.is_ordinary {
            reader = Reader::new(bytes);
            reader.skip()?;
        }
        Ok(bytes.len() - reader.left())
    }

    /// The layout of an ordinary header, which has few entries whose keys are short text, each known one at most once
    /// and close to the start.
    #[inline]
    pub(super) fn ordinary(&self) -> Option<&Self> {
        self.is_ordinary.then_some(self)
    }

    /// How many entries the header has.
    pub(super) fn entries(&self) -> usize {
        usize::from(self.entries)
    }

    /// The known fields that the header has, in the order of their places.
    #[inline]
    pub(super) fn known(&self) -> &[Field] {
        &self.order[..usize::from(self.known)]
    }

    /// Where the first entry begins: behind the marker of a small map.
    pub(super) const FIRST: usize = 1;

    /// Where the entry of a field starts whose value starts there: keys of known fields are short text.
    #[inline]
    pub(super) fn entry(field: Field, value: usize) -> usize {
        value - Self::entry_len(field, 0)
    }

    /// How long the entry of a field is, with an encoded value of so many bytes.
    #[inline]
    pub(super) fn entry_len(field: Field, value: usize) -> usize {
        1 + field.name().len() + value
    }

    /// The encoded value of a field.
    #[inline]
    pub(super) fn value<'a>(&self, header: &'a [u8], field: Field) -> Option<&'a [u8]> {
        let (start, end) = self.place(field)?;
        header.get(start..end)
    }

    /// Where the encoded value of a field starts and ends. Its key is right before it, and its marker before that.
    #[inline]
    pub(super) fn place(&self, field: Field) -> Option<(usize, usize)> {
        let Place { start, end } = self.values[field as usize];
        (end > 0).then_some((usize::from(start), usize::from(end)))
    }

    /// Whether there is nothing unusual about all entries.
    #[inline]
    fn pass_entries(&mut self, total: usize, reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
        for _ in 0..self.entries {
            if !self.pass_entry(total, reader)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether there is nothing unusual about the next entry.
    #[inline]
    fn pass_entry(&mut self, total: usize, reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
        let Some(&first @ marker::FIXSTR..=0xbf) = reader.rest().first() else {
            return Ok(false);
        };
        reader.take(1)?;
        let key = reader.take(usize::from(first & 0x1f))?;
        let start = total - reader.left();
        reader.skip_likely_text()?;
        let Some(field) = Field::named(key) else {
            return Ok(true);
        };
        let place = &mut self.values[field as usize];
        let (Ok(start), Ok(end)) = (u16::try_from(start), u16::try_from(total - reader.left()))
        else {
            return Ok(false);
        };
        if place.end > 0 {
            return Ok(false);
        }
        *place = Place { start, end };
        self.order[usize::from(self.known)] = field;
        self.known += 1;
        Ok(true)
    }
}
