//! The byte stream below the WebSocket: counted, and given back when the upgrade fails.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Counts what crosses it, because bytes of an unfinished message are a sign of life too.
pub(crate) struct Metered<S> {
    /// Gone only in `drop`.
    inner: Option<S>,
    read: u64,
    written: u64,
    rescue: Option<Rescue<S>>,
}

/// Where the stream goes when the handshake drops it. The WebSocket library keeps only the part of a refusal that came
/// with its headers; the rest has to be read from the stream. Once this is gone, dropping the stream drops it.
pub(crate) struct Rescue<S>(Arc<Mutex<Option<S>>>);

impl<S> Metered<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self {
            inner: Some(inner),
            read: 0,
            written: 0,
            rescue: None,
        }
    }

    pub(crate) fn with_rescue(inner: S) -> (Self, Rescue<S>) {
        let slot = Arc::new(Mutex::new(None));
        let mut metered = Self::new(inner);
        metered.rescue = Some(Rescue(Arc::clone(&slot)));
        (metered, Rescue(slot))
    }

    /// Bytes read and written so far.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.read, self.written)
    }

    fn inner(&mut self) -> io::Result<Pin<&mut S>>
    where
        S: Unpin,
    {
        self.inner
            .as_mut()
            .map(Pin::new)
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl<S> Rescue<S> {
    pub(crate) fn take(self) -> Option<S> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<S> Drop for Metered<S> {
    fn drop(&mut self) {
        if let Some(Rescue(slot)) = &self.rescue {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = self.inner.take();
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(self.inner()?.poll_read(cx, buf))?;
        self.read += (buf.filled().len() - before) as u64;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.inner()?.poll_write(cx, buf))?;
        self.written += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_shutdown(cx)
    }
}
