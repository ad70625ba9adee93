//! Two connected ends in one process: for tests, and for peers that live beside each other.
//!
//! The pair behaves like a socket where that matters to its users: it holds a bounded amount, so `feed` waits for a
//! peer that does not read; a frame that was fed becomes visible to the peer on `flush`, or when the pipe is full; and
//! an end that is dropped without a close looks to the peer like a lost connection.
//!
//! ```
//! use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx, Transport, memory};
//!
//! # async fn example() -> Result<(), hypha_transport::TransportError> {
//! let (left, right) = memory::pair(memory::MemoryConfig::new());
//! let ((mut tx, _left_rx), (_right_tx, mut rx)) = (left.split(), right.split());
//!
//! tx.feed(Frame::from("hello".to_owned())).await?;
//! tx.flush().await?;
//! assert_eq!(rx.recv().await?, Some(Frame::from("hello".to_owned())));
//!
//! tx.close(CloseReason::normal()).await;
//! assert_eq!(rx.recv().await?, None);
//! # Ok(())
//! # }
//! # let waker = std::task::Waker::noop();
//! # let mut cx = std::task::Context::from_waker(waker);
//! # assert!(matches!(std::pin::pin!(example()).poll(&mut cx), std::task::Poll::Ready(Ok(()))));
//! ```

mod listener;
mod pipe;

use std::future::poll_fn;
use std::sync::Arc;

use crate::{CloseReason, Frame, FrameRx, FrameTx, Limits, Transport, TransportError};

pub use self::listener::{MemoryConnector, MemoryListener, listener};
use self::pipe::{Cut, Pipe};

/// Options of an end of a [`pair`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MemoryConfig {
    /// What this end sends and accepts.
    pub limits: Limits,
    /// How many frames on their way to this end make the peer's `feed` wait. Default 64; at least one always passes.
    pub max_queued_frames: usize,
    /// How many bytes on their way to this end make the peer's `feed` wait. Default 1 MiB; a larger frame passes alone.
    pub max_queued_bytes: usize,
}

impl MemoryConfig {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            limits: Limits::new(),
            max_queued_frames: 64,
            max_queued_bytes: 1024 * 1024,
        }
    }

    /// Sets what this end sends and accepts.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how much may be on its way to this end.
    #[must_use]
    pub const fn with_capacity(mut self, frames: usize, bytes: usize) -> Self {
        self.max_queued_frames = frames;
        self.max_queued_bytes = bytes;
        self
    }
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// Two connected ends with the same options.
#[must_use]
pub fn pair(config: MemoryConfig) -> (MemoryTransport, MemoryTransport) {
    pair_with(config, config)
}

/// Two connected ends with options of their own, for example a receiver that accepts less than the sender sends.
#[must_use]
pub fn pair_with(left: MemoryConfig, right: MemoryConfig) -> (MemoryTransport, MemoryTransport) {
    let to_left = Arc::new(Pipe::new(left));
    let to_right = Arc::new(Pipe::new(right));
    let end = |config: MemoryConfig, outgoing: &Arc<Pipe>, incoming: &Arc<Pipe>| MemoryTransport {
        tx: MemoryTx {
            limits: config.limits,
            outgoing: Arc::clone(outgoing),
            incoming: Arc::clone(incoming),
            closed: false,
        },
        rx: MemoryRx {
            outgoing: Arc::clone(outgoing),
            incoming: Arc::clone(incoming),
        },
    };
    (
        end(left, &to_right, &to_left),
        end(right, &to_left, &to_right),
    )
}

/// One end of a [`pair`].
#[derive(Debug)]
pub struct MemoryTransport {
    tx: MemoryTx,
    rx: MemoryRx,
}

impl Transport for MemoryTransport {
    type Tx = MemoryTx;
    type Rx = MemoryRx;

    fn limits(&self) -> Limits {
        self.tx.limits
    }

    fn split(self) -> (MemoryTx, MemoryRx) {
        (self.tx, self.rx)
    }
}

/// The sending half of a [`MemoryTransport`].
#[derive(Debug)]
pub struct MemoryTx {
    limits: Limits,
    outgoing: Arc<Pipe>,
    incoming: Arc<Pipe>,
    closed: bool,
}

impl FrameTx for MemoryTx {
    async fn feed(&mut self, frame: Frame) -> Result<(), TransportError> {
        self.limits.check(&frame)?;
        let mut frame = Some(frame);
        poll_fn(|cx| self.outgoing.poll_push(&mut frame, cx)).await
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        self.outgoing.flush()
    }

    async fn close(mut self, reason: CloseReason) {
        self.closed = true;
        let seen_by_peer = if reason.is_sendable() {
            Cut::Closed(reason.clone())
        } else {
            Cut::Lost
        };
        self.outgoing.end(seen_by_peer);
        self.incoming.end(Cut::Asked(reason));
    }
}

impl Drop for MemoryTx {
    fn drop(&mut self) {
        if !self.closed {
            self.outgoing.end(Cut::Lost);
            self.incoming.end(Cut::Lost);
        }
    }
}

/// The receiving half of a [`MemoryTransport`].
#[derive(Debug)]
pub struct MemoryRx {
    outgoing: Arc<Pipe>,
    incoming: Arc<Pipe>,
}

impl FrameRx for MemoryRx {
    async fn recv(&mut self) -> Result<Option<Frame>, TransportError> {
        let received = poll_fn(|cx| self.incoming.poll_pop(cx)).await;
        if let Err(error) = &received
            && let Some(reason) = error.close_reason()
            && reason.code() == CloseReason::TOO_LARGE
        {
            self.outgoing.end(Cut::Closed(reason.clone()));
        }
        received
    }
}

impl Drop for MemoryRx {
    fn drop(&mut self) {
        // Without effect after a close, which has ended both pipes already.
        self.outgoing.end(Cut::Lost);
        self.incoming.end(Cut::Lost);
    }
}
