//! 5,000 calls at once.

use tokio::task::JoinSet;

use super::{Pair, Side};

const CALLS: usize = 5000;

async fn all_at_once(side: Side, method: &'static str) {
    let pair = Pair::new(side).await;
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        let service = pair.service.clone();
        calls.spawn(async move {
            let answer: usize = service.call(method, (number,)).await.unwrap();
            assert_eq!(answer, number);
        });
    }
    let answers = pair.run("calls at once", calls.join_all()).await;
    assert_eq!(answers.len(), CALLS);
}

#[tokio::test]
async fn defect_01_5000_calls_at_once_rust_to_python_and_javascript_and_rust() {
    tokio::join!(
        all_at_once(Side::Rust, "echo"),
        all_at_once(Side::Python, "echo"),
        all_at_once(Side::Python, "echo_async"),
        all_at_once(Side::JavaScript, "echo"),
    );
}
