//! The thread that keeps the connection, and waiting for what it brings.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};
use tokio::sync::oneshot;

use crate::error::{CannotBlock, Error};

thread_local! {
    /// Whether this thread keeps a connection.
    static KEEPS: Cell<bool> = const { Cell::new(false) };
    /// On a thread for handlers that block, the runtime that it belongs to.
    static SERVES: RefCell<Option<Handle>> = const { RefCell::new(None) };
}

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
                match runtime() {
                    Ok(runtime) => {
                        // Nobody waits any more if this fails.
                        ready.send(Ok(runtime.handle().clone())).ok();
                        run(runtime, stopped);
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
        self.block_on(future)?
            .map_err(|error| Error::Client(error.into()))
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

/// The runtime whose handler or callback this thread runs, if it does.
pub(crate) fn serving() -> Option<Handle> {
    SERVES.with_borrow(Clone::clone)
}

/// Waits where that is possible.
pub(crate) fn block_on<F: Future>(handle: &Handle, future: F) -> Result<F::Output, CannotBlock> {
    if KEEPS.get() {
        return Err(CannotBlock::OwnThread);
    }
    if serving().is_some() {
        return Ok(handle.block_on(future));
    }
    match Handle::try_current().map(|current| current.runtime_flavor()) {
        // No runtime of anybody's.
        Err(_) => Ok(handle.block_on(future)),
        // Its other tasks move to another worker meanwhile.
        Ok(RuntimeFlavor::MultiThread) => {
            Ok(tokio::task::block_in_place(|| handle.block_on(future)))
        }
        Ok(_) => Err(CannotBlock::InsideRuntime),
    }
}

fn runtime() -> std::io::Result<Runtime> {
    let (told, handle) = mpsc::sync_channel::<Handle>(1);
    let handle = std::sync::Mutex::new((handle, None));
    let runtime = Builder::new_current_thread()
        .enable_all()
        .thread_name("hypha-sync-handler")
        .on_thread_start(move || {
            // The first thread for handlers starts after the runtime is known.
            let Ok(mut known) = handle.lock() else { return };
            if known.1.is_none() {
                known.1 = known.0.recv().ok();
            }
            SERVES.set(known.1.clone());
        })
        .build()?;
    told.send(runtime.handle().clone()).ok();
    Ok(runtime)
}

/// Keeps the connection until nobody holds it any more.
fn run(runtime: Runtime, stopped: oneshot::Receiver<()>) {
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
    // A handler that never ends must not keep the thread.
    runtime.shutdown_background();
}
