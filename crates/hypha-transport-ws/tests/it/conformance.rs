use hypha_transport::conformance::{self, Settings};
use hypha_transport_ws::WsOptions;

use crate::harness::{duplex_pair, pair};

#[tokio::test]
async fn over_tcp() {
    let report = conformance::run(async || pair(WsOptions::new(), WsOptions::new()).await)
        .await
        .unwrap();
    assert_eq!(report.skipped.len(), 2, "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tcp_in_a_threaded_runtime_with_different_limits() {
    let small = WsOptions::new().with_max_frame(3 << 20);
    let settings = Settings::new().with_bulk(32 << 20);
    let report = conformance::run_with(settings, async || pair(WsOptions::new(), small).await)
        .await
        .unwrap();
    assert!(
        report
            .passed
            .contains(&"too_large_to_receive_ends_the_link"),
        "{report:?}"
    );
}

/// Everything crosses in pieces of at most 1000 bytes.
#[tokio::test]
async fn over_a_trickle() {
    let settings = Settings::new()
        .with_bulk(4 << 20)
        .with_largest_frame(3 << 20);
    conformance::run_with(settings, async || duplex_pair(1000, WsOptions::new()).await)
        .await
        .unwrap();
}
