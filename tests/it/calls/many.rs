//! Many calls at once: each has its own answer.

use hypha_client::RemoteService;
use tokio::task::JoinSet;

use crate::fixture::{BOTH, Provider, connect};
use crate::provider::RustProvider;

const CALLS: i64 = 1000;

async fn all_at_once(service: &RemoteService) {
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        let service = service.clone();
        calls.spawn(async move {
            (
                number,
                service.call::<i64>("echo", (number,)).await.unwrap(),
            )
        });
    }
    let answers = calls.join_all().await;
    assert_eq!(answers.len(), 1000);
    assert!(
        answers.iter().all(|(asked, answered)| asked == answered),
        "{}",
        service.id()
    );
}

#[tokio::test]
async fn a_thousand_calls_at_once_of_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in BOTH {
        let provider = Provider::shared(language).await;
        all_at_once(&client.get_service(provider.id("interop")).await.unwrap()).await;
    }
}

#[tokio::test]
async fn a_thousand_calls_at_once_of_rust_to_rust() {
    let provider = RustProvider::start().await;
    all_at_once(
        &connect()
            .await
            .get_service(&provider.id("interop"))
            .await
            .unwrap(),
    )
    .await;
}
