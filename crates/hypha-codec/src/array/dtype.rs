//! Element types of arrays, as numpy names them.

use std::fmt;

use crate::text::Text;

/// The element type of an array: numpy's native ones by variant, all others by numpy's own spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DType {
    /// One byte, zero or one.
    Bool,
    /// Signed 8 bit.
    Int8,
    /// Signed 16 bit.
    Int16,
    /// Signed 32 bit.
    Int32,
    /// Signed 64 bit.
    Int64,
    /// Unsigned 8 bit.
    Uint8,
    /// Unsigned 16 bit.
    Uint16,
    /// Unsigned 32 bit.
    Uint32,
    /// Unsigned 64 bit.
    Uint64,
    /// IEEE half precision.
    Float16,
    /// IEEE single precision.
    Float32,
    /// IEEE double precision.
    Float64,
    /// Two single precision floats.
    Complex64,
    /// Two double precision floats.
    Complex128,
    /// Any other, kept as it is spelled: `>i4`, `<U2`, `datetime64[s]`.
    Other(Text),
}

/// Native element types with name and size in bytes.
const NATIVE: [(DType, &str, usize); 14] = [
    (DType::Bool, "bool", 1),
    (DType::Int8, "int8", 1),
    (DType::Int16, "int16", 2),
    (DType::Int32, "int32", 4),
    (DType::Int64, "int64", 8),
    (DType::Uint8, "uint8", 1),
    (DType::Uint16, "uint16", 2),
    (DType::Uint32, "uint32", 4),
    (DType::Uint64, "uint64", 8),
    (DType::Float16, "float16", 2),
    (DType::Float32, "float32", 4),
    (DType::Float64, "float64", 8),
    (DType::Complex64, "complex64", 8),
    (DType::Complex128, "complex128", 16),
];

impl DType {
    /// The name that goes over the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(name) => name,
            native => native.native().map_or("", |(name, _)| name),
        }
    }

    /// The size of one element in bytes, where the name tells.
    #[must_use]
    pub fn item_size(&self) -> Option<usize> {
        match self {
            Self::Other(name) => item_size_of(name),
            native => native.native().map(|(_, size)| size),
        }
    }

    fn native(&self) -> Option<(&'static str, usize)> {
        NATIVE
            .iter()
            .find(|(dtype, ..)| dtype == self)
            .map(|&(_, name, size)| (name, size))
    }
}

impl From<&str> for DType {
    fn from(name: &str) -> Self {
        match NATIVE.iter().find(|(_, native, _)| *native == name) {
            Some((dtype, ..)) => dtype.clone(),
            None => Self::Other(Text::from(name)),
        }
    }
}

impl From<Text> for DType {
    fn from(name: Text) -> Self {
        match Self::from(name.as_str()) {
            Self::Other(_) => Self::Other(name),
            native => native,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Size by numpy's spelling: byte order, kind letter, count (`>i4`, `<U2`, `|S5`), or `datetime64[unit]`.
fn item_size_of(name: &str) -> Option<usize> {
    if name.starts_with("datetime64") || name.starts_with("timedelta64") {
        return Some(8);
    }
    let spelled = name.strip_prefix(['<', '>', '=', '|']).unwrap_or(name);
    let mut chars = spelled.chars();
    let kind = chars.next()?;
    let count = chars.as_str();
    let count: usize = match kind {
        'M' | 'm' if count.starts_with('8') => return Some(8),
        _ if count.is_empty() || !count.bytes().all(|b| b.is_ascii_digit()) => return None,
        _ => count.parse().ok()?,
    };
    match kind {
        'b' | 'i' | 'u' | 'f' | 'c' | 'S' | 'V' => Some(count),
        'U' => count.checked_mul(4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for (dtype, name, size) in NATIVE {
            assert_eq!(DType::from(name), dtype);
            assert_eq!((dtype.as_str(), dtype.item_size()), (name, Some(size)));
        }
    }

    #[test]
    fn sizes_of_spelled_types() {
        for (name, size) in [
            (">i4", Some(4)),
            ("<U2", Some(8)),
            ("|S5", Some(5)),
            ("|b1", Some(1)),
            (">c16", Some(16)),
            ("datetime64[s]", Some(8)),
            ("<M8[ns]", Some(8)),
            ("object", None),
            ("<U99999999999999999999", None),
            ("", None),
            ("é4", None),
        ] {
            assert_eq!(DType::from(name).item_size(), size, "{name}");
            assert_eq!(DType::from(name).as_str(), name);
        }
    }
}
