//! Encoded bytes in pieces, so that large payloads are not copied together.

use std::fmt;

use bytes::{Bytes, BytesMut};

/// Encoded bytes as a sequence of segments: what the encoder wrote, and large byte strings by reference.
#[derive(Clone, Default)]
pub struct Rope {
    head: Bytes,
    tail: Vec<Bytes>,
    len: usize,
}

impl Rope {
    /// No bytes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The segments in order, none of them empty.
    pub fn segments(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.head)
            .chain(&self.tail)
            .filter(|segment| !segment.is_empty())
    }

    /// Adds a segment at the end.
    pub fn push(&mut self, segment: Bytes) {
        if segment.is_empty() {
            return;
        }
        self.len += segment.len();
        if self.head.is_empty() {
            self.head = segment;
        } else {
            self.tail.push(segment);
        }
    }

    /// Adds the segments of another rope at the end.
    pub fn append(&mut self, other: Self) {
        self.push(other.head);
        for segment in other.tail {
            self.push(segment);
        }
    }

    /// All bytes as one: copied together only if there is more than one segment.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        if self.tail.is_empty() {
            return self.head;
        }
        let mut all = BytesMut::with_capacity(self.len);
        for segment in self.segments() {
            all.extend_from_slice(segment);
        }
        all.freeze()
    }

    /// Contiguous pieces of `size` bytes, the last one maybe shorter. A piece within one segment is a slice of it, one
    /// across segments is a copy. A size of zero counts as one.
    #[must_use]
    pub fn chunks(self, size: usize) -> Chunks {
        let mut segments = self.tail.into_iter();
        let current = if self.head.is_empty() {
            segments.next().unwrap_or_default()
        } else {
            self.head
        };
        Chunks {
            current,
            segments,
            left: self.len,
            size: size.max(1),
        }
    }
}

impl From<Bytes> for Rope {
    fn from(bytes: Bytes) -> Self {
        Self {
            len: bytes.len(),
            head: bytes,
            tail: Vec::new(),
        }
    }
}

impl From<Vec<u8>> for Rope {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Bytes::from(bytes))
    }
}

/// Shows how long it is: what is in it belongs to users.
impl fmt::Debug for Rope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rope({} bytes)", self.len)
    }
}

/// Contiguous pieces of a [`Rope`].
pub struct Chunks {
    current: Bytes,
    segments: std::vec::IntoIter<Bytes>,
    left: usize,
    size: usize,
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chunks({} bytes left)", self.left)
    }
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let want = self.size.min(self.left);
        if want == 0 {
            return None;
        }
        self.left -= want;
        self.skip_drained();
        if self.current.len() >= want {
            return Some(self.current.split_to(want));
        }
        let mut piece = BytesMut::with_capacity(want);
        while piece.len() < want {
            self.skip_drained();
            let part = self
                .current
                .split_to(self.current.len().min(want - piece.len()));
            if part.is_empty() {
                return None;
            }
            piece.extend_from_slice(&part);
        }
        Some(piece.freeze())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let pieces = self.left.div_ceil(self.size);
        (pieces, Some(pieces))
    }
}

impl ExactSizeIterator for Chunks {}

impl Chunks {
    fn skip_drained(&mut self) {
        if self.current.is_empty()
            && let Some(segment) = self.segments.next()
        {
            self.current = segment;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rope(parts: &[&'static [u8]]) -> Rope {
        let mut rope = Rope::new();
        for part in parts {
            rope.push(Bytes::from_static(part));
        }
        rope
    }

    #[test]
    fn one_segment_is_not_copied() {
        let bytes = Bytes::from(vec![1, 2, 3]);
        let at = bytes.as_ptr();
        assert_eq!(Rope::from(bytes).into_bytes().as_ptr(), at);
    }

    #[test]
    fn chunks_cover_everything_in_order() {
        let parts: [&[u8]; 4] = [b"abc", b"", b"defgh", b"i"];
        for size in 1..=10 {
            let chunks = rope(&parts).chunks(size);
            let expected = 9_usize.div_ceil(size);
            assert_eq!(chunks.len(), expected);
            let pieces: Vec<Bytes> = chunks.collect();
            assert_eq!(pieces.len(), expected);
            assert!(
                pieces[..expected - 1]
                    .iter()
                    .all(|piece| piece.len() == size)
            );
            assert_eq!(pieces.concat(), b"abcdefghi", "size {size}");
        }
        assert_eq!(Rope::new().chunks(0).next(), None);
    }

    #[test]
    fn chunks_within_a_segment_are_slices() {
        let large = Bytes::from(vec![7; 100]);
        let at = large.as_ptr();
        let mut rope = rope(&[b"0123456789"]);
        rope.push(large);
        let pieces: Vec<Bytes> = rope.chunks(10).collect();
        assert_eq!(pieces.len(), 11);
        assert!((0..10).all(|i| pieces[i + 1].as_ptr() == at.wrapping_add(10 * i)));
    }

    #[test]
    fn debug_output_shows_no_content() {
        let rope = rope(&[b"secret"]);
        assert_eq!(format!("{rope:?}"), "Rope(6 bytes)");
        assert_eq!(format!("{:?}", rope.chunks(4)), "Chunks(6 bytes left)");
    }
}
