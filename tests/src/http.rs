//! As much of HTTP as it takes to ask a server something.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Between two questions to a server that is not ready yet.
pub(crate) const INTERVAL: Duration = Duration::from_millis(50);

/// Whether the server says that it is ready.
pub(crate) async fn is_ready(port: u16) -> bool {
    let answer = get(port, "/health/readiness").await;
    answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// The whole answer to `GET path`, from its status line on.
pub(crate) async fn get(port: u16, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
