//! What is fed arrives: whole, in order, within the limits.

use bytes::Bytes;

use crate::{Frame, FrameTx, Transport, TransportErrorKind};

use super::drive::{End, both_ok, expect_frame, send, sending};
use super::{Outcome, Settings, Verdict};

pub(super) async fn frames_keep_order_and_content<L: Transport, R: Transport>(
    left: L,
    right: R,
    _: Settings,
) -> Outcome {
    let (mut left, mut right) = (End::new(left), End::new(right));
    let most = left.limits.max_frame.min(right.limits.max_frame);
    let text = left.limits.text;
    let frame = |n: usize| {
        if text && n.is_multiple_of(3) {
            let line = format!("Grüße {n} ");
            Frame::Text(line.repeat((n * 7).min(most / line.len())))
        } else {
            patterned((n * 37).min(most), n)
        }
    };
    let sender = sending(&mut left.rx, async {
        for n in 0..200 {
            send(&mut left.tx, frame(n)).await?;
        }
        Ok(())
    });
    let receiver = async {
        for n in 0..200 {
            expect_frame(&mut right.rx, &frame(n))
                .await
                .map_err(|why| format!("frame {n}: {why}"))?;
        }
        Ok(())
    };
    both_ok(sender, receiver).await?;
    Ok(Verdict::Passed)
}

pub(super) async fn empty_frames_arrive<L: Transport, R: Transport>(
    left: L,
    right: R,
    _: Settings,
) -> Outcome {
    let (mut left, mut right) = (End::new(left), End::new(right));
    let mut frames = vec![
        Frame::Binary(Bytes::new()),
        patterned(1, 1),
        Frame::Binary(Bytes::new()),
    ];
    if left.limits.text {
        frames.push(Frame::Text(String::new()));
    }
    let sender = sending(&mut left.rx, async {
        for frame in &frames {
            send(&mut left.tx, frame.clone()).await?;
        }
        Ok(())
    });
    let receiver = async {
        for frame in &frames {
            expect_frame(&mut right.rx, frame).await?;
        }
        Ok(())
    };
    both_ok(sender, receiver).await?;
    Ok(Verdict::Passed)
}

pub(super) async fn many_small_frames_in_one_flush<L: Transport, R: Transport>(
    left: L,
    right: R,
    _: Settings,
) -> Outcome {
    const FRAMES: usize = 5000;
    let (mut left, mut right) = (End::new(left), End::new(right));
    let sender = sending(&mut left.rx, async {
        for n in 0..FRAMES {
            left.tx
                .feed(patterned(40, n))
                .await
                .map_err(|error| format!("feed {n}: {error}"))?;
        }
        left.tx
            .flush()
            .await
            .map_err(|error| format!("flush: {error}"))
    });
    let receiver = async {
        for n in 0..FRAMES {
            expect_frame(&mut right.rx, &patterned(40, n))
                .await
                .map_err(|why| format!("frame {n}: {why}"))?;
        }
        Ok(())
    };
    both_ok(sender, receiver).await?;
    Ok(Verdict::Passed)
}

/// The sender does nothing at all after its flush, not even receive.
pub(super) async fn flush_is_enough<L: Transport, R: Transport>(
    left: L,
    right: R,
    _: Settings,
) -> Outcome {
    let (mut left, mut right) = (End::new(left), End::new(right));
    sending(&mut left.rx, send(&mut left.tx, patterned(100, 1))).await?;
    expect_frame(&mut right.rx, &patterned(100, 1)).await?;
    Ok(Verdict::Passed)
}

pub(super) async fn the_largest_frame_passes<L: Transport, R: Transport>(
    left: L,
    right: R,
    settings: Settings,
) -> Outcome {
    let (mut left, mut right) = (End::new(left), End::new(right));
    let size = left
        .limits
        .max_frame
        .min(right.limits.max_frame)
        .min(settings.largest_frame);
    let frame = patterned(size, 3);
    let sender = sending(&mut left.rx, async {
        send(&mut left.tx, frame.clone()).await?;
        send(&mut left.tx, patterned(3, 4)).await
    });
    let receiver = async {
        expect_frame(&mut right.rx, &frame).await?;
        expect_frame(&mut right.rx, &patterned(3, 4)).await
    };
    both_ok(sender, receiver).await?;
    Ok(Verdict::Passed)
}

pub(super) async fn too_large_to_send_is_refused_and_harmless<L: Transport, R: Transport>(
    left: L,
    right: R,
    settings: Settings,
) -> Outcome {
    let (mut left, mut right) = (End::new(left), End::new(right));
    if left.limits.max_frame > settings.largest_frame {
        return Ok(Verdict::Skipped(
            "the limit is beyond the largest frame to try",
        ));
    }
    let frame = patterned(left.limits.max_frame + 1, 0);
    refused(&mut left.tx, frame, TransportErrorKind::TooLarge).await?;
    let sender = sending(&mut left.rx, send(&mut left.tx, patterned(5, 5)));
    both_ok(sender, expect_frame(&mut right.rx, &patterned(5, 5))).await?;
    Ok(Verdict::Passed)
}

pub(super) async fn unsupported_text_is_refused_and_harmless<L: Transport, R: Transport>(
    left: L,
    right: R,
    _: Settings,
) -> Outcome {
    let (mut left, mut right) = (End::new(left), End::new(right));
    if left.limits.text {
        return Ok(Verdict::Skipped("text frames are supported"));
    }
    refused(
        &mut left.tx,
        Frame::Text("hello".to_owned()),
        TransportErrorKind::Unsupported,
    )
    .await?;
    let sender = sending(&mut left.rx, send(&mut left.tx, patterned(5, 5)));
    both_ok(sender, expect_frame(&mut right.rx, &patterned(5, 5))).await?;
    Ok(Verdict::Passed)
}

/// A binary frame whose content depends on `seed`, so that frames cannot be mistaken for one another.
pub(super) fn patterned(size: usize, seed: usize) -> Frame {
    let word = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    let mut n = word;
    while bytes.len() < size {
        bytes.extend_from_slice(&n.to_le_bytes());
        n = n.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(word);
    }
    bytes.truncate(size);
    Frame::Binary(bytes.into())
}

async fn refused<T: FrameTx>(
    tx: &mut T,
    frame: Frame,
    kind: TransportErrorKind,
) -> Result<(), String> {
    match tx.feed(frame).await {
        Err(error) if error.kind() == kind => Ok(()),
        Err(error) => Err(format!(
            "expected the kind {kind:?}, feed failed with {:?}: {error}",
            error.kind()
        )),
        Ok(()) => Err(format!(
            "expected the kind {kind:?}, feed accepted the frame"
        )),
    }
}
