//! `$ref`: how a schema names a part of itself.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

use crate::function::DEFS;

/// The `$ref` to a definition. Names that are no part of an URL, or look like several of a pointer, are escaped.
#[cfg(feature = "schemars")]
pub(crate) fn to_definition(name: &str) -> String {
    format!("#/{DEFS}/{}", escaped(name))
}

/// One step of a pointer in an URL.
pub(crate) fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for byte in name.bytes() {
        match byte {
            b'~' => escaped.push_str("~0"),
            b'/' => escaped.push_str("~1"),
            b'!' | b'$' | b'&'..=b';' | b'=' | b'?'..=b'Z' | b'_' | b'a'..=b'z' => {
                escaped.push(char::from(byte));
            }
            // Writing to text does not fail.
            _ => write!(escaped, "%{byte:02X}").unwrap_or_default(),
        }
    }
    escaped
}

/// The name of the definition that a `$ref` leads to, if it leads to one.
#[cfg(any(feature = "schemars", test))]
pub(crate) fn definition(target: &str) -> Option<Cow<'_, str>> {
    let name = target
        .strip_prefix("#/")?
        .strip_prefix(DEFS)?
        .strip_prefix('/')?;
    (!name.contains('/')).then(|| step(percent_decoded(name)))
}

/// The `$ref` after what it leads to was given another name, if it leads to a definition or a part of one.
pub(crate) fn renamed(target: &str, rename: impl FnOnce(&str) -> String) -> Option<String> {
    let path = target
        .strip_prefix("#/")?
        .strip_prefix(DEFS)?
        .strip_prefix('/')?;
    let (name, part) = path.split_at(path.find('/').unwrap_or(path.len()));
    let name = rename(&step(percent_decoded(name)));
    Some(format!("#/{DEFS}/{}{part}", escaped(&name)))
}

/// The `$ref` after the schema that it is in became the property of another one, which has its definitions.
pub(crate) fn moved(target: &str, property: &str) -> Option<String> {
    let part = target.strip_prefix('#')?;
    let is_definition = part
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(DEFS))
        .is_some_and(|path| path.starts_with('/'));
    if is_definition || !(part.is_empty() || part.starts_with('/')) {
        return None;
    }
    Some(format!("#/properties/{}{part}", escaped(property)))
}

/// Replaces all `$ref`s in a schema. What is an example of a value stays as it is.
pub(crate) fn replace_references(
    schema: &mut Map<String, Json>,
    replace: &dyn Fn(&str) -> Option<String>,
) {
    for (keyword, value) in schema.iter_mut() {
        match (keyword.as_str(), value) {
            ("$ref", Json::String(target)) => {
                if let Some(other) = replace(target) {
                    *target = other;
                }
            }
            ("default" | "const" | "enum" | "examples", _) => {}
            ("properties" | "patternProperties" | "definitions" | DEFS, Json::Object(schemas)) => {
                replace_references_of(schemas, replace);
            }
            (_, Json::Object(inner)) => replace_references(inner, replace),
            (_, Json::Array(items)) => items
                .iter_mut()
                .filter_map(Json::as_object_mut)
                .for_each(|inner| replace_references(inner, replace)),
            _ => {}
        }
    }
}

/// The same in schemas by name.
pub(crate) fn replace_references_of(
    schemas: &mut Map<String, Json>,
    replace: &dyn Fn(&str) -> Option<String>,
) {
    for schema in schemas.values_mut().filter_map(Json::as_object_mut) {
        replace_references(schema, replace);
    }
}

/// Where a `$ref` leads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    /// To the whole schema.
    Root,
    /// To a part of it.
    Part(&'a Json),
    /// To a part that it does not have.
    Nowhere,
    /// To another document, or to an anchor.
    Elsewhere,
}

/// Longer names lead nowhere: they are read each time.
const MAX_LENGTH: usize = 1024;

/// Follows a `$ref` in a schema.
pub(crate) fn follow<'a>(root: &'a Map<String, Json>, target: &str) -> Target<'a> {
    if target.len() > MAX_LENGTH {
        return Target::Nowhere;
    }
    let Some(pointer) = target.strip_prefix('#') else {
        return Target::Elsewhere;
    };
    let pointer = percent_decoded(pointer);
    let mut steps = pointer.split('/');
    if steps.next().is_some_and(|anchor| !anchor.is_empty()) {
        return Target::Elsewhere;
    }
    let Some(first) = steps.next() else {
        return Target::Root;
    };
    let mut part = root.get(&*step(first.into()));
    for name in steps {
        part = part.and_then(|part| match part {
            Json::Object(members) => members.get(&*step(name.into())),
            Json::Array(items) => items.get(name.parse::<usize>().ok()?),
            _ => None,
        });
    }
    part.map_or(Target::Nowhere, Target::Part)
}

fn step(name: Cow<'_, str>) -> Cow<'_, str> {
    if name.contains('~') {
        name.replace("~1", "/").replace("~0", "~").into()
    } else {
        name
    }
}

/// A `%` that nothing of the kind follows stands for itself.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let hex = |digit: u8| char::from(digit).to_digit(16);
        let escape = match after {
            [high, low, ..] if *byte == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match escape.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(byte) => {
                decoded.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8(decoded).map_or_else(|_| text.into(), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_come_back() {
        for name in ["Größe", "a/b~c", "My Type", "~1", "100%", "\u{1}", "Plain"] {
            let target = format!("#/$defs/{}", escaped(name));
            assert_eq!(definition(&target).as_deref(), Some(name));
        }
        assert_eq!(escaped("a/b~c"), "a~1b~0c");
        assert_eq!(definition("#/$defs/100%").as_deref(), Some("100%"));
        assert_eq!(definition("#/$defs/a/properties/b"), None);
        assert_eq!(definition("#"), None);
    }

    #[test]
    fn what_it_leads_to_is_renamed_and_moved() {
        let rename = |target: &str| renamed(target, |name| format!("{name}/2"));
        let part = rename("#/$defs/a~1b/properties/c");
        assert_eq!(part.as_deref(), Some("#/$defs/a~1b~12/properties/c"));
        assert_eq!(rename("#/definitions/a"), None);
        assert_eq!(moved("#", "a b").as_deref(), Some("#/properties/a%20b"));
        let part = moved("#/definitions/c", "a");
        assert_eq!(part.as_deref(), Some("#/properties/a/definitions/c"));
        for kept in ["#/$defs/c", "#anchor", "https://example.org"] {
            assert_eq!(moved(kept, "a"), None);
        }
    }

    #[test]
    fn where_it_leads() {
        let Json::Object(root) =
            json!({ "$defs": { "a b": { "prefixItems": [{ "type": "null" }] } } })
        else {
            panic!("it is an object");
        };
        assert!(matches!(follow(&root, "#"), Target::Root));
        let first = follow(&root, "#/$defs/a%20b/prefixItems/0");
        assert!(matches!(first, Target::Part(part) if *part == json!({ "type": "null" })));
        for nowhere in ["#/$defs/c", "#/$defs/a%20b/prefixItems/1", "#/"] {
            assert!(matches!(follow(&root, nowhere), Target::Nowhere));
        }
        for elsewhere in ["https://example.org/schema", "#anchor", ""] {
            assert!(matches!(follow(&root, elsewhere), Target::Elsewhere));
        }
    }
}
