//! Accepting connections: HTTP/1.1, which WebSockets begin as.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::http;
use crate::hub::Hub;

/// How long a client may take to send the head of a request.
const REQUEST_HEAD: Duration = Duration::from_secs(10);

/// How long to wait when the system has no more descriptors: accepting again at once would spin.
const RECOVERY: Duration = Duration::from_millis(100);

/// Accepts connections until the server stops.
pub(crate) async fn run(hub: Arc<Hub>, listener: TcpListener) {
    let service = http::service(Arc::clone(&hub));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = hub.stopping().cancelled() => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(RECOVERY).await;
                continue;
            }
        };
        // Calls are small frames that somebody waits for.
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        let stream = CountedStream::new(stream);
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(REQUEST_HEAD)
            .serve_connection(
                TokioIo::new(stream),
                TowerToHyperService::new(service.clone()),
            )
            .with_upgrades();
        let stopping = hub.stopping().clone();
        hub.tasks().spawn(async move {
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                // What a client does wrong is its own affair.
                _ = connection.as_mut() => return,
                () = stopping.cancelled() => {}
            }
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        });
    }
}

/// A TCP stream that counts what the network takes from us.
#[derive(Debug)]
pub(crate) struct CountedStream {
    stream: TcpStream,
    written: Arc<AtomicU64>,
}

impl CountedStream {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            written: Arc::default(),
        }
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.written)
    }
}

impl AsyncRead for CountedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.written.fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs))?;
        self.written.fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
