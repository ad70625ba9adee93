//! What can go wrong, by operation.

use std::time::Duration;

use hypha_codec::{DecodeError, EncodeError, ErrorValue, FromValueError, Text};
use hypha_transport::TransportError;

use crate::address::{Address, AddressError};
use crate::sealing::EncryptionError;
use crate::texts;

pub use self::remote::{RemoteError, RemoteErrorKind};

mod remote;

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The peer answered with an error.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The peer was silent for too long: no answer and no heartbeat.
    #[error("no sign of life from `{target}` for {silence:?} in a call of `{method}`")]
    Timeout {
        /// Who was called.
        target: Address,
        /// The path of the method.
        method: Text,
        /// The longest silence that was allowed.
        silence: Duration,
    },
    /// The deadline of the call passed.
    #[error("the call of `{method}` at `{target}` did not end within its deadline of {deadline:?}")]
    Deadline {
        /// Who was called.
        target: Address,
        /// The path of the method.
        method: Text,
        /// The deadline, counted from the start of the call.
        deadline: Duration,
    },
    /// The provider left; the call may or may not have run.
    #[error("the provider `{peer}` is gone ({notice}); the call may have run")]
    PeerGone {
        /// Who was called.
        peer: Address,
        /// Who says so.
        notice: String,
    },
    /// Our own connection ended.
    #[error("the connection ended{}: {reason}", if *.maybe_ran { "; the call may have run" } else { " before the call was sent" })]
    Disconnected {
        /// Why.
        reason: String,
        /// Whether the call had been sent.
        maybe_ran: bool,
    },
    /// The service has no such method.
    #[error("service `{service}` has no method `{method}`; it has {available}")]
    NoSuchMethod {
        /// The service.
        service: Text,
        /// What was asked for.
        method: Text,
        /// What there is, in words.
        available: String,
    },
    /// An event is larger than one frame carries; events do not go in several.
    #[error("the message has {size} bytes, more than the {limit} that go in one frame")]
    TooLarge {
        /// Size of the encoded message.
        size: usize,
        /// The limit in force.
        limit: usize,
    },
    /// The message is too large for one frame, and its receiver takes none in several.
    #[error("`{target}` takes no messages in several frames, and {size} bytes do not go in one")]
    OneFrameOnly {
        /// Who was called.
        target: Address,
        /// Size of the encoded message.
        size: usize,
    },
    /// An argument cannot travel.
    #[error("an argument cannot be sent")]
    Encode(#[from] EncodeError),
    /// The answer cannot be read.
    #[error("the answer of `{method}` cannot be read")]
    Decode {
        /// The path of the method.
        method: Text,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// The result is something else than what was asked for.
    #[error("the result of `{method}` is not what was asked for")]
    Result {
        /// The path of the method.
        method: Text,
        /// What is wrong with it, and where.
        source: FromValueError,
    },
    /// A function that came inside a message leads to somebody it must not lead to.
    #[error("`{sender}` sent a function of `{target}`, which it may not hand out")]
    ForeignFunction {
        /// Where the function leads.
        target: Address,
        /// Who sent it.
        sender: Address,
    },
    /// The call or its answer is not encrypted as it should be; if it is the answer, the method may
    /// have run.
    #[error("end-to-end encryption failed: {0}")]
    Encryption(#[from] EncryptionError),
    /// What a layer that the user stacked on the call path said.
    #[error("the call was refused on its way out")]
    Layer(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CallError {
    /// The remote's error, if the peer answered with one.
    #[must_use]
    pub fn remote(&self) -> Option<&RemoteError> {
        match self {
            Self::Remote(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the peer answered with an error.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.remote().is_some()
    }

    /// Whether time ran out, here or at the peer.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::Deadline { .. } => true,
            Self::Remote(error) => error.kind() == RemoteErrorKind::Timeout,
            _ => false,
        }
    }

    /// Whether a connection ended: ours, or the provider's.
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        match self {
            Self::Disconnected { .. } | Self::PeerGone { .. } => true,
            Self::Remote(error) => error.kind() == RemoteErrorKind::PeerNotConnected,
            _ => false,
        }
    }

    /// Whether the call is certain not to have run, so that making it again is safe.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Disconnected { maybe_ran, .. } => !maybe_ran,
            Self::Remote(error) => error.is_refusal() && !error.is_in_clear(),
            _ => false,
        }
    }
}

impl From<CallError> for RemoteError {
    /// For handlers that call others: what their own caller gets to see.
    fn from(error: CallError) -> Self {
        let error = match error {
            CallError::Remote(error) => error,
            CallError::Timeout {
                target,
                method,
                silence,
            } => Self::new(texts::timed_out(&target, &method, silence)),
            other => Self::new(with_sources(&other)),
        };
        error.of_method()
    }
}

/// Why a service was not registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The service does not hold together.
    #[error(transparent)]
    Invalid(#[from] InvalidService),
    /// A service of this id is registered here.
    #[error("service `{0}` is registered already; `replace_service` replaces it")]
    Exists(Text),
    /// There is no such service here.
    #[error("there is no service `{0}` here")]
    Unknown(Text),
    /// The server did not take it.
    #[error(transparent)]
    Server(#[from] CallError),
    /// The service is gone here, but the server did not take it off its list.
    #[error("the service was taken back here, but the server still lists it: {0}")]
    StillListed(CallError),
}

/// What is wrong with a service that was built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidService {
    /// The id is empty or holds a separator.
    #[error(
        "`{0}` cannot be the id of a service: ids are not empty and hold none of `. : / @ *` and no blanks"
    )]
    Id(String),
    /// The id is that of a service which every client has.
    #[error("`{0}` is the id of a service that every client has")]
    Reserved(String),
    /// A member's name is empty, holds a dot or stands for something else.
    #[error(
        "`{0}` cannot be the name of a member: names are not empty, hold no dot, do not begin with `_` and are no field of the service"
    )]
    Member(String),
    /// Two members have one name.
    #[error("the service has two members named `{0}`")]
    DuplicateMember(String),
    /// `authorized_workspaces` goes with protected services only (protocol section 10.2).
    #[error("`authorized_workspaces` has a meaning for protected services only")]
    AuthorizedWorkspaces,
    /// The description is longer than the server takes.
    #[error("the description has {0} characters, the server takes 1024")]
    DescriptionLength(usize),
    /// A method takes the context, and the service says that it does not.
    #[error("method `{0}` takes a `Context`, which `require_context` denies it")]
    ContextDenied(String),
    /// A value cannot travel.
    #[error("the value `{0}` cannot be sent: {1}")]
    Value(String, String),
    /// A key of the configuration has a setter, and no effect when it is set like any other.
    #[error("`{0}` has no effect in `config`: it is set by `Service::{0}`")]
    Config(String),
    /// The list of `trusted_keys` is empty: other clients would take it for none.
    #[error("`trusted_keys` holds no key, so nobody could call the service")]
    NoTrustedKeys,
    /// The service demands encryption, which is off at this client.
    #[error("the service has `trusted_keys`, and encryption is off at this client")]
    EncryptionOff,
    /// What was said of a method cannot be, such as a default that is none of its parameter's type.
    #[error("method `{0}`: {1}")]
    Method(String, String),
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The transport did not come up or broke.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The server refused, in its own words.
    #[error("the server refused the connection: {0}")]
    Refused(String),
    /// The server let us into another workspace than the one asked for.
    #[error("connected to workspace `{got}` instead of `{asked}`")]
    WrongWorkspace {
        /// The workspace asked for.
        asked: String,
        /// The workspace the server chose.
        got: String,
    },
    /// The server did not finish the handshake in time.
    #[error("the server did not answer the handshake within {0:?}")]
    Timeout(Duration),
    /// The server said something that is no answer to a handshake.
    #[error("the server broke the handshake: {0}")]
    Protocol(String),
    /// An id cannot be used.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The client id holds a character that would make it unreachable.
    #[error(
        "`{0}` cannot be a client id: ids are not empty and hold none of `. : / @ *` and no blanks"
    )]
    ClientId(String),
    /// The operating system gave no randomness for ids.
    #[error("no randomness for ids")]
    Random(#[from] getrandom::Error),
    /// The services every client needs were not accepted.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

/// The message of an error and those of its sources, as one line.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

impl From<&ErrorValue> for RemoteError {
    fn from(value: &ErrorValue) -> Self {
        Self::parse(&value.message, value.trace.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever called a method that passes on what another one said did not call in vain.
    #[test]
    fn a_refusal_of_an_inner_call_is_none_of_the_outer_one() {
        let busy = texts::BUSY.to_owned();
        let several = format!("x\n{busy}");
        for text in [&*busy, "Target peer ws/c is not connected", &*several] {
            let inner = CallError::Remote(RemoteError::new(text));
            assert!(inner.is_retryable(), "{text}");
            let passed_on = RemoteError::from(inner);
            let outer = RemoteError::parse(passed_on.message(), passed_on.trace());
            assert!(
                outer.message().starts_with("the method failed: "),
                "{outer}"
            );
            assert!(!CallError::Remote(outer).is_retryable(), "{text}");
        }
        for error in [
            CallError::from(EncryptionError::PlainError(format!("x\n{busy}"))),
            CallError::Remote(RemoteError::new(&*busy).of_application()),
        ] {
            let outer = RemoteError::from(error);
            let outer = RemoteError::parse(outer.message(), None);
            assert_eq!(outer.kind(), RemoteErrorKind::Application, "{outer}");
        }
        let in_clear = RemoteError::new("Access denied").in_clear();
        let passed_on = RemoteError::from(CallError::Remote(in_clear));
        assert_eq!(passed_on.kind(), RemoteErrorKind::Application);
        let denied = RemoteError::from(CallError::Remote(RemoteError::new("Access denied")));
        assert_eq!(denied.kind(), RemoteErrorKind::PermissionDenied);
    }
}
