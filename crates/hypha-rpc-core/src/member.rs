//! Members of a described service, by their path.

use hypha_codec::{Map, Value};

/// Finds a member of a described service by its dotted path; array items are found by their index.
pub(crate) fn member<'a>(description: &'a Map, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('.');
    let first = description.get(parts.next()?)?;
    parts.try_fold(first, |value, part| match value {
        Value::Map(map) => map.get(part),
        Value::List(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    })
}
