//! Tables by numbers that this end counts up.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A table by numbers of our own. Peers may name such a number, but not choose under which ones
/// there are entries: they cannot make them collide, and a hash against that is not needed.
pub(crate) type KeyMap<V> = HashMap<u64, V, BuildHasherDefault<KeyHasher>>;

/// Spreads a number over all bits.
#[derive(Debug, Default)]
pub(crate) struct KeyHasher(u64);

/// 2^64 by the golden ratio; odd, so that different numbers stay different.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = (self.0 ^ key).wrapping_mul(SPREAD);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn numbers_in_a_row_are_spread() {
        let build = BuildHasherDefault::<KeyHasher>::default();
        // Tables look at the lowest bits and at the highest seven.
        let hashes: Vec<u64> = (0..4096_u64).map(|key| build.hash_one(key)).collect();
        let low: HashSet<u64> = hashes.iter().map(|hash| hash & 4095).collect();
        let high: HashSet<u64> = hashes.iter().map(|hash| hash >> 57).collect();
        assert_eq!((low.len(), high.len()), (4096, 128));
    }

    #[test]
    fn entries_are_found_by_their_key() {
        let mut table: KeyMap<u64> = (0..1000).map(|key| (key, key)).collect();
        assert!((0..500).all(|key| table.remove(&key) == Some(key)));
        assert!((500..1000).all(|key| table.get(&key) == Some(&key)));
        assert_eq!((table.len(), table.get(&0)), (500, None));
    }
}
