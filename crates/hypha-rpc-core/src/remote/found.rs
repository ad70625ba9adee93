//! How a service was found, so that it can be found again when its provider came back.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hypha_codec::{Map, Text};

use super::{Place, RemoteService};
use crate::error::CallError;
use crate::peer::Peer;

type Resolving = Pin<Box<dyn Future<Output = Result<RemoteService, CallError>> + Send>>;

/// Looks a service up, and remembers what came of it last.
pub(super) struct Lookup {
    resolve: Box<dyn Fn(Peer) -> Resolving + Send + Sync>,
    latest: Mutex<Latest>,
    /// However many calls find out that the provider is gone, one of them looks.
    flight: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Latest {
    /// How often the service was looked up.
    round: u64,
    description: Option<Arc<Map>>,
}

impl Lookup {
    pub(super) fn new<F, Fut>(resolve: F) -> Self
    where
        F: Fn(Peer) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<RemoteService, CallError>> + Send + 'static,
    {
        Self {
            resolve: Box::new(move |peer| Box::pin(resolve(peer))),
            latest: Mutex::default(),
            flight: tokio::sync::Mutex::new(()),
        }
    }

    /// What the provider told last, if that was not the first time.
    pub(super) fn latest(&self) -> (u64, Option<Arc<Map>>) {
        let Latest { round, description } = self.lock().clone();
        (round, description)
    }

    /// Looks the service up, unless somebody has since `seen`.
    async fn again(&self, peer: &Peer, seen: u64) -> Result<(), CallError> {
        let _flight = self.flight.lock().await;
        if self.lock().round != seen {
            return Ok(());
        }
        let service = (self.resolve)(peer.clone()).await?;
        let mut latest = self.lock();
        latest.round += 1;
        latest.description = Some(Arc::clone(&service.inner.description));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Latest> {
        // Nothing panics under the lock.
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").finish_non_exhaustive()
    }
}

/// A method that was found in a service.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(super) service: RemoteService,
    pub(super) path: Text,
    /// Which description it was found in.
    pub(super) round: u64,
}

impl Found {
    /// Looks the service up again, and the method in it.
    pub(crate) async fn again(&mut self) -> Result<Place, CallError> {
        let inner = &self.service.inner;
        if let Some(lookup) = &inner.lookup {
            lookup.again(&inner.peer, self.round).await?;
        }
        let (round, place) = self.service.place(&self.path);
        self.round = round;
        place
    }
}
