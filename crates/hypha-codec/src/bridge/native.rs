//! The door by which a type travels through serde as a [`Value`], whole and without a copy.
//!
//! Serde has no notion of a shared byte string, an array or a function. A type that is one of those implements
//! `Serialize` by [`serialize`] and `Deserialize` by [`deserialize`]: this crate's serialisers pass the `Value` through
//! as it is, also [`Value::Object`]. Types of other crates can do the same:
//!
//! ```
//! use hypha_codec::{Object, Value, from_value, native, to_value};
//! use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
//!
//! #[derive(Clone, Debug, PartialEq)]
//! struct Handle(u32);
//!
//! impl Serialize for Handle {
//!     fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
//!         native::serialize(&Value::Object(Object::new(self.clone())), serializer)
//!     }
//! }
//!
//! impl<'de> Deserialize<'de> for Handle {
//!     fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
//!         match native::deserialize(deserializer)? {
//!             Value::Object(object) => object.downcast().map_err(|_| D::Error::custom("another object")),
//!             other => Err(D::Error::custom(format!("{} is no handle", other.kind()))),
//!         }
//!     }
//! }
//!
//! let value = to_value(&Some(Handle(7)))?;
//! assert!(matches!(value, Value::Object(_)));
//! assert_eq!(from_value::<Option<Handle>>(value)?, Some(Handle(7)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In other formats a `Value` has a readable form, which reads back: text, numbers, lists and maps as themselves,
//! everything else as the map it is on the wire. What is no map there has one here: bytes
//! `{"_rtype": "bytes", "_rvalue": "00ff"}` (in binary formats just bytes), timestamps
//! `{"_rtype": "timestamp", "_rvalue": [seconds, nanoseconds]}`, extensions `{"_rtype": "ext", "_rkind": 5, "_rvalue":
//! bytes}`. Objects have none and are errors.

mod foreign;

use std::cell::Cell;

use serde_core::{Deserializer, Serialize, Serializer};

pub(super) use self::foreign::Untagged;
use self::foreign::{Foreign, NativeVisitor};
use crate::value::{Map, Value};

/// The newtype name that tells this crate's serialisers that a value is waiting for them.
pub(super) const NAME: &str = "$hypha_codec::Value";

/// Lists and maps are serialised item by item down to this level; what is below is handed over as a copy. Serde takes
/// much more stack for a level than this crate's own writer does.
const STRUCTURAL: usize = 32;

/// Levels that serialisers of other formats are led into.
const FOREIGN: usize = 256;

thread_local! {
    /// The value that is being handed from a `Serialize` implementation to the serialiser it called, or from a
    /// deserialiser to the visitor it called.
    static HANDED: Cell<Option<Value>> = const { Cell::new(None) };
}

/// Serialises a value as itself.
///
/// # Errors
/// Those of the serialiser; in other formats also if the value holds an object, or is nested deeper than 256 levels.
pub fn serialize<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    serialize_at(0, value, serializer)
}

fn serialize_at<S: Serializer>(
    level: usize,
    value: &Value,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Value::Null => serializer.serialize_unit(),
        Value::Bool(b) => serializer.serialize_bool(*b),
        Value::Int(n) => match n.as_u64() {
            Some(n) => serializer.serialize_u64(n),
            None => serializer.serialize_i64(n.as_i64().unwrap_or_default()),
        },
        Value::Float(float) => serializer.serialize_f64(*float),
        Value::Text(text) => serializer.serialize_str(text),
        Value::List(items) if level < STRUCTURAL => {
            serializer.collect_seq(items.iter().map(|item| Native(level + 1, item)))
        }
        Value::Map(map) if level < STRUCTURAL && map.has_text_keys() => {
            serialize_map(level, map, serializer)
        }
        other => hand_over(other.clone(), &Foreign(level, other), serializer),
    }
}

/// Deserialises whatever comes as a value.
///
/// # Errors
/// Those of the deserialiser.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    deserializer.deserialize_newtype_struct(NAME, NativeVisitor)
}

/// Serialises the entries of a map whose keys are all text.
pub(super) fn serialize_map<S: Serializer>(
    level: usize,
    map: &Map,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        map.iter()
            .map(|(key, value)| (Native(level + 1, key), Native(level + 1, value))),
    )
}

/// A borrowed value, serialised as itself, with its depth.
struct Native<'a>(usize, &'a Value);

impl Serialize for Native<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_at(self.0, self.1, serializer)
    }
}

/// Offers a value to the serialiser; one of another format serialises the fallback and leaves the offer.
fn hand_over<S, T>(value: Value, fallback: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    S: Serializer,
    T: Serialize + ?Sized,
{
    let _offer = Offer::make(value);
    serializer.serialize_newtype_struct(NAME, fallback)
}

/// The value that was handed over under this newtype name, if any.
#[inline]
pub(super) fn handed(name: &'static str) -> Option<Value> {
    if name == NAME { HANDED.take() } else { None }
}

/// Hands a value to a visitor that was asked for by [`NAME`].
pub(super) fn hand_to<'de, V, D>(value: Value, visitor: V, empty: D) -> Result<V::Value, D::Error>
where
    V: serde_core::de::Visitor<'de>,
    D: Deserializer<'de>,
{
    let _offer = Offer::make(value);
    visitor.visit_newtype_struct(empty)
}

/// Takes an offer back that nobody took, also when a serialiser or visitor panics.
struct Offer;

impl Offer {
    fn make(value: Value) -> Self {
        HANDED.set(Some(value));
        Self
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        HANDED.set(None);
    }
}
