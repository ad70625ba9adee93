//! Checking values against schemas.

mod checker;
mod path;

use std::fmt;

use serde_json::Value as Json;

use self::checker::Checker;
use self::path::Path;
use crate::function::{CONTEXT, DEFS, FunctionSchema};
use crate::instance::{Instance, Kind};

/// Checks a value against a JSON Schema, whose `$ref`s lead to its own `$defs`.
///
/// Of JSON Schema it knows `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`,
/// `prefixItems`, `anyOf`, `oneOf`, `allOf`, `$ref`, the bounds of numbers, lengths and counts, and `uniqueItems`. Other
/// keywords, `pattern` and `format` among them, are passed over. A whole number counts as an integer, however it is
/// written. What is nested deeper than 128 levels is refused.
///
/// # Errors
/// Everything that does not fit, up to a limit, each with where it is.
pub fn validate<I: Instance>(schema: &Json, value: I) -> Result<(), ValidationErrors> {
    let empty = serde_json::Map::new();
    let defs = schema.get(DEFS).and_then(Json::as_object).unwrap_or(&empty);
    let mut checker = Checker::new(defs);
    checker.check(schema, value, &Path::Root);
    checker.finish()
}

/// Checks the arguments of a call.
pub(crate) fn arguments<I: Instance>(
    function: &FunctionSchema,
    positional: &[I],
    named: &[(&str, I)],
) -> Result<(), ValidationErrors> {
    let empty = serde_json::Map::new();
    let parameters = function.parameters();
    let defs = parameters
        .get(DEFS)
        .and_then(Json::as_object)
        .unwrap_or(&empty);
    let mut checker = Checker::new(defs);
    let names: Vec<&str> = function.positional().collect();
    // JavaScript pads calls with nulls for arguments it leaves undefined.
    let given = positional
        .iter()
        .rposition(|value| value.kind() != Kind::Null)
        .map_or(0, |last| last + 1);
    if given > names.len() {
        let takes = names.len();
        checker.fail(
            &Path::Root,
            format!("the function takes {takes} arguments, {given} were given"),
        );
    }
    for (name, _) in named {
        if !names.contains(name) && *name != CONTEXT && !takes_more(parameters) {
            let known = names.join(", ");
            checker.fail(
                &Path::Root,
                format!("the function has no parameter `{name}`; it has {known}"),
            );
        }
    }
    for (index, name) in names.iter().enumerate() {
        let path = Path::Argument(name);
        let by_name = named
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| *value);
        let value = match (positional.get(index).copied(), by_name) {
            (Some(_), Some(_)) => {
                checker.fail(&path, "was given twice".to_owned());
                continue;
            }
            (Some(value), None) | (None, Some(value)) => value,
            (None, None) => {
                if function.requires(name) {
                    checker.fail(&path, "is missing".to_owned());
                }
                continue;
            }
        };
        // An argument that may be left out and is null counts as left out.
        let left_out = value.kind() == Kind::Null && !function.requires(name);
        if let Some(schema) = function.parameter(name).filter(|_| !left_out) {
            checker.check(schema, value, &path);
        }
    }
    checker.finish()
}

fn takes_more(parameters: &serde_json::Map<String, Json>) -> bool {
    matches!(
        parameters.get("additionalProperties"),
        Some(Json::Bool(true) | Json::Object(_))
    )
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
