//! What a client may send and how long it may be silent, where that is limited (protocol section 1.4).

use std::pin::Pin;

use hypha_transport::{CloseReason, Frame, FrameRx, TransportError};
use tokio::time::{Duration, Instant, Sleep, sleep};

use super::clock::now;
use crate::limits::{FrameRate, Limits};

/// The limits of one connection. Without any it reads no clock and sets no timer.
#[derive(Debug, Default)]
pub(super) struct Limiter(Option<Box<Active>>);

#[derive(Debug)]
struct Active {
    bucket: Option<Bucket>,
    silence: Option<Silence>,
}

/// What came from a client.
#[derive(Debug)]
pub(super) enum Received {
    Frame(Frame),
    /// It did what it may not, and has to go.
    Offence(CloseReason),
    /// It left.
    Nothing,
}

#[derive(Debug)]
struct Bucket {
    rate: FrameRate,
    tokens: f64,
    filled: Instant,
}

#[derive(Debug)]
struct Silence {
    limit: Duration,
    heard: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Limiter {
    pub(super) fn new(limits: &Limits) -> Self {
        if limits.frames.is_none() && limits.idle.is_none() {
            return Self::default();
        }
        let at = now();
        Self(Some(Box::new(Active {
            bucket: limits.frames.map(|rate| Bucket {
                rate,
                tokens: f64::from(rate.burst),
                filled: at,
            }),
            silence: limits.idle.map(|limit| Silence {
                limit,
                heard: at,
                timer: Box::pin(sleep(limit)),
            }),
        })))
    }

    /// What comes next from the client. It ends by [`Received::Nothing`], and is unlimited after an offence.
    pub(super) async fn receive<Rx: FrameRx>(&mut self, rx: &mut Rx) -> Received {
        let Some(active) = &mut self.0 else {
            return heard(rx.recv().await);
        };
        let offence = match active.receive(rx).await {
            Received::Offence(reason) => reason,
            received => return received,
        };
        self.0 = None;
        Received::Offence(offence)
    }
}

impl Active {
    async fn receive<Rx: FrameRx>(&mut self, rx: &mut Rx) -> Received {
        let received = match &mut self.silence {
            None => rx.recv().await,
            Some(silence) => tokio::select! {
                biased;
                received = rx.recv() => {
                    silence.heard = now();
                    received
                }
                () = silence.broken() => {
                    let words = format!("Idle timeout ({}s)", silence.limit.as_secs_f64());
                    return Received::Offence(CloseReason::new(CloseReason::GOING_AWAY, words));
                }
            },
        };
        if matches!(received, Ok(Some(Frame::Binary(_))))
            && self
                .bucket
                .as_mut()
                .is_some_and(|bucket| !bucket.take(now()))
        {
            let words = "Rate limit exceeded: too many messages per second";
            return Received::Offence(CloseReason::new(CloseReason::POLICY, words));
        }
        heard(received)
    }
}

impl Bucket {
    /// Whether a frame may pass.
    fn take(&mut self, now: Instant) -> bool {
        let gained = now.duration_since(self.filled).as_secs_f64() * self.rate.per_second;
        self.filled = now;
        self.tokens = (self.tokens + gained).min(f64::from(self.rate.burst));
        let may_pass = self.tokens >= 1.0;
        if may_pass {
            self.tokens -= 1.0;
        }
        may_pass
    }
}

impl Silence {
    /// Waits until the client has been silent for too long. The timer is only looked at when it rings: frames do not
    /// set it anew.
    async fn broken(&mut self) {
        loop {
            self.timer.as_mut().await;
            match self.heard.checked_add(self.limit) {
                Some(end) if end <= now() => return,
                Some(end) => self.timer.as_mut().reset(end),
                None => std::future::pending().await,
            }
        }
    }
}

fn heard(received: Result<Option<Frame>, TransportError>) -> Received {
    match received {
        Ok(Some(frame)) => Received::Frame(frame),
        Ok(None) | Err(_) => Received::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use hypha_transport::memory::{self, MemoryConfig, MemoryRx, MemoryTx};
    use hypha_transport::{FrameTx as _, Transport as _};
    use tokio::time::advance;

    use super::*;

    const IDLE: Duration = Duration::from_secs(600);

    /// One way of a connection, and the other, which only has to be there.
    fn pipe(limits: &Limits) -> (MemoryTx, MemoryRx, Limiter, (MemoryRx, MemoryTx)) {
        let (near, far) = memory::pair(MemoryConfig::new());
        let ((tx, other_rx), (other_tx, rx)) = (near.split(), far.split());
        (tx, rx, Limiter::new(limits), (other_rx, other_tx))
    }

    async fn send(tx: &mut MemoryTx, frame: impl Into<Frame>) {
        tx.feed(frame.into()).await.unwrap();
        tx.flush().await.unwrap();
    }

    fn code(received: &Received) -> Option<u16> {
        match received {
            Received::Offence(reason) => Some(reason.code()),
            Received::Frame(_) | Received::Nothing => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn any_frame_ends_the_silence() {
        let limits = Limits {
            idle: Some(IDLE),
            ..Limits::default()
        };
        let (mut tx, mut rx, mut limiter, _other) = pipe(&limits);
        for frame in [Frame::Text("{}".to_owned()), Frame::from(vec![1])] {
            advance(IDLE * 9 / 10).await;
            send(&mut tx, frame).await;
            assert!(matches!(limiter.receive(&mut rx).await, Received::Frame(_)));
        }
        let since = now();
        let end = limiter.receive(&mut rx).await;
        assert_eq!(code(&end), Some(CloseReason::GOING_AWAY));
        assert_eq!(now() - since, IDLE);
        // It is said once.
        send(&mut tx, vec![1]).await;
        assert!(matches!(limiter.receive(&mut rx).await, Received::Frame(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn frames_come_back_with_time() {
        let limits = Limits {
            frames: Some(FrameRate {
                per_second: 10.0,
                burst: 5,
            }),
            ..Limits::default()
        };
        let (mut tx, mut rx, mut limiter, _other) = pipe(&limits);
        let mut taken = Vec::new();
        for wait in [0, 0, 0, 0, 0, 100, 10_000, 0, 0, 0, 0, 99] {
            advance(Duration::from_millis(wait)).await;
            send(&mut tx, vec![1]).await;
            taken.push(code(&limiter.receive(&mut rx).await));
        }
        assert_eq!(taken.pop(), Some(Some(CloseReason::POLICY)));
        assert!(taken.iter().all(Option::is_none), "{taken:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_nothing_ends() {
        let (mut tx, mut rx, mut limiter, _other) = pipe(&Limits::default());
        assert!(limiter.0.is_none());
        for _ in 0..1000 {
            send(&mut tx, vec![1]).await;
            assert!(matches!(limiter.receive(&mut rx).await, Received::Frame(_)));
        }
    }
}
