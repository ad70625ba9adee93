//! Dialling inside a process: what a socket listener is to a socket.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::{ConnectContext, Connector, TransportError, TransportErrorKind};

use super::{MemoryConfig, MemoryTransport, pair};

/// How many dialled links may wait to be accepted, as the backlog of a socket.
const BACKLOG: usize = 128;

/// A connector and the listener that it dials.
#[must_use]
pub fn listener(config: MemoryConfig) -> (MemoryConnector, MemoryListener) {
    let shared = Arc::new(Mutex::new(Backlog {
        waiting: VecDeque::new(),
        open: true,
        acceptor: None,
    }));
    (
        MemoryConnector {
            config,
            backlog: Arc::clone(&shared),
        },
        MemoryListener { backlog: shared },
    )
}

/// Dials a [`MemoryListener`]. Clones dial the same one.
#[derive(Clone)]
pub struct MemoryConnector {
    config: MemoryConfig,
    backlog: Arc<Mutex<Backlog>>,
}

impl Connector for MemoryConnector {
    type Transport = MemoryTransport;

    async fn connect(&self, _cx: ConnectContext) -> Result<MemoryTransport, TransportError> {
        let (ours, theirs) = pair(self.config);
        let mut backlog = lock(&self.backlog);
        if !backlog.open {
            return Err(TransportError::new(
                TransportErrorKind::Unreachable,
                "the in-memory listener is gone",
            ));
        }
        if backlog.waiting.len() >= BACKLOG {
            return Err(TransportError::new(
                TransportErrorKind::Unreachable,
                "the backlog of the in-memory listener is full",
            ));
        }
        backlog.waiting.push_back(theirs);
        if let Some(acceptor) = backlog.acceptor.take() {
            acceptor.wake();
        }
        Ok(ours)
    }
}

impl fmt::Debug for MemoryConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryConnector")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Accepts what [`MemoryConnector`]s dial. Dropping it refuses further ones and ends those not yet accepted.
pub struct MemoryListener {
    backlog: Arc<Mutex<Backlog>>,
}

impl MemoryListener {
    /// The other end of the next dialled link, in order; waits for one. Cancel safe.
    pub async fn accept(&mut self) -> MemoryTransport {
        poll_fn(|cx| {
            let mut backlog = lock(&self.backlog);
            match backlog.waiting.pop_front() {
                Some(transport) => Poll::Ready(transport),
                None => {
                    backlog.acceptor = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        let mut backlog = lock(&self.backlog);
        backlog.open = false;
        backlog.waiting.clear();
    }
}

impl fmt::Debug for MemoryListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryListener").finish_non_exhaustive()
    }
}

struct Backlog {
    waiting: VecDeque<MemoryTransport>,
    open: bool,
    acceptor: Option<Waker>,
}

fn lock(backlog: &Mutex<Backlog>) -> MutexGuard<'_, Backlog> {
    // Nothing panics while it holds the lock, so a poisoned backlog is a whole one.
    backlog.lock().unwrap_or_else(PoisonError::into_inner)
}
