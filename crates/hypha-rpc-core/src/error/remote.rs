//! The error of a remote, read from the forms in which the clients send it (protocol section 5.1).

use std::any::Any;
use std::fmt;

use hypha_codec::Text;

use crate::texts;

/// An error that a peer answered with, or that a handler answers with.
///
/// `{}` shows the message, `{:#}` the message and the trace.
#[derive(Clone, Debug)]
pub struct RemoteError(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    message: Text,
    type_name: Option<Text>,
    trace: Option<Text>,
    kind: RemoteErrorKind,
    in_clear: bool,
    received: bool,
}

/// What a remote error means, as far as its text tells.
///
/// Peers send texts, not codes: the kind is found by the texts that clients and servers agree on
/// (protocol sections 6.4 to 7), everything else is [`Application`](Self::Application).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemoteErrorKind {
    /// The method itself failed.
    Application,
    /// A timeout at the peer or further on.
    Timeout,
    /// The path leads to nothing that can be called.
    MethodNotFound,
    /// The session of a callback is over.
    SessionNotFound,
    /// There is no such service.
    ServiceNotFound,
    /// The caller may not do this.
    PermissionDenied,
    /// The provider demands another encryption than the call had, or cannot read it.
    Encryption,
    /// The provider is not connected: the call was not delivered.
    PeerNotConnected,
    /// The arguments do not fit.
    InvalidArguments,
    /// The peer has too much to do: the call did not run.
    Busy,
    /// The provider is about to leave: the call did not run.
    ShuttingDown,
    /// The method panicked.
    Panic,
}

impl RemoteError {
    /// An error with this message; its kind is read off the text.
    #[must_use]
    pub fn new(message: impl Into<Text>) -> Self {
        let message = message.into();
        let kind = kind_of(&message);
        Self::of_kind(kind, message)
    }

    /// Sets the trace that is sent along.
    #[must_use]
    pub fn with_trace(mut self, trace: impl Into<Text>) -> Self {
        self.0.trace = Some(trace.into());
        self
    }

    /// The useful line: without the traceback, and without the name of the error's type.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The name of the error's type at the peer, such as `ValueError`, if it told.
    #[must_use]
    pub fn type_name(&self) -> Option<&str> {
        self.0.type_name.as_deref()
    }

    /// The traceback or stack of the peer, if it sent one.
    #[must_use]
    pub fn trace(&self) -> Option<&str> {
        self.0.trace.as_deref()
    }

    /// What the error means.
    #[must_use]
    pub fn kind(&self) -> RemoteErrorKind {
        self.0.kind
    }

    /// Whether it says that the call did not run.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self.0.kind,
            RemoteErrorKind::PeerNotConnected
                | RemoteErrorKind::Busy
                | RemoteErrorKind::ShuttingDown
        )
    }

    /// Whether the call was encrypted and this came in clear, so that whoever is on the way may have
    /// written it: then it is not certain that the call did not run, whatever the error says.
    #[must_use]
    pub fn is_in_clear(&self) -> bool {
        self.0.in_clear
    }

    /// Reads the two texts of an error on the wire.
    ///
    /// Python sends the message alone for a plain function (the type is in the last line of the
    /// trace), and a shortened traceback as the message for an async one; JavaScript and servers
    /// send `Type: message`.
    pub(crate) fn parse(value: &str, trace: Option<&str>) -> Self {
        let mut trace = trace.filter(|trace| !trace.trim().is_empty());
        let is_traceback = value.starts_with("Traceback")
            || (value.trim_end().contains('\n') && value.contains("File \""));
        let (type_name, message) = if is_traceback {
            trace = trace.or(Some(value));
            last_error_line(value).unwrap_or_else(|| (None, value.trim()))
        } else if let Some((type_name, message)) = split_type(value) {
            (Some(type_name), message)
        } else {
            // The trace of another error says nothing about the type of this one.
            let last = trace.and_then(last_error_line);
            let same = last.filter(|(_, message)| value.ends_with(message) || value.is_empty());
            (same.and_then(|(type_name, _)| type_name), value)
        };
        Self(Box::new(Parts {
            message: Text::from(message),
            type_name: type_name.map(Text::from),
            trace: trace.map(Text::from),
            kind: kind_of(value),
            in_clear: false,
            received: true,
        }))
    }

    /// The same error of an encrypted call, which came in clear. A trace would be words of anybody.
    pub(crate) fn in_clear(mut self) -> Self {
        self.0.in_clear = true;
        self.0.trace = None;
        self
    }

    /// The same error as that of a method which ran: what came for a call that it made must not look as if its own call
    /// could be made again.
    pub(crate) fn of_method(self) -> Self {
        let shown = self.to_string();
        let says_so = |text: &str| Self::new(text).is_refusal();
        if self.0.in_clear || self.is_refusal() || says_so(&shown) || says_so(self.message()) {
            return Self::new(texts::method_failed(&shown));
        }
        self
    }

    /// Whether it came from somebody else.
    pub(crate) fn is_received(&self) -> bool {
        self.0.received
    }

    /// The same error, whatever its text reminds of.
    pub(crate) fn of_application(mut self) -> Self {
        self.0.kind = RemoteErrorKind::Application;
        self
    }

    /// The error of a handler that panicked with this.
    pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Self {
        let what = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let text = texts::panicked(what.unwrap_or("no message"));
        Self::of_kind(RemoteErrorKind::Panic, text)
    }

    pub(crate) fn of_kind(kind: RemoteErrorKind, message: impl Into<Text>) -> Self {
        Self(Box::new(Parts {
            message: message.into(),
            type_name: None,
            trace: None,
            kind,
            in_clear: false,
            received: false,
        }))
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(type_name) = &self.0.type_name {
            write!(f, "{type_name}: ")?;
        }
        f.write_str(&self.0.message)?;
        if f.alternate()
            && let Some(trace) = &self.0.trace
        {
            write!(f, "\n{trace}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RemoteError {}

impl From<&str> for RemoteError {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<String> for RemoteError {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

/// The last line of a traceback that begins with the name of an error type.
fn last_error_line(text: &str) -> Option<(Option<&str>, &str)> {
    let line = text
        .trim_end()
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())?;
    match split_type(line) {
        Some((type_name, message)) => Some((Some(type_name), message)),
        // `raise ValueError` leaves a line that is nothing but the type.
        None if is_type_name(line) => Some((Some(line), "")),
        None => Some((None, line.trim())),
    }
}

/// Splits `Type: message`.
fn split_type(text: &str) -> Option<(&str, &str)> {
    let (head, rest) = text.split_once(':')?;
    is_type_name(head).then(|| (head, rest.trim_start()))
}

/// Whether a word reads like the type of an error: an identifier with a capital that ends in one
/// of the words languages use.
fn is_type_name(word: &str) -> bool {
    let last = word.rsplit('.').next().unwrap_or_default();
    let identifier = word
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    identifier
        && last.starts_with(|c: char| c.is_ascii_uppercase())
        && [
            "Error",
            "Exception",
            "Warning",
            "Interrupt",
            "Exit",
            "Iteration",
        ]
        .iter()
        .any(|end| last.ends_with(end))
}

/// The kind that a text shows. Texts of a traceback are searched as a whole.
fn kind_of(text: &str) -> RemoteErrorKind {
    let rules: [(&str, RemoteErrorKind); 22] = [
        ("Method call timed out", RemoteErrorKind::Timeout),
        ("TimeoutError", RemoteErrorKind::Timeout),
        (
            "Method expired or not found",
            RemoteErrorKind::MethodNotFound,
        ),
        ("Method not found", RemoteErrorKind::MethodNotFound),
        ("Invalid method:", RemoteErrorKind::MethodNotFound),
        ("Session not found", RemoteErrorKind::SessionNotFound),
        (
            "Parent session was closed",
            RemoteErrorKind::SessionNotFound,
        ),
        ("Service not found", RemoteErrorKind::ServiceNotFound),
        ("Permission denied", RemoteErrorKind::PermissionDenied),
        ("PermissionError", RemoteErrorKind::PermissionDenied),
        ("Access denied", RemoteErrorKind::PermissionDenied),
        ("Decryption failed", RemoteErrorKind::Encryption),
        ("Encryption required", RemoteErrorKind::Encryption),
        ("Caller's public key is not", RemoteErrorKind::Encryption),
        ("is not connected", RemoteErrorKind::PeerNotConnected),
        ("Client disconnected:", RemoteErrorKind::PeerNotConnected),
        (texts::BUSY, RemoteErrorKind::Busy),
        (texts::SERVICE_BUSY, RemoteErrorKind::Busy),
        (texts::SHUTTING_DOWN, RemoteErrorKind::ShuttingDown),
        ("The method panicked", RemoteErrorKind::Panic),
        ("Invalid arguments:", RemoteErrorKind::InvalidArguments),
        ("Malformed call:", RemoteErrorKind::InvalidArguments),
    ];
    // A text that only mentions a rule in the middle of a sentence of the user's is no such error:
    // the words must begin a line or follow the name of a type.
    for line in text.lines() {
        let message = split_type(line).map_or(line, |(_, message)| message);
        let quoted = message.trim_start_matches(['\'', '"']);
        for (words, kind) in rules {
            let found = match words {
                "is not connected" => quoted.starts_with("Target peer ") && quoted.contains(words),
                _ => line.starts_with(words) || quoted.starts_with(words),
            };
            if found {
                return kind;
            }
        }
    }
    RemoteErrorKind::Application
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_clients_and_the_server() {
        let trace = "Traceback (most recent call last):\n  File \"p.py\", line 3, in boom\n    raise ValueError(\"no\")\nValueError: no\n";
        for (value, trace, type_name, message, kind) in [
            (
                "no",
                Some(trace),
                Some("ValueError"),
                "no",
                RemoteErrorKind::Application,
            ),
            (
                trace,
                Some(trace),
                Some("ValueError"),
                "no",
                RemoteErrorKind::Application,
            ),
            (
                "TypeError: no",
                Some("at x.js:1"),
                Some("TypeError"),
                "no",
                RemoteErrorKind::Application,
            ),
            (
                "plain",
                Some(""),
                None,
                "plain",
                RemoteErrorKind::Application,
            ),
            (
                "Target peer ws/c is not connected",
                Some(""),
                None,
                "Target peer ws/c is not connected",
                RemoteErrorKind::PeerNotConnected,
            ),
            (
                "Traceback (most recent call last):\n  File \"w.py\", line 1, in f\nKeyError: 'Service not found: ws/*:x@*'\n",
                None,
                Some("KeyError"),
                "'Service not found: ws/*:x@*'",
                RemoteErrorKind::ServiceNotFound,
            ),
            (
                "Error: Method expired or not found: a/b:services.x.y",
                None,
                Some("Error"),
                "Method expired or not found: a/b:services.x.y",
                RemoteErrorKind::MethodNotFound,
            ),
            (
                "the word Busy: here",
                None,
                None,
                "the word Busy: here",
                RemoteErrorKind::Application,
            ),
            (
                "http://x: is no type",
                None,
                None,
                "http://x: is no type",
                RemoteErrorKind::Application,
            ),
        ] {
            let error = RemoteError::parse(value, trace);
            assert_eq!(error.type_name(), type_name, "{value}");
            assert_eq!(error.message(), message);
            assert_eq!(error.kind(), kind, "{value}");
        }
    }

    #[test]
    fn the_trace_shows_only_when_asked_for() {
        let error = RemoteError::new("no").with_trace("line 3");
        assert_eq!(error.to_string(), "no");
        assert_eq!(format!("{error:#}"), "no\nline 3");
    }
}
