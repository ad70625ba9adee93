//! 5,000 calls at once.

use std::time::Duration;

use hypha_client::Client;
use hypha_tests::Language;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::{connect, nobody_was_closed, provider};
use crate::provider::RustProvider;

const CALLS: usize = 5000;

/// Calls go at 170 a second after the first 1700, or at half of that where each is answered by two frames.
const DEADLINE: Duration = Duration::from_secs(180);

async fn all_at_once(client: &Client, id: &str, method: &'static str) {
    let start = Instant::now();
    let service = client.get_service(id).await.unwrap();
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        let service = service.clone();
        calls.spawn(async move {
            let answer: usize = service.call(method, (number,)).await.unwrap();
            assert_eq!(answer, number);
        });
    }
    let answers = timeout(DEADLINE, calls.join_all()).await.unwrap();
    assert_eq!(answers.len(), CALLS);
    println!("{CALLS} calls of {method} of {id}: {:?}", start.elapsed());
    nobody_was_closed().await;
}

#[tokio::test]
async fn defect_01_5000_calls_at_once_rust_to_rust() {
    let provider = RustProvider::new(connect().await).await;
    all_at_once(&connect().await, &provider.id("interop"), "echo").await;
}

#[tokio::test]
async fn defect_01_5000_calls_at_once_rust_to_python() {
    let (_peer, id) = provider(Language::Python).await;
    all_at_once(&connect().await, &id, "echo").await;
}

#[tokio::test]
async fn defect_01_5000_calls_at_once_of_async_functions_rust_to_python() {
    let (_peer, id) = provider(Language::Python).await;
    all_at_once(&connect().await, &id, "echo_async").await;
}

#[tokio::test]
async fn defect_01_5000_calls_at_once_rust_to_javascript() {
    let (_peer, id) = provider(Language::JavaScript).await;
    all_at_once(&connect().await, &id, "echo").await;
}
