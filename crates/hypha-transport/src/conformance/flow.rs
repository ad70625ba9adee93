//! Back-pressure: bounded buffers that never lock the two sides up.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::{Frame, FrameRx, FrameTx, Transport};

use super::delivery::patterned;
use super::drive::{End, both_ok, expect_frame, send, sending, within};
use super::{Outcome, Settings, Verdict};

/// The frame size of the bulk cases: what the RPC layer cuts large messages into.
const PIECE: usize = 256 * 1024;

/// How long a `feed` must be stuck to count as waiting for the peer.
const STUCK: Duration = Duration::from_millis(300);

pub(super) async fn both_sides_send_bulk_before_reading<L: Transport, R: Transport>(
    left: L,
    right: R,
    settings: Settings,
) -> Outcome {
    let (left, right) = (End::new(left), End::new(right));
    let size = PIECE.min(left.limits.max_frame).min(right.limits.max_frame);
    let pieces = settings.bulk.div_ceil(size.max(1));
    both_ok(
        exchange(left, size, pieces, 1, 2),
        exchange(right, size, pieces, 2, 1),
    )
    .await?;
    Ok(Verdict::Passed)
}

async fn exchange<T: Transport>(
    mut end: End<T>,
    size: usize,
    pieces: usize,
    ours: usize,
    theirs: usize,
) -> Result<(), String> {
    // Few distinct pieces, shared: the cost under test is the transport's.
    let piece = |who: usize, n: usize| patterned(size - who.min(size), who * 8 + n % 4);
    let outgoing: Vec<Frame> = (0..4).map(|n| piece(ours, n)).collect();
    let incoming: Vec<Frame> = (0..4).map(|n| piece(theirs, n)).collect();
    let work = async {
        for n in 0..pieces {
            end.tx
                .feed(outgoing[n % 4].clone())
                .await
                .map_err(|error| format!("feed {n}: {error}"))?;
        }
        end.tx
            .flush()
            .await
            .map_err(|error| format!("flush: {error}"))
    };
    let ((), early) = sending(&mut end.rx, work).await?;
    for n in 0..pieces {
        let expected = &incoming[n % 4];
        match early.get(n) {
            Some(frame) if frame == expected => {}
            Some(frame) => {
                return Err(format!(
                    "piece {n} arrived damaged: {frame:?} for {expected:?}"
                ));
            }
            None => expect_frame(&mut end.rx, expected)
                .await
                .map_err(|why| format!("piece {n}: {why}"))?,
        }
    }
    Ok(())
}

/// One end never sends, the other never receives a frame.
pub(super) async fn one_direction_alone_works<L: Transport, R: Transport>(
    left: L,
    right: R,
    _: Settings,
) -> Outcome {
    let (mut left, mut right) = (End::new(left), End::new(right));
    let size = 10_000
        .min(left.limits.max_frame)
        .min(right.limits.max_frame);
    let sender = sending(&mut left.rx, async {
        for n in 0..300 {
            send(&mut left.tx, patterned(size, n)).await?;
        }
        Ok(())
    });
    let receiver = async {
        for n in 0..300 {
            expect_frame(&mut right.rx, &patterned(size, n)).await?;
        }
        Ok(())
    };
    both_ok(sender, receiver).await?;
    Ok(Verdict::Passed)
}

/// The peer does not read at all: at some point `feed` has to wait. Then it reads, and nothing is missing.
pub(super) async fn a_slow_reader_holds_the_sender_back<L: Transport, R: Transport>(
    left: L,
    right: R,
    settings: Settings,
) -> Outcome {
    let (mut left, mut right) = (End::new(left), End::new(right));
    let size = PIECE
        .min(left.limits.max_frame)
        .min(right.limits.max_frame)
        .max(1);
    let pieces = settings.bulk.div_ceil(size);
    let frame = patterned(size, 9);
    let fed = Cell::new(0);
    let sender = sending(&mut left.rx, async {
        while fed.get() < pieces {
            let n = fed.get();
            left.tx
                .feed(frame.clone())
                .await
                .map_err(|error| format!("feed {n}: {error}"))?;
            fed.set(n + 1);
        }
        left.tx
            .flush()
            .await
            .map_err(|error| format!("flush: {error}"))
    });
    let mut sender = pin!(sender);
    // Stuck is who made no progress for a while.
    let mut before = None;
    while before != Some(fed.get()) {
        before = Some(fed.get());
        match within(STUCK, poll_fn(|cx| sender.as_mut().poll(cx))).await {
            Some(Err(message)) => return Err(message),
            Some(Ok(_)) => break,
            None => {}
        }
    }
    if fed.get() >= pieces {
        return Err(format!(
            "{pieces} frames of {size} bytes were accepted for a peer that reads none"
        ));
    }
    let receiver = async {
        for n in 0..pieces {
            expect_frame(&mut right.rx, &frame)
                .await
                .map_err(|why| format!("frame {n}: {why}"))?;
        }
        Ok(())
    };
    both_ok(sender, receiver).await?;
    Ok(Verdict::Passed)
}

/// Every poll of the receiver makes a future of its own and drops it.
pub(super) async fn a_dropped_recv_loses_nothing<L: Transport, R: Transport>(
    left: L,
    right: R,
    _: Settings,
) -> Outcome {
    const FRAMES: usize = 60;
    let (mut left, mut right) = (End::new(left), End::new(right));
    // Larger than what a transport reads at once, so that the drops hit half-read frames.
    let size = 100_000
        .min(left.limits.max_frame)
        .min(right.limits.max_frame);
    let sender = sending(&mut left.rx, async {
        for n in 0..FRAMES {
            send(&mut left.tx, patterned(size, n)).await?;
        }
        Ok(())
    });
    let receiver = async {
        for n in 0..FRAMES {
            let received = poll_fn(|cx| {
                let poll = pin!(right.rx.recv()).poll(cx);
                if poll.is_pending() {
                    // The dropped future took its registration along.
                    cx.waker().wake_by_ref();
                }
                poll
            });
            match received.await {
                Ok(Some(frame)) if frame == patterned(size, n) => {}
                other => return Err(format!("expected frame {n}, received {other:?}")),
            }
        }
        match pin!(right.rx.recv())
            .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
        {
            Poll::Pending => Ok(()),
            Poll::Ready(extra) => Err(format!(
                "nothing was left to receive, but recv yielded {extra:?}"
            )),
        }
    };
    both_ok(sender, receiver).await?;
    Ok(Verdict::Passed)
}
