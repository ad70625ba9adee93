//! The sending half of a link, which writes a batch at a time while the link goes on reading.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use hypha_codec::Rope;
use hypha_transport::{CloseReason, Frame, FrameTx, TransportError, TransportErrorKind};
use tokio::sync::OwnedSemaphorePermit;

use crate::address::Address;
use crate::engine::{Content, Origin, Transmit};
use crate::state::ClosedReason;

pub(crate) type Queued = Transmit<OwnedSemaphorePermit>;
type Write<Tx> = Pin<Box<dyn Future<Output = (Tx, Result<(), TransportError>)> + Send>>;

/// The sending half and the batch that it writes.
pub(crate) struct Writer<Tx> {
    local: Address,
    half: Half<Tx>,
    /// Shared with the write under way, so that a link that breaks shows what it did not write.
    batch: Arc<Mutex<Batch>>,
}

/// At rest, or writing a batch. A batch once begun is finished, unless it is taken back.
enum Half<Tx> {
    Idle(Tx),
    Busy(Write<Tx>),
    Gone,
}

#[derive(Debug, Default)]
struct Batch {
    /// Not yet handed to the transport.
    waiting: VecDeque<Queued>,
    /// Handed over, but maybe not on their way: answers, which may come twice.
    repeatable: Vec<Queued>,
}

impl<Tx: FrameTx> Writer<Tx> {
    /// The writer of frames of `local`.
    pub(crate) fn new(tx: Tx, local: Address) -> Self {
        Self {
            local,
            half: Half::Idle(tx),
            batch: Arc::default(),
        }
    }

    pub(crate) fn start(&mut self, batch: VecDeque<Queued>) {
        if let Half::Idle(tx) = std::mem::replace(&mut self.half, Half::Gone) {
            lock(&self.batch).waiting = batch;
            let write = write(tx, self.local.clone(), Arc::clone(&self.batch));
            self.half = Half::Busy(Box::pin(write));
        }
    }

    /// Waits for the batch being written; cancel safe.
    pub(crate) async fn finished(&mut self) -> Result<(), TransportError> {
        let Half::Busy(write) = &mut self.half else {
            return std::future::pending().await;
        };
        let (tx, result) = write.as_mut().await;
        self.half = Half::Idle(tx);
        result
    }

    /// What the link did not write before it broke, in order. A write under way ends with the frame
    /// that it is at.
    pub(crate) fn take_back(&mut self) -> Vec<Queued> {
        let Batch {
            waiting,
            repeatable,
        } = std::mem::take(&mut *lock(&self.batch));
        repeatable.into_iter().chain(waiting).collect()
    }

    /// Finishes the frame being written, then closes.
    pub(crate) async fn close(mut self, reason: &ClosedReason) {
        if self.is_busy() && self.finished().await.is_err() {
            return;
        }
        if let Half::Idle(tx) = self.half {
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
        matches!(self.half, Half::Busy(_))
    }
}

async fn write<Tx: FrameTx>(
    mut tx: Tx,
    local: Address,
    batch: Arc<Mutex<Batch>>,
) -> (Tx, Result<(), TransportError>) {
    loop {
        let Some((frame, origin, permit)) = next(&batch, &local) else {
            break;
        };
        let fed = in_time(frame.len(), tx.feed(frame)).await;
        drop(permit);
        match fed {
            Ok(()) => {}
            // This frame cannot travel, the link goes on: its caller's silence will tell.
            Err(error)
                if matches!(
                    error.kind(),
                    TransportErrorKind::TooLarge | TransportErrorKind::Unsupported
                ) =>
            {
                tracing::warn!(%error, ?origin, "a frame was not sent");
            }
            Err(error) => return (tx, Err(error)),
        }
    }
    let flushed = in_time(0, tx.flush()).await;
    if flushed.is_ok() {
        lock(&batch).repeatable.clear();
    }
    (tx, flushed)
}

/// The next frame of the batch; an answer is kept besides, as it is on the wire.
fn next(
    batch: &Mutex<Batch>,
    local: &Address,
) -> Option<(Frame, Origin, Option<OwnedSemaphorePermit>)> {
    let mut batch = lock(batch);
    let Transmit {
        content,
        origin,
        permit,
    } = batch.waiting.pop_front()?;
    let (to, frame) = match content {
        Content::Text(text) => return Some((Frame::Text(text), origin, permit)),
        Content::Message(message) => (message.to.clone(), message.encode(local)),
        Content::Encoded { to, frame } => (to, frame),
    };
    let frame = frame.into_bytes();
    if matches!(
        origin,
        Origin::Answer { .. } | Origin::AnswerAgain | Origin::Refusal
    ) {
        batch.repeatable.push(Transmit {
            content: Content::Encoded {
                to,
                frame: Rope::from(frame.clone()),
            },
            origin,
            permit: None,
        });
    }
    Some((Frame::Binary(frame), origin, permit))
}

fn lock(batch: &Mutex<Batch>) -> MutexGuard<'_, Batch> {
    // Nothing panics under the lock.
    batch.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The other end must take a frame some time: silence counts only from the hand-over, so the calls
/// behind a frame that nobody reads would wait for ever.
async fn in_time(
    bytes: usize,
    write: impl Future<Output = Result<(), TransportError>>,
) -> Result<(), TransportError> {
    let mut write = pin!(write);
    // Mostly there is room, and no timer is needed.
    if let Poll::Ready(result) = poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx))).await {
        return result;
    }
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

#[cfg(test)]
mod tests {
    use hypha_codec::Text;

    use super::*;
    use crate::engine::Message;

    /// A transport that takes frames and breaks before they are on their way.
    struct Breaks(Arc<Mutex<Vec<Frame>>>);

    impl FrameTx for Breaks {
        async fn feed(&mut self, frame: Frame) -> Result<(), TransportError> {
            self.0.lock().unwrap().push(frame);
            Ok(())
        }

        async fn flush(&mut self) -> Result<(), TransportError> {
            Err(TransportError::closed(CloseReason::normal()))
        }

        async fn close(self, _: CloseReason) {}
    }

    fn transmit(origin: Origin, name: &str) -> Queued {
        let to = Address::parse("ws/caller").unwrap();
        let message = Message::answer(&to, Text::from("session"), name, Rope::from(vec![0x80]));
        Transmit {
            content: Content::Message(message),
            origin,
            permit: None,
        }
    }

    #[tokio::test]
    async fn an_answer_that_may_be_lost_goes_out_again_as_it_was_and_a_call_does_not() {
        let local = Address::parse("ws/provider").unwrap();
        let call = Origin::Call {
            key: 1,
            answered: true,
        };
        let mut batch = VecDeque::from([
            transmit(Origin::Answer { key: 2 }, "resolve"),
            transmit(call, "call"),
            transmit(Origin::Refusal, "reject"),
        ]);
        let mut lives = Vec::new();
        for _ in 0..3 {
            let fed = Arc::default();
            let mut writer = Writer::new(Breaks(Arc::clone(&fed)), local.clone());
            writer.start(std::mem::take(&mut batch));
            assert!(writer.finished().await.is_err());
            batch = writer.take_back().into();
            let origins: Vec<Origin> = batch.iter().map(|queued| queued.origin).collect();
            assert_eq!(origins, [Origin::Answer { key: 2 }, Origin::Refusal]);
            lives.push(std::mem::take(&mut *fed.lock().unwrap()));
        }
        let [resolve, _, reject] = <[Frame; 3]>::try_from(lives.remove(0)).unwrap();
        assert_eq!(lives, vec![vec![resolve, reject]; 2]);
    }
}
