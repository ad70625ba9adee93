//! Names of members in the convention of the caller's language.

use std::fmt;

use hypha_codec::{Map, Value};

/// How the names of a service's members are converted when it is fetched.
///
/// Only the names that we use are converted: what goes over the wire stays as the provider wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CaseConversion {
    /// `getValue`.
    Camel,
    /// `get_value`.
    Snake,
    /// Every member under both names.
    Both,
}

impl CaseConversion {
    /// The word that other clients use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Camel => "camel",
            Self::Snake => "snake",
            Self::Both => "camel+snake",
        }
    }

    /// Converts the names of a map and of the maps in it. Of two names that become one the later wins.
    pub(crate) fn convert(self, map: Map) -> Map {
        let mut converted = Map::with_capacity(map.len());
        for (key, value) in map.into_entries() {
            let Some(name) = key.as_str() else { continue };
            if matches!(self, Self::Camel | Self::Both) {
                converted.insert(camel(name), Self::Camel.convert_value(value.clone()));
            }
            if matches!(self, Self::Snake | Self::Both) {
                converted.insert(snake(name), Self::Snake.convert_value(value));
            }
        }
        converted
    }

    /// Lists stay as they are, as in the Python client.
    fn convert_value(self, value: Value) -> Value {
        match value {
            Value::Map(map) => Value::Map(self.convert(map)),
            other => other,
        }
    }
}

impl fmt::Display for CaseConversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `get_value` to `getValue`; a name without an underscore only gets a small first letter.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default();
    if !name.contains('_') {
        let mut letters = first.chars();
        return letters
            .next()
            .map(|letter| letter.to_lowercase().chain(letters).collect())
            .unwrap_or_default();
    }
    parts.fold(first.to_owned(), |name, part| name + &title(part))
}

/// Every word with a capital first letter and small ones after it. Words end at whatever is no letter.
fn title(text: &str) -> String {
    let mut inside = false;
    let mut titled = String::with_capacity(text.len());
    for letter in text.chars() {
        if inside {
            titled.extend(letter.to_lowercase());
        } else {
            titled.extend(letter.to_uppercase());
        }
        inside = letter.is_alphabetic();
    }
    titled
}

/// `getValue` to `get_value`; leading underscores go.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_uppercase() {
            snake.push('_');
            snake.extend(letter.to_lowercase());
        } else {
            snake.push(letter);
        }
    }
    snake.trim_start_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_the_python_client_converts_them() {
        for (name, as_camel, as_snake) in [
            ("getValue", "getValue", "get_value"),
            ("get_value", "getValue", "get_value"),
            ("GetValue", "getValue", "get_value"),
            ("value", "value", "value"),
            ("getHTTPValue", "getHTTPValue", "get_h_t_t_p_value"),
            ("get_HTTP_value", "getHttpValue", "get__h_t_t_p_value"),
            ("a_b2c", "aB2C", "a_b2c"),
            ("_private", "Private", "private"),
            ("x", "x", "x"),
            ("", "", ""),
        ] {
            assert_eq!(camel(name), as_camel, "{name}");
            assert_eq!(snake(name), as_snake, "{name}");
        }
    }

    #[test]
    fn members_are_converted_at_every_depth_and_under_both_names_if_wanted() {
        let inner = Map::from([("innerName", Value::from(1))]);
        let map = Map::from([("id", Value::from("s")), ("outer_name", Value::Map(inner))]);

        let camel = Value::Map(CaseConversion::Camel.convert(map.clone()));
        assert_eq!(
            camel
                .get("outerName")
                .and_then(|outer| outer.get("innerName")),
            Some(&Value::from(1))
        );
        assert_eq!(camel.get("outer_name"), None);

        let both = Value::Map(CaseConversion::Both.convert(map));
        assert_eq!(
            both.get("outerName")
                .and_then(|outer| outer.get("innerName")),
            Some(&Value::from(1))
        );
        assert_eq!(
            both.get("outer_name")
                .and_then(|outer| outer.get("inner_name")),
            Some(&Value::from(1))
        );
        assert_eq!(both.as_map().map(Map::len), Some(3));
    }
}
