//! Handlers that do not behave.

use std::time::Duration;

use hypha_client::Value;
use hypha_tests::Language;
use serde_json::json;
use tokio::time::Instant;

use crate::fixture::{BOTH, connect, soon};
use crate::provider::RustProvider;

/// A handler that never awaits holds a thread of the runtime and the handlers after it; the link goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_handler_that_computes_for_seconds_does_not_stop_the_link() {
    let mut provider = RustProvider::start().await;
    let id = provider.id("interop");
    let (caller, others) = (
        crate::fixture::caller(Language::Python).await,
        connect().await,
    );
    let computed = async {
        let result = caller.call(&id, "compute", json!([3.0])).await;
        (result.unwrap(), Instant::now())
    };
    let meanwhile = async {
        provider.event("started").await;
        // The client shows its peers and the server that it lives, and can call others.
        others.peer().ping(provider.client.address()).await.unwrap();
        provider.client.echo(&1).await.unwrap();
        Instant::now()
    };
    let ((result, ended), answered) =
        soon("the result", async { tokio::join!(computed, meanwhile) }).await;
    assert_eq!(result, json!("computed"));
    assert!(
        answered < ended,
        "the answers came only {:?} after the end",
        answered - ended
    );
}

#[tokio::test]
async fn a_handler_that_panics_fails_its_own_call_only() {
    let mut provider = RustProvider::start().await;
    let service = connect()
        .await
        .get_service(&provider.id("interop"))
        .await
        .unwrap();
    let long = service.call::<String>("slow", (1.0,));
    let panics = async {
        provider.event("started").await;
        for language in BOTH {
            let caller = crate::fixture::caller(language).await;
            let error = caller
                .call(&provider.id("interop"), "panic", json!(["on purpose"]))
                .await
                .unwrap_err();
            assert!(
                error.message().contains("on purpose"),
                "{language:?}: {error}"
            );
        }
        service
            .call::<Value>("panic", ("on purpose",))
            .await
            .unwrap_err()
    };
    let (long, error) = tokio::join!(long, panics);
    assert_eq!(long.unwrap(), "slept");
    assert!(error.is_remote());
    let timeout = Duration::from_secs(10);
    assert_eq!(
        service
            .method("echo")
            .args((1,))
            .timeout(timeout)
            .returns::<i64>()
            .await
            .unwrap(),
        1
    );
}
