//! Driving several futures without a runtime: concurrency with honest wakers, and a watchdog on a thread.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use crate::{Frame, FrameRx, FrameTx, Limits, Transport, TransportError};

/// One end under test, with what it received while it was sending.
pub(super) struct End<T: Transport> {
    pub(super) tx: T::Tx,
    pub(super) rx: T::Rx,
    pub(super) limits: Limits,
}

impl<T: Transport> End<T> {
    pub(super) fn new(transport: T) -> Self {
        let limits = transport.limits();
        let (tx, rx) = transport.split();
        Self { tx, rx, limits }
    }
}

pub(super) async fn send<T: FrameTx>(tx: &mut T, frame: Frame) -> Result<(), String> {
    tx.feed(frame)
        .await
        .map_err(|error| format!("feed failed: {error}"))?;
    tx.flush()
        .await
        .map_err(|error| format!("flush failed: {error}"))
}

pub(super) async fn expect_frame<R: FrameRx>(rx: &mut R, expected: &Frame) -> Result<(), String> {
    match rx.recv().await {
        Ok(Some(frame)) if frame == *expected => Ok(()),
        Ok(Some(frame)) => Err(format!(
            "expected {expected:?}, received {frame:?} or other content"
        )),
        Ok(None) => Err(format!(
            "expected {expected:?}, the link ended cleanly instead"
        )),
        Err(error) => Err(format!("expected {expected:?}, recv failed: {error}")),
    }
}

/// Receives up to the end of the link and returns the end.
pub(super) async fn drain<R: FrameRx>(rx: &mut R) -> Result<(), TransportError> {
    loop {
        match rx.recv().await {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Runs `work`, which sends, while `rx` stays polled, as the contract asks of the owner of a link. Returns the result of
/// `work` and the frames that came in meanwhile.
pub(super) async fn sending<R: FrameRx, T>(
    rx: &mut R,
    work: impl Future<Output = Result<T, String>>,
) -> Result<(T, VecDeque<Frame>), String> {
    let mut received = VecDeque::new();
    let mut end = None;
    let result = {
        let collect = async {
            loop {
                match rx.recv().await {
                    Ok(Some(frame)) => received.push_back(frame),
                    other => break other,
                }
            }
        };
        let mut collect = pin!(collect);
        let mut work = pin!(work);
        poll_fn(|cx| {
            if end.is_none()
                && let Poll::Ready(seen) = collect.as_mut().poll(cx)
            {
                end = Some(seen);
            }
            work.as_mut().poll(cx)
        })
        .await
    };
    match (result, end) {
        (Ok(done), None) => Ok((done, received)),
        (Ok(_), Some(end)) => Err(format!("the link ended while it was sending: {end:?}")),
        (Err(message), None) => Err(message),
        (Err(message), Some(end)) => Err(format!("{message}; recv says {end:?}")),
    }
}

/// Runs both futures to their ends. Each has a waker of its own and is polled only when that one was woken, as two tasks
/// are: a transport that remembers only the last waker hangs here instead of in production.
pub(super) async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut a_done, mut b_done) = (None, None);
    let (a_flag, b_flag) = (Arc::new(Flag::raised()), Arc::new(Flag::raised()));
    let (a_waker, b_waker) = (
        Waker::from(Arc::clone(&a_flag)),
        Waker::from(Arc::clone(&b_flag)),
    );
    poll_fn(|cx| {
        a_flag.set_parent(cx.waker());
        b_flag.set_parent(cx.waker());
        if a_done.is_none()
            && a_flag.lower()
            && let Poll::Ready(output) = a.as_mut().poll(&mut Context::from_waker(&a_waker))
        {
            a_done = Some(output);
        }
        if b_done.is_none()
            && b_flag.lower()
            && let Poll::Ready(output) = b.as_mut().poll(&mut Context::from_waker(&b_waker))
        {
            b_done = Some(output);
        }
        match (a_done.take(), b_done.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (a_done, b_done) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

/// Like [`both`] for two steps that can fail; reports the first failure.
pub(super) async fn both_ok<A, B>(
    a: impl Future<Output = Result<A, String>>,
    b: impl Future<Output = Result<B, String>>,
) -> Result<(A, B), String> {
    let (a, b) = both(a, b).await;
    Ok((a?, b?))
}

/// The output of `run`, or `None` when it takes longer than `limit` of real time.
pub(super) async fn within<T>(limit: Duration, run: impl Future<Output = T>) -> Option<T> {
    let alarm = Arc::new(Flag::default());
    let (finished, watch) = channel::<()>();
    let ring = Arc::clone(&alarm);
    // The thread ends as soon as `finished` is dropped.
    thread::spawn(move || {
        if watch.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            ring.wake();
        }
    });
    let mut run = pin!(run);
    let output = poll_fn(|cx| {
        alarm.set_parent(cx.waker());
        match run.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if alarm.lower() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    drop(finished);
    output
}

/// A waker that can be asked whether it was woken, and passes the wake on.
#[derive(Default)]
struct Flag {
    up: AtomicBool,
    parent: Mutex<Option<Waker>>,
}

impl Flag {
    fn raised() -> Self {
        Self {
            up: AtomicBool::new(true),
            parent: Mutex::new(None),
        }
    }

    fn lower(&self) -> bool {
        self.up.swap(false, Ordering::AcqRel)
    }

    fn set_parent(&self, waker: &Waker) {
        *self.parent.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.up.store(true, Ordering::Release);
        let parent = self
            .parent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(parent) = parent {
            parent.wake();
        }
    }
}
