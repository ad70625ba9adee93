//! Whether a service is of a type.

use std::fmt;

use serde_json::{Map, Value as Json};

use crate::service::{ServiceSchema, is_function};

/// Objects inside objects.
const MAX_DEPTH: usize = 32;

impl ServiceSchema {
    /// Checks that a service has all members that the definition of a type asks for, and gives its schema with the
    /// functions described as the definition does. Further members are fine.
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
        let fits = match (is_function(wanted), is_function(found)) {
            (true, true) => {
                merged.insert(name.clone(), wanted.clone());
                true
            }
            (false, false) => match (wanted, found) {
                (Json::Object(wanted), Json::Object(found)) if is_group(wanted) => {
                    if depth < MAX_DEPTH {
                        let prefix = format!("{path}.");
                        let inner = merge(found, wanted, &prefix, depth + 1, mismatches);
                        merged.insert(name.clone(), Json::Object(inner));
                    }
                    true
                }
                _ => true,
            },
            _ => false,
        };
        if !fits {
            let found = if is_function(found) {
                "a function"
            } else {
                "no function"
            };
            mismatches.push(TypeMismatch {
                path,
                found: Some(found),
            });
        }
    }
    merged
}

/// Whether an object is one of members, and not the schema of a constant.
fn is_group(member: &Map<String, Json>) -> bool {
    !member.get("type").is_some_and(Json::is_string)
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
