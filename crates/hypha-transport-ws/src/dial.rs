//! One attempt to connect, step by step.

use std::time::Duration;

use http::header::{CONTENT_LENGTH, LOCATION};
use http::{Request, Response, Uri};
use hypha_transport::{TransportError, TransportErrorKind};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::connector::WsConnector;
use crate::failure::upgrade_failure;
use crate::metered::{Metered, Rescue};
use crate::stream::ClientStream;
use crate::transport::WsTransport;

const UPGRADE: &str = "the websocket upgrade";

/// How much of a refusal's body is read, and how much of that is shown.
const REFUSAL_BYTES: usize = 2048;
const REFUSAL_CHARS: usize = 300;

/// How long the rest of a refusal's body is waited for.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(1);

pub(crate) async fn dial(
    connector: &WsConnector,
) -> Result<WsTransport<ClientStream>, TransportError> {
    let mut step = "connecting";
    let attempt = async {
        let tcp = connect(connector).await?;
        step = "the tls handshake";
        let stream = secure(connector, tcp).await?;
        step = UPGRADE;
        upgrade(connector, stream).await
    };
    match timeout(connector.connect_timeout, attempt).await {
        Ok(result) => result,
        Err(_) => Err(too_slow(connector, step)),
    }
}

pub(crate) async fn upgrade_in_time<S>(
    connector: &WsConnector,
    stream: S,
) -> Result<WsTransport<S>, TransportError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match timeout(connector.connect_timeout, upgrade(connector, stream)).await {
        Ok(result) => result,
        Err(_) => Err(too_slow(connector, UPGRADE)),
    }
}

fn too_slow(connector: &WsConnector, step: &str) -> TransportError {
    let message = format!("{step} took longer than {:?}", connector.connect_timeout);
    TransportError::new(TransportErrorKind::Timeout, message)
}

async fn connect(connector: &WsConnector) -> Result<TcpStream, TransportError> {
    let invalid =
        || TransportError::new(TransportErrorKind::InvalidUrl, "the server url has no host");
    let port = connector.url.port_or_known_default().ok_or_else(invalid)?;
    let host = connector.url.host_str().ok_or_else(invalid)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let tcp = TcpStream::connect((host, port)).await.map_err(|error| {
        TransportError::new(
            TransportErrorKind::Unreachable,
            format!("cannot connect to {host} port {port}"),
        )
        .with_source(error)
    })?;
    // Calls are small frames that someone waits for.
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

#[cfg(feature = "tls")]
async fn secure(connector: &WsConnector, tcp: TcpStream) -> Result<ClientStream, TransportError> {
    match &connector.tls {
        Some(config) => {
            let config = std::sync::Arc::clone(config);
            Ok(ClientStream::tls(
                crate::tls::handshake(config, &connector.url, tcp).await?,
            ))
        }
        None => Ok(ClientStream::plain(tcp)),
    }
}

#[cfg(not(feature = "tls"))]
#[expect(
    clippy::unused_async,
    reason = "the same step as with the feature `tls`"
)]
async fn secure(_connector: &WsConnector, tcp: TcpStream) -> Result<ClientStream, TransportError> {
    Ok(ClientStream::plain(tcp))
}

async fn upgrade<S>(connector: &WsConnector, stream: S) -> Result<WsTransport<S>, TransportError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = request(connector)?;
    let config = connector.options.config(Role::Client);
    let (stream, rescue) = Metered::with_rescue(stream);
    // Boxed for its size: it holds a read buffer.
    match Box::pin(tokio_tungstenite::client_async_with_config(
        request,
        stream,
        Some(config),
    ))
    .await
    {
        Ok((socket, _response)) => Ok(WsTransport::new(socket, connector.options)),
        Err(WsError::Http(response)) => Err(refusal(*response, rescue).await),
        Err(error) => Err(upgrade_failure(
            error,
            "the server did not answer as a websocket server",
        )),
    }
}

fn request(connector: &WsConnector) -> Result<Request<()>, TransportError> {
    let uri: Uri = connector
        .url
        .as_str()
        .parse()
        .map_err(|error: http::uri::InvalidUri| {
            TransportError::new(
                TransportErrorKind::InvalidUrl,
                "the server url cannot be dialled",
            )
            .with_source(error)
        })?;
    let mut request = uri.into_client_request().map_err(|error| {
        TransportError::new(
            TransportErrorKind::InvalidUrl,
            "the server url cannot be dialled",
        )
        .with_source(error)
    })?;
    for (name, value) in &connector.headers {
        request.headers_mut().append(name, value.clone());
    }
    Ok(request)
}

/// What the server said instead of upgrading, in its own words.
async fn refusal<S: AsyncRead + Unpin>(
    response: Response<Option<Vec<u8>>>,
    rescue: Rescue<S>,
) -> TransportError {
    let status = response.status();
    let mut message = format!("the server refused the websocket upgrade with {status}");
    if let Some(location) = response.headers().get(LOCATION) {
        let location = excerpt(location.as_bytes());
        message.push_str(&format!(", it points to {location}"));
    }
    let length = response
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = response.into_body().unwrap_or_default();
    if let Some(stream) = rescue.take() {
        let wanted = length.unwrap_or(REFUSAL_BYTES).min(REFUSAL_BYTES);
        let rest = read_up_to(stream, &mut body, wanted);
        // What came until then will do.
        let _late: Result<(), tokio::time::error::Elapsed> = timeout(REFUSAL_PATIENCE, rest).await;
    }
    let words = excerpt(&body);
    if !words.is_empty() {
        message.push_str(&format!(": {words}"));
    }
    TransportError::new(TransportErrorKind::HttpStatus(status.as_u16()), message)
}

async fn read_up_to(mut stream: impl AsyncRead + Unpin, body: &mut Vec<u8>, wanted: usize) {
    let mut piece = [0; 512];
    while body.len() < wanted {
        match stream.read(&mut piece).await {
            Ok(read @ 1..) => body.extend_from_slice(&piece[..read]),
            Ok(0) | Err(_) => return,
        }
    }
}

/// One printable line of bounded length.
fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(REFUSAL_BYTES)]);
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(REFUSAL_CHARS) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::{REFUSAL_CHARS, excerpt};

    #[test]
    fn an_excerpt_is_one_short_printable_line() {
        assert_eq!(
            excerpt(b" not\r\n allowed\x1b[31m\0here "),
            "not allowed [31m here"
        );
        assert_eq!(excerpt(&[0xff, b'a']), "\u{fffd}a");
        assert_eq!(
            excerpt("é".repeat(1000).as_bytes()).chars().count(),
            REFUSAL_CHARS + 3
        );
    }
}
