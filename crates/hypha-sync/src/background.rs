//! The thread that keeps the connection, and waiting for what it brings.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor, worker_index};
use tokio::sync::{oneshot, watch};

use crate::error::{CannotBlock, Error, waited};
use crate::parking;

thread_local! {
    /// Whether this thread keeps a connection.
    static KEEPS: Cell<bool> = const { Cell::new(false) };
    /// On a thread for handlers that block, the runtime that it belongs to.
    static SERVES: RefCell<Option<Serving>> = const { RefCell::new(None) };
}

/// How many handlers and callbacks may block at the same time. Those that wait for each other need more threads than there
/// are calls at once ([`PeerConfig::max_running`](hypha_client::PeerConfig)): without one nobody would go on.
const THREADS: usize = 8192;

/// How long tasks may take to end after the last handle was dropped: to tell the server that we leave.
const LEAVE: Duration = Duration::from_secs(2);

/// A runtime on a thread of its own. It ends with the last clone.
#[derive(Clone)]
pub(crate) struct Background {
    inner: Arc<Inner>,
}

struct Inner {
    handle: Handle,
    /// Dropped with this: tells the thread to end.
    _stop: oneshot::Sender<()>,
}

impl Background {
    /// Starts the thread.
    pub(crate) fn start() -> Result<Self, CannotBlock> {
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = mpsc::sync_channel(1);
        thread::Builder::new()
            .name("hypha-sync".to_owned())
            .spawn(move || {
                KEEPS.set(true);
                let (over, ends) = watch::channel(());
                match runtime(ends) {
                    Ok(runtime) => {
                        // Nobody waits any more if this fails.
                        ready.send(Ok(runtime.handle().clone())).ok();
                        run(runtime, stopped, over);
                    }
                    Err(error) => {
                        ready.send(Err(error)).ok();
                    }
                }
            })?;
        let handle = started
            .recv()
            .unwrap_or_else(|_| Err(std::io::Error::other("the thread ended at once")))?;
        Ok(Self {
            inner: Arc::new(Inner {
                handle,
                _stop: stop,
            }),
        })
    }

    /// Waits for a future of a client.
    pub(crate) fn wait<T, E: Into<hypha_client::Error>>(
        &self,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Error> {
        waited(self.block_on(future))
    }

    /// Waits for any future. It is polled here, and what it waits for is driven in the background.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> Result<F::Output, CannotBlock> {
        block_on(&self.inner.handle, future)
    }

    /// Runs something that wants to be inside the runtime.
    pub(crate) fn enter<T>(&self, what: impl FnOnce() -> T) -> T {
        let _inside = self.inner.handle.enter();
        what()
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Background")
    }
}

/// The runtime whose handlers and callbacks a thread runs. It does not keep the runtime.
#[derive(Clone)]
pub(crate) struct Serving {
    handle: Handle,
    /// Closed before the runtime is gone.
    over: watch::Receiver<()>,
}

impl Serving {
    /// That of this thread.
    pub(crate) fn here() -> Result<Self, CannotBlock> {
        SERVES
            .with_borrow(Clone::clone)
            .ok_or(CannotBlock::OutsideHandler)
    }

    /// Waits for a future, but no longer than the runtime is there.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> Result<F::Output, CannotBlock> {
        let mut over = self.over.clone();
        block_on(&self.handle, async move {
            // In this order: timers of a runtime that is gone panic.
            match select(pin!(over.changed()), pin!(future)).await {
                Either::Left(_) => Err(CannotBlock::Over),
                Either::Right((output, _)) => Ok(output),
            }
        })?
    }
}

/// Waits where that is possible.
fn block_on<F: Future>(handle: &Handle, future: F) -> Result<F::Output, CannotBlock> {
    if KEEPS.get() {
        return Err(CannotBlock::OwnThread);
    }
    // A thread that is no worker holds nobody up but itself; one that waits already does so anyway.
    if worker_index().is_none() || parking::waits() {
        return Ok(parking::wait(handle, future));
    }
    match Handle::try_current().map(|current| current.runtime_flavor()) {
        // Its other tasks move to another worker meanwhile.
        Ok(RuntimeFlavor::MultiThread) => Ok(tokio::task::block_in_place(|| {
            parking::wait(handle, future)
        })),
        _ => Err(CannotBlock::InsideRuntime),
    }
}

fn runtime(over: watch::Receiver<()>) -> std::io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(THREADS)
        .thread_name("hypha-sync-handler")
        .on_thread_start(move || {
            // These threads are inside the runtime. Its handle is not kept here: it keeps this function.
            let serving = Handle::try_current().map(|handle| Serving {
                handle,
                over: over.clone(),
            });
            SERVES.set(serving.ok());
        })
        .build()
}

/// Keeps the connection until nobody holds it any more.
fn run(runtime: Runtime, stopped: oneshot::Receiver<()>, over: watch::Sender<()>) {
    runtime.block_on(async {
        drop(stopped.await);
        // Tasks end by themselves when their owners are dropped.
        let metrics = Handle::current().metrics();
        let ended = async {
            while metrics.num_alive_tasks() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LEAVE, ended).await.ok();
    });
    // Handlers that wait here get an error.
    drop(over);
    // A handler that never ends must not keep the thread.
    runtime.shutdown_background();
}
