//! The suite itself: a transport with a fault must be caught, by the case that is about it.

use std::time::Duration;

use hypha_transport::conformance::{self, Settings};
use hypha_transport::memory::{self, MemoryConfig, MemoryRx, MemoryTransport, MemoryTx};
use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx, Limits, Transport, TransportError};

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    ForgetsToFlush,
    SwallowsEmptyFrames,
    SwapsTwoFrames,
    IgnoresTheLimit,
    LosesTheCloseText,
    BuffersWithoutBound,
    DropsWhenCancelled,
}

struct Faulty(MemoryTransport, Fault);
struct FaultyTx(MemoryTx, Fault, Vec<Frame>);
struct FaultyRx(MemoryRx, Fault);

impl Transport for Faulty {
    type Tx = FaultyTx;
    type Rx = FaultyRx;

    fn limits(&self) -> Limits {
        self.0.limits()
    }

    fn split(self) -> (FaultyTx, FaultyRx) {
        let (tx, rx) = self.0.split();
        (FaultyTx(tx, self.1, Vec::new()), FaultyRx(rx, self.1))
    }
}

impl FrameTx for FaultyTx {
    async fn feed(&mut self, frame: Frame) -> Result<(), TransportError> {
        match self.1 {
            Fault::SwallowsEmptyFrames if frame.is_empty() => Ok(()),
            Fault::IgnoresTheLimit if frame.len() > (1 << 20) => Ok(()),
            Fault::BuffersWithoutBound if frame.len() <= (1 << 20) => {
                self.2.push(frame);
                Ok(())
            }
            Fault::SwapsTwoFrames if self.2.is_empty() => {
                self.2.push(frame);
                Ok(())
            }
            Fault::SwapsTwoFrames => {
                self.0.feed(frame).await?;
                for earlier in self.2.drain(..) {
                    self.0.feed(earlier).await?;
                }
                Ok(())
            }
            _ => self.0.feed(frame).await,
        }
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        if self.1 == Fault::ForgetsToFlush {
            return Ok(());
        }
        if self.1 != Fault::SwapsTwoFrames || self.2.len() > 1 {
            for frame in self.2.drain(..) {
                self.0.feed(frame).await?;
            }
        }
        self.0.flush().await
    }

    async fn close(mut self, reason: CloseReason) {
        for frame in std::mem::take(&mut self.2) {
            let _fed = self.0.feed(frame).await;
        }
        let reason = match self.1 {
            Fault::LosesTheCloseText => CloseReason::new(reason.code(), ""),
            _ => reason,
        };
        self.0.close(reason).await;
    }
}

impl FrameRx for FaultyRx {
    async fn recv(&mut self) -> Result<Option<Frame>, TransportError> {
        let received = self.0.recv().await;
        if self.1 == Fault::DropsWhenCancelled {
            // The frame is in this future while it waits once more: a caller that drops it loses the frame.
            let mut waited = false;
            std::future::poll_fn(|cx| {
                if std::mem::replace(&mut waited, true) {
                    return std::task::Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                std::task::Poll::Pending
            })
            .await;
        }
        received
    }
}

async fn caught_by(fault: Fault) -> Option<&'static str> {
    let config = MemoryConfig::new().with_limits(Limits::new().with_max_frame(1 << 20));
    let settings = Settings::new()
        .with_bulk(4 << 20)
        .with_case_timeout(Duration::from_secs(2));
    let result = conformance::run_with(settings, async || {
        let (left, right) = memory::pair(config);
        (Faulty(left, fault), Faulty(right, fault))
    })
    .await;
    result.err().map(|failure| failure.case())
}

#[tokio::test]
async fn faults_are_caught_by_the_case_about_them() {
    assert_eq!(
        caught_by(Fault::SwapsTwoFrames).await,
        Some("frames_keep_order_and_content")
    );
    assert_eq!(
        caught_by(Fault::SwallowsEmptyFrames).await,
        Some("frames_keep_order_and_content")
    );
    assert_eq!(
        caught_by(Fault::IgnoresTheLimit).await,
        Some("too_large_to_send_is_refused_and_harmless")
    );
    assert_eq!(
        caught_by(Fault::LosesTheCloseText).await,
        Some("close_reason_arrives_after_the_frames")
    );
    assert_eq!(
        caught_by(Fault::BuffersWithoutBound).await,
        Some("a_slow_reader_holds_the_sender_back")
    );
    assert_eq!(
        caught_by(Fault::DropsWhenCancelled).await,
        Some("a_dropped_recv_loses_nothing")
    );
}

#[tokio::test]
async fn a_hang_is_reported_as_one() {
    let config = MemoryConfig::new();
    let settings = Settings::new().with_case_timeout(Duration::from_millis(200));
    let result = conformance::run_with(settings, async || {
        let (left, right) = memory::pair(config);
        (
            Faulty(left, Fault::ForgetsToFlush),
            Faulty(right, Fault::ForgetsToFlush),
        )
    })
    .await;
    assert!(
        result
            .unwrap_err()
            .to_string()
            .contains("it hung for 200ms")
    );
}
