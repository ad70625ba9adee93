//! Bytes that no compression makes smaller.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// Makes noise once, and hands out as much of it as is wanted.
#[derive(Debug, Default)]
pub(super) struct Noise(Mutex<Bytes>);

impl Noise {
    /// So many bytes of it, the same ones every time. Takes about a second for a gibibyte that was not made before.
    pub(super) fn take(&self, bytes: usize) -> Bytes {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if made.len() < bytes {
            *made = make(bytes);
        }
        made.slice(..bytes)
    }

    /// Whether so much was made before.
    pub(super) fn has(&self, bytes: usize) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len() >= bytes
    }
}

/// `SplitMix64`.
fn make(bytes: usize) -> Bytes {
    let mut noise = vec![0; bytes];
    let mut state = 0_u64;
    for word in noise.chunks_mut(size_of::<u64>()) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        word.copy_from_slice(&mixed.to_le_bytes()[..word.len()]);
    }
    noise.into()
}

#[cfg(test)]
mod tests {
    use super::Noise;

    #[test]
    fn every_byte_occurs_about_equally_often() {
        let noise = Noise::default();
        let bytes = noise.take(256 * 400 + 3);
        assert_eq!(bytes.len(), 256 * 400 + 3);
        let mut counts = [0_u32; 256];
        for byte in &bytes {
            counts[usize::from(*byte)] += 1;
        }
        assert!(
            counts.iter().all(|count| (300..500).contains(count)),
            "{counts:?}"
        );
        assert_eq!(noise.take(10), bytes[..10]);
        assert!(noise.has(bytes.len()) && !noise.has(bytes.len() + 1));
    }
}
