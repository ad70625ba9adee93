//! The memory of a message whose parts come one after the other, and whose length nobody knows before the last.

use bytes::Bytes;

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
use self::reserved::Reserved;

/// A buffer that outgrows this does not grow by copying any more, which would hold up all else that the link has to do.
const COPIED: usize = 1 << 20;

/// Allocators map blocks above 32 MiB one by one, whose pages take memory when they are written and are moved without a
/// copy.
const MAPPED: usize = (32 << 20) + (64 << 10);

/// Bytes that are added at the end. They take no more memory than they are.
#[derive(Debug)]
pub(super) enum Buffer {
    Allocated(Vec<u8>),
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    Reserved(Reserved),
}

impl Buffer {
    pub(super) fn new() -> Self {
        Self::Allocated(Vec::new())
    }

    /// Makes room for so many further bytes. `longest` is how long the buffer may become in all.
    ///
    /// # Errors
    /// If there is no memory for them.
    pub(super) fn make_room(&mut self, bytes: usize, longest: usize) -> Result<(), NoMemory> {
        let buffer = match self {
            Self::Allocated(buffer) => buffer,
            #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
            Self::Reserved(reserved) => return reserved.has_room(bytes),
        };
        let len = buffer.len();
        if buffer.capacity() >= MAPPED || len.saturating_add(bytes) <= COPIED {
            return buffer.try_reserve(bytes).map_err(|_| NoMemory);
        }
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        if let Some(mut reserved) = Reserved::new(longest) {
            reserved.has_room(len.saturating_add(bytes))?;
            reserved.extend(buffer);
            *self = Self::Reserved(reserved);
            return Ok(());
        }
        buffer
            .try_reserve_exact(bytes.max(MAPPED.min(longest).saturating_sub(len)))
            .or_else(|_| buffer.try_reserve(bytes))
            .map_err(|_| NoMemory)
    }

    /// Adds bytes that [there is room](Self::make_room) for.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        match self {
            Self::Allocated(buffer) => buffer.extend_from_slice(bytes),
            #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
            Self::Reserved(reserved) => reserved.extend(bytes),
        }
    }

    /// All of it, without a copy.
    pub(super) fn into_bytes(self) -> Bytes {
        match self {
            Self::Allocated(buffer) => Bytes::from(buffer),
            #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
            Self::Reserved(reserved) => Bytes::from_owner(reserved),
        }
    }
}

/// There is no memory for more.
#[derive(Debug)]
pub(super) struct NoMemory;

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod reserved {
    use std::fmt;

    use memmap2::{Advice, MmapMut, MmapOptions};

    use super::NoMemory;

    /// How many bytes get their pages at once.
    const STEP: usize = 512 << 10;

    /// Addresses for the longest message there may be. Memory comes to them many pages at a time: half of the time that
    /// it takes to receive a large message would else go to asking for one after the other. Huge pages are not asked
    /// for, as each would hold up everything else while it is cleared.
    pub(in crate::engine::assembly) struct Reserved {
        map: MmapMut,
        len: usize,
        /// So many bytes have their pages.
        backed: usize,
    }

    impl Reserved {
        /// Nothing where the system does not give so many addresses.
        pub(super) fn new(longest: usize) -> Option<Self> {
            let map = MmapOptions::new()
                .len(longest)
                .no_reserve_swap()
                .map_anon()
                .ok()?;
            Some(Self {
                map,
                len: 0,
                backed: 0,
            })
        }

        pub(super) fn has_room(&self, bytes: usize) -> Result<(), NoMemory> {
            if bytes <= self.map.len() - self.len {
                Ok(())
            } else {
                Err(NoMemory)
            }
        }

        pub(super) fn extend(&mut self, bytes: &[u8]) {
            let end = self.len + bytes.len();
            while self.backed < end {
                let step = STEP.min(self.map.len() - self.backed);
                // Where the system cannot do that pages come as they are written.
                self.map
                    .advise_range(Advice::PopulateWrite, self.backed, step)
                    .ok();
                self.backed += step;
            }
            self.map[self.len..end].copy_from_slice(bytes);
            self.len = end;
        }
    }

    impl AsRef<[u8]> for Reserved {
        fn as_ref(&self) -> &[u8] {
            &self.map[..self.len]
        }
    }

    impl fmt::Debug for Reserved {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Reserved")
                .field("len", &self.len)
                .finish_non_exhaustive()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(pieces: &[usize], longest: usize) -> (Buffer, Vec<u8>) {
        let (mut buffer, mut expected) = (Buffer::new(), Vec::new());
        for (n, piece) in pieces.iter().enumerate() {
            let piece = vec![u8::try_from(n % 251).unwrap(); *piece];
            buffer.make_room(piece.len(), longest).unwrap();
            buffer.extend(&piece);
            expected.extend(piece);
        }
        (buffer, expected)
    }

    #[test]
    fn holds_what_was_added_however_it_is_kept() {
        for pieces in [
            &[][..],
            &[0, 1, 100],
            &[COPIED],
            &[COPIED, 1],
            &[2 * COPIED],
            &[300_000; 20],
            &[1, MAPPED, COPIED],
        ] {
            let (buffer, expected) = filled(pieces, MAPPED + 2 * COPIED);
            assert!(buffer.into_bytes() == expected, "{pieces:?}");
        }
    }

    #[test]
    fn room_ends_where_it_was_said_to_end() {
        let (mut buffer, _) = filled(&[COPIED, 1], COPIED + 10);
        buffer.make_room(9, COPIED + 10).unwrap();
        if cfg!(all(target_os = "linux", target_pointer_width = "64")) {
            buffer.make_room(10, COPIED + 10).unwrap_err();
        }
    }

    #[test]
    fn without_so_many_addresses_it_is_allocated() {
        let longest = usize::MAX / 2;
        let (buffer, expected) = filled(&[COPIED, COPIED], longest);
        assert!(matches!(buffer, Buffer::Allocated(_)));
        assert!(buffer.into_bytes() == expected);
    }
}
