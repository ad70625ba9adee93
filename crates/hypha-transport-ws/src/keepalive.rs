//! When to ping, and when to give up on the peer.

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::options::WsOptions;

/// Runs on the receiving half, and on timers alone: nothing here costs anything per frame.
pub(crate) struct Keepalive {
    options: WsOptions,
    timer: Option<Pin<Box<Sleep>>>,
    phase: Phase,
}

/// What the timer runs for.
#[derive(Clone, Copy)]
enum Phase {
    /// The next ping.
    Quiet,
    /// The answer to a ping, sent when this much had crossed the socket.
    Awaiting { read: u64, written: u64 },
    /// The peer's part in the close; restarted while it still sends.
    Closing { read: u64 },
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    Ping,
    /// The peer is taken for dead.
    Lost,
    /// The peer had its time to answer the close.
    Closed,
}

impl Keepalive {
    pub(crate) fn new(options: WsOptions) -> Self {
        Self {
            options,
            timer: None,
            phase: Phase::Quiet,
        }
    }

    /// To be asked when nothing is left to read. `counts` are the bytes read and written so far; `unsent` says whether
    /// something, the last ping perhaps, still waits for room in the network.
    pub(crate) fn poll(
        &mut self,
        counts: (u64, u64),
        unsent: bool,
        closing: bool,
        cx: &mut Context<'_>,
    ) -> Due {
        let (read, written) = counts;
        if closing && !matches!(self.phase, Phase::Closing { .. }) {
            self.arm(self.options.close_timeout, Phase::Closing { read });
        }
        if self.timer.is_none() {
            match self.options.ping_interval {
                Some(interval) => self.arm(interval, Phase::Quiet),
                None => return Due::Nothing,
            }
        }
        loop {
            let Some(timer) = &mut self.timer else {
                return Due::Nothing;
            };
            if timer.as_mut().poll(cx).is_pending() {
                return Due::Nothing;
            }
            match self.phase {
                Phase::Quiet => {
                    self.arm(self.options.ping_timeout, Phase::Awaiting { read, written });
                    return Due::Ping;
                }
                Phase::Awaiting { read: before, .. } if read != before => {
                    let interval = self.options.ping_interval.unwrap_or_default();
                    self.arm(
                        interval.saturating_sub(self.options.ping_timeout),
                        Phase::Quiet,
                    );
                }
                // The ping is behind data which the peer is still taking in.
                Phase::Awaiting {
                    written: before, ..
                } if unsent && written != before => {
                    self.arm(self.options.ping_timeout, Phase::Awaiting { read, written });
                }
                Phase::Awaiting { .. } => return Due::Lost,
                Phase::Closing { read: before } if read != before => {
                    self.arm(self.options.close_timeout, Phase::Closing { read });
                }
                Phase::Closing { .. } => return Due::Closed,
            }
        }
    }

    /// The ping has left: the time for the answer counts from now.
    pub(crate) fn ping_left(&mut self) {
        if let Phase::Awaiting { .. } = self.phase {
            self.arm(self.options.ping_timeout, self.phase);
        }
    }

    fn arm(&mut self, time: Duration, phase: Phase) {
        self.phase = phase;
        match &mut self.timer {
            Some(timer) => timer.set(sleep(time)),
            None => self.timer = Some(Box::pin(sleep(time))),
        }
    }
}
