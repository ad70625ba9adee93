//! Ending with the input, for programs that start this one.

use std::future::pending;
use std::io;
use std::thread;

use clap::Args;
use tokio::sync::oneshot;

/// When a command that serves ends by itself.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Ending {
    /// End when standard input does, and so together with the program that holds its other end
    #[arg(long)]
    end_with_input: bool,
}

impl Ending {
    /// Waits for the end of the input if that was asked for, else for ever.
    pub(crate) async fn reached(self) {
        if self.end_with_input {
            input_ended().await;
        } else {
            pending().await
        }
    }
}

/// Waits for the end of standard input, and reads past whatever comes before. To be called once in a process.
pub(crate) async fn input_ended() {
    let (ended, end) = oneshot::channel::<()>();
    // A thread of its own: the runtime would wait at its end for a read that it had begun.
    thread::spawn(move || {
        // An input that cannot be read is at its end as well. Dropping the sender says so.
        drop(io::copy(&mut io::stdin().lock(), &mut io::sink()));
        drop(ended);
    });
    drop(end.await);
}
