//! Ordered maps.

mod keys;
mod storage;

use std::fmt;

pub(crate) use self::keys::KeyWatch;
use self::keys::drop_duplicates;
pub(crate) use self::storage::Shape;
use self::storage::Storage;
use super::Value;
use crate::text::Text;

/// A map that keeps the order of its entries.
///
/// Every key is a [`Value`], because peers can send any; those made here are text. Looking up a key is linear: the maps
/// of calls are small. Maps of a decoded list that have the same keys share them.
#[derive(Clone, Default)]
pub struct Map {
    storage: Storage,
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
        Self::from_distinct(Vec::with_capacity(capacity))
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.storage.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a text key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.iter()
            .find_map(|(candidate, value)| is_key(candidate, key).then_some(value))
    }

    /// The value of a text key, to change it.
    #[must_use]
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let at = self.position(key)?;
        self.storage.values_mut().nth(at)
    }

    /// Whether there is such a text key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Sets the value of a key: in its place if it is there, else at the end. Returns what was there.
    pub fn insert(&mut self, key: impl Into<Text>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.get_mut(&key) {
            Some(place) => Some(std::mem::replace(place, value)),
            None => {
                self.push(key, value);
                None
            }
        }
    }

    /// Adds an entry at the end without looking whether the key is there: the caller knows that it is not.
    pub fn push(&mut self, key: impl Into<Text>, value: impl Into<Value>) {
        self.storage
            .pairs_mut()
            .push((Value::Text(key.into()), value.into()));
    }

    /// Takes an entry out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.position(key)
            .map(|at| self.storage.pairs_mut().remove(at).1)
    }

    /// The entries in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            storage: &self.storage,
            range: 0..self.len(),
        }
    }

    /// The keys that are text, in order.
    #[must_use]
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.iter().filter_map(|(key, _)| key.as_str())
    }

    /// The values in order.
    #[must_use]
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> + DoubleEndedIterator {
        self.iter().map(|(_, value)| value)
    }

    /// The entries as they are.
    #[must_use]
    pub fn into_entries(self) -> Vec<(Value, Value)> {
        self.storage.into_pairs()
    }

    /// A map of entries whose keys can be anything. Of entries with the same key the last value wins, at the place of
    /// the first, as in Python; keys that are lists, maps or tagged values are not compared.
    #[must_use]
    pub fn from_entries(mut entries: Vec<(Value, Value)>) -> Self {
        drop_duplicates(&mut entries);
        Self::from_distinct(entries)
    }

    /// A map of entries that are known to have different keys.
    pub(crate) fn from_distinct(entries: Vec<(Value, Value)>) -> Self {
        Self {
            storage: Storage::Pairs(entries),
        }
    }

    /// A map of values that belong to the keys of a shape, as many as it has.
    pub(crate) fn from_shape(shape: Shape, values: Vec<Value>) -> Self {
        Self {
            storage: Storage::Shaped { shape, values },
        }
    }

    /// Whether the map can be sent.
    #[cfg(feature = "serde")]
    pub(crate) fn has_text_keys(&self) -> bool {
        self.iter().all(|(key, _)| matches!(key, Value::Text(_)))
    }

    pub(crate) fn detach_in_place(&mut self) {
        self.storage.detach_keys();
        self.storage.values_mut().for_each(Value::detach_in_place);
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.iter()
            .position(|(candidate, _)| is_key(candidate, key))
    }
}

fn is_key(candidate: &Value, key: &str) -> bool {
    matches!(candidate, Value::Text(text) if text == key)
}

/// The entries of a [`Map`] in order.
#[derive(Clone)]
pub struct Iter<'a> {
    storage: &'a Storage,
    range: std::ops::Range<usize>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Value, &'a Value);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.storage.entry(self.range.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.storage.entry(self.range.next_back()?)
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
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
        self.storage.pairs_mut().extend(
            entries
                .into_iter()
                .map(|(key, value)| (Value::Text(key.into()), value.into())),
        );
        drop_duplicates(self.storage.pairs_mut());
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
        self.into_entries().into_iter()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Value, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
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

    #[test]
    fn maps_that_share_keys_change_alone() {
        let keys = Map::from([("a", 1), ("b", 2)]);
        let shape = Shape::of(keys.iter());
        let shaped = || Map::from_shape(shape.clone(), vec![1.into(), 2.into()]);
        assert_eq!(shaped(), keys);
        let mut changed = shaped();
        assert_eq!(changed.insert("b", 3), Some(Value::from(2)));
        assert_eq!(changed.remove("a"), Some(Value::from(1)));
        changed.push("c", 4);
        assert_eq!(changed, Map::from([("b", 3), ("c", 4)]));
        assert_eq!(shaped().into_entries(), keys.into_entries());
        assert_eq!(
            shaped()
                .iter()
                .rev()
                .map(|(key, _)| key.as_str())
                .collect::<Vec<_>>(),
            [Some("b"), Some("a")]
        );
    }
}
