//! Everything inside a value.

use super::{Map, Value};

impl Value {
    /// Shows this value to `change`, and then everything that is inside of what it made of it: items, keys and values of
    /// maps, members of files, what functions, generators and errors say besides. What a local object holds is its own.
    ///
    /// ```
    /// use hypha_codec::Value;
    ///
    /// let mut value = Value::List(vec![Value::from(1), Value::Set(vec![Value::from(2)])]);
    /// value.change_all(&mut |inside| {
    ///     if inside.as_i64() == Some(2) {
    ///         *inside = Value::Null;
    ///     }
    /// });
    /// assert_eq!(value, Value::List(vec![Value::from(1), Value::Set(vec![Value::Null])]));
    /// ```
    pub fn change_all(&mut self, change: &mut impl FnMut(&mut Self)) {
        change(self);
        // Every kind is named, so that a new one is not forgotten.
        match self {
            Self::List(items) | Self::Set(items) => {
                for item in items {
                    item.change_all(change);
                }
            }
            Self::OrderedMap(entries) => {
                for (key, value) in entries {
                    key.change_all(change);
                    value.change_all(change);
                }
            }
            Self::Map(map) => in_map(map, change),
            Self::Error(error) => in_map(&mut error.extra, change),
            Self::Method(method) => {
                if let Some(schema) = &mut method.schema {
                    schema.change_all(change);
                }
                in_map(&mut method.extra, change);
            }
            Self::Generator(generator) => in_map(&mut generator.extra, change),
            Self::IoStream(stream) => in_map(&mut stream.members, change),
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Text(_)
            | Self::Bytes(_)
            | Self::NdArray(_)
            | Self::TypedArray(_)
            | Self::MemoryView(_)
            | Self::Timestamp(_)
            | Self::Ext(_)
            | Self::Object(_) => {}
        }
    }
}

fn in_map(map: &mut Map, change: &mut impl FnMut(&mut Value)) {
    if map.is_empty() {
        return;
    }
    let mut entries = std::mem::take(map).into_entries();
    for (key, value) in &mut entries {
        key.change_all(change);
        value.change_all(change);
    }
    *map = Map::from_entries(entries);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorValue, Generator, IoStream, Method};

    #[test]
    fn every_container_is_looked_into() {
        let one = |place: &str| Value::from(format!("x {place}"));
        let map = |place: &str| Map::from([("key", one(place))]);
        let mut error = ErrorValue::new("m");
        error.extra = map("error");
        let mut method = Method::new("ws/c", "s.0");
        method.schema = Some(Value::Map(map("schema")));
        method.extra = map("method");
        let mut generator = Generator::new("ws/c", "s.0", "s.1");
        generator.extra = map("generator");
        let mut value = Value::List(vec![
            Value::Map(map("map")),
            Value::Set(vec![one("set")]),
            Value::OrderedMap(vec![(one("ordered key"), Value::List(vec![one("list")]))]),
            Value::Error(Box::new(error)),
            Value::from(method),
            Value::from(generator),
            Value::from(IoStream::new("js:blob", map("stream"))),
        ]);
        let mut found = Vec::new();
        value.change_all(&mut |inside| {
            if let Some(text) = inside.as_str().and_then(|text| text.strip_prefix("x ")) {
                found.push(text.to_owned());
                *inside = Value::Null;
            }
        });
        found.sort_unstable();
        let all = [
            "error",
            "generator",
            "list",
            "map",
            "method",
            "ordered key",
            "schema",
            "set",
            "stream",
        ];
        assert_eq!(found, all);
        let mut left = 0;
        value.change_all(&mut |inside| {
            left += usize::from(inside.as_str().is_some_and(|text| text.starts_with("x ")));
        });
        assert_eq!(left, 0);
    }
}
