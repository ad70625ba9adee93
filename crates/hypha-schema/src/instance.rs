//! What can be validated.

use serde_json::Value as Json;

/// A value that schemas are checked against. Implemented for JSON; implement it for a reference to a type of yours, so
/// that its values need not become JSON first.
pub trait Instance: Copy {
    /// What it is.
    fn kind(&self) -> Kind<'_>;

    /// An item of an array.
    fn item(&self, index: usize) -> Option<Self>;

    /// A member of an object.
    fn member(&self, name: &str) -> Option<Self>;

    /// Visits all members of an object.
    fn for_each_member(&self, visit: &mut dyn FnMut(&str, Self));

    /// Whether an object has members that [`for_each_member`](Self::for_each_member) does not visit, because their names
    /// are no text. They do not fit where a schema says what other members may be.
    fn has_odd_members(&self) -> bool {
        false
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kind<'a> {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Integer(i128),
    /// Another number.
    Float(f64),
    /// Text.
    String(&'a str),
    /// An array with so many items.
    Array(usize),
    /// An object with so many members.
    Object(usize),
    /// Something that JSON does not have, such as bytes or a function, and what it is called. Only a schema that says
    /// nothing of kinds takes it.
    Other(&'static str),
}

impl Kind<'_> {
    /// With its article, for messages.
    pub(crate) fn words(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
            Self::Other(name) => name,
        }
    }
}

impl Instance for &Json {
    fn kind(&self) -> Kind<'_> {
        match self {
            Json::Null => Kind::Null,
            Json::Bool(b) => Kind::Bool(*b),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Kind::Integer(number.into()),
                (None, Some(number)) => Kind::Integer(number.into()),
                _ => Kind::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Kind::String(text),
            Json::Array(items) => Kind::Array(items.len()),
            Json::Object(members) => Kind::Object(members.len()),
        }
    }

    fn item(&self, index: usize) -> Option<Self> {
        self.get(index)
    }

    fn member(&self, name: &str) -> Option<Self> {
        self.get(name)
    }

    fn for_each_member(&self, visit: &mut dyn FnMut(&str, Self)) {
        if let Json::Object(members) = self {
            members.iter().for_each(|(name, value)| visit(name, value));
        }
    }
}
