//! Whether a peer is connected, and why not.

use std::fmt;
use std::sync::Arc;

use hypha_transport::{CloseReason, TransportError};

use crate::error::with_sources;
use crate::protocol::RATE_LIMIT_EXCEEDED;

/// State of the connection of a peer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum State {
    /// The server does not know yet what it must know of us.
    Connecting,
    /// Frames flow.
    Connected,
    /// The connection was lost; another is being made. Calls wait for it.
    #[non_exhaustive]
    Reconnecting {
        /// How many attempts have failed since the loss.
        attempt: u32,
        /// Why the connection was lost.
        reason: ClosedReason,
    },
    /// It is over.
    Closed(ClosedReason),
}

/// Why a connection ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClosedReason {
    /// `disconnect` was called, or the last handle was dropped.
    Local,
    /// The other end closed, with this code and text.
    Remote(CloseReason),
    /// The server said why before it closed.
    Server(Arc<str>),
    /// The transport broke.
    Transport(Arc<TransportError>),
    /// Nothing arrived for too long after a ping.
    Silent,
    /// The manager asked this client to leave.
    ForceExit(Arc<str>),
    /// The connection was lost, and the server refused another, in its own words.
    Refused(Arc<str>),
    /// The connection was lost, and no other was made in as many attempts as the
    /// [policy](crate::ReconnectPolicy) allows.
    #[non_exhaustive]
    GaveUp {
        /// How many there were.
        attempts: u32,
        /// Why the last one failed.
        last: Arc<str>,
    },
}

impl ClosedReason {
    /// Whether the server closed the connection because it sent too many frames. With
    /// [`Pacing`](crate::Pacing) it does not, unless its limit is lower than it says.
    #[must_use]
    pub fn is_rate_limit(&self) -> bool {
        let text = match self {
            Self::Remote(reason) => reason.text(),
            Self::Server(text) => text,
            _ => return false,
        };
        text.starts_with(RATE_LIMIT_EXCEEDED)
    }
}

impl fmt::Display for ClosedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("closed here"),
            Self::Remote(reason) => write!(f, "closed by the other end: {reason}"),
            Self::Server(text) => write!(f, "closed by the server: {text}"),
            Self::Transport(error) => f.write_str(&with_sources(&**error)),
            Self::Silent => f.write_str("the other end did not answer a ping"),
            Self::ForceExit(text) => write!(f, "the server asked this client to leave: {text}"),
            Self::Refused(text) => {
                write!(f, "the server refused to let this client back in: {text}")
            }
            Self::GaveUp { attempts, last } => write!(
                f,
                "no connection after {attempts} attempts, the last of which failed: {last}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_tell_of_its_limit() {
        let words = "Rate limit exceeded: too many messages per second";
        let policy = |text: &str| ClosedReason::Remote(CloseReason::new(CloseReason::POLICY, text));
        for (reason, is) in [
            (policy(words), true),
            (ClosedReason::Server(words.into()), true),
            (policy("Authentication error"), false),
            (ClosedReason::Silent, false),
            (ClosedReason::ForceExit(words.into()), false),
        ] {
            assert_eq!(reason.is_rate_limit(), is, "{reason}");
        }
    }
}
