//! MessagePack primitives into a buffer with large byte strings beside it.

use bytes::Bytes;

use super::length;
use crate::error::EncodeError;
use crate::extension::Timestamp;
use crate::integer::Integer;
use crate::rope::Rope;
use crate::wire::marker;

/// Byte strings of this many bytes and more are not copied into the buffer.
const BY_REFERENCE: usize = 16 * 1024;

/// First size of the buffer: a small call fits.
const FIRST_CAPACITY: usize = 256;

/// The buffer being written.
#[derive(Default)]
pub(crate) struct Output {
    scratch: Vec<u8>,
    /// Byte strings by reference, each with the place in `scratch` that it comes before.
    inserts: Vec<(usize, Bytes)>,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self {
            scratch: Vec::with_capacity(FIRST_CAPACITY),
            inserts: Vec::new(),
        }
    }

    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            scratch: Vec::with_capacity(bytes),
            inserts: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.scratch.len()
            + self
                .inserts
                .iter()
                .map(|(_, bytes)| bytes.len())
                .sum::<usize>()
    }

    pub(crate) fn finish(self) -> Rope {
        let scratch = Bytes::from(self.scratch);
        if self.inserts.is_empty() {
            return Rope::from(scratch);
        }
        let mut rope = Rope::new();
        let mut from = 0;
        for (at, bytes) in self.inserts {
            rope.push(scratch.slice(from..at));
            rope.push(bytes);
            from = at;
        }
        rope.push(scratch.slice(from..));
        rope
    }

    /// What was written as one.
    #[inline]
    pub(crate) fn into_bytes(self) -> Bytes {
        if self.inserts.is_empty() {
            return Bytes::from(self.scratch);
        }
        self.finish().into_bytes()
    }

    #[inline]
    pub(crate) fn nil(&mut self) {
        self.scratch.push(marker::NIL);
    }

    #[inline]
    pub(crate) fn bool(&mut self, b: bool) {
        self.scratch
            .push(if b { marker::TRUE } else { marker::FALSE });
    }

    #[inline]
    pub(crate) fn integer(&mut self, n: Integer) {
        match n.as_u64() {
            Some(n) => self.u64(n),
            None => self.i64(n.as_i64().unwrap_or_default()),
        }
    }

    #[inline]
    pub(crate) fn u64(&mut self, n: u64) {
        if n < 0x80 {
            self.scratch.push(n as u8);
        } else if let Ok(n) = u8::try_from(n) {
            self.scratch.extend_from_slice(&[marker::UINT8, n]);
        } else if let Ok(n) = u16::try_from(n) {
            self.marked(marker::UINT16, n.to_be_bytes());
        } else if let Ok(n) = u32::try_from(n) {
            self.marked(marker::UINT32, n.to_be_bytes());
        } else {
            self.marked(marker::UINT64, n.to_be_bytes());
        }
    }

    #[inline]
    pub(crate) fn i64(&mut self, n: i64) {
        if let Ok(n) = u64::try_from(n) {
            self.u64(n);
        } else if n >= -32 {
            self.scratch.push(n as u8);
        } else if let Ok(n) = i8::try_from(n) {
            self.marked(marker::INT8, n.to_be_bytes());
        } else if let Ok(n) = i16::try_from(n) {
            self.marked(marker::INT16, n.to_be_bytes());
        } else if let Ok(n) = i32::try_from(n) {
            self.marked(marker::INT32, n.to_be_bytes());
        } else {
            self.marked(marker::INT64, n.to_be_bytes());
        }
    }

    #[inline]
    pub(crate) fn f64(&mut self, float: f64) {
        self.marked(marker::FLOAT64, float.to_be_bytes());
    }

    #[inline]
    pub(crate) fn str(&mut self, text: &str) -> Result<(), EncodeError> {
        let bytes = text.as_bytes();
        match bytes.len() {
            len @ 0..32 => self.scratch.push(marker::FIXSTR | len as u8),
            len => self.sized(len, Some(marker::STR8), marker::STR16, marker::STR32)?,
        }
        self.scratch.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes a text that the program or a routing address made; what is beyond 2^32-1 bytes is cut.
    pub(crate) fn short_str(&mut self, text: &str) {
        if self.str(text).is_err() {
            self.scratch.push(marker::FIXSTR);
        }
    }

    pub(crate) fn bin(&mut self, bytes: &Bytes) -> Result<(), EncodeError> {
        if bytes.len() < BY_REFERENCE {
            return self.bin_slice(bytes);
        }
        self.bin_header(bytes.len())?;
        self.inserts.push((self.scratch.len(), bytes.clone()));
        Ok(())
    }

    pub(crate) fn bin_slice(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.bin_header(bytes.len())?;
        self.scratch.extend_from_slice(bytes);
        Ok(())
    }

    fn bin_header(&mut self, len: usize) -> Result<(), EncodeError> {
        self.sized(len, Some(marker::BIN8), marker::BIN16, marker::BIN32)
    }

    #[inline]
    pub(crate) fn array_header(&mut self, items: u32) {
        match items {
            0..16 => self.scratch.push(marker::FIXARRAY | items as u8),
            _ => self.counted(items, marker::ARRAY16, marker::ARRAY32),
        }
    }

    #[inline]
    pub(crate) fn map_header(&mut self, entries: u32) {
        match entries {
            0..16 => self.scratch.push(marker::FIXMAP | entries as u8),
            _ => self.counted(entries, marker::MAP16, marker::MAP32),
        }
    }

    pub(crate) fn timestamp(&mut self, time: Timestamp) {
        let kind = marker::EXT_TIMESTAMP as u8;
        let (seconds, nanos) = (time.seconds(), time.nanoseconds());
        match u64::try_from(seconds) {
            Ok(seconds @ 0..=0xffff_ffff) if nanos == 0 => {
                self.scratch.extend_from_slice(&[marker::FIXEXT4, kind]);
                self.scratch
                    .extend_from_slice(&(seconds as u32).to_be_bytes());
            }
            Ok(seconds) if seconds < 1 << 34 => {
                self.scratch.extend_from_slice(&[marker::FIXEXT8, kind]);
                self.scratch
                    .extend_from_slice(&(u64::from(nanos) << 34 | seconds).to_be_bytes());
            }
            _ => {
                self.scratch.extend_from_slice(&[marker::EXT8, 12, kind]);
                self.scratch.extend_from_slice(&nanos.to_be_bytes());
                self.scratch.extend_from_slice(&seconds.to_be_bytes());
            }
        }
    }

    pub(crate) fn ext(&mut self, kind: i8, data: &[u8]) -> Result<(), EncodeError> {
        match data.len() {
            1 => self.scratch.push(marker::FIXEXT1),
            2 => self.scratch.push(marker::FIXEXT2),
            4 => self.scratch.push(marker::FIXEXT4),
            8 => self.scratch.push(marker::FIXEXT8),
            16 => self.scratch.push(marker::FIXEXT16),
            len => self.sized(len, Some(marker::EXT8), marker::EXT16, marker::EXT32)?,
        }
        self.scratch.push(kind as u8);
        self.scratch.extend_from_slice(data);
        Ok(())
    }

    #[inline]
    pub(crate) fn raw(&mut self, encoded: &[u8]) {
        self.scratch.extend_from_slice(encoded);
    }

    #[inline]
    fn marked<const N: usize>(&mut self, marker: u8, bytes: [u8; N]) {
        self.scratch.reserve(N + 1);
        self.scratch.push(marker);
        self.scratch.extend_from_slice(&bytes);
    }

    fn sized(
        &mut self,
        len: usize,
        marker8: Option<u8>,
        marker16: u8,
        marker32: u8,
    ) -> Result<(), EncodeError> {
        match (u8::try_from(len), marker8) {
            (Ok(len), Some(marker8)) => self.scratch.extend_from_slice(&[marker8, len]),
            _ => self.counted(length(len)?, marker16, marker32),
        }
        Ok(())
    }

    fn counted(&mut self, count: u32, marker16: u8, marker32: u8) {
        match u16::try_from(count) {
            Ok(count) => self.marked(marker16, count.to_be_bytes()),
            Err(_) => self.marked(marker32, count.to_be_bytes()),
        }
    }
}

/// For lengths that are known only afterwards.
#[cfg(feature = "serde")]
impl Output {
    /// Where in the buffer the next value goes, for [`Self::insert_header`].
    pub(crate) fn position(&self) -> usize {
        self.scratch.len()
    }

    /// Puts the header of a container in front of its content, for lengths that are known only afterwards.
    pub(crate) fn insert_header(&mut self, at: usize, count: u32, is_map: bool) {
        let mut header = Self::default();
        if is_map {
            header.map_header(count);
        } else {
            header.array_header(count);
        }
        let grown = header.scratch.len();
        self.scratch.splice(at..at, header.scratch);
        // One at the very place belongs to what came before: a byte string has its own header before it.
        for (place, _) in self
            .inserts
            .iter_mut()
            .rev()
            .take_while(|(place, _)| *place > at)
        {
            *place += grown;
        }
    }
}
