//! Arguments as the validation of schemas sees them, without making JSON of them.

use hypha_codec::{Map, Value};
use hypha_schema::{Instance, Kind};

/// An argument of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argument<'a>(pub(super) &'a Value);

impl Instance for Argument<'_> {
    fn kind(&self) -> Kind<'_> {
        match self.0 {
            Value::Null => Kind::Null,
            Value::Bool(b) => Kind::Bool(*b),
            Value::Int(_) => match (self.0.as_i64(), self.0.as_u64()) {
                (Some(number), _) => Kind::Integer(number.into()),
                (None, Some(number)) => Kind::Integer(number.into()),
                (None, None) => Kind::Other("an integer"),
            },
            Value::Float(number) => Kind::Float(*number),
            Value::Text(text) => Kind::String(text),
            Value::List(items) => Kind::Array(items.len()),
            Value::Map(members) => Kind::Object(members.len()),
            other => Kind::Other(other.kind()),
        }
    }

    fn item(&self, index: usize) -> Option<Self> {
        self.0.as_list()?.get(index).map(Self)
    }

    fn member(&self, name: &str) -> Option<Self> {
        let members = self.0.as_map()?;
        let by_text = members.get(name);
        let value = by_text.or_else(|| {
            // Only what may be an integer is looked up as one.
            name.ends_with(|last: char| last.is_ascii_digit())
                .then(|| {
                    members
                        .iter()
                        .find(|(key, _)| integer(key).is_some_and(|key| key == name))
                })
                .flatten()
                .map(|(_, value)| value)
        });
        value.map(Self)
    }

    fn for_each_member(&self, visit: &mut dyn FnMut(&str, Self)) {
        for (name, value) in members(self.0) {
            match name.as_str() {
                Some(name) => visit(name, Self(value)),
                None => {
                    if let Some(name) = integer(name) {
                        visit(&name, Self(value));
                    }
                }
            }
        }
    }

    fn has_odd_members(&self) -> bool {
        members(self.0).any(|(name, _)| name.as_str().is_none() && integer(name).is_none())
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    value.as_map().into_iter().flat_map(Map::iter)
}

/// A key that is an integer, as JSON would write it.
fn integer(key: &Value) -> Option<String> {
    match key {
        Value::Int(_) => match (key.as_i64(), key.as_u64()) {
            (Some(number), _) => Some(number.to_string()),
            (None, Some(number)) => Some(number.to_string()),
            (None, None) => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hypha_schema::{FunctionSchema, Parameter};
    use serde_json::json;

    use super::*;

    fn told(schema: serde_json::Value, members: Vec<(Value, Value)>) -> String {
        let function = FunctionSchema::new("f").param(Parameter::new("m").schema(schema));
        let value = Value::Map(Map::from_entries(members));
        match function.validate(&[Argument(&value)], &[]) {
            Ok(()) => String::new(),
            Err(errors) => errors.to_string(),
        }
    }

    #[test]
    fn integers_are_names_as_json_writes_them() {
        let number = |key: i64, value: &str| (Value::from(key), Value::from(value));
        let keyed = || vec![number(1, "a"), number(-20, "b")];
        let signed = json!({ "patternProperties": { r"^-?\d+$": { "type": "string" } }, "additionalProperties": false });
        assert_eq!(told(signed.clone(), keyed()), "");
        let wrong = vec![(Value::from(1), Value::from(5))];
        assert_eq!(
            told(signed, wrong.clone()),
            "argument `m.1`: expected a string, found an integer"
        );
        let texts = json!({ "additionalProperties": { "type": "string" } });
        assert_eq!(
            told(texts, wrong.clone()),
            "argument `m.1`: expected a string, found an integer"
        );
        let none = json!({ "additionalProperties": false });
        assert_eq!(told(none, wrong), "argument `m.1` is not known");
        let named = json!({ "properties": { "-20": { "const": "b" } }, "required": ["-20", "1"] });
        assert_eq!(told(named, keyed()), "");
        let missing = json!({ "required": ["2"] });
        assert_eq!(told(missing, keyed()), "argument `m.2` is missing");
    }

    #[test]
    fn names_that_are_neither_fit_where_anything_does() {
        let odd = || vec![(Value::Bool(true), Value::from(5))];
        for open in [
            json!({}),
            json!({ "properties": { "a": {} } }),
            json!({ "additionalProperties": true }),
        ] {
            assert_eq!(told(open, odd()), "");
        }
        for closed in [
            json!({ "additionalProperties": false }),
            json!({ "additionalProperties": { "type": "integer" } }),
        ] {
            assert_eq!(
                told(closed, odd()),
                "argument `m` has a member whose name is neither text nor an integer"
            );
        }
        // Nobody can say that they are the same.
        let maps = Value::List(vec![
            Value::Map(Map::from_entries(vec![(Value::Bool(true), Value::Null)])),
            Value::Map(Map::from_entries(vec![(Value::Bool(false), Value::Null)])),
        ]);
        let unique = Parameter::new("m").schema(json!({ "uniqueItems": true }));
        let function = FunctionSchema::new("f").param(unique);
        function.validate(&[Argument(&maps)], &[]).unwrap();
    }
}
