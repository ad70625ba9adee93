//! Names in another case, for callers whose language writes them so (`case_conversion` of `get_service`).

use hypha_codec::{Map, Text, Value};

use super::error::ManagerError;

/// Which names a service gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// `likeThis`.
    Camel,
    /// `like_this`.
    Snake,
    /// Both.
    Both,
}

impl Case {
    pub(super) fn parse(text: &str) -> Result<Self, ManagerError> {
        match text {
            "camel" => Ok(Self::Camel),
            "snake" => Ok(Self::Snake),
            "camel+snake" | "snake+camel" => Ok(Self::Both),
            other => Err(ManagerError::Value(format!(
                "Invalid case_conversion: {other}. It is 'camel', 'snake' or 'camel+snake'"
            ))),
        }
    }

    /// The map with its keys, and those of the maps in it, in this case. Functions are told their new names.
    pub(super) fn convert(self, map: Map) -> Map {
        let mut converted = Map::with_capacity(map.len());
        for (key, value) in map {
            let Value::Text(key) = key else { continue };
            if self != Self::Snake {
                let name = Text::from(camel(&key));
                converted.insert(name.clone(), renamed(value.clone(), Self::Camel, name));
            }
            if self != Self::Camel {
                let name = Text::from(snake(&key));
                converted.insert(name.clone(), renamed(value, Self::Snake, name));
            }
        }
        converted
    }
}

fn renamed(value: Value, case: Case, name: Text) -> Value {
    match value {
        Value::Map(map) => Value::Map(case.convert(map)),
        Value::Method(mut method) => {
            if let Some(Value::Map(schema)) = &mut method.schema {
                schema.insert("name", name.clone());
            }
            method.name = Some(name);
            Value::Method(method)
        }
        other => other,
    }
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default();
    let mut camel = if first.len() == name.len() {
        with_first(first, |c| c.to_lowercase().collect())
    } else {
        first.to_owned()
    };
    for part in parts {
        let lower = part.to_lowercase();
        camel.push_str(&with_first(&lower, |c| c.to_uppercase().collect()));
    }
    camel
}

fn with_first(word: &str, change: impl Fn(char) -> String) -> String {
    let mut rest = word.chars();
    rest.next()
        .map_or_else(String::new, |first| change(first) + rest.as_str())
}

fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_uppercase() {
            snake.push('_');
            snake.extend(c.to_lowercase());
        } else {
            snake.push(c);
        }
    }
    snake.trim_start_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_both_cases() {
        for (name, in_camel, in_snake) in [
            ("add", "add", "add"),
            ("get_load", "getLoad", "get_load"),
            ("getLoad", "getLoad", "get_load"),
            ("GetLoad", "getLoad", "get_load"),
            ("get_CPU_load", "getCpuLoad", "get__c_p_u_load"),
            ("", "", ""),
        ] {
            assert_eq!(camel(name), in_camel);
            assert_eq!(snake(name), in_snake);
        }
    }

    #[test]
    fn maps_are_converted_with_all_in_them() {
        let map = Map::from([("a_b", Value::from(Map::from([("cD", 1)])))]);
        let inner = |key| Value::from(Map::from([(key, 1)]));
        assert_eq!(
            Case::Camel.convert(map.clone()),
            Map::from([("aB", inner("cD"))])
        );
        assert_eq!(
            Case::Both.convert(map),
            Map::from([("aB", inner("cD")), ("a_b", inner("c_d"))])
        );
    }
}
