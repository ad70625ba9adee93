//! Calls that take long, for ever, or until they are dropped: features A1.07, A5.07, A5.08, A5.18.

use std::time::Duration;

use hypha_client::{CallError, Client, RemoteService, Value};
use hypha_tests::{Language, Peer};
use serde_json::json;
use tokio::time::Instant;

use crate::fixture::{BOTH, Provider, connect, server, soon};
use crate::provider::RustProvider;
use crate::tap::Tap;

/// The silence that the callers of these tests bear.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Longer than that by far.
const LONG: f64 = 2.5;

/// A Rust client that gives up soon.
async fn impatient() -> Client {
    let options = Client::builder(server().await.url()).method_timeout(TIMEOUT);
    options
        .connect_timeout(Duration::from_secs(30))
        .connect()
        .await
        .unwrap()
}

/// A real client that gives up as soon.
async fn impatient_peer(language: Language) -> Peer {
    Peer::of(language, server().await)
        .method_timeout(TIMEOUT.as_secs_f64())
        .start()
        .await
        .unwrap()
}

/// Whether a timeout came when it had to: not early, and not so late that something else ended the wait.
#[track_caller]
fn on_time(since: Instant, wanted: Duration) {
    let passed = since.elapsed();
    assert!(
        passed >= wanted && passed < wanted + Duration::from_secs(5),
        "{passed:?}"
    );
}

#[tokio::test]
async fn a5_07_heartbeats_keep_a_caller_waiting_rust_to_python_and_javascript() {
    let client = impatient().await;
    for language in BOTH {
        let provider = Provider::shared(language).await;
        let service = client.get_service(provider.id("interop")).await.unwrap();
        let slept: String = service.call("slow", (LONG,)).await.unwrap();
        assert_eq!(slept, "slept", "{language:?}");
    }
}

#[tokio::test]
async fn a5_07_a5_18_heartbeats_keep_a_caller_waiting_python_and_javascript_to_rust() {
    let provider = RustProvider::start().await;
    let id = provider.id("interop");
    for language in BOTH {
        let caller = impatient_peer(language).await;
        for (method, result) in [("slow", "slept"), ("block", "blocked")] {
            assert_eq!(
                caller.call(&id, method, json!([LONG])).await.unwrap(),
                json!(result),
                "{language:?}"
            );
        }
    }
}

#[tokio::test]
async fn a5_07_heartbeats_keep_a_caller_waiting_rust_to_rust() {
    let provider = RustProvider::start().await;
    let service = impatient()
        .await
        .get_service(&provider.id("interop"))
        .await
        .unwrap();
    let (slept, blocked) = tokio::join!(
        service.call::<String>("slow", (LONG,)),
        service.call::<String>("block", (LONG,)),
    );
    assert_eq!(
        (slept.unwrap(), blocked.unwrap()),
        ("slept".to_owned(), "blocked".to_owned())
    );
}

#[tokio::test]
async fn a1_07_a5_08_a_silent_provider_times_out_rust_to_python_and_javascript() {
    let client = impatient().await;
    for language in BOTH {
        let provider = Provider::shared(language).await;
        let service = client
            .get_service(provider.id("interop-silent"))
            .await
            .unwrap();
        let since = Instant::now();
        let error = service.call::<Value>("silent", ()).await.unwrap_err();
        on_time(since, TIMEOUT);
        assert!(
            matches!(&error, CallError::Timeout { silence, .. } if *silence == TIMEOUT),
            "{language:?}: {error:?}"
        );
        assert!(error.is_timeout());
        assert_eq!(
            provider.peer.event("started").await.unwrap(),
            json!("silent"),
            "the call had arrived"
        );
    }
}

#[tokio::test]
async fn a1_07_a5_08_a_silent_provider_times_out_python_and_javascript_to_rust() {
    for language in BOTH {
        let caller = impatient_peer(language).await;
        let tap = Tap::default();
        let client = tap.options(server().await).connect().await.unwrap();
        let mut provider = RustProvider::new(client).await;
        let id = provider.id("interop");
        assert_eq!(
            caller.call(&id, "echo", json!([1])).await.unwrap(),
            json!(1)
        );
        tap.hold();
        let since = Instant::now();
        let error = caller.call(&id, "slow", json!([60.0])).await.unwrap_err();
        on_time(since, TIMEOUT);
        assert!(
            error.message().contains("timed out"),
            "{language:?}: {error}"
        );
        assert_eq!(
            provider.event("started").await,
            Value::from("slow"),
            "the call had arrived"
        );
    }
}

#[tokio::test]
async fn a5_18_a_provider_is_heard_while_it_blocks_in_an_executor_only_rust_to_python() {
    let provider = Provider::start(Language::Python).await;
    let client = impatient().await;
    let service = client
        .get_service(provider.id("interop-executor"))
        .await
        .unwrap();
    let blocked: String = service.call("block", (LONG,)).await.unwrap();
    assert_eq!(blocked, "blocked");
    let service = client.get_service(provider.id("interop")).await.unwrap();
    let error = service.call::<Value>("block", (LONG,)).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn a_deadline_ends_a_call_that_heartbeats_keep_alive() {
    let client = connect().await;
    let rust = RustProvider::start().await;
    let mut services: Vec<RemoteService> =
        vec![client.get_service(&rust.id("interop")).await.unwrap()];
    for language in BOTH {
        let provider = Provider::shared(language).await;
        services.push(client.get_service(provider.id("interop")).await.unwrap());
    }
    for service in services {
        let since = Instant::now();
        let call = service
            .method("hang")
            .timeout(Duration::from_millis(600))
            .deadline(Duration::from_secs(2));
        let error = call.await.unwrap_err();
        on_time(since, Duration::from_secs(2));
        assert!(
            matches!(&error, CallError::Deadline { .. }),
            "{}: {error:?}",
            service.id()
        );
        assert!(error.is_timeout());
    }
}

#[tokio::test]
async fn dropping_a_call_frees_what_was_kept_of_it() {
    let client = connect().await;
    let mut provider = RustProvider::start().await;
    let service = client.get_service(&provider.id("interop")).await.unwrap();
    let pending = async || client.peer().stats().await.unwrap().pending_calls;
    let call = service.method("hang").send();
    tokio::select! {
        result = call => panic!("{result:?}"),
        _ = provider.event("started") => {}
    }
    soon("the end of the call", async {
        while pending().await > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(service.call::<i64>("echo", (1,)).await.unwrap(), 1);
}
