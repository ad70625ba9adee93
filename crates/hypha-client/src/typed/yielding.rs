//! Streams that an async block gives the items of: it may hold what they borrow from.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_core::Stream;

/// Where the async block puts an item, until the stream takes it.
type Slot<T> = Arc<Mutex<Option<T>>>;

/// A stream of what the async block gives.
pub fn yielding<T, F, R>(run: R) -> impl Stream<Item = T> + Send + use<T, F, R>
where
    T: Send + 'static,
    R: FnOnce(Items<T>) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let slot = Slot::default();
    let items = Items {
        slot: Arc::clone(&slot),
    };
    Yielding {
        run: Some(Box::pin(run(items))),
        slot,
    }
}

/// The next item of a stream.
pub async fn next<S: Stream>(mut stream: Pin<&mut S>) -> Option<S::Item> {
    poll_fn(|cx| stream.as_mut().poll_next(cx)).await
}

/// Where items go.
pub struct Items<T> {
    slot: Slot<T>,
}

impl<T> Items<T> {
    /// Gives an item; done when the next one is asked for.
    pub async fn give(&mut self, item: T) {
        put(&self.slot, item);
        let mut given = false;
        poll_fn(|_| {
            if std::mem::replace(&mut given, true) {
                Poll::Ready(())
            } else {
                // Whoever polls the stream finds the item, and polls again for the next one.
                Poll::Pending
            }
        })
        .await;
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Items")
    }
}

fn put<T>(slot: &Slot<T>, item: T) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(item);
}

struct Yielding<T, F> {
    /// None when it is over.
    run: Option<Pin<Box<F>>>,
    slot: Slot<T>,
}

impl<T, F: Future<Output = ()>> Stream for Yielding<T, F> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(run) = &mut self.run else {
            return Poll::Ready(None);
        };
        if run.as_mut().poll(cx).is_ready() {
            self.run = None;
            return Poll::Ready(None);
        }
        let item = self
            .slot
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        item.map_or(Poll::Pending, |item| Poll::Ready(Some(item)))
    }
}
