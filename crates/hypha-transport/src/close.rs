use std::fmt;

/// Why a link was closed: a WebSocket close code (RFC 6455 section 7.4, also used by the other transports) and a text.
///
/// What the Hypha server means by each code is listed in wire-protocol section 1.5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReason {
    code: u16,
    text: String,
}

impl CloseReason {
    /// Normal end.
    pub const NORMAL: u16 = 1000;
    /// The server is stopping, or has given up on this connection.
    pub const GOING_AWAY: u16 = 1001;
    /// The peer broke the framing.
    pub const PROTOCOL_ERROR: u16 = 1002;
    /// A kind of data that the peer cannot accept.
    pub const UNSUPPORTED_DATA: u16 = 1003;
    /// Received only: the peer closed without saying why.
    pub const NO_STATUS: u16 = 1005;
    /// Never sent: the link ended without a close. Passed to [`FrameTx::close`](crate::FrameTx::close) it cuts the link.
    pub const ABNORMAL: u16 = 1006;
    /// The peer sent data that does not fit its kind, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: u16 = 1007;
    /// Authentication or a rule of the server failed.
    pub const POLICY: u16 = 1008;
    /// A frame was larger than the receiver accepts.
    pub const TOO_LARGE: u16 = 1009;
    /// The server met an unexpected condition.
    pub const INTERNAL_ERROR: u16 = 1011;
    /// The server process was restarted.
    pub const SERVICE_RESTART: u16 = 1012;
    /// The server is overloaded: try again later.
    pub const TRY_AGAIN: u16 = 1013;

    /// The longest text in bytes: what is left of the 125 bytes of a WebSocket control frame after the code.
    pub const MAX_TEXT: usize = 123;

    /// A reason with `code` and `text`. Text beyond [`MAX_TEXT`](Self::MAX_TEXT) bytes is cut off at a character
    /// boundary, because a longer one would make the close itself fail.
    #[must_use]
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        let mut text = text.into();
        let mut end = text.len().min(Self::MAX_TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        Self { code, text }
    }

    /// The normal end: code 1000, no text.
    #[must_use]
    pub fn normal() -> Self {
        Self::new(Self::NORMAL, "")
    }

    /// An end without a close: code 1006, no text.
    #[must_use]
    pub fn abnormal() -> Self {
        Self::new(Self::ABNORMAL, "")
    }

    /// The close code.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The peer's words, often empty.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether this is the normal end, code 1000.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        self.code == Self::NORMAL
    }

    /// Whether the code may travel in a close message (1005, 1006 and 1015 only describe what was not received).
    #[must_use]
    pub fn is_sendable(&self) -> bool {
        matches!(self.code, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

/// `1008: token expired`, or only the code where there is no text.
impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.text.is_empty() {
            write!(f, ": {}", self.text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::CloseReason;

    #[test]
    fn text_is_cut_at_a_character_boundary() {
        let reason = CloseReason::new(CloseReason::POLICY, "é".repeat(100));
        assert_eq!(reason.text().len(), 122);
        assert!(reason.text().chars().all(|c| c == 'é'));
        let exact = "x".repeat(CloseReason::MAX_TEXT);
        assert_eq!(CloseReason::new(1000, exact.clone()).text(), exact);
    }

    #[test]
    fn codes_that_only_describe_are_not_sendable() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
            assert!(!CloseReason::new(code, "").is_sendable(), "{code}");
        }
        for code in [1000, 1001, 1008, 1009, 1012, 1013, 3000, 4999] {
            assert!(CloseReason::new(code, "").is_sendable(), "{code}");
        }
    }

    #[test]
    fn display_names_code_and_words() {
        assert_eq!(
            CloseReason::new(1008, "token expired").to_string(),
            "1008: token expired"
        );
        assert_eq!(CloseReason::abnormal().to_string(), "1006");
    }
}
