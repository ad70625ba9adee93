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
    entries: u16,
}

/// An encoded value, from its start to its end in bytes from the start of the header. An absent one is empty, as no value
/// is.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    start: u16,
    end: u16,
}

impl Layout {
    /// The end of the header that the bytes begin with. The layout is missing where something is unusual: many entries, a
    /// key that is not short text, a known one that is there twice, or one far from the start.
    pub(super) fn find(bytes: &[u8]) -> Result<(usize, Option<Self>), DecodeError> {
        let mut reader = Reader::new(bytes);
        let whole = reader.clone();
        let Token::Map(entries) = reader.token()? else {
            return Err(DecodeErrorKind::NotAMap.into());
        };
        let mut layout = Self {
            values: Default::default(),
            entries: u16::from(bytes[0] & 0x0f),
        };
        // Whoever writes more entries than that needs no haste.
        let mut is_ordinary = matches!(bytes[0], marker::FIXMAP..=0x8f);
        for _ in 0..entries {
            is_ordinary = is_ordinary && layout.pass_entry(bytes.len(), &mut reader)?;
            if !is_ordinary {
                reader = whole;
                reader.skip()?;
                return Ok((bytes.len() - reader.left(), None));
            }
        }
        Ok((bytes.len() - reader.left(), is_ordinary.then_some(layout)))
    }

    /// How many entries the header has.
    pub(super) fn entries(&self) -> usize {
        usize::from(self.entries)
    }

    /// Where the first entry begins: behind the marker of a small map.
    pub(super) const FIRST: usize = 1;

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
        let is_first = place.end == 0;
        *place = Place { start, end };
        Ok(is_first)
    }
}
