//! The sending half of a link, which writes a batch at a time while the link goes on reading.

use std::pin::Pin;
use std::time::Duration;

use hypha_transport::{CloseReason, Frame, FrameTx, TransportError, TransportErrorKind};
use tokio::sync::OwnedSemaphorePermit;

use crate::engine::{Transmit, TransmitContent};
use crate::state::ClosedReason;

pub(crate) type Queued = Transmit<OwnedSemaphorePermit>;
type Write<Tx> = Pin<Box<dyn Future<Output = (Tx, Result<(), TransportError>)> + Send>>;

/// The sending half: at rest, or writing a batch. A batch once begun is finished.
pub(crate) enum Writer<Tx> {
    Idle(Tx),
    Busy(Write<Tx>),
    Gone,
}

impl<Tx: FrameTx> Writer<Tx> {
    pub(crate) fn start(&mut self, batch: Vec<Queued>) {
        if let Self::Idle(tx) = std::mem::replace(self, Self::Gone) {
            *self = Self::Busy(Box::pin(write(tx, batch)));
        }
    }

    /// Waits for the batch being written; cancel safe.
    pub(crate) async fn finished(&mut self) -> Result<(), TransportError> {
        let Self::Busy(write) = self else {
            return std::future::pending().await;
        };
        let (tx, result) = write.as_mut().await;
        *self = Self::Idle(tx);
        result
    }
}

impl<Tx: FrameTx> Writer<Tx> {
    /// Finishes the frame being written, then closes.
    pub(crate) async fn close(mut self, reason: &ClosedReason) {
        if self.is_busy() && self.finished().await.is_err() {
            return;
        }
        if let Self::Idle(tx) = self {
            let failure = match reason {
                ClosedReason::Transport(error) => error.close_reason(),
                _ => None,
            };
            let told = failure.filter(|reason| reason.is_sendable());
            tx.close(told.cloned().unwrap_or_else(CloseReason::normal))
                .await;
        }
    }
}

impl<Tx> Writer<Tx> {
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Busy(_))
    }
}

async fn write<Tx: FrameTx>(mut tx: Tx, batch: Vec<Queued>) -> (Tx, Result<(), TransportError>) {
    for transmit in batch {
        let frame = match transmit.content {
            TransmitContent::Text(text) => Frame::Text(text),
            TransmitContent::Binary(rope) => Frame::Binary(rope.into_bytes()),
        };
        match in_time(frame.len(), tx.feed(frame)).await {
            Ok(()) => {}
            // This frame cannot travel, the link goes on: its caller's silence will tell.
            Err(error)
                if matches!(
                    error.kind(),
                    TransportErrorKind::TooLarge | TransportErrorKind::Unsupported
                ) =>
            {
                tracing::warn!(%error, "a frame was not sent");
            }
            Err(error) => return (tx, Err(error)),
        }
    }
    let flushed = in_time(0, tx.flush()).await;
    (tx, flushed)
}

/// The other end must take a frame some time: silence counts only from the hand-over, so the calls
/// behind a frame that nobody reads would wait for ever.
async fn in_time(
    bytes: usize,
    write: impl Future<Output = Result<(), TransportError>>,
) -> Result<(), TransportError> {
    let slow = Duration::from_secs_f64(bytes as f64 / SLOWEST_BYTES_PER_SECOND);
    match tokio::time::timeout(WRITE_TIMEOUT + slow, write).await {
        Ok(result) => result,
        Err(_) => Err(TransportError::new(
            TransportErrorKind::Timeout,
            "the other end does not read",
        )),
    }
}

/// How long a frame may wait for room at the other end, and what it may take beyond that.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
const SLOWEST_BYTES_PER_SECOND: f64 = 16.0 * 1024.0;
