//! Asks an HTTP server whether it is ready.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Between two questions to a server that is not ready yet.
pub(crate) const INTERVAL: Duration = Duration::from_millis(50);

/// Whether `GET /health/readiness` is answered with 200.
pub(crate) async fn is_ready(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else {
        return false;
    };
    let request = b"GET /health/readiness HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    if stream.write_all(request).await.is_err() {
        return false;
    }
    // Of the status line `HTTP/1.1 200 OK` only the number matters.
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.is_ok() && status.ends_with(b" 200")
}
