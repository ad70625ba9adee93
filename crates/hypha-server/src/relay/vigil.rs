//! Keeping the thread awake while frames follow each other closely.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hypha_rpc_core::busy_poll::{BusyPoll, pause};
use tokio::sync::Notify;

/// Counts frames, and looks for the next one between them.
#[derive(Debug, Default)]
pub(crate) struct Vigil {
    keeps: AtomicBool,
    frames: AtomicU64,
    asleep: AtomicBool,
    wake: Notify,
}

impl Vigil {
    /// A frame came.
    pub(super) fn frame(&self) {
        // Connections on many threads do not all count in one place for nothing.
        if self.keeps.load(Ordering::Relaxed) {
            self.frames.fetch_add(1, Ordering::SeqCst);
            if self.asleep.load(Ordering::SeqCst) {
                self.wake.notify_one();
            }
        }
    }

    /// Looks for frames for so long at the most before the thread may sleep, as long as that is worth it. Ends only where
    /// it never is.
    pub(crate) async fn keep(&self, limit: Duration) {
        let mut poll = BusyPoll::for_this_runtime(limit);
        if !poll.is_enabled() {
            return;
        }
        self.keeps.store(true, Ordering::Relaxed);
        let mut seen = 0;
        loop {
            let frames = self.frames.load(Ordering::SeqCst);
            if frames != seen {
                seen = frames;
                poll.arrived();
                // Whoever it is for comes first.
                tokio::task::yield_now().await;
            } else if poll.look_again() {
                pause().await;
            } else {
                self.asleep.store(true, Ordering::SeqCst);
                if self.frames.load(Ordering::SeqCst) == seen {
                    self.wake.notified().await;
                }
                self.asleep.store(false, Ordering::SeqCst);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const LIMIT: Duration = Duration::from_micros(50);

    #[tokio::test]
    async fn it_falls_asleep_without_frames_and_wakes_up_with_them() {
        let vigil = Arc::new(Vigil::default());
        let kept = Arc::clone(&vigil);
        let task = tokio::task::JoinSet::from_iter([async move { kept.keep(LIMIT).await }]);
        for _ in 0..3 {
            while !vigil.asleep.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
            vigil.frame();
            while vigil.asleep.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
        }
        drop(task);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn it_keeps_no_watch_over_several_threads() {
        let vigil = Vigil::default();
        vigil.keep(LIMIT).await;
        vigil.frame();
        assert_eq!(vigil.frames.load(Ordering::SeqCst), 0);
    }
}
