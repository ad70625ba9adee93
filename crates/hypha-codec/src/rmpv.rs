//! Conversions from and to `rmpv::Value`, by way of the bytes that both agree on.

use bytes::Bytes;

use crate::decode::decode;
use crate::encode::encode;
use crate::error::{DecodeError, EncodeError};
use crate::value::Value;

impl TryFrom<&Value> for ::rmpv::Value {
    type Error = EncodeError;

    /// The value as it is on the wire: what is more than MessagePack becomes a tagged map.
    ///
    /// # Errors
    /// As [`encode`].
    fn try_from(value: &Value) -> Result<Self, EncodeError> {
        let bytes = encode(value)?;
        ::rmpv::decode::read_value(&mut &bytes[..]).map_err(EncodeError::custom)
    }
}

impl TryFrom<&::rmpv::Value> for Value {
    type Error = DecodeError;

    /// The value that this is on the wire: tagged maps become what they stand for.
    ///
    /// # Errors
    /// If a text is no UTF-8, the nesting is too deep, or a tagged map has wrong fields.
    fn try_from(value: &::rmpv::Value) -> Result<Self, DecodeError> {
        let mut bytes = Vec::new();
        ::rmpv::encode::write_value(&mut bytes, value).map_err(DecodeError::custom)?;
        decode(Bytes::from(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Map;

    #[test]
    fn there_and_back() {
        let value = Value::from([
            Value::from(Map::from([("n", u64::MAX)])),
            Value::Set(vec![Value::from(-1), Value::from(vec![1_u8, 2])]),
            Value::from(crate::extension::Timestamp::new(-1, 5)),
        ]);
        let other = ::rmpv::Value::try_from(&value).expect("no objects");
        assert_eq!(other[1]["_rtype"], ::rmpv::Value::from("set"));
        assert_eq!(Value::try_from(&other).expect("fields are right"), value);
    }

    #[test]
    fn what_cannot_be_sent_cannot_be_converted() {
        assert!(::rmpv::Value::try_from(&Value::from(crate::object::Object::new(1))).is_err());
        let wrong = ::rmpv::Value::Map(vec![("_rtype".into(), "set".into())]);
        assert!(Value::try_from(&wrong).is_err());
    }
}
