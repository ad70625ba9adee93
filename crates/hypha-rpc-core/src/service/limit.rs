//! How many calls of a service run at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hypha_codec::Text;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{RemoteError, RemoteErrorKind};
use crate::texts;

/// The places of a service: some calls run, some wait, the rest are refused.
#[derive(Debug)]
pub(crate) struct Limit {
    service: Text,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
}

impl Limit {
    /// `concurrency` calls run, `queue` more wait.
    pub(crate) fn new(service: Text, concurrency: usize, queue: usize) -> Arc<Self> {
        let places = concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(Self {
            service,
            places: Arc::new(Semaphore::new(places)),
            waiting: AtomicUsize::new(0),
            queue,
        })
    }

    /// Takes a place, or one in the queue. Whoever waits comes first.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Entry, RemoteError> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Entry::Place(place));
        }
        let queued = self
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
                (waiting < self.queue).then_some(waiting + 1)
            });
        match queued {
            Ok(_) => Ok(Entry::Queue(Waiting(Arc::clone(self)))),
            Err(_) => Err(self.busy()),
        }
    }

    fn busy(&self) -> RemoteError {
        RemoteError::of_kind(RemoteErrorKind::Busy, texts::service_busy(&self.service))
    }
}

/// A call that may run, now or later.
#[derive(Debug)]
pub(crate) enum Entry {
    Place(OwnedSemaphorePermit),
    Queue(Waiting),
}

impl Entry {
    /// Waits for the turn of the call. The call runs as long as it holds what this gives.
    pub(crate) async fn turn(self) -> Result<OwnedSemaphorePermit, RemoteError> {
        match self {
            Self::Place(place) => Ok(place),
            Self::Queue(waiting) => {
                let place = Arc::clone(&waiting.0.places).acquire_owned().await;
                place.map_err(|_| waiting.0.busy())
            }
        }
    }
}

/// A place in the queue.
#[derive(Debug)]
pub(crate) struct Waiting(Arc<Limit>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
