use hypha_codec::{EncodeError, Map, Value};

/// A map from a client that is kept: without the frame it came in, and without ways to call what it names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Kept {
    map: Map,
    bytes: usize,
}

impl Kept {
    pub(crate) fn new(map: Map) -> Result<Self, EncodeError> {
        let encoded = hypha_codec::encode(&Value::Map(map))?;
        let bytes = encoded.len();
        match hypha_codec::decode(encoded) {
            Ok(Value::Map(map)) => Ok(Self { map, bytes }),
            // A tag of the wire format makes something else of it.
            _ => Err(EncodeError::custom("a plain map is needed")),
        }
    }

    pub(crate) fn map(&self) -> &Map {
        &self.map
    }

    /// How many bytes it has on the wire.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}
