//! Changing header fields of a frame on its way through.

use bytes::Bytes;

use super::header::{Field, Fields, Header};
use crate::encode::Output;
use crate::error::DecodeError;

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

impl Edit<'_> {
    fn write(&self, out: &mut Output) {
        match self {
            Self::Text(text) => out.short_str(text),
            Self::Raw(encoded) => out.raw(encoded),
            Self::Remove => {}
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
