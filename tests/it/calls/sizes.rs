//! Messages above what one frame carries: refused at both ends with an error that says so.

use std::time::Duration;

use hypha_client::{CallError, Value};
use hypha_tests::{Language, Peer};
use serde_json::json;
use tokio::time::Instant;

use crate::fixture::{BOTH, connect, server};
use crate::provider::RustProvider;

/// What the clients split at by default, and something above it.
const DEFAULT_CHUNK: usize = 262_144;
const ABOVE: usize = 300_000;
const BELOW: usize = 250_000;

/// A real client with its own size of chunks.
async fn unchanged(language: Language) -> Peer {
    Peer::of(language, server().await)
        .option("long_message_chunk_size", json!(DEFAULT_CHUNK))
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn a5_16_arguments_that_a_client_splits_are_refused_at_once() {
    let rust = RustProvider::start().await;
    let id = rust.id("interop");
    for language in BOTH {
        let caller = unchanged(language).await;
        let fits = caller.call(&id, "size", json!([{"$fill": BELOW}])).await;
        assert_eq!(fits.unwrap(), json!(BELOW), "{language:?}");
        let started = Instant::now();
        let refused = caller.call(&id, "size", json!([{"$fill": ABOVE}])).await;
        let text = refused.unwrap_err().to_string();
        assert!(text.contains("several frames"), "{language:?}: {text}");
        assert!(started.elapsed() < Duration::from_secs(15), "{language:?}");
    }
}

#[tokio::test]
async fn a5_16_results_that_a_client_splits_fail_at_once() {
    let client = connect().await;
    for language in BOTH {
        let provider = unchanged(language).await;
        let services = provider.register().await.unwrap();
        let service = client.get_service(&services["interop"]).await.unwrap();
        let fits: Value = service.call("fill", (BELOW,)).await.unwrap();
        assert_eq!(
            fits.as_bytes().map(bytes::Bytes::len),
            Some(BELOW),
            "{language:?}"
        );
        let started = Instant::now();
        let error = service.call::<Value>("fill", (ABOVE,)).await.unwrap_err();
        assert!(
            matches!(error, CallError::AnswerTooLarge { .. }),
            "{language:?}: {error}"
        );
        assert!(started.elapsed() < Duration::from_secs(15), "{language:?}");
    }
}
