//! How entries are kept.

use std::sync::Arc;

use crate::value::Value;

/// The keys of several maps, none of them twice.
///
/// A list of records would otherwise hold every key once for each record: half of its memory, and half of the time to
/// decode and to drop it.
#[derive(Clone)]
pub(crate) struct Shape(Arc<Box<[Value]>>);

impl Shape {
    /// The keys of a map.
    pub(crate) fn of<'a>(entries: impl Iterator<Item = (&'a Value, &'a Value)>) -> Self {
        Self(Arc::new(entries.map(|(key, _)| key.clone()).collect()))
    }

    pub(crate) fn keys(&self) -> &[Value] {
        &self.0
    }
}

#[derive(Clone)]
pub(super) enum Storage {
    Pairs(Vec<(Value, Value)>),
    /// As many values as the shape has keys.
    Shaped {
        shape: Shape,
        values: Vec<Value>,
    },
}

impl Default for Storage {
    fn default() -> Self {
        Self::Pairs(Vec::new())
    }
}

impl Storage {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Pairs(pairs) => pairs.len(),
            Self::Shaped { values, .. } => values.len(),
        }
    }

    #[inline]
    pub(super) fn entry(&self, at: usize) -> Option<(&Value, &Value)> {
        match self {
            Self::Pairs(pairs) => pairs.get(at).map(|(key, value)| (key, value)),
            Self::Shaped { shape, values } => shape.keys().get(at).zip(values.get(at)),
        }
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        let (pairs, values) = match self {
            Self::Pairs(pairs) => (&mut pairs[..], Default::default()),
            Self::Shaped { values, .. } => (Default::default(), &mut values[..]),
        };
        pairs.iter_mut().map(|(_, value)| value).chain(values)
    }

    /// The entries one by one, to change more than values.
    pub(super) fn pairs_mut(&mut self) -> &mut Vec<(Value, Value)> {
        if let Self::Shaped { .. } = self {
            *self = Self::Pairs(std::mem::take(self).into_pairs());
        }
        match self {
            Self::Pairs(pairs) => pairs,
            Self::Shaped { .. } => unreachable!("made pairs of above"),
        }
    }

    pub(super) fn into_pairs(self) -> Vec<(Value, Value)> {
        match self {
            Self::Pairs(pairs) => pairs,
            Self::Shaped { shape, values } => shape.keys().iter().cloned().zip(values).collect(),
        }
    }

    /// Copies out keys that are slices of a frame. Those of a shape are: a key that is long is in no shape.
    pub(super) fn detach_keys(&mut self) {
        if let Self::Pairs(pairs) = self {
            pairs.iter_mut().for_each(|(key, _)| key.detach_in_place());
        }
    }
}
