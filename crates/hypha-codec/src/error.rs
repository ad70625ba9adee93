//! Why something cannot be decoded or encoded.

use std::fmt;

use crate::array::ArrayError;
use crate::text::Text;

/// Bytes that cannot be decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodeError(Box<DecodeErrorKind>);

/// What is wrong with bytes that cannot be decoded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The input ends before the value does, or a length is larger than what is left.
    Truncated,
    /// There are bytes after the value.
    TrailingBytes,
    /// A byte that starts no value.
    #[non_exhaustive]
    InvalidMarker {
        /// The byte.
        marker: u8,
    },
    /// A text that is no UTF-8.
    InvalidUtf8,
    /// Lists and maps are nested deeper than the limit.
    #[non_exhaustive]
    TooDeep {
        /// The limit, in levels.
        limit: usize,
    },
    /// There are more values than the limit.
    #[non_exhaustive]
    TooManyValues {
        /// The limit, in values.
        limit: usize,
    },
    /// The input is longer than the limit.
    #[non_exhaustive]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Segment 1 or segment 2 of a frame is no map.
    NotAMap,
    /// A map of segment 1 has a key that is no text.
    NonTextKey,
    /// A tagged map that lacks a field, or has one of the wrong kind.
    #[non_exhaustive]
    InvalidField {
        /// The tag, or the place in a frame.
        of: Text,
        /// The field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// An array whose bytes do not fit its shape.
    Array(ArrayError),
    /// A codec or hook says so.
    Custom(Text),
}

impl DecodeError {
    /// An error in the words of a codec or hook.
    #[must_use]
    pub fn custom(message: impl fmt::Display) -> Self {
        Self::from(DecodeErrorKind::Custom(Text::from(message.to_string())))
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.0
    }

    pub(crate) fn field(of: &str, field: &'static str, expected: &'static str) -> Self {
        Self::from(DecodeErrorKind::InvalidField {
            of: Text::from(of),
            field,
            expected,
        })
    }
}

impl From<DecodeErrorKind> for DecodeError {
    fn from(kind: DecodeErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

impl From<ArrayError> for DecodeError {
    fn from(error: ArrayError) -> Self {
        Self::from(DecodeErrorKind::Array(error))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            DecodeErrorKind::Truncated => f.write_str("input ends inside a value"),
            DecodeErrorKind::TrailingBytes => f.write_str("bytes after the value"),
            DecodeErrorKind::InvalidMarker { marker } => {
                write!(f, "byte 0x{marker:02x} starts no value")
            }
            DecodeErrorKind::InvalidUtf8 => f.write_str("text is not valid UTF-8"),
            DecodeErrorKind::TooDeep { limit } => {
                write!(f, "values nested deeper than {limit} levels")
            }
            DecodeErrorKind::TooManyValues { limit } => write!(f, "more than {limit} values"),
            DecodeErrorKind::TooLong { limit } => write!(f, "input longer than {limit} bytes"),
            DecodeErrorKind::NotAMap => f.write_str("segment is not a map"),
            DecodeErrorKind::NonTextKey => f.write_str("header key is not text"),
            DecodeErrorKind::InvalidField {
                of,
                field,
                expected,
            } => {
                write!(f, "field {field} of {of} should be {expected}")
            }
            DecodeErrorKind::Array(_) => f.write_str("invalid array"),
            DecodeErrorKind::Custom(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for DecodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.kind() {
            DecodeErrorKind::Array(error) => Some(error),
            _ => None,
        }
    }
}

/// A value that cannot be encoded.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodeError(Box<EncodeErrorKind>);

/// What is wrong with a value that cannot be encoded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// A map key that is no text: peers drop frames with such keys.
    #[non_exhaustive]
    NonTextKey {
        /// The kind of the key.
        kind: &'static str,
    },
    /// A Rust object for which there is neither a codec nor an export hook that takes it.
    #[non_exhaustive]
    UnsupportedType {
        /// The name of the object's type.
        type_name: &'static str,
    },
    /// An integer that needs more than 64 bit.
    IntegerTooLarge,
    /// A text, byte string, list or map with more than 2^32-1 bytes or entries.
    TooLong,
    /// Values are nested too deeply, or a codec encodes its type by itself.
    #[non_exhaustive]
    TooDeep {
        /// The limit, in levels.
        limit: usize,
    },
    /// A codec, a hook or a `Serialize` implementation says so.
    Custom(Text),
}

impl EncodeError {
    /// An error in the words of a codec or hook.
    #[must_use]
    pub fn custom(message: impl fmt::Display) -> Self {
        Self::from(EncodeErrorKind::Custom(Text::from(message.to_string())))
    }

    /// An object that cannot be encoded.
    #[must_use]
    pub fn unsupported(type_name: &'static str) -> Self {
        Self::from(EncodeErrorKind::UnsupportedType { type_name })
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &EncodeErrorKind {
        &self.0
    }
}

impl From<EncodeErrorKind> for EncodeError {
    fn from(kind: EncodeErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            EncodeErrorKind::NonTextKey { kind } => {
                write!(
                    f,
                    "map key is not text but {kind}; an ordered map takes keys of any kind"
                )
            }
            EncodeErrorKind::UnsupportedType { type_name } => {
                write!(
                    f,
                    "no codec for type {type_name}, and it cannot be exported here"
                )
            }
            EncodeErrorKind::IntegerTooLarge => f.write_str("integer does not fit 64 bit"),
            EncodeErrorKind::TooLong => f.write_str("value longer than 2^32-1"),
            EncodeErrorKind::TooDeep { limit } => {
                write!(f, "values nested deeper than {limit} levels")
            }
            EncodeErrorKind::Custom(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for EncodeError {}
