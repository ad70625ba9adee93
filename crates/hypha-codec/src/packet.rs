//! Frames: a header segment and an opaque payload segment (protocol section 3).

mod header;
mod layout;
mod rewrite;

use std::fmt;

use bytes::Bytes;

pub use self::header::{Header, OutgoingHeader};
use self::layout::Layout;
pub use self::rewrite::HeaderEdits;
use crate::decode::Decoder;
use crate::encode::{Output, Writer};
use crate::error::DecodeError;
use crate::registry::CodecRegistry;
use crate::rope::Rope;
use crate::value::Value;

/// A received binary frame, divided into its two segments. The header is read when asked, the payload not at all.
#[derive(Clone)]
pub struct Packet {
    frame: Bytes,
    /// Where segment 1 ends.
    split: usize,
    /// What is read in the place of segment 1.
    edited: Option<Bytes>,
    /// Of the header that is read.
    layout: Layout,
}

impl Packet {
    /// Finds the end of the header segment.
    ///
    /// # Errors
    /// If the frame does not start with a complete map.
    pub fn parse(frame: Bytes) -> Result<Self, DecodeError> {
        Self::parse_within(frame, usize::MAX)
    }

    /// Finds the end of the header segment, no further than so many bytes from the start: for frames that may be longer
    /// than anybody should look through.
    ///
    /// # Errors
    /// If the frame does not start with a complete map of at most so many bytes.
    #[inline]
    pub fn parse_within(frame: Bytes, header_limit: usize) -> Result<Self, DecodeError> {
        let mut packet = Self {
            frame,
            split: 0,
            edited: None,
            layout: Layout::unknown(),
        };
        let within = packet.frame.len().min(header_limit);
        packet.split = packet.layout.find(&packet.frame[..within])?;
        Ok(packet)
    }

    /// The routing fields of the header.
    ///
    /// # Errors
    /// If a key of the header is neither text nor bytes, or a routing field is text that is no UTF-8.
    #[inline]
    pub fn header(&self) -> Result<Header<'_>, DecodeError> {
        match self.layout.ordinary() {
            Some(layout) => Header::at(self.header_bytes(), layout),
            None => Header::read(self.header_bytes()),
        }
    }

    /// The whole header as a value. There are no tagged values in a header: maps that look so stay maps.
    ///
    /// # Errors
    /// If the header breaks a limit of decoding or holds text that is no UTF-8.
    pub fn header_value(&self) -> Result<Value, DecodeError> {
        header_decoder().decode(self.segment(self.header_bytes()))
    }

    /// One field of the header, decoded.
    ///
    /// # Errors
    /// As [`Packet::header`] and [`Packet::header_value`].
    pub fn field(&self, name: &str) -> Result<Option<Value>, DecodeError> {
        match header::find(self.header_bytes(), name)? {
            Some(raw) => header_decoder().decode(self.segment(raw)).map(Some),
            None => Ok(None),
        }
    }

    /// The server's description of the sender, still encoded.
    ///
    /// # Errors
    /// As [`Packet::header`].
    pub fn user(&self) -> Result<Option<Bytes>, DecodeError> {
        Ok(self.header()?.user_bytes().map(|raw| self.segment(raw)))
    }

    /// Everything after the header segment: the payload segment, or nothing. More bytes after the payload segment are
    /// part of it; readers ignore them.
    #[must_use]
    pub fn payload(&self) -> Bytes {
        self.frame.slice(self.split..)
    }

    /// The frame as it came, whatever header was put in front of it since.
    #[must_use]
    pub fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// The frame with other header fields: those that are there change in their place, others are added at the end, all
    /// else is forwarded as it is.
    ///
    /// # Errors
    /// As [`Packet::header`].
    pub fn rewrite(&self, edits: &HeaderEdits<'_>) -> Result<Bytes, DecodeError> {
        self.apply(edits, &self.frame[self.split..])
    }

    /// The same message with other header fields, changed as by [`Packet::rewrite`]; its payload is not copied.
    ///
    /// # Errors
    /// As [`Packet::header`].
    pub fn edited(mut self, edits: &HeaderEdits<'_>) -> Result<Self, DecodeError> {
        let header = self.apply(edits, &[])?;
        self.layout = Layout::unknown();
        self.layout.find(&header)?;
        self.edited = Some(header);
        Ok(self)
    }

    /// The same header before another payload segment, such as the content of an envelope. The
    /// [`frame`](Packet::frame) is that segment then.
    #[must_use]
    pub fn with_payload(mut self, payload: Bytes) -> Self {
        if self.edited.is_none() {
            self.edited = Some(self.frame.slice(..self.split));
        }
        self.frame = payload;
        self.split = 0;
        self
    }

    fn apply(&self, edits: &HeaderEdits<'_>, payload: &[u8]) -> Result<Bytes, DecodeError> {
        match self.layout.ordinary() {
            Some(layout) => Ok(edits.apply_at(self.header_bytes(), layout, payload)),
            None => edits.apply(self.header_bytes(), payload),
        }
    }

    fn header_bytes(&self) -> &[u8] {
        self.edited.as_deref().unwrap_or(&self.frame[..self.split])
    }

    /// A part of the header.
    fn segment(&self, part: &[u8]) -> Bytes {
        self.edited.as_ref().unwrap_or(&self.frame).slice_ref(part)
    }
}

fn header_decoder() -> Decoder<'static> {
    Decoder::new(CodecRegistry::builtin()).keep_tagged_maps()
}

/// Frames up to this size are made contiguous: copying is cheaper than a segment more.
const COPY_PAYLOAD_BELOW: usize = 4096;

/// Puts a header in front of an encoded payload segment.
#[must_use]
pub fn encode_frame(header: &OutgoingHeader<'_>, payload: Rope) -> Rope {
    let small = payload.len() < COPY_PAYLOAD_BELOW;
    let mut out = Output::with_capacity(header.size_hint() + if small { payload.len() } else { 0 });
    header.write(&mut out);
    if small {
        payload.segments().for_each(|segment| out.raw(segment));
        return out.finish();
    }
    let mut frame = out.finish();
    frame.append(payload);
    frame
}

/// Shows its method and how long it is: what is in it belongs to users.
impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.header().ok();
        f.debug_struct("Packet")
            .field("method", &header.and_then(|header| header.method()))
            .field("payload_len", &self.payload().len())
            .finish_non_exhaustive()
    }
}

impl Writer<'_> {
    /// Writes a header segment; the payload segment follows.
    pub fn header(&mut self, header: &OutgoingHeader<'_>) -> &mut Self {
        header.write(&mut self.out);
        self
    }
}
