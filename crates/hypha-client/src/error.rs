//! The one error of this crate.

use std::fmt;

use hypha_rpc_core::{
    CallError, ConnectError, EmitError, EventError, RegisterError, RemoteError, RemoteErrorKind,
};
use hypha_transport::TransportErrorKind;

use crate::login::LoginError;
use crate::options::OptionsError;
use crate::service_url::ServiceUrlError;

/// What went wrong, whatever was tried.
///
/// `{}` shows one line; `{:#}` adds what caused it. The traceback of a remote error is at [`remote`](Self::remote). As
/// wide as a pointer.
pub struct Error {
    inner: Box<Inner>,
}

/// What an [`Error`] means to the program that gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An option, an id, a URL or a variable cannot be used. Trying again does not help.
    InvalidOption,
    /// The server cannot be reached.
    Unreachable,
    /// The server, or the layer that was stacked on calls, said no to us.
    Refused,
    /// Time ran out, here or at the peer.
    Timeout,
    /// A connection ended: ours, or that of the provider.
    Disconnected,
    /// The server or the peer broke the protocol.
    Protocol,
    /// The method that was called failed.
    Remote,
    /// There is no such service, method or session.
    NotFound,
    /// The caller may not do this.
    PermissionDenied,
    /// The arguments do not fit the method.
    InvalidArguments,
    /// The provider has too much to do, or is about to leave; the call did not run.
    Busy,
    /// A service of ours does not hold together.
    InvalidService,
    /// A service of this id is registered already.
    AlreadyExists,
    /// A message is too large to be sent.
    TooLarge,
    /// An argument cannot be sent, or a result is not what was asked for.
    Data,
    /// Logging in or out did not work.
    Login,
    /// Something is not encrypted as it should be, here or at the peer. Nothing went in clear instead.
    Encryption,
    /// Events were dropped because they came faster than they were read.
    Missed,
}

#[derive(Debug, thiserror::Error)]
enum Inner {
    #[error(transparent)]
    Connect(ConnectError),
    #[error(transparent)]
    Call(CallError),
    #[error(transparent)]
    Register(RegisterError),
    #[error(transparent)]
    Options(OptionsError),
    #[error(transparent)]
    ServiceUrl(ServiceUrlError),
    #[error(transparent)]
    Login(LoginError),
    #[error(transparent)]
    Emit(EmitError),
    #[error(transparent)]
    Event(EventError),
}

impl Error {
    /// What the error means.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &*self.inner {
            Inner::Connect(error) => kind_of_connect(error),
            Inner::Call(error) => kind_of_call(error),
            Inner::Register(error) => kind_of_register(error),
            Inner::Options(OptionsError::EncryptionOff) => ErrorKind::Encryption,
            Inner::Options(_) | Inner::ServiceUrl(_) => ErrorKind::InvalidOption,
            Inner::Login(LoginError::TimedOut) => ErrorKind::Timeout,
            Inner::Login(_) => ErrorKind::Login,
            Inner::Emit(EmitError::Send(error)) => kind_of_call(error),
            Inner::Emit(_) => ErrorKind::InvalidOption,
            Inner::Event(error) => kind_of_event(error),
        }
    }

    /// Whether time ran out, here or at the peer.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// Whether a connection ended: ours, or that of the provider.
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        self.kind() == ErrorKind::Disconnected
    }

    /// Whether the peer or the server answered with an error.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.remote().is_some()
    }

    /// Whether nothing has run, and the same may work in a moment.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match &*self.inner {
            Inner::Connect(error) => is_retryable_connect(error),
            Inner::Call(error)
            | Inner::Register(RegisterError::Server(error))
            | Inner::Emit(EmitError::Send(error)) => error.is_retryable(),
            _ => false,
        }
    }

    /// The error that the peer or the server answered with, if it did.
    #[must_use]
    pub fn remote(&self) -> Option<&RemoteError> {
        self.call().and_then(CallError::remote)
    }

    /// The error of a call, also of one that was part of connecting or registering.
    #[must_use]
    pub fn call(&self) -> Option<&CallError> {
        match &*self.inner {
            Inner::Call(error)
            | Inner::Register(RegisterError::Server(error))
            | Inner::Emit(EmitError::Send(error))
            | Inner::Connect(ConnectError::Register(RegisterError::Server(error))) => Some(error),
            _ => None,
        }
    }

    /// The error of connecting, if that failed.
    #[must_use]
    pub fn connect(&self) -> Option<&ConnectError> {
        match &*self.inner {
            Inner::Connect(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the flags of `f`: a remote error would add its traceback, which does not belong into a line of a log.
        write!(f, "{}", self.inner)?;
        if f.alternate() {
            let mut source = std::error::Error::source(self);
            while let Some(error) = source {
                write!(f, ": {error}")?;
                source = error.source();
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.inner, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner.source()
    }
}

macro_rules! from {
    ($($variant:ident($type:ty)),* $(,)?) => {$(
        impl From<$type> for Error {
            fn from(error: $type) -> Self {
                Self { inner: Box::new(Inner::$variant(error)) }
            }
        }
    )*};
}

from! {
    Connect(ConnectError),
    Call(CallError),
    Register(RegisterError),
    Options(OptionsError),
    ServiceUrl(ServiceUrlError),
    Login(LoginError),
    Emit(EmitError),
    Event(EventError),
}

impl From<Error> for RemoteError {
    /// For handlers that call others: what their own caller gets to see.
    fn from(error: Error) -> Self {
        match *error.inner {
            Inner::Call(error) => error.into(),
            _ => Self::new(format!("{error:#}")),
        }
    }
}

/// What the server says when too many clients connect at once (wire-protocol section 1.4).
const SERVER_BUSY: &str = "Server busy";

/// HTTP answers below 500 that say "later": request timeout, too early, too many requests.
const RETRY_STATUS: [u16; 3] = [408, 425, 429];

fn is_retryable_connect(error: &ConnectError) -> bool {
    match error {
        ConnectError::Transport(error) => match error.kind() {
            TransportErrorKind::HttpStatus(status) => {
                status >= 500 || RETRY_STATUS.contains(&status)
            }
            TransportErrorKind::InvalidUrl
            | TransportErrorKind::InvalidOption
            | TransportErrorKind::Tls
            | TransportErrorKind::Unsupported => false,
            _ => true,
        },
        ConnectError::Timeout(_) => true,
        ConnectError::Refused(words) => words.starts_with(SERVER_BUSY),
        ConnectError::Register(RegisterError::Server(error)) => {
            error.is_timeout() || error.is_disconnected()
        }
        _ => false,
    }
}

fn kind_of_connect(error: &ConnectError) -> ErrorKind {
    match error {
        ConnectError::Transport(error) => match error.kind() {
            TransportErrorKind::InvalidUrl | TransportErrorKind::InvalidOption => {
                ErrorKind::InvalidOption
            }
            TransportErrorKind::HttpStatus(_) => ErrorKind::Refused,
            TransportErrorKind::Timeout => ErrorKind::Timeout,
            TransportErrorKind::Closed => ErrorKind::Disconnected,
            TransportErrorKind::Protocol | TransportErrorKind::Unsupported => ErrorKind::Protocol,
            TransportErrorKind::TooLarge => ErrorKind::TooLarge,
            _ => ErrorKind::Unreachable,
        },
        ConnectError::Refused(_) | ConnectError::WrongWorkspace { .. } => ErrorKind::Refused,
        ConnectError::Timeout(_) => ErrorKind::Timeout,
        ConnectError::ClientId(_) | ConnectError::Random(_) => ErrorKind::InvalidOption,
        ConnectError::Register(error) => kind_of_register(error),
        _ => ErrorKind::Protocol,
    }
}

fn kind_of_register(error: &RegisterError) -> ErrorKind {
    match error {
        RegisterError::Exists(_) => ErrorKind::AlreadyExists,
        RegisterError::Unknown(_) => ErrorKind::NotFound,
        RegisterError::Server(error) => kind_of_call(error),
        _ => ErrorKind::InvalidService,
    }
}

fn kind_of_call(error: &CallError) -> ErrorKind {
    match error {
        CallError::Remote(error) => kind_of_remote(error),
        CallError::Timeout { .. } | CallError::Deadline { .. } => ErrorKind::Timeout,
        CallError::PeerGone { .. } | CallError::Disconnected { .. } => ErrorKind::Disconnected,
        CallError::NoSuchMethod { .. } => ErrorKind::NotFound,
        CallError::TooLarge { .. } | CallError::OneFrameOnly { .. } => ErrorKind::TooLarge,
        CallError::ForeignFunction { .. } => ErrorKind::Protocol,
        CallError::Encryption(_) => ErrorKind::Encryption,
        CallError::Layer(_) => ErrorKind::Refused,
        _ => ErrorKind::Data,
    }
}

fn kind_of_event(error: &EventError) -> ErrorKind {
    match error {
        EventError::Missed { .. } => ErrorKind::Missed,
        EventError::Timeout { .. } => ErrorKind::Timeout,
        EventError::Closed { .. } => ErrorKind::Disconnected,
        _ => ErrorKind::Data,
    }
}

fn kind_of_remote(error: &RemoteError) -> ErrorKind {
    match error.kind() {
        RemoteErrorKind::Timeout => ErrorKind::Timeout,
        RemoteErrorKind::MethodNotFound
        | RemoteErrorKind::SessionNotFound
        | RemoteErrorKind::ServiceNotFound => ErrorKind::NotFound,
        RemoteErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        RemoteErrorKind::Encryption => ErrorKind::Encryption,
        RemoteErrorKind::PeerNotConnected => ErrorKind::Disconnected,
        RemoteErrorKind::InvalidArguments => ErrorKind::InvalidArguments,
        RemoteErrorKind::Busy | RemoteErrorKind::ShuttingDown => ErrorKind::Busy,
        _ => ErrorKind::Remote,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hypha_transport::TransportError;

    use super::*;

    #[test]
    fn as_wide_as_a_pointer() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }

    #[test]
    fn kinds_and_what_can_be_tried_again() {
        let remote = |text: &str| Error::from(CallError::Remote(RemoteError::new(text)));
        let transport = |kind| Error::from(ConnectError::Transport(TransportError::new(kind, "x")));
        for (error, kind, retryable) in [
            (
                transport(TransportErrorKind::Unreachable),
                ErrorKind::Unreachable,
                true,
            ),
            (
                transport(TransportErrorKind::InvalidUrl),
                ErrorKind::InvalidOption,
                false,
            ),
            (
                transport(TransportErrorKind::HttpStatus(403)),
                ErrorKind::Refused,
                false,
            ),
            (
                transport(TransportErrorKind::HttpStatus(429)),
                ErrorKind::Refused,
                true,
            ),
            (
                transport(TransportErrorKind::HttpStatus(503)),
                ErrorKind::Refused,
                true,
            ),
            (
                ConnectError::Refused("Server busy, please retry".into()).into(),
                ErrorKind::Refused,
                true,
            ),
            (
                ConnectError::Refused("Authentication error: no".into()).into(),
                ErrorKind::Refused,
                false,
            ),
            (
                ConnectError::Timeout(Duration::from_secs(1)).into(),
                ErrorKind::Timeout,
                true,
            ),
            (remote("boom"), ErrorKind::Remote, false),
            (
                remote("Service not found: ws/*:x@*"),
                ErrorKind::NotFound,
                false,
            ),
            (
                remote("Permission denied for x"),
                ErrorKind::PermissionDenied,
                false,
            ),
            (
                remote("Target peer ws/c is not connected"),
                ErrorKind::Disconnected,
                true,
            ),
            (
                EventError::Missed { count: 1 }.into(),
                ErrorKind::Missed,
                false,
            ),
            (
                EventError::Closed { name: "n".into() }.into(),
                ErrorKind::Disconnected,
                false,
            ),
            (
                EmitError::Name("method".into()).into(),
                ErrorKind::InvalidOption,
                false,
            ),
            (
                EmitError::Send(CallError::TooLarge { size: 2, limit: 1 }).into(),
                ErrorKind::TooLarge,
                false,
            ),
            (
                RegisterError::Exists("s".into()).into(),
                ErrorKind::AlreadyExists,
                false,
            ),
            (
                ConnectError::Register(RegisterError::Server(CallError::Remote(RemoteError::new(
                    "Permission denied",
                ))))
                .into(),
                ErrorKind::PermissionDenied,
                false,
            ),
        ] {
            assert_eq!(error.kind(), kind, "{error}");
            assert_eq!(error.is_retryable(), retryable, "{error}");
            assert_eq!(error.is_timeout(), kind == ErrorKind::Timeout);
            assert_eq!(error.is_disconnected(), kind == ErrorKind::Disconnected);
        }
    }

    #[test]
    fn the_remote_error_is_reachable_through_what_wraps_it() {
        let inner = || CallError::Remote(RemoteError::new("no").with_trace("line 3"));
        for error in [
            Error::from(inner()),
            RegisterError::Server(inner()).into(),
            ConnectError::Register(RegisterError::Server(inner())).into(),
        ] {
            assert!(error.is_remote());
            assert_eq!(error.remote().map(RemoteError::message), Some("no"));
        }
        assert_eq!(Error::from(inner()).to_string(), "no");
        assert_eq!(format!("{:#}", Error::from(inner())), "no");
        let wrapped = Error::from(RegisterError::Server(inner()));
        assert_eq!(
            wrapped.to_string(),
            "no",
            "refusals are in the server's words"
        );
        assert_eq!(format!("{wrapped:#}"), "no");
    }
}
