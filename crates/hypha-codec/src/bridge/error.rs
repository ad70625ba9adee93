//! Errors of the typed bridge.

use std::fmt;

use serde_core::{de, ser};

use crate::error::EncodeError;
use crate::text::Text;

/// A value that does not have the form of the type it is read as, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromValueError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    /// From the inside out.
    path: Vec<Step>,
    message: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(Text),
    Index(usize),
}

impl FromValueError {
    /// An error without a place.
    #[must_use]
    pub fn new(message: impl fmt::Display) -> Self {
        Self(Box::new(Inner {
            path: Vec::new(),
            message: message.to_string(),
        }))
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it is wrong: `args[1].name`; empty for the value as a whole.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in self.0.path.iter().rev() {
            match step {
                Step::Index(index) => path.push_str(&format!("[{index}]")),
                Step::Key(key) if path.is_empty() => path.push_str(key),
                Step::Key(key) => path.push_str(&format!(".{key}")),
            }
        }
        path
    }

    /// The same error of a value that is the member of a map.
    #[must_use]
    pub fn in_key(mut self, key: impl Into<Text>) -> Self {
        self.0.path.push(Step::Key(key.into()));
        self
    }

    /// The same error of a value that is the item of a list.
    #[must_use]
    pub fn in_index(mut self, index: usize) -> Self {
        self.0.path.push(Step::Index(index));
        self
    }
}

impl fmt::Display for FromValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "{}: ", self.path())?;
        }
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for FromValueError {}

impl de::Error for FromValueError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message)
    }
}

impl ser::Error for EncodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::custom(message)
    }
}
