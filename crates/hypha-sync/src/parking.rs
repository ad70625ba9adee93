//! Waiting for a future on a thread that sleeps meanwhile.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::Handle;

thread_local! {
    /// Whether this thread waits already: a future that it polls wants to wait.
    static WAITS: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside [`wait`].
pub(crate) fn waits() -> bool {
    WAITS.get()
}

/// Polls a future inside a runtime that another thread drives, until it is ready.
///
/// Unlike the runtime's own function this can be nested, and panics nowhere.
pub(crate) fn wait<F: Future>(handle: &Handle, future: F) -> F::Output {
    let _inside = handle.enter();
    let _outer = Outer(WAITS.replace(true));
    let bell = Arc::new(Bell {
        sleeper: thread::current(),
        rung: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    // What polls us may be a task, which has a budget: when that is spent nothing in it would ever be ready, and a wait
    // does not give back to the runtime, which would grant more.
    let mut future = pin!(tokio::task::unconstrained(future));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        bell.sleep();
    }
}

/// What was there before this wait.
struct Outer(bool);

impl Drop for Outer {
    fn drop(&mut self) {
        WAITS.set(self.0);
    }
}

/// Wakes one wait. A thread may sleep in several that are nested, so being unparked alone says nothing.
struct Bell {
    sleeper: Thread,
    rung: AtomicBool,
}

impl Bell {
    fn sleep(&self) {
        while !self.rung.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::Release) {
            self.sleeper.unpark();
        }
    }
}
