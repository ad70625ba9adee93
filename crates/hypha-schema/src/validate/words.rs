//! What errors say.

use serde_json::Value as Json;

/// Of a name that somebody else chose.
const MAX_NAME: usize = 64;

/// More values or names are not told.
const MAX_LISTED: usize = 20;

/// A name that somebody else chose, for people: not all of a long one, and nothing that does more than show.
pub(super) fn printable(name: &str) -> String {
    let mut printable = String::new();
    for c in name.chars().take(MAX_NAME) {
        match c {
            '"' | '\'' | '\\' => printable.push(c),
            _ => printable.extend(c.escape_debug()),
        }
    }
    printable
}

/// Kinds as `type` names them.
pub(super) fn kinds(wanted: &Json) -> String {
    match wanted {
        Json::String(name) => match name.as_str() {
            "null" => "null".to_owned(),
            vowel if vowel.starts_with(['a', 'i', 'o']) => format!("an {}", printable(vowel)),
            name => format!("a {}", printable(name)),
        },
        Json::Array(names) => either(names.iter().map(kinds)),
        _ => "something else".to_owned(),
    }
}

/// Several things of which it may be one.
pub(super) fn either(words: impl Iterator<Item = String>) -> String {
    let mut told: Vec<String> = Vec::new();
    for word in words {
        if told.len() == MAX_LISTED {
            told.push("...".to_owned());
            break;
        }
        if !told.contains(&word) {
            told.push(word);
        }
    }
    told.join(" or ")
}

/// Several names that somebody else chose.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = names.into_iter();
    let mut told: Vec<String> = names.by_ref().take(MAX_LISTED).map(printable).collect();
    if names.next().is_some() {
        told.push("...".to_owned());
    }
    told.join(", ")
}

/// Several values.
pub(super) fn listed<'a>(values: impl IntoIterator<Item = &'a Json>) -> String {
    let mut values = values.into_iter();
    let word = |value: &Json| {
        let text = value.to_string();
        if text.len() > 100 {
            "...".to_owned()
        } else {
            text
        }
    };
    let mut told: Vec<String> = values.by_ref().take(MAX_LISTED).map(word).collect();
    if values.next().is_some() {
        told.push("...".to_owned());
    }
    told.join(", ")
}
