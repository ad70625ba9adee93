use std::time::Duration;

use http::{Request, Response, StatusCode};
use hypha_transport::{TransportError, TransportErrorKind};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::failure::upgrade_failure;
use crate::metered::Metered;
use crate::options::WsOptions;
use crate::transport::WsTransport;

/// Options of [`accept`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcceptOptions {
    /// Frame limit and keepalive of the link.
    pub link: WsOptions,
    /// How long the client may take for its upgrade request. Default 10 s.
    pub handshake_timeout: Duration,
}

impl AcceptOptions {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            link: WsOptions::new(),
            handshake_timeout: Duration::from_secs(10),
        }
    }

    /// Sets frame limit and keepalive of the link.
    #[must_use]
    pub const fn with_link(mut self, options: WsOptions) -> Self {
        self.link = options;
        self
    }

    /// Sets how long the client may take for its upgrade request.
    #[must_use]
    pub const fn with_handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }
}

impl Default for AcceptOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// The answer to an upgrade request that is not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    status: StatusCode,
    body: String,
}

impl Rejection {
    /// Answers with this status and a text. A status that would mean success, 1xx or 2xx, is sent as 500.
    pub fn new(status: StatusCode, body: impl Into<String>) -> Self {
        let refusing = !status.is_informational() && !status.is_success();
        let status = if refusing {
            status
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        };
        Self {
            status,
            body: body.into(),
        }
    }
}

/// Answers the upgrade request of a client on `stream`, whatever its path and headers.
///
/// On TCP set `TCP_NODELAY` first: calls are small frames that someone waits for. For TLS pass the accepted TLS stream.
///
/// # Errors
/// [`Protocol`](TransportErrorKind::Protocol) when the client asks for something else than a WebSocket,
/// [`Timeout`](TransportErrorKind::Timeout) when it asks for nothing, and the errors of the stream.
pub async fn accept<S>(stream: S, options: AcceptOptions) -> Result<WsTransport<S>, TransportError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    accept_with(stream, options, |_| Ok(())).await
}

/// Like [`accept`], after `check` has looked at the request. A rejected client receives the [`Rejection`].
///
/// # Errors
/// As [`accept`], and [`HttpStatus`](TransportErrorKind::HttpStatus) for a rejected client.
pub async fn accept_with<S, F>(
    stream: S,
    options: AcceptOptions,
    check: F,
) -> Result<WsTransport<S>, TransportError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: FnOnce(&Request<()>) -> Result<(), Rejection> + Send,
{
    let check = Box::new(check);
    #[expect(
        clippy::result_large_err,
        reason = "the signature of the library's callback"
    )]
    let callback = move |request: &Request<()>, response: Response<()>| match check(request) {
        Ok(()) => Ok(response),
        Err(rejection) => {
            let mut refusal = Response::new(Some(rejection.body));
            *refusal.status_mut() = rejection.status;
            Err(refusal)
        }
    };
    let config = options.link.config(Role::Server);
    // Boxed for its size: it holds a read buffer.
    let handshake = Box::pin(accept_hdr_async_with_config(
        Metered::new(stream),
        callback,
        Some(config),
    ));
    match timeout(options.handshake_timeout, handshake).await {
        Ok(Ok(socket)) => Ok(WsTransport::new(socket, options.link)),
        Ok(Err(WsError::Http(response))) => {
            let status = response.status();
            let message = format!("the client's upgrade request was refused with {status}");
            Err(TransportError::new(
                TransportErrorKind::HttpStatus(status.as_u16()),
                message,
            ))
        }
        Ok(Err(error)) => Err(upgrade_failure(
            error,
            "the client did not ask for a websocket",
        )),
        Err(_) => Err(TransportError::new(
            TransportErrorKind::Timeout,
            format!(
                "the client sent no upgrade request within {:?}",
                options.handshake_timeout
            ),
        )),
    }
}

/// The answer to a request for a WebSocket that an HTTP server received: `101 Switching Protocols`. Once the server has
/// sent it and given its stream away, [`WsTransport::from_upgraded`] takes that.
///
/// # Errors
/// [`Protocol`](TransportErrorKind::Protocol) when the request asks for something else.
pub fn upgrade_response<B>(request: &Request<B>) -> Result<Response<()>, TransportError> {
    create_response_with_body(request, || ())
        .map_err(|error| upgrade_failure(error, "this is no request for a websocket"))
}
