use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::{CloseReason, Frame, Limits};

/// What went wrong, coarse enough to react to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The address cannot be dialled as written. Trying again does not help.
    InvalidUrl,
    /// An option of the transport is unusable, for example a CA certificate that does not parse.
    InvalidOption,
    /// No connection to the peer: name not found, connection refused, no route.
    Unreachable,
    /// TLS failed, for example because the certificate is not trusted.
    Tls,
    /// The server answered the upgrade with this HTTP status instead of accepting it.
    HttpStatus(u16),
    /// The peer did not answer in time.
    Timeout,
    /// A frame, sent or received, is larger than [`Limits::max_frame`].
    TooLarge,
    /// A frame of a kind that this transport does not carry.
    Unsupported,
    /// The peer broke the rules of the transport's framing.
    Protocol,
    /// The link has ended; [`TransportError::close_reason`] says how.
    Closed,
    /// Reading or writing failed.
    Io,
}

/// The error of every transport operation.
///
/// The error of the library below is erased: it is reachable by [`source`](Error::source) for display, but its type is
/// not part of the contract. Cheap to clone, so that every waiting caller can be told.
#[derive(Clone, Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    message: Cow<'static, str>,
    close: Option<CloseReason>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl TransportError {
    /// An error of `kind`. The `message` says what failed and, where there is something to be done, what: lower case,
    /// no full stop, no secrets.
    #[must_use]
    pub fn new(kind: TransportErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            close: None,
            source: None,
        }
    }

    /// The link ended for `reason`.
    #[must_use]
    pub fn closed(reason: CloseReason) -> Self {
        let message = match reason.code() {
            CloseReason::ABNORMAL => "the link was lost without a close",
            _ => "the link was closed",
        };
        Self {
            close: Some(reason),
            ..Self::new(TransportErrorKind::Closed, message)
        }
    }

    /// A frame of `size` bytes exceeds the `limit`.
    #[must_use]
    pub fn too_large(size: usize, limit: usize) -> Self {
        Self::new(
            TransportErrorKind::TooLarge,
            format!("a frame of {size} bytes exceeds the limit of {limit} bytes"),
        )
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// Adds the close that came with the failure, for example the 1009 sent because of [`TransportErrorKind::TooLarge`].
    #[must_use]
    pub fn with_close_reason(mut self, reason: CloseReason) -> Self {
        self.close = Some(reason);
        self
    }

    /// The category, to match on.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// How the link was closed. Always present for [`TransportErrorKind::Closed`].
    #[must_use]
    pub fn close_reason(&self) -> Option<&CloseReason> {
        self.close.as_ref()
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.close {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

/// Sorts the kinds of [`io::Error`] that mean an end or an absence of the peer; everything else is
/// [`TransportErrorKind::Io`].
impl From<io::Error> for TransportError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind as E;
        match error.kind() {
            E::ConnectionReset
            | E::ConnectionAborted
            | E::BrokenPipe
            | E::UnexpectedEof
            | E::NotConnected => Self::closed(CloseReason::abnormal()),
            E::ConnectionRefused
            | E::HostUnreachable
            | E::NetworkUnreachable
            | E::AddrNotAvailable
            | E::NotFound => Self::new(
                TransportErrorKind::Unreachable,
                "the peer cannot be reached",
            ),
            E::TimedOut => Self::new(
                TransportErrorKind::Timeout,
                "the peer did not answer in time",
            ),
            _ => Self::new(TransportErrorKind::Io, "reading or writing failed"),
        }
        .with_source(error)
    }
}

impl Limits {
    /// Whether `frame` may be sent: the check at the top of every [`FrameTx::feed`](crate::FrameTx::feed).
    ///
    /// # Errors
    /// [`TransportErrorKind::TooLarge`] above `max_frame`, [`TransportErrorKind::Unsupported`] for text where `text` is
    /// off.
    pub fn check(&self, frame: &Frame) -> Result<(), TransportError> {
        if frame.len() > self.max_frame {
            return Err(TransportError::too_large(frame.len(), self.max_frame));
        }
        if frame.is_text() && !self.text {
            return Err(TransportError::new(
                TransportErrorKind::Unsupported,
                "this transport carries no text frames",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_states_the_close_but_not_the_source() {
        let error = TransportError::closed(CloseReason::new(CloseReason::POLICY, "token expired"))
            .with_source(io::Error::other("inner"));
        assert_eq!(
            error.to_string(),
            "the link was closed (1008: token expired)"
        );
        assert_eq!(
            error.source().map(ToString::to_string).as_deref(),
            Some("inner")
        );
    }

    #[test]
    fn io_errors_are_sorted() {
        let kind = |kind: io::ErrorKind| TransportError::from(io::Error::from(kind)).kind();
        assert_eq!(
            kind(io::ErrorKind::ConnectionRefused),
            TransportErrorKind::Unreachable
        );
        assert_eq!(
            kind(io::ErrorKind::ConnectionReset),
            TransportErrorKind::Closed
        );
        assert_eq!(kind(io::ErrorKind::TimedOut), TransportErrorKind::Timeout);
        assert_eq!(
            kind(io::ErrorKind::PermissionDenied),
            TransportErrorKind::Io
        );
    }

    #[test]
    fn limits_admit_up_to_the_maximum() {
        let limits = Limits::new().with_max_frame(4).with_text(false);
        assert!(limits.check(&Frame::from(vec![0; 4])).is_ok());
        let kind = |frame: Frame| limits.check(&frame).map_err(|error| error.kind());
        assert_eq!(
            kind(Frame::from(vec![0; 5])),
            Err(TransportErrorKind::TooLarge)
        );
        assert_eq!(
            kind(Frame::from("hi".to_owned())),
            Err(TransportErrorKind::Unsupported)
        );
    }
}
