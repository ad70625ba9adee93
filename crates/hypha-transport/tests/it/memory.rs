use futures_util::FutureExt;
use hypha_transport::conformance::{self, Settings};
use hypha_transport::memory::{self, MemoryConfig};
use hypha_transport::{
    CloseReason, Frame, FrameRx, FrameTx, Limits, Transport, TransportErrorKind,
};

fn binary(size: usize) -> Frame {
    Frame::from(vec![7; size])
}

#[tokio::test]
async fn the_pair_conforms() {
    let report = conformance::run(async || memory::pair(MemoryConfig::new()))
        .await
        .unwrap();
    assert_eq!(report.passed.len(), 15, "{report:?}");
}

#[tokio::test]
async fn a_pair_with_different_limits_conforms() {
    let small = MemoryConfig::new()
        .with_limits(Limits::new().with_max_frame(100_000))
        .with_capacity(3, 5000);
    let report = conformance::run_with(Settings::new().with_bulk(1 << 20), async || {
        memory::pair_with(MemoryConfig::new(), small)
    })
    .await
    .unwrap();
    assert!(
        report
            .passed
            .contains(&"too_large_to_receive_ends_the_link"),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_pair_without_text_conforms() {
    let config =
        MemoryConfig::new().with_limits(Limits::new().with_max_frame(1 << 16).with_text(false));
    let settings = Settings::new().with_bulk(4 << 20);
    let report = conformance::run_with(settings, async || memory::pair(config))
        .await
        .unwrap();
    assert!(
        report
            .passed
            .contains(&"unsupported_text_is_refused_and_harmless"),
        "{report:?}"
    );
}

#[tokio::test]
async fn what_was_fed_becomes_visible_by_flush() {
    let (left, right) = memory::pair(MemoryConfig::new());
    let ((mut tx, _left_rx), (_right_tx, mut rx)) = (left.split(), right.split());
    tx.feed(binary(3)).await.unwrap();
    assert!(rx.recv().now_or_never().is_none());
    tx.flush().await.unwrap();
    assert_eq!(rx.recv().await.unwrap(), Some(binary(3)));
}

#[tokio::test]
async fn a_full_pipe_shows_what_was_fed_without_a_flush() {
    let (left, right) = memory::pair(MemoryConfig::new().with_capacity(2, 1000));
    let ((mut tx, _left_rx), (_right_tx, mut rx)) = (left.split(), right.split());
    tx.feed(binary(1)).await.unwrap();
    tx.feed(binary(2)).await.unwrap();
    let mut third = Box::pin(tx.feed(binary(3)));
    assert!(third.as_mut().now_or_never().is_none());
    assert_eq!(rx.recv().await.unwrap(), Some(binary(1)));
    third.await.unwrap();
}

#[tokio::test]
async fn dropping_one_half_ends_the_link_for_everyone() {
    for drop_tx in [true, false] {
        let (left, right) = memory::pair(MemoryConfig::new());
        let (mut peer_tx, mut peer_rx) = right.split();
        let (tx, mut rx) = left.split();
        if drop_tx {
            drop(tx);
            let error = rx.recv().await.unwrap_err();
            assert_eq!(
                error.close_reason().map(CloseReason::code),
                Some(CloseReason::ABNORMAL)
            );
        } else {
            let mut tx = tx;
            drop(rx);
            assert_eq!(
                tx.feed(binary(1)).await.unwrap_err().kind(),
                TransportErrorKind::Closed
            );
        }
        assert_eq!(
            peer_rx.recv().await.unwrap_err().kind(),
            TransportErrorKind::Closed
        );
        assert_eq!(
            peer_tx.feed(binary(1)).await.unwrap_err().kind(),
            TransportErrorKind::Closed
        );
    }
}

#[tokio::test]
async fn a_close_wakes_the_peer_that_waits_for_room() {
    let (left, right) = memory::pair(MemoryConfig::new().with_capacity(1, 1000));
    let ((mut tx, _left_rx), (right_tx, _right_rx)) = (left.split(), right.split());
    tx.feed(binary(1)).await.unwrap();
    let mut stuck = Box::pin(tx.feed(binary(2)));
    assert!(stuck.as_mut().now_or_never().is_none());
    right_tx
        .close(CloseReason::new(CloseReason::SERVICE_RESTART, "moving"))
        .await;
    let error = stuck.await.unwrap_err();
    assert_eq!(
        error.close_reason(),
        Some(&CloseReason::new(CloseReason::SERVICE_RESTART, "moving"))
    );
}
