//! Moving frames over one transport until it ends.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Instant;

use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx, TransportError, TransportErrorKind};

use super::{CLOSE_TIMEOUT, Link, now};
use crate::busy_poll::pause;
use crate::state::ClosedReason;
use crate::writer::{Queued, Writer};

/// Frames that are read, or written, before anything else is done. Each flush of so many pays for itself; with more the
/// two ends and the server between them would work one after the other instead of at the same time.
const BURST: usize = 16;

/// Bytes of one batch: written, then flushed once.
const BATCH_BYTES: usize = 256 * 1024;

impl Link {
    /// Moves frames until the link ends, and says why it did.
    pub(super) async fn drive<Tx: FrameTx, Rx: FrameRx>(
        &mut self,
        writer: &mut Writer<Tx>,
        rx: &mut Rx,
    ) -> ClosedReason {
        loop {
            self.handle_events();
            if let Some(reason) = self.leaving.take() {
                return reason;
            }
            if let Some(batch) = self.next_batch(writer) {
                writer.start(batch);
                if !self.engine.has_transmit()
                    && let Poll::Ready(result) = at_once(writer.finished()).await
                {
                    // Mostly there is room, and nobody has to be asked again for that.
                    if let Err(error) = result {
                        return self.read_the_end(rx, error).await;
                    }
                    self.engine.written(now());
                    // Calls that want no answer are over with that.
                    continue;
                }
            }
            self.tell_drained();
            let look_again = self.engine.awaits_answers() && self.busy_poll.look_again();
            tokio::select! {
                frame = rx.recv() => match frame {
                    Ok(Some(frame)) => {
                        // What went on after a complaint was not ended by it.
                        self.complaint = None;
                        self.busy_poll.arrived();
                        if let Err(reason) = self.receive_waiting(frame, rx).await {
                            return reason;
                        }
                    }
                    Ok(None) => return self.closed_by(CloseReason::normal()),
                    Err(error) => return self.failed(error),
                },
                end = self.next_work() => if let Some(reason) = end {
                    return reason;
                },
                result = writer.finished(), if writer.is_busy() => {
                    if let Err(error) = result {
                        return self.read_the_end(rx, error).await;
                    }
                    self.engine.written(now());
                }
                () = pause(), if look_again => {}
            }
        }
    }

    /// Takes a frame and those that are there already, so that their answers share a flush.
    async fn receive_waiting<Rx: FrameRx>(
        &mut self,
        first: Frame,
        rx: &mut Rx,
    ) -> Result<(), ClosedReason> {
        let mut bytes = first.len();
        let mut frames = 1;
        let mut is_control = first.is_text();
        let now = now();
        self.receive(now, first);
        // What a control message says is dealt with before anything else is read.
        while !is_control && frames < BURST && bytes < BATCH_BYTES {
            let end = match at_once(rx.recv()).await {
                Poll::Ready(Ok(Some(frame))) => {
                    frames += 1;
                    bytes += frame.len();
                    is_control = frame.is_text();
                    self.receive(now, frame);
                    continue;
                }
                Poll::Ready(Ok(None)) => None,
                Poll::Ready(Err(error)) => Some(error),
                Poll::Pending => break,
            };
            self.handle_events();
            return Err(match (self.leaving.take(), end) {
                (Some(reason), _) => reason,
                (None, None) => self.closed_by(CloseReason::normal()),
                (None, Some(error)) => self.failed(error),
            });
        }
        if frames == BURST {
            // Those who got their answers go on while more is read.
            self.handle_events();
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn receive(&mut self, now: Instant, frame: Frame) {
        match frame {
            Frame::Binary(frame) => self.engine.handle_frame(now, frame),
            Frame::Text(text) => self.engine.handle_text(&text),
        }
    }

    /// Sending failed: what the other end sent before, and why the link ended, is still to be read.
    async fn read_the_end<Rx: FrameRx>(
        &mut self,
        rx: &mut Rx,
        error: TransportError,
    ) -> ClosedReason {
        let read = async {
            loop {
                match rx.recv().await {
                    Ok(Some(frame)) => self.receive(now(), frame),
                    Ok(None) => return TransportError::closed(CloseReason::normal()),
                    Err(end) => return end,
                }
                self.handle_events();
            }
        };
        let end = tokio::time::timeout(CLOSE_TIMEOUT, read).await;
        self.handle_events();
        match end {
            Ok(end) => self.failed(end),
            Err(_) => self.failed(error),
        }
    }

    /// Frames that are ready, if the transport can take some.
    fn next_batch<Tx>(&mut self, writer: &Writer<Tx>) -> Option<VecDeque<Queued>> {
        if writer.is_busy() || !self.engine.has_transmit() {
            return None;
        }
        let mut batch = VecDeque::new();
        let mut bytes = 0;
        let mut small = 0;
        let now = now();
        while batch.len() < BURST && bytes < BATCH_BYTES {
            let Some(transmit) = self.engine.poll_transmit(now) else {
                break;
            };
            bytes += transmit.content.len();
            let is_chunk = transmit.is_chunk();
            batch.push_back(transmit);
            if is_chunk {
                // What comes to wait must not wait for more than this one.
                break;
            }
            small += 1;
        }
        self.channels
            .small_frames
            .fetch_add(small, Ordering::Relaxed);
        (!batch.is_empty()).then_some(batch)
    }

    /// Writes all that is ready.
    pub(super) async fn flush<Tx: FrameTx>(&mut self, writer: &mut Writer<Tx>) {
        loop {
            if writer.is_busy() && writer.finished().await.is_err() {
                return;
            }
            match self.next_batch(writer) {
                Some(batch) => writer.start(batch),
                None => return,
            }
        }
    }

    fn closed_by(&mut self, reason: CloseReason) -> ClosedReason {
        match self.complaint.take() {
            Some(text) => ClosedReason::Server(text.into()),
            None => ClosedReason::Remote(reason),
        }
    }

    fn failed(&mut self, error: TransportError) -> ClosedReason {
        match (self.complaint.take(), error.close_reason()) {
            (Some(text), _) => ClosedReason::Server(text.into()),
            (None, Some(reason)) if error.kind() == TransportErrorKind::Closed => {
                ClosedReason::Remote(reason.clone())
            }
            _ => ClosedReason::Transport(Arc::new(error)),
        }
    }
}

/// What comes of a future when it is polled once. It has to be cancel safe.
async fn at_once<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}
