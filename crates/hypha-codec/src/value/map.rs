//! Ordered maps.

use std::collections::HashMap;
use std::fmt;

use super::Value;
use crate::integer::Integer;
use crate::text::Text;
use crate::wire::key;

/// A map that keeps the order of its entries.
///
/// Every key is a [`Value`], because peers can send any; those made here are text. Looking up a key is linear: the maps
/// of calls are small.
#[derive(Clone, Default, PartialEq)]
pub struct Map {
    entries: Vec<(Value, Value)>,
}

impl Map {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty map with room for `capacity` entries.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            entries: Vec::with_capacity(capacity),
        }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a text key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.position(key).map(|at| &self.entries[at].1)
    }

    /// The value of a text key, to change it.
    #[must_use]
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.position(key).map(|at| &mut self.entries[at].1)
    }

    /// Whether there is such a text key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Sets the value of a key: in its place if it is there, else at the end. Returns what was there.
    pub fn insert(&mut self, key: impl Into<Text>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.position(&key) {
            Some(at) => Some(std::mem::replace(&mut self.entries[at].1, value)),
            None => {
                self.push(key, value);
                None
            }
        }
    }

    /// Adds an entry at the end without looking whether the key is there: the caller knows that it is not.
    pub fn push(&mut self, key: impl Into<Text>, value: impl Into<Value>) {
        self.entries.push((Value::Text(key.into()), value.into()));
    }

    /// Takes an entry out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.position(key).map(|at| self.entries.remove(at).1)
    }

    /// The entries in order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Value, &Value)> + DoubleEndedIterator {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The keys that are text, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|(key, _)| key.as_str())
    }

    /// The values in order.
    #[must_use]
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> + DoubleEndedIterator {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The entries as they are.
    #[must_use]
    pub fn into_entries(self) -> Vec<(Value, Value)> {
        self.entries
    }

    /// A map of entries whose keys can be anything. Of entries with the same key the last value wins, at the place of
    /// the first, as in Python; keys that are lists, maps or tagged values are not compared.
    #[must_use]
    pub fn from_entries(mut entries: Vec<(Value, Value)>) -> Self {
        drop_duplicates(&mut entries);
        Self { entries }
    }

    /// A map of entries that are known to have different keys.
    pub(crate) fn from_distinct(entries: Vec<(Value, Value)>) -> Self {
        Self { entries }
    }

    /// Whether the map can be sent.
    #[cfg(feature = "serde")]
    pub(crate) fn has_text_keys(&self) -> bool {
        self.entries
            .iter()
            .all(|(key, _)| matches!(key, Value::Text(_)))
    }

    pub(crate) fn detach_in_place(&mut self) {
        for (key, value) in &mut self.entries {
            key.detach_in_place();
            value.detach_in_place();
        }
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.entries
            .iter()
            .position(|(candidate, _)| matches!(candidate, Value::Text(text) if text == key))
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Into<Text>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self::from_entries(
            entries
                .into_iter()
                .map(|(key, value)| (Value::Text(key.into()), value.into()))
                .collect(),
        )
    }
}

impl<K: Into<Text>, V: Into<Value>> Extend<(K, V)> for Map {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        self.entries.extend(
            entries
                .into_iter()
                .map(|(key, value)| (Value::Text(key.into()), value.into())),
        );
        drop_duplicates(&mut self.entries);
    }
}

impl<K: Into<Text>, V: Into<Value>, const N: usize> From<[(K, V); N]> for Map {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl IntoIterator for Map {
    type Item = (Value, Value);
    type IntoIter = std::vec::IntoIter<(Value, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

/// The part of a key that two entries are compared by.
#[derive(PartialEq, Eq, Hash)]
enum Identity<'a> {
    Null,
    Bool(bool),
    Int(Integer),
    Float(u64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

fn identity(key: &Value) -> Option<Identity<'_>> {
    Some(match key {
        Value::Null => Identity::Null,
        Value::Bool(b) => Identity::Bool(*b),
        Value::Int(n) => Identity::Int(*n),
        Value::Float(float) => Identity::Float(float.to_bits()),
        Value::Text(text) => Identity::Text(text),
        Value::Bytes(bytes) => Identity::Bytes(bytes),
        _ => return None,
    })
}

/// Watches the keys of a map go by, to see at little cost that no two are equal and that none is the tag.
pub(crate) struct KeyWatch {
    /// One bit for each glance at a key: two equal keys have the same.
    seen: u128,
    may_repeat: bool,
    may_have_tag: bool,
}

impl KeyWatch {
    pub(crate) fn new() -> Self {
        Self {
            seen: 0,
            may_repeat: false,
            may_have_tag: false,
        }
    }

    #[inline]
    pub(crate) fn watch(&mut self, key: &Value) {
        let Value::Text(text) = key else {
            self.may_repeat = true;
            return;
        };
        let text = text.as_bytes();
        let spread = glance(text).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bit = 1_u128 << (spread >> 57);
        self.may_repeat |= self.seen & bit != 0;
        self.seen |= bit;
        self.may_have_tag |= text.first() == Some(&b'_') && text.len() == key::RTYPE.len();
    }

    pub(crate) fn may_repeat(&self) -> bool {
        self.may_repeat
    }

    pub(crate) fn may_have_tag(&self) -> bool {
        self.may_have_tag
    }
}

/// Up to this many entries are compared pair by pair; beyond, a hostile sender would make that quadratic.
const PAIRWISE: usize = 16;

pub(crate) fn drop_duplicates(entries: &mut Vec<(Value, Value)>) {
    let repeats = match entries.len() {
        0..=1 => return,
        2..=PAIRWISE if !may_repeat(entries) => return,
        2..=PAIRWISE => repeats_pairwise(entries),
        _ => repeats_hashed(entries),
    };
    if repeats.is_empty() {
        return;
    }
    let mut gone = vec![false; entries.len()];
    for (first, repeat) in repeats {
        entries[first].1 = std::mem::take(&mut entries[repeat].1);
        gone[repeat] = true;
    }
    let mut gone = gone.into_iter();
    entries.retain(|_| !gone.next().unwrap_or(false));
}

/// Whether two of up to 16 keys look the same at a glance. Nearly always they do not, and that is quick to see.
fn may_repeat(entries: &[(Value, Value)]) -> bool {
    let mut glances = [0; PAIRWISE];
    for (at, (key, _)) in entries.iter().enumerate() {
        let Value::Text(text) = key else { return true };
        let glance = glance(text.as_bytes());
        if glances[..at].contains(&glance) {
            return true;
        }
        glances[at] = glance;
    }
    false
}

/// Length and ends of a text in one number.
fn glance(text: &[u8]) -> u64 {
    let ends = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(first), Some(last)) => {
            u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(20)
        }
        _ => match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
            }
            _ => text
                .iter()
                .fold(0, |bits, byte| bits << 8 | u64::from(*byte)),
        },
    };
    ends ^ (text.len() as u64).rotate_right(8)
}

/// Pairs of places (first, repeat) of equal keys, in the order of the repeats.
fn repeats_pairwise(entries: &[(Value, Value)]) -> Vec<(usize, usize)> {
    let mut repeats = Vec::new();
    for (at, (key, _)) in entries.iter().enumerate().skip(1) {
        let Some(key) = identity(key) else { continue };
        let first = entries[..at]
            .iter()
            .position(|(earlier, _)| identity(earlier).is_some_and(|it| it == key));
        repeats.extend(first.map(|first| (first, at)));
    }
    repeats
}

fn repeats_hashed(entries: &[(Value, Value)]) -> Vec<(usize, usize)> {
    let mut repeats = Vec::new();
    let mut seen = HashMap::with_capacity(entries.len());
    for (at, (key, _)) in entries.iter().enumerate() {
        let Some(key) = identity(key) else { continue };
        let first = *seen.entry(key).or_insert(at);
        if first != at {
            repeats.push((first, at));
        }
    }
    repeats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_replaces_in_place() {
        let mut map = Map::from([("b", 1), ("a", 2)]);
        assert_eq!(map.insert("b", 3), Some(Value::from(1)));
        assert_eq!(map.insert("c", 4), None);
        assert_eq!(map.keys().collect::<Vec<_>>(), ["b", "a", "c"]);
        assert_eq!(map.remove("a"), Some(Value::from(2)));
        assert_eq!(map, Map::from([("b", 3), ("c", 4)]));
    }

    #[test]
    fn last_duplicate_wins_at_the_place_of_the_first() {
        let few = Map::from([("a", 1), ("b", 2), ("a", 3), ("a", 4)]);
        assert_eq!(
            few.iter()
                .map(|(_, value)| value.clone())
                .collect::<Vec<_>>(),
            [4.into(), 2.into()]
        );
        let many: Map = (0..100_000).map(|i| (format!("k{}", i % 50), i)).collect();
        assert_eq!(many.len(), 50);
        assert_eq!(many.get("k7"), Some(&Value::from(99_957)));
        assert_eq!(many.keys().next(), Some("k0"));
    }

    #[test]
    fn keys_of_other_kinds_are_told_apart() {
        let keys = [
            Value::Null,
            Value::from(1),
            Value::from(1.0),
            Value::from(true),
            Value::from("1"),
        ];
        let map = Map::from_entries(
            keys.iter()
                .chain(&keys)
                .map(|key| (key.clone(), Value::Null))
                .collect(),
        );
        assert_eq!(map.len(), keys.len());
        assert_eq!(map.get("1"), Some(&Value::Null));
    }
}
