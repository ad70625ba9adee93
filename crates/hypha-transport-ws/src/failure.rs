//! From the WebSocket library's errors to the contract's.

use std::borrow::Cow;

use hypha_transport::{CloseReason, TransportError, TransportErrorKind};
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// An error of an established link.
pub(crate) fn link_failure(error: WsError) -> TransportError {
    match error {
        WsError::ConnectionClosed
        | WsError::AlreadyClosed
        | WsError::Protocol(
            ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing,
        ) => TransportError::closed(CloseReason::abnormal()),
        WsError::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            TransportError::too_large(size, max_size)
                .with_close_reason(CloseReason::new(CloseReason::TOO_LARGE, "frame too large"))
        }
        WsError::Io(error) => TransportError::from(error),
        other => {
            let code = match &other {
                WsError::Utf8(_) => CloseReason::INVALID_PAYLOAD,
                _ => CloseReason::PROTOCOL_ERROR,
            };
            TransportError::new(
                TransportErrorKind::Protocol,
                "the peer broke the WebSocket protocol",
            )
            .with_close_reason(CloseReason::new(code, "protocol error"))
            .with_source(other)
        }
    }
}

/// An error of the upgrade, on either side, apart from a refusal.
pub(crate) fn upgrade_failure(
    error: WsError,
    message: impl Into<Cow<'static, str>>,
) -> TransportError {
    match error {
        WsError::Io(error) => TransportError::from(error),
        other => TransportError::new(TransportErrorKind::Protocol, message).with_source(other),
    }
}

pub(crate) fn close_frame(reason: &CloseReason) -> CloseFrame {
    CloseFrame {
        code: CloseCode::from(reason.code()),
        reason: reason.text().into(),
    }
}

pub(crate) fn close_reason(frame: Option<CloseFrame>) -> CloseReason {
    match frame {
        Some(frame) => CloseReason::new(frame.code.into(), frame.reason.as_str()),
        None => CloseReason::new(CloseReason::NO_STATUS, ""),
    }
}
