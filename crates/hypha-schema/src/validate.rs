//! Checking values against schemas.

mod arguments;
mod bounds;
mod branches;
mod budget;
mod checker;
mod compare;
mod explain;
mod members;
mod path;
mod words;

use std::fmt;

use serde_json::{Map, Value as Json};

pub(crate) use self::arguments::arguments;
use self::checker::Checker;
use self::path::Path;
use crate::instance::Instance;

/// Checks a value against a JSON Schema, whose `$ref`s lead to its own parts.
///
/// Of JSON Schema it knows `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`,
/// `prefixItems`, `anyOf`, `oneOf`, `allOf`, `not`, `$ref`, the bounds of numbers, lengths and counts, `multipleOf`,
/// `uniqueItems`, and of `patternProperties` those for integers, `^\d+$` and `^-?\d+$`. Other keywords, `pattern` and
/// `format` among them, are passed over, and what they would restrict fits: `additionalProperties` beside patterns that
/// are not known, and a second branch of `oneOf`. References to other documents are passed over as well.
///
/// A whole number counts as an integer, however it is written. What is nested deeper than 128 levels is refused, and so is
/// what takes too long: a schema with branches inside branches that has to be gone through again and again.
///
/// # Errors
/// Everything that does not fit, up to a limit, each with where it is.
pub fn validate<I: Instance>(schema: &Json, value: I) -> Result<(), ValidationErrors> {
    let empty = Map::new();
    let root = schema.as_object().unwrap_or(&empty);
    let mut checker = Checker::new(root, value);
    checker.check(schema, value, &Path::Root);
    checker.finish()
}

/// Everything that does not fit. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationErrors(Vec<ValidationError>);

impl ValidationErrors {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &ValidationError> {
        self.0.iter()
    }
}

impl fmt::Display for ValidationErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            fmt::Display::fmt(error, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ValidationErrors {}

/// Something that does not fit, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}{}{message}", if path.is_empty() { "" } else if *.bare { " " } else { ": " })]
pub struct ValidationError {
    path: String,
    message: String,
    /// The message goes on after the path.
    bare: bool,
}

impl ValidationError {
    fn new(path: &Path<'_>, message: String) -> Self {
        let bare = ["is ", "was ", "has "];
        Self {
            path: path.words(),
            bare: bare.iter().any(|verb| message.starts_with(verb)),
            message,
        }
    }

    /// Where it is: ``argument `options.size[2]` ``, or empty for the whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong there.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}
