//! How many bytes a value is.

use hypha_client::Value;

/// The bytes of an array or of bytes, in all the forms that clients send; `None` for anything else.
pub(super) fn size_of(value: &Value) -> Option<usize> {
    match value {
        Value::Bytes(bytes) | Value::MemoryView(bytes) => Some(bytes.len()),
        Value::NdArray(array) => Some(array.data().len()),
        Value::TypedArray(array) => Some(array.data().len()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hypha_client::{NdArray, TypedArray, Value};

    use super::size_of;

    #[test]
    fn bytes_count_whatever_they_came_in() {
        let array = NdArray::new("int16", [2, 2], vec![0; 8]).unwrap();
        for value in [
            Value::Bytes(vec![0; 8].into()),
            Value::MemoryView(vec![0; 8].into()),
            Value::NdArray(array),
            Value::TypedArray(TypedArray::untyped(vec![0; 8])),
        ] {
            assert_eq!(size_of(&value), Some(8), "{value:?}");
        }
        assert_eq!(size_of(&Value::Null), None);
    }
}
