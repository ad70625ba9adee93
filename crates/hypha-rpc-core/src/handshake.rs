//! The handshake with a server that relays (protocol section 1.2).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx, TransportError, TransportErrorKind};
use serde::{Deserialize, Serialize};

use crate::address::{Address, is_plain_name};
use crate::error::ConnectError;
use crate::pacing::StatedLimits;
use crate::protocol::MANAGER_WORKSPACE;
use crate::secret::Secret;

/// What a client says of itself to a server.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Credentials {
    /// The client id. It must not be in use in the workspace: the server would first harm the
    /// client that has it (protocol section 1.2).
    pub client_id: String,
    /// The workspace to join; the server chooses without it.
    pub workspace: Option<String>,
    /// A token; an anonymous user without it.
    pub token: Option<Secret>,
    /// A token of an earlier connection of the same client, used instead of `token`.
    pub reconnection_token: Option<Secret>,
}

impl Credentials {
    /// An anonymous client with this id.
    #[must_use]
    pub fn new(client_id: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            ..Self::default()
        }
    }
}

/// What a server says of the connection it accepted.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Version of the server.
    #[serde(default)]
    pub hypha_version: Option<String>,
    /// URL of the server as others reach it; part of every function that we send.
    #[serde(default)]
    pub public_base_url: Option<String>,
    /// URL of the server in its own network.
    #[serde(default)]
    pub local_base_url: Option<String>,
    /// Client id of the manager.
    pub manager_id: String,
    /// The workspace that was joined.
    pub workspace: String,
    /// Our client id.
    pub client_id: String,
    /// The user that the token stands for.
    #[serde(default)]
    pub user: Option<serde_json::Value>,
    /// Lets this client come back under the same id.
    #[serde(default, deserialize_with = "secret")]
    pub reconnection_token: Option<Secret>,
    /// Seconds for which that token is good.
    #[serde(default)]
    pub reconnection_token_life_time: Option<f64>,
    /// A word to the user.
    #[serde(default)]
    pub announcement: Option<String>,
    /// How much the server takes.
    #[serde(default)]
    pub(crate) limits: StatedLimits,
}

impl ConnectionInfo {
    /// Our address.
    ///
    /// # Errors
    /// If the server made up ids that are none.
    pub fn address(&self) -> Result<Address, ConnectError> {
        Ok(Address::new(&self.workspace, &self.client_id)?)
    }

    /// The address of the manager.
    ///
    /// # Errors
    /// If the server made up an id that is none.
    pub fn manager(&self) -> Result<Address, ConnectError> {
        Ok(Address::new(MANAGER_WORKSPACE, &self.manager_id)?)
    }

    /// How often to ask for a fresh reconnection token, if the wanted interval is `wanted`.
    pub(crate) fn refresh_interval(&self, wanted: Option<Duration>) -> Option<Duration> {
        let life = self
            .reconnection_token_life_time
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let bound = life.map(|life| life.mul_f64(2.0 / 3.0).max(Duration::from_secs(1)));
        wanted.map(|wanted| bound.map_or(wanted, |bound| wanted.min(bound)))
    }
}

impl fmt::Debug for ConnectionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionInfo")
            .field("workspace", &self.workspace)
            .field("client_id", &self.client_id)
            .field("manager_id", &self.manager_id)
            .field("hypha_version", &self.hypha_version)
            .finish_non_exhaustive()
    }
}

/// Introduces a client to a server over any transport. It has no time-out of its own.
///
/// Binary frames that come before the answer are left over from an earlier connection and skipped.
///
/// # Errors
/// [`ConnectError::Refused`] with the server's own words, [`ConnectError::WrongWorkspace`], or what
/// the transport says.
pub async fn handshake<Tx: FrameTx, Rx: FrameRx>(
    tx: &mut Tx,
    rx: &mut Rx,
    credentials: &Credentials,
) -> Result<ConnectionInfo, ConnectError> {
    match greet(tx, rx, credentials).await {
        Ok(greeting) => Ok(greeting.info),
        Err(failure) => Err(failure.error),
    }
}

/// A handshake that succeeded.
#[derive(Debug)]
pub(crate) struct Greeting {
    pub(crate) info: ConnectionInfo,
    /// Frames that the server kept for a client that comes back.
    pub(crate) early: Vec<Bytes>,
}

/// A handshake that did not.
#[derive(Debug)]
pub(crate) struct HandshakeFailure {
    pub(crate) error: ConnectError,
    /// Whether the server itself refused, rather than that something went wrong on the way.
    pub(crate) refused: bool,
}

impl<E: Into<ConnectError>> From<E> for HandshakeFailure {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            refused: false,
        }
    }
}

/// What the server says when too many clients connect at once (protocol section 1.4): no refusal.
const SERVER_BUSY: &str = "Server busy";

/// Frames and bytes that are kept of what comes before the answer.
const MAX_EARLY_FRAMES: usize = 4096;
const MAX_EARLY_BYTES: usize = 64 << 20;

/// As [`handshake`], keeping what came before its end.
pub(crate) async fn greet<Tx: FrameTx, Rx: FrameRx>(
    tx: &mut Tx,
    rx: &mut Rx,
    credentials: &Credentials,
) -> Result<Greeting, HandshakeFailure> {
    if !is_plain_name(&credentials.client_id) {
        return Err(ConnectError::ClientId(credentials.client_id.clone()).into());
    }
    let hello = Hello {
        client_id: &credentials.client_id,
        workspace: credentials.workspace.as_deref(),
        token: credentials.token.as_ref().map(Secret::expose),
        reconnection_token: credentials.reconnection_token.as_ref().map(Secret::expose),
    };
    let hello =
        serde_json::to_string(&hello).map_err(|error| ConnectError::Protocol(error.to_string()))?;
    tx.feed(Frame::Text(hello)).await?;
    tx.flush().await?;
    let (mut early, mut bytes) = (Vec::new(), 0);
    let info = loop {
        match rx.recv().await {
            Ok(Some(Frame::Text(text))) => {
                let answer = read_answer(&text);
                break answer.map_err(|error| HandshakeFailure {
                    refused: matches!(&error, ConnectError::Refused(words) if !words.starts_with(SERVER_BUSY)),
                    error,
                })?;
            }
            Ok(Some(Frame::Binary(frame))) => {
                bytes += frame.len();
                if early.len() < MAX_EARLY_FRAMES && bytes <= MAX_EARLY_BYTES {
                    early.push(frame);
                }
            }
            Ok(None) => return Err(TransportError::closed(CloseReason::normal()).into()),
            Err(error) => return Err(refusal(error).into()),
        }
    };
    match &credentials.workspace {
        Some(asked) if !asked.is_empty() && *asked != info.workspace => Err(HandshakeFailure {
            refused: true,
            error: ConnectError::WrongWorkspace {
                asked: asked.clone(),
                got: info.workspace,
            },
        }),
        _ => Ok(Greeting { info, early }),
    }
}

#[derive(Serialize)]
struct Hello<'a> {
    client_id: &'a str,
    workspace: Option<&'a str>,
    token: Option<&'a str>,
    reconnection_token: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Answer {
    ConnectionInfo(Box<ConnectionInfo>),
    Error {
        #[serde(default)]
        message: String,
    },
}

fn read_answer(text: &str) -> Result<ConnectionInfo, ConnectError> {
    match serde_json::from_str(text) {
        Ok(Answer::ConnectionInfo(info)) => Ok(*info),
        Ok(Answer::Error { message }) => Err(ConnectError::Refused(message)),
        // The text may hold a token: it is not shown.
        Err(error) => Err(ConnectError::Protocol(error.to_string())),
    }
}

/// A server that closes with a reason instead of a message has refused as well.
fn refusal(error: TransportError) -> ConnectError {
    match error.close_reason() {
        Some(reason)
            if error.kind() == TransportErrorKind::Closed
                && !reason.text().is_empty()
                && reason.is_sendable() =>
        {
            ConnectError::Refused(reason.text().to_owned())
        }
        _ => ConnectError::Transport(error),
    }
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::from))
}

#[cfg(test)]
mod tests {
    use hypha_transport::Transport;
    use hypha_transport::memory::{self, MemoryConfig};

    use super::*;

    const INFO: &str = r#"{"type":"connection_info","manager_id":"m","workspace":"w","client_id":"c","reconnection_token":"secret-token","reconnection_token_life_time":6.0}"#;

    /// Plays a server that reads the hello and then sends these frames.
    async fn meet(
        frames: Vec<Frame>,
        close: Option<CloseReason>,
        workspace: Option<&str>,
    ) -> Result<ConnectionInfo, ConnectError> {
        let (client, server) = memory::pair(MemoryConfig::default());
        let (mut server_tx, mut server_rx) = server.split();
        let serve = async {
            let Ok(Some(Frame::Text(hello))) = server_rx.recv().await else {
                panic!("no hello")
            };
            assert!(hello.contains(r#""client_id":"c""#));
            for frame in frames {
                server_tx.feed(frame).await.unwrap();
            }
            server_tx.flush().await.unwrap();
            if let Some(reason) = close {
                server_tx.close(reason).await;
            }
        };
        let (mut tx, mut rx) = client.split();
        let credentials = Credentials {
            workspace: workspace.map(str::to_owned),
            ..Credentials::new("c")
        };
        tokio::join!(handshake(&mut tx, &mut rx, &credentials), serve).0
    }

    #[tokio::test]
    async fn binary_frames_before_the_answer_are_skipped() {
        let frames = vec![
            Frame::Binary(vec![0x80].into()),
            Frame::Text(INFO.to_owned()),
        ];
        let info = meet(frames, None, Some("w")).await.unwrap();
        assert_eq!(info.address().unwrap().as_str(), "w/c");
        assert_eq!(info.manager().unwrap().as_str(), "*/m");
        assert!(!format!("{info:?}").contains("secret-token"));
        assert_eq!(
            info.refresh_interval(Some(Duration::from_secs(7200))),
            Some(Duration::from_secs(4))
        );
    }

    #[tokio::test]
    async fn refusals_keep_the_words_of_the_server() {
        let text = r#"{"type":"error","message":"Authentication error: bad token"}"#;
        let error = meet(vec![Frame::Text(text.to_owned())], None, None)
            .await
            .unwrap_err();
        assert!(
            matches!(error, ConnectError::Refused(words) if words == "Authentication error: bad token")
        );

        let reason = CloseReason::new(CloseReason::POLICY, "Authentication payload timeout");
        let error = meet(vec![], Some(reason), None).await.unwrap_err();
        assert!(
            matches!(error, ConnectError::Refused(words) if words == "Authentication payload timeout")
        );

        let error = meet(vec![Frame::Text(INFO.to_owned())], None, Some("other"))
            .await
            .unwrap_err();
        assert!(matches!(error, ConnectError::WrongWorkspace { .. }));

        let error = meet(vec![Frame::Text("[1]".to_owned())], None, None)
            .await
            .unwrap_err();
        assert!(matches!(error, ConnectError::Protocol(_)));
    }
}
