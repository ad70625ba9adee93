//! Every end is seen, once, by both sides, with its reason.

use crate::{CloseReason, Frame, FrameRx, FrameTx, Transport, TransportError, TransportErrorKind};

use super::delivery::patterned;
use super::drive::{End, both, both_ok, drain, expect_frame, send, sending};
use super::{Outcome, Settings, Verdict};

pub(super) async fn normal_close_is_clean_on_both_sides<L: Transport, R: Transport>(
    left: L,
    right: R,
    _: Settings,
) -> Outcome {
    let (mut left, mut right) = (End::new(left), End::new(right));
    let closer = async {
        left.tx.close(CloseReason::normal()).await;
        expect_clean("the closing side", &mut left.rx).await
    };
    both_ok(closer, expect_clean("the other side", &mut right.rx)).await?;
    Ok(Verdict::Passed)
}

/// Frames that were fed but not flushed arrive before the close, in both directions.
pub(super) async fn close_reason_arrives_after_the_frames<L: Transport, R: Transport>(
    left: L,
    right: R,
    settings: Settings,
) -> Outcome {
    let (mut left, mut right) = (End::new(left), End::new(right));
    sending(&mut right.rx, send(&mut right.tx, patterned(10, 1))).await?;
    let reason = CloseReason::new(CloseReason::POLICY, "token expired: ünïcode");
    let closer = async {
        for n in 0..50 {
            left.tx
                .feed(patterned(1000, n))
                .await
                .map_err(|error| format!("feed: {error}"))?;
        }
        left.tx.close(reason.clone()).await;
        expect_frame(&mut left.rx, &patterned(10, 1)).await?;
        expect_clean("the closing side", &mut left.rx).await
    };
    let other = async {
        for n in 0..50 {
            expect_frame(&mut right.rx, &patterned(1000, n)).await?;
        }
        for _ in 0..2 {
            expect_reason(&right.rx.recv().await, &reason, settings)?;
        }
        Ok(())
    };
    both_ok(closer, other).await?;
    Ok(Verdict::Passed)
}

pub(super) async fn closing_without_a_sendable_code_cuts_the_link<L: Transport, R: Transport>(
    left: L,
    right: R,
    settings: Settings,
) -> Outcome {
    let (mut left, mut right) = (End::new(left), End::new(right));
    let closer = async {
        left.tx.close(CloseReason::abnormal()).await;
        expect_clean("the cutting side", &mut left.rx).await
    };
    let other = async { expect_reason(&right.rx.recv().await, &CloseReason::abnormal(), settings) };
    both_ok(closer, other).await?;
    Ok(Verdict::Passed)
}

pub(super) async fn dropping_both_halves_is_seen_by_the_peer<L: Transport, R: Transport>(
    left: L,
    right: R,
    settings: Settings,
) -> Outcome {
    let (left, mut right) = (End::new(left), End::new(right));
    let dropper = async { drop(left) };
    let other = async { expect_reason(&right.rx.recv().await, &CloseReason::abnormal(), settings) };
    both(dropper, other).await.1?;
    Ok(Verdict::Passed)
}

pub(super) async fn sending_after_the_end_fails<L: Transport, R: Transport>(
    left: L,
    right: R,
    settings: Settings,
) -> Outcome {
    let (left, mut right) = (End::new(left), End::new(right));
    let reason = CloseReason::new(CloseReason::GOING_AWAY, "bye");
    let closer = async {
        left.tx.close(reason.clone()).await;
        let mut rx = left.rx;
        drain(&mut rx)
            .await
            .map_err(|error| format!("the closing side must end cleanly, recv failed: {error}"))
    };
    let other = async {
        let end = drain(&mut right.rx).await.map(|()| None);
        expect_reason(&end, &reason, settings)?;
        // The rest of a link may be noticed late by the sending half, but not after a flush.
        for attempt in 0..2 {
            let fed = match right.tx.feed(patterned(10, 1)).await {
                Ok(()) => right.tx.flush().await,
                failed => failed,
            };
            match fed {
                Err(error) if error.kind() == TransportErrorKind::Closed => {}
                Err(error) => {
                    return Err(format!(
                        "expected the kind Closed, sending failed with {:?}",
                        error.kind()
                    ));
                }
                Ok(()) => {
                    return Err(format!(
                        "sending succeeded after the end (attempt {attempt})"
                    ));
                }
            }
        }
        Ok(())
    };
    both_ok(closer, other).await?;
    Ok(Verdict::Passed)
}

pub(super) async fn too_large_to_receive_ends_the_link<L: Transport, R: Transport>(
    left: L,
    right: R,
    settings: Settings,
) -> Outcome {
    let (mut left, mut right) = (End::new(left), End::new(right));
    let limit = right.limits.max_frame;
    if left.limits.max_frame <= limit || limit > settings.largest_frame {
        return Ok(Verdict::Skipped(
            "needs a sender with a larger `max_frame` than the receiver",
        ));
    }
    let sender = async {
        // The receiver may end the link before the frame is through.
        let work = async { Ok(send(&mut left.tx, patterned(limit + 1, 1)).await) };
        let early = sending(&mut left.rx, work).await;
        drop(early);
        let end = drain(&mut left.rx).await.map(|()| None);
        expect_reason(
            &end,
            &CloseReason::new(CloseReason::TOO_LARGE, ""),
            settings,
        )
    };
    let receiver = async {
        for _ in 0..2 {
            match right.rx.recv().await {
                Err(error) if error.kind() == TransportErrorKind::TooLarge => {}
                other => {
                    return Err(format!(
                        "expected the kind TooLarge, recv returned {other:?}"
                    ));
                }
            }
        }
        Ok(())
    };
    both_ok(sender, receiver).await?;
    Ok(Verdict::Passed)
}

async fn expect_clean<R: FrameRx>(who: &str, rx: &mut R) -> Result<(), String> {
    for time in ["first", "second"] {
        match rx.recv().await {
            Ok(None) => {}
            other => {
                return Err(format!(
                    "{who} must end with Ok(None), the {time} recv returned {other:?}"
                ));
            }
        }
    }
    Ok(())
}

/// Checks an end against the reason; an empty expected text admits any.
fn expect_reason(
    end: &Result<Option<Frame>, TransportError>,
    expected: &CloseReason,
    settings: Settings,
) -> Result<(), String> {
    match end {
        Ok(Some(_)) => Err(format!(
            "expected the end ({expected}), recv returned {end:?}"
        )),
        _ if !settings.close_reasons => Ok(()),
        Err(error) if error.kind() == TransportErrorKind::Closed => match error.close_reason() {
            Some(reason)
                if reason.code() == expected.code()
                    && (expected.text().is_empty() || reason.text() == expected.text()) =>
            {
                Ok(())
            }
            reason => Err(format!(
                "expected the end ({expected}), the reason was {reason:?}"
            )),
        },
        _ => Err(format!(
            "expected the end ({expected}) as an error of kind Closed, recv returned {end:?}"
        )),
    }
}
