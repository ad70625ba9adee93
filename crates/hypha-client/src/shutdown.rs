//! Serving until the program is asked to end.

use std::io;
use std::time::Duration;

use hypha_rpc_core::ClosedReason;

use crate::client::Client;

/// How serving ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Served {
    /// The connection was closed.
    Closed(ClosedReason),
    /// The program was asked to end, and left.
    Left {
        /// Calls that still ran at the end of the grace.
        cut_off: usize,
    },
}

impl Client {
    /// Leaves without cutting anybody off: unlists the services at the server, refuses new calls, waits until the
    /// running ones are answered, and closes the connection. Says how many still ran after `timeout` and were cut off.
    ///
    /// Callers of refused calls see [`Busy`](crate::ErrorKind::Busy) and may make them again elsewhere. A handler that
    /// waits for this waits for itself.
    pub async fn drain(&self, timeout: Duration) -> usize {
        self.peer().drain(timeout).await
    }

    /// Answers calls until the connection is closed or the program is asked to end by SIGTERM, SIGINT or Ctrl-C;
    /// then [drains](Self::drain) for at most `grace`. A second signal ends it at once.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use hypha_client::connect_to_server;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = connect_to_server("http://127.0.0.1:9527").await?;
    /// // register services
    /// server.serve_until_shutdown(Duration::from_secs(30)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// From the first call on these signals no longer end the program by themselves.
    ///
    /// # Errors
    /// If the operating system does not let us listen to signals.
    pub async fn serve_until_shutdown(&self, grace: Duration) -> io::Result<Served> {
        let mut signals = Signals::listen()?;
        tokio::select! {
            reason = self.closed() => return Ok(Served::Closed(reason)),
            () = signals.next() => {}
        }
        let cut_off = tokio::select! {
            cut_off = self.drain(grace) => cut_off,
            () = signals.next() => {
                let stats = self.peer().stats().await;
                self.disconnect().await;
                stats.map_or(0, |stats| stats.running_calls)
            }
        };
        Ok(Served::Left { cut_off })
    }
}

/// The signals by which programs are asked to end.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The signals by which programs are asked to end.
#[cfg(windows)]
struct Signals {
    ctrl_c: tokio::signal::windows::CtrlC,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            ctrl_c: tokio::signal::windows::ctrl_c()?,
            shutdown: tokio::signal::windows::ctrl_shutdown()?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.ctrl_c.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}
