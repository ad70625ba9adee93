use std::fmt;

use bytes::Bytes;

/// One message as it crosses a transport: whole, in order, unchanged.
///
/// RPC travels in binary frames; text frames carry the JSON control messages of the relay (wire-protocol section 1.2).
#[expect(
    clippy::exhaustive_enums,
    reason = "a transport carries these two kinds and nothing else; a third would be a new contract"
)]
#[derive(Clone, PartialEq, Eq)]
pub enum Frame {
    /// Opaque bytes. Cloning shares them.
    Binary(Bytes),
    /// UTF-8 text.
    Text(String),
}

impl Frame {
    /// The size of the payload in bytes, without any framing the transport adds.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Binary(bytes) => bytes.len(),
            Self::Text(text) => text.len(),
        }
    }

    /// Whether the payload is empty. Empty frames are legal and are delivered like any other.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this is a text frame.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

impl From<Bytes> for Frame {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Frame {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<String> for Frame {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Shows kind and size only: frames carry tokens and user data, which must not end up in logs.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_text() { "Text" } else { "Binary" };
        write!(f, "{kind}({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::Frame;

    #[test]
    fn debug_hides_the_payload() {
        assert_eq!(
            format!("{:?}", Frame::from("secret".to_owned())),
            "Text(6 bytes)"
        );
        assert_eq!(format!("{:?}", Frame::from(vec![1, 2])), "Binary(2 bytes)");
    }
}
