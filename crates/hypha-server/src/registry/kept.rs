use bytes::Bytes;
use hypha_codec::{EncodeError, Map, Value};

/// A map that is kept: encoded, which takes a fraction of the memory, and can be stored anywhere. Nothing is left of the
/// frame it came in, nor of ways to call what it names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept(Box<[u8]>);

impl Kept {
    pub(crate) fn new(map: Map) -> Result<Self, EncodeError> {
        let encoded = hypha_codec::encode(&Value::Map(map))?;
        match hypha_codec::decode(encoded.clone()) {
            Ok(Value::Map(_)) => Ok(Self(Box::from(&*encoded))),
            // A tag of the wire format makes something else of it.
            _ => Err(EncodeError::custom("a plain map is needed")),
        }
    }

    /// The map, decoded.
    pub(crate) fn map(&self) -> Map {
        match hypha_codec::decode(Bytes::copy_from_slice(&self.0)) {
            Ok(Value::Map(map)) => map,
            // It was tried when it was made.
            _ => Map::new(),
        }
    }

    /// A member of the map.
    pub(crate) fn get(&self, key: &str) -> Option<Value> {
        self.map().remove(key)
    }

    /// How many bytes it has.
    pub(crate) fn bytes(&self) -> usize {
        self.0.len()
    }
}

impl Default for Kept {
    /// An empty map.
    fn default() -> Self {
        const EMPTY_MAP: u8 = 0x80;
        Self(Box::new([EMPTY_MAP]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_come_back_as_they_were() {
        let map = Map::from([("a", Value::from([1, 2])), ("b", Value::Null)]);
        let kept = Kept::new(map.clone()).unwrap();
        assert_eq!(kept.map(), map);
        assert_eq!(kept.get("a"), Some(Value::from([1, 2])));
        assert_eq!(kept.get("c"), None);
        assert_eq!(Kept::default().map(), Map::new());
    }

    #[test]
    fn what_reads_as_something_else_is_refused() {
        assert!(Kept::new(Map::from([("_rtype", "set")])).is_err());
    }
}
