//! Keys that the maps of a list have in common.

use super::reader::Reader;
use crate::text::Text;
use crate::value::{Map, Shape, Value};
use crate::wire::{key, marker};

/// From this many items on, the first item of a list shows what the others may look like.
pub(super) const WORTH_LEARNING: usize = 8;

/// How many shapes one input can have: all of them are looked through for each map.
const MAX_SHAPES: usize = 8;

/// The shapes that maps of the input have had.
#[derive(Default)]
pub(super) struct Shapes(Vec<Shape>);

impl Shapes {
    /// Remembers the shapes of a map and of the maps in it.
    pub(super) fn learn(&mut self, item: &Value) {
        let Value::Map(map) = item else { return };
        if can_be_shared(map) && self.0.len() < MAX_SHAPES {
            self.0.push(Shape::of(map.iter()));
            map.values().for_each(|value| self.learn(value));
        }
    }

    /// The shape that a map of so many entries, which are next, probably has.
    #[inline]
    pub(super) fn expected(&self, count: usize, next: &Reader<'_>) -> Option<Shape> {
        if self.0.is_empty() {
            None
        } else {
            self.find(count, next)
        }
    }

    fn find(&self, count: usize, next: &Reader<'_>) -> Option<Shape> {
        let fits = |shape: &&Shape| match shape.keys() {
            [first, ..] if shape.keys().len() == count => passes(&mut next.clone(), first),
            _ => false,
        };
        self.0.iter().find(fits).cloned()
    }
}

/// Passes over the next value if it is this key, which is a short text.
#[inline]
pub(super) fn passes(reader: &mut Reader<'_>, key: &Value) -> bool {
    match key {
        Value::Text(text) => reader.pass_short_text(text.as_bytes()),
        _ => false,
    }
}

/// Whether all keys are short texts, none of them the tag; they are different in any case.
fn can_be_shared(map: &Map) -> bool {
    let is_short =
        |text: &Text| text.len() <= usize::from(marker::MAX_FIXSTR) && text != key::RTYPE;
    !map.is_empty()
        && map
            .iter()
            .all(|(key, _)| matches!(key, Value::Text(text) if is_short(text)))
}
