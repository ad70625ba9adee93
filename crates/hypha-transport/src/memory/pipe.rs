//! One direction of a pair: a bounded queue with an end.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::{CloseReason, Frame, TransportError};

use super::MemoryConfig;

pub(super) struct Pipe {
    receiver: MemoryConfig,
    state: Mutex<State>,
}

/// How a direction ended, as its reader sees it.
#[derive(Clone, Debug)]
pub(super) enum Cut {
    /// The peer closed.
    Closed(CloseReason),
    /// The reader's own side closed, with this reason.
    Asked(CloseReason),
    /// A half was dropped.
    Lost,
    /// A frame of this size was larger than the reader accepts.
    TooLarge(usize),
}

#[derive(Default)]
struct State {
    queue: VecDeque<Frame>,
    bytes: usize,
    /// How many frames at the front of the queue were flushed.
    visible: usize,
    end: Option<Cut>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    pub(super) fn new(receiver: MemoryConfig) -> Self {
        Self {
            receiver,
            state: Mutex::new(State::default()),
        }
    }

    pub(super) fn poll_push(
        &self,
        frame: &mut Option<Frame>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), TransportError>> {
        let mut state = self.state();
        if let Some(end) = &state.end {
            return Poll::Ready(Err(end.as_writer_error()));
        }
        let Some(size) = frame.as_ref().map(Frame::len) else {
            return Poll::Ready(Ok(()));
        };
        let full = state.queue.len() >= self.receiver.max_queued_frames
            || state.bytes.saturating_add(size) > self.receiver.max_queued_bytes;
        if full && !state.queue.is_empty() {
            state.show_all();
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        state.bytes += size;
        state.queue.extend(frame.take());
        Poll::Ready(Ok(()))
    }

    pub(super) fn flush(&self) -> Result<(), TransportError> {
        let mut state = self.state();
        if let Some(end) = &state.end {
            return Err(end.as_writer_error());
        }
        state.show_all();
        Ok(())
    }

    pub(super) fn poll_pop(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Frame>, TransportError>> {
        let mut state = self.state();
        if state.visible > 0
            && let Some(frame) = state.queue.pop_front()
        {
            let limit = self.receiver.limits.max_frame;
            if frame.len() > limit {
                state.queue.clear();
                state.finish(Cut::TooLarge(frame.len()));
            } else {
                state.visible -= 1;
                state.bytes -= frame.len();
                wake(&mut state.writer);
                return Poll::Ready(Ok(Some(frame)));
            }
        }
        match &state.end {
            Some(end) => Poll::Ready(end.as_reader_result(self.receiver.limits.max_frame)),
            None => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Ends the direction, once: later calls change nothing. What was fed before stays readable, unless the link was
    /// lost, where a socket promises nothing about what was not flushed.
    pub(super) fn end(&self, cut: Cut) {
        let mut state = self.state();
        if state.end.is_some() {
            return;
        }
        if matches!(cut, Cut::Lost | Cut::Asked(_)) {
            let visible = state.visible;
            state.queue.truncate(visible);
        }
        state.finish(cut);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics while it holds the lock, so a poisoned state is a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn show_all(&mut self) {
        self.visible = self.queue.len();
        wake(&mut self.reader);
    }

    fn finish(&mut self, cut: Cut) {
        self.end = Some(cut);
        self.show_all();
        wake(&mut self.writer);
    }
}

impl Cut {
    fn as_reader_result(&self, limit: usize) -> Result<Option<Frame>, TransportError> {
        match self {
            Self::Asked(_) => Ok(None),
            Self::Closed(reason) if reason.is_normal() => Ok(None),
            Self::Closed(reason) => Err(TransportError::closed(reason.clone())),
            Self::Lost => Err(TransportError::closed(CloseReason::abnormal())),
            Self::TooLarge(size) => Err(TransportError::too_large(*size, limit)
                .with_close_reason(CloseReason::new(CloseReason::TOO_LARGE, "frame too large"))),
        }
    }

    fn as_writer_error(&self) -> TransportError {
        match self {
            Self::Asked(reason) | Self::Closed(reason) => TransportError::closed(reason.clone()),
            Self::Lost => TransportError::closed(CloseReason::abnormal()),
            Self::TooLarge(_) => {
                TransportError::closed(CloseReason::new(CloseReason::TOO_LARGE, "frame too large"))
            }
        }
    }
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Pipe")
            .field("frames", &state.queue.len())
            .field("bytes", &state.bytes)
            .field("end", &state.end)
            .finish_non_exhaustive()
    }
}

fn wake(slot: &mut Option<Waker>) {
    if let Some(waker) = slot.take() {
        waker.wake();
    }
}
