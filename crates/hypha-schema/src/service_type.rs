//! Whether a service is of a type.

use std::fmt;

use serde_json::{Map, Value as Json};

use crate::service::{ServiceSchema, is_function};

/// Objects inside objects.
const MAX_DEPTH: usize = 32;

impl ServiceSchema {
    /// Checks that a service has all members that the definition of a type asks for, and gives its schema with the
    /// functions described as the definition does. Further members are fine. A constant is of the kind that the
    /// definition's `type` says, where one kind is all numbers and truth values, as Python describes them.
    ///
    /// # Errors
    /// Every member that is missing, or of another kind, with its path.
    pub fn check_type(&self, definition: &Self) -> Result<Self, TypeMismatches> {
        let mut mismatches = Vec::new();
        let members = merge(self.members(), definition.members(), "", 0, &mut mismatches);
        if !mismatches.is_empty() {
            return Err(TypeMismatches(mismatches));
        }
        Self::from_value(Json::Object(members)).map_err(|_| TypeMismatches(mismatches))
    }
}

fn merge(
    members: &Map<String, Json>,
    definition: &Map<String, Json>,
    prefix: &str,
    depth: usize,
    mismatches: &mut Vec<TypeMismatch>,
) -> Map<String, Json> {
    let mut merged = members.clone();
    for (name, wanted) in definition {
        let path = format!("{prefix}{name}");
        let Some(found) = members.get(name) else {
            mismatches.push(TypeMismatch { path, found: None });
            continue;
        };
        if let Some(member) = fit(found, wanted, &path, depth, mismatches) {
            merged.insert(name.clone(), member);
        }
    }
    merged
}

/// The member as the type describes it, or nothing if it stays as it is.
fn fit(
    found: &Json,
    wanted: &Json,
    path: &str,
    depth: usize,
    mismatches: &mut Vec<TypeMismatch>,
) -> Option<Json> {
    let words = match (Shape::of(wanted), Shape::of(found)) {
        (Shape::Function, Shape::Function) => return is_function(wanted).then(|| wanted.clone()),
        (Shape::Function, _) => "no function",
        (_, Shape::Function) => "a function",
        (Shape::Members(wanted), Shape::Members(found)) => {
            if depth >= MAX_DEPTH {
                return None;
            }
            let prefix = format!("{path}.");
            let members = merge(found, wanted, &prefix, depth + 1, mismatches);
            return Some(Json::Object(members));
        }
        (Shape::Items(wanted), Shape::Items(found)) => {
            if depth >= MAX_DEPTH {
                return None;
            }
            let mut items = found.to_vec();
            for (index, wanted) in wanted.iter().enumerate() {
                let path = format!("{path}.{index}");
                let Some(item) = items.get_mut(index) else {
                    mismatches.push(TypeMismatch { path, found: None });
                    continue;
                };
                if let Some(described) = fit(item, wanted, &path, depth + 1, mismatches) {
                    *item = described;
                }
            }
            return Some(Json::Array(items));
        }
        // Nothing is in it: all that is wanted is missing.
        (Shape::Members(wanted), Shape::Any) if found.is_object() => {
            merge(&Map::new(), wanted, &format!("{path}."), depth, mismatches);
            return None;
        }
        (Shape::Constant(wanted), found) if found.is_a(wanted) => return None,
        // Python writes this for what it has no word for.
        (Shape::Any, _) => return None,
        (_, found) => found.words(),
    };
    mismatches.push(TypeMismatch {
        path: path.to_owned(),
        found: Some(words),
    });
    None
}

/// What a schema says that a member is.
#[derive(Clone, Copy)]
enum Shape<'s> {
    Function,
    Members(&'s Map<String, Json>),
    Items(&'s [Json]),
    /// Of a kind.
    Constant(&'s str),
    Any,
}

impl<'s> Shape<'s> {
    fn of(member: &'s Json) -> Self {
        match member {
            Json::Array(items) => Self::Items(items),
            Json::Object(members) => match members.get("type").and_then(Json::as_str) {
                Some("function") => Self::Function,
                Some(kind) => Self::Constant(kind),
                None if members.is_empty() => Self::Any,
                None => Self::Members(members),
            },
            _ => Self::Any,
        }
    }

    /// Whether it is of a kind. Python has one word for numbers and truth values.
    fn is_a(self, wanted: &str) -> bool {
        let is_number = |kind: &str| matches!(kind, "number" | "integer" | "boolean");
        match self {
            Self::Constant(kind) => kind == wanted || (is_number(kind) && is_number(wanted)),
            Self::Members(_) => wanted == "object",
            Self::Items(_) => wanted == "array",
            Self::Function => false,
            Self::Any => true,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Function => "a function",
            Self::Members(_) => "an object",
            Self::Items(_) => "an array",
            Self::Constant("string") => "a string",
            Self::Constant("number") => "a number",
            Self::Constant("integer") => "an integer",
            Self::Constant("boolean") => "a boolean",
            Self::Constant("null") => "null",
            Self::Constant("object") => "an object",
            Self::Constant("array") => "an array",
            Self::Constant(_) | Self::Any => "something else",
        }
    }
}

/// Everything in which a service differs from its type. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeMismatches(Vec<TypeMismatch>);

impl TypeMismatches {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &TypeMismatch> {
        self.0.iter()
    }
}

impl fmt::Display for TypeMismatches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mismatch) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            fmt::Display::fmt(mismatch, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for TypeMismatches {}

/// A member of a type that a service does not have as it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", match found {
    None => format!("the service has no `{path}`, which its type asks for"),
    Some(found) => format!("`{path}` of the service is {found}, which its type does not expect"),
})]
pub struct TypeMismatch {
    path: String,
    found: Option<&'static str>,
}

impl TypeMismatch {
    /// The path of the member.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}
