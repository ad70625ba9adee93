use std::time::Duration;

use futures_util::{SinkExt, StreamExt, stream};
use hypha_transport::conformance::{self, Settings};
use hypha_transport::{
    CloseReason, Frame, FrameRx, FrameTx, Limits, Transport, TransportError, TransportErrorKind,
    from_sink_stream,
};

fn lost<E>(_: E) -> TransportError {
    TransportError::closed(CloseReason::abnormal())
}

fn pair(limits: Limits) -> (impl Transport, impl Transport) {
    let (left_tx, right_rx) = futures_channel::mpsc::channel::<Frame>(4);
    let (right_tx, left_rx) = futures_channel::mpsc::channel::<Frame>(4);
    let ok = Ok::<Frame, TransportError>;
    (
        from_sink_stream(left_tx.sink_map_err(lost), left_rx.map(ok), limits),
        from_sink_stream(right_tx.sink_map_err(lost), right_rx.map(ok), limits),
    )
}

/// Channels have no closing handshake: after its own close the closing side waits for the other one, which a transport
/// over them has to arrange. Up to there the adapter keeps the contract.
#[tokio::test]
async fn over_bare_channels_all_but_the_ending_conforms() {
    let settings = Settings::new()
        .with_bulk(8 << 20)
        .with_close_reasons(false)
        .with_case_timeout(Duration::from_secs(3));
    let limits = Limits::new().with_max_frame(1 << 20);
    let failure = conformance::run_with(settings, async || pair(limits))
        .await
        .unwrap_err();
    assert_eq!(failure.case(), "normal_close_is_clean_on_both_sides");
}

#[tokio::test]
async fn the_end_of_the_stream_is_clean_and_stays() {
    let sink = futures_util::sink::drain().sink_map_err(lost);
    let frames = stream::iter([Ok::<_, TransportError>(Frame::from(vec![1]))]);
    let (_tx, mut rx) = from_sink_stream(sink, frames, Limits::new()).split();
    assert_eq!(rx.recv().await.unwrap(), Some(Frame::from(vec![1])));
    assert_eq!(rx.recv().await.unwrap(), None);
    assert_eq!(rx.recv().await.unwrap(), None);
}

#[tokio::test]
async fn an_error_of_the_stream_is_the_end_and_stays() {
    let sink = futures_util::sink::drain().sink_map_err(lost);
    let reason = CloseReason::new(CloseReason::POLICY, "no");
    let frames = stream::iter([
        Err(TransportError::closed(reason.clone())),
        Ok(Frame::from(vec![1])),
    ]);
    let (_tx, mut rx) = from_sink_stream(sink, frames, Limits::new()).split();
    for _ in 0..2 {
        assert_eq!(rx.recv().await.unwrap_err().close_reason(), Some(&reason));
    }
}

#[tokio::test]
async fn frames_beyond_the_limit_are_stopped_both_ways() {
    let sink = futures_util::sink::drain().sink_map_err(lost);
    let frames = stream::iter([Ok::<_, TransportError>(Frame::from(vec![0; 5]))]);
    let (mut tx, mut rx) = from_sink_stream(sink, frames, Limits::new().with_max_frame(4)).split();
    assert_eq!(
        tx.feed(Frame::from(vec![0; 5])).await.unwrap_err().kind(),
        TransportErrorKind::TooLarge
    );
    tx.feed(Frame::from(vec![0; 4])).await.unwrap();
    assert_eq!(
        rx.recv().await.unwrap_err().kind(),
        TransportErrorKind::TooLarge
    );
}
