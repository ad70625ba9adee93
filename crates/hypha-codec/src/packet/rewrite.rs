//! Changing header fields of a frame on its way through.

use bytes::Bytes;

use super::header::{Field, Fields, Header};
use super::layout::Layout;
use crate::encode::Output;
use crate::error::DecodeError;
use crate::wire::marker;

/// What a relay changes in the header of a frame.
#[derive(Clone, Debug, Default)]
pub struct HeaderEdits<'a> {
    edits: [Option<Edit<'a>>; Field::ALL.len()],
}

#[derive(Clone, Copy, Debug)]
enum Edit<'a> {
    Text(&'a str),
    Raw(&'a [u8]),
    Remove,
}

impl<'a> HeaderEdits<'a> {
    /// No changes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the sender's address.
    #[must_use]
    pub fn from(self, from: &'a str) -> Self {
        self.text(Field::From, from)
    }

    /// Sets the target's address.
    #[must_use]
    pub fn to(self, to: &'a str) -> Self {
        self.text(Field::To, to)
    }

    /// Sets the sender's workspace.
    #[must_use]
    pub fn ws(self, ws: &'a str) -> Self {
        self.text(Field::Ws, ws)
    }

    /// Sets the description of the sender, given as one encoded value.
    #[must_use]
    pub fn user(mut self, encoded: &'a [u8]) -> Self {
        self.edits[Field::User as usize] = Some(Edit::Raw(encoded));
        self
    }

    /// Sets who sent the frame and to whom, as another header says it: fields that it lacks are taken out. For a message
    /// that came inside other frames, whose header is the one that the server wrote.
    #[must_use]
    pub fn identity_of(mut self, header: &Header<'a>) -> Self {
        let texts = [
            (Field::From, header.from()),
            (Field::To, header.to()),
            (Field::Ws, header.ws()),
        ];
        for (field, text) in texts {
            self.edits[field as usize] = Some(text.map_or(Edit::Remove, Edit::Text));
        }
        self.edits[Field::User as usize] =
            Some(header.user_bytes().map_or(Edit::Remove, Edit::Raw));
        self
    }

    fn text(mut self, field: Field, text: &'a str) -> Self {
        self.edits[field as usize] = Some(Edit::Text(text));
        self
    }

    /// The frame of an edited header, which is an ordinary one, and a payload.
    pub(super) fn apply_at(&self, header: &[u8], layout: &Layout, payload: &[u8]) -> Bytes {
        let mut entries = layout.entries();
        let mut room = header.len() - Layout::FIRST + payload.len();
        for field in Field::ALL {
            let Some(edit) = &self.edits[field as usize] else {
                continue;
            };
            match (layout.place(field), edit) {
                (Some((start, end)), Edit::Remove) => {
                    entries -= 1;
                    room -= end - Layout::entry(field, start);
                }
                (Some((start, end)), _) => room = room - (end - start) + edit.len(),
                (None, Edit::Remove) => {}
                (None, _) => {
                    entries += 1;
                    room += Layout::entry_len(field, edit.len());
                }
            }
        }
        let entries = u32::try_from(entries).unwrap_or(u32::MAX);
        // The exact size: a buffer with room to spare costs another allocation when it is shared.
        let mut out = Output::with_capacity(map_header_len(entries) + room);
        out.map_header(entries);
        let mut copied = Layout::FIRST;
        for &field in layout.known() {
            let (Some(edit), Some((start, end))) =
                (&self.edits[field as usize], layout.place(field))
            else {
                continue;
            };
            // What is right already is copied along with what is around it.
            if edit.is(&header[start..end]) {
                continue;
            }
            let start = match edit {
                Edit::Remove => Layout::entry(field, start),
                Edit::Text(_) | Edit::Raw(_) => start,
            };
            out.raw(&header[copied..start]);
            edit.write(&mut out);
            copied = end;
        }
        out.raw(&header[copied..]);
        for field in Field::ALL {
            if let Some(edit @ (Edit::Text(_) | Edit::Raw(_))) = &self.edits[field as usize]
                && layout.place(field).is_none()
            {
                field.write_key(&mut out);
                edit.write(&mut out);
            }
        }
        out.raw(payload);
        out.into_bytes()
    }

    /// The frame of an edited header and a payload. A second field with an edited key is dropped: receivers take the last
    /// one, so it would undo the edit.
    pub(super) fn apply(&self, header: &[u8], payload: &[u8]) -> Result<Bytes, DecodeError> {
        // What is taken out is never added.
        let mut left = self
            .edits
            .map(|edit| edit.filter(|edit| !matches!(edit, Edit::Remove)));
        let mut dropped = 0;
        let mut kept = 0_usize;
        for field in Fields::new(header)? {
            let (key, _) = field?;
            match Field::named(key).filter(|field| self.edits[*field as usize].is_some()) {
                Some(field) if left[field as usize].take().is_none() => dropped += 1,
                _ => kept += 1,
            }
        }
        let added = left.iter().flatten().count();
        let grown: usize = self.edits.iter().flatten().map(Edit::room).sum();
        let mut out = Output::with_capacity(header.len() + grown + payload.len());
        out.map_header(u32::try_from(kept + added).unwrap_or(u32::MAX));
        self.copy_fields(header, dropped, &mut out)?;
        for (field, edit) in Field::ALL.into_iter().zip(&left) {
            if let Some(edit) = edit {
                out.short_str(field.name());
                edit.write(&mut out);
            }
        }
        out.raw(payload);
        Ok(out.finish().into_bytes())
    }

    fn copy_fields(
        &self,
        header: &[u8],
        dropped: usize,
        out: &mut Output,
    ) -> Result<(), DecodeError> {
        let mut fields = Fields::new(header)?;
        let mut written = [false; Field::ALL.len()];
        while fields.left() > 0 {
            let before = fields.rest();
            let Some(field) = fields.next() else { break };
            let (key, raw) = field?;
            let whole = &before[..before.len() - fields.rest().len()];
            match Field::named(key).and_then(|field| Some((field, self.edits[field as usize]?))) {
                None => out.raw(whole),
                Some((_, Edit::Remove)) => {}
                Some((field, edit)) if dropped == 0 || !written[field as usize] => {
                    written[field as usize] = true;
                    out.raw(&whole[..whole.len() - raw.len()]);
                    edit.write(out);
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

fn map_header_len(entries: u32) -> usize {
    match entries {
        0..0x10 => 1,
        0x10..0x1_0000 => 3,
        _ => 5,
    }
}

impl Edit<'_> {
    #[inline]
    fn write(&self, out: &mut Output) {
        match self {
            Self::Text(text) => out.short_str(text),
            Self::Raw(encoded) => out.raw(encoded),
            Self::Remove => {}
        }
    }

    /// Whether an encoded value is what it writes.
    #[inline]
    fn is(&self, encoded: &[u8]) -> bool {
        match (self, encoded) {
            (Self::Text(text), &[first @ marker::FIXSTR..=0xbf, ref there @ ..]) => {
                usize::from(first & 0x1f) == text.len() && there == text.as_bytes()
            }
            (Self::Text(text), &[marker::STR8, len, ref there @ ..]) => {
                len > 0x1f && there == text.as_bytes()
            }
            (Self::Raw(raw), there) => *raw == there,
            _ => false,
        }
    }

    /// What it takes when it is encoded.
    #[inline]
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => {
                let len = text.len();
                len + match len {
                    0..0x20 => 1,
                    0x20..0x100 => 2,
                    0x100..0x1_0000 => 3,
                    _ => 5,
                }
            }
            Self::Raw(encoded) => encoded.len(),
            Self::Remove => 0,
        }
    }

    /// An upper bound of what the field takes, key included.
    fn room(&self) -> usize {
        match self {
            Self::Text(text) => text.len() + 16,
            Self::Raw(encoded) => encoded.len() + 16,
            Self::Remove => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encode;
    use crate::value::{Map, Value};

    /// Headers of known and other fields, each there once, in any order and of any kind and length.
    fn headers() -> impl Strategy<Value = Vec<(String, Value)>> {
        let known = Field::ALL.map(|field| field.name().to_owned()).to_vec();
        let others = prop::collection::vec("[a-z]{0,12}", 0..12);
        let keys = others.prop_map(move |others| {
            let mut keys = known.clone();
            keys.extend(others);
            keys.sort_unstable();
            keys.dedup();
            keys
        });
        let value = || {
            prop_oneof![
                4 => "[a-z/*-]{0,40}".prop_map(Value::from),
                1 => "[a-z]{200,300}".prop_map(Value::from),
                1 => any::<i64>().prop_map(Value::from),
                1 => Just(Value::Null),
                1 => prop::collection::vec(any::<u8>().prop_map(Value::from), 0..20).prop_map(Value::from),
            ]
        };
        keys.prop_flat_map(move |keys| {
            let len = keys.len();
            let some = prop::sample::subsequence(keys, 0..=len).prop_shuffle();
            (some, prop::collection::vec(value(), len))
        })
        .prop_map(|(keys, values)| keys.into_iter().zip(values).collect())
    }

    fn texts() -> impl Strategy<Value = Vec<Option<Option<String>>>> {
        let text = prop_oneof!["[a-z]{0,40}", "[a-z]{250,260}"];
        prop::collection::vec(prop::option::of(prop::option::of(text)), Field::ALL.len())
    }

    #[test]
    fn a_field_that_says_the_same_is_written_in_its_shortest_form() {
        let text = |len: u8| "d".repeat(usize::from(len));
        for len in [0, 1, 30, 31, 32, 33, 255] {
            let written = encode(&Value::from(text(len))).unwrap();
            let shapes: [&[u8]; 4] = [
                &[marker::STR8, len],
                &[marker::STR16, 0, len],
                &[marker::BIN8, len],
                &written[..written.len() - usize::from(len)],
            ];
            for shape in shapes {
                let value = [shape, text(len).as_bytes()].concat();
                let header = [b"\x82\xa4from", value.as_slice(), b"\xa1x\x01"].concat();
                let mut layout = Layout::unknown();
                assert_eq!(layout.find(&header).unwrap(), header.len());
                assert!(layout.ordinary().is_some());
                let same = text(len);
                let wanted = [b"\x82\xa4from", written.as_ref(), b"\xa1x\x01"].concat();
                let out = HeaderEdits::new()
                    .from(&same)
                    .apply_at(&header, &layout, &[]);
                assert_eq!(out, wanted, "{value:?}");
                // A text of the same encoded length is no reason to leave it.
                let other = text(len).replace('d', "e");
                let edits = HeaderEdits::new().from(&other);
                assert_eq!(
                    edits.apply_at(&header, &layout, &[]),
                    edits.apply(&header, &[]).unwrap()
                );
            }
        }
    }

    proptest! {
        #[test]
        fn an_ordinary_header_is_read_and_rewritten_as_any_other(
            fields in headers(),
            texts in texts(),
            payload in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let map: Map = fields.into_iter().collect();
            let header = encode(&Value::Map(map)).unwrap();
            let mut layout = Layout::unknown();
            let end = layout.find(&[&header, payload.as_slice()].concat()).unwrap();
            prop_assert_eq!(end, header.len());
            prop_assume!(layout.ordinary().is_some());
            prop_assert_eq!(Header::at(&header, &layout), Header::read(&header));
            let mut edits = HeaderEdits::new();
            for (edit, text) in edits.edits.iter_mut().zip(&texts) {
                *edit = text.as_ref().map(|text| text.as_deref().map_or(Edit::Remove, Edit::Text));
            }
            prop_assert_eq!(
                edits.apply_at(&header, &layout, &payload),
                edits.apply(&header, &payload).unwrap()
            );
        }
    }
}
