//! Large messages, with clients as they come: all of them split at 256 KiB.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::future::try_join_all;
use hypha_client::{Binary, Client, Service, Value};
use hypha_codec::NdArray;
use hypha_tests::{Call, Language, notation};
use serde_json::json;

use crate::fixture::{Provider, caller, connect, join, membership, until};
use crate::provider::RustProvider;

const LARGE: usize = 64 << 20;
const MEGABYTE: usize = 1_000_000;

/// An array of so many bytes, no two parts of which are the same.
fn array(bytes: usize) -> NdArray {
    NdArray::new("uint32", [bytes / 4 / 1024, 1024], notation::count(bytes)).unwrap()
}

/// Sends a large array, and bytes, to a provider that gives them back.
async fn assert_echo(client: &Client, service: &str) {
    let service = client.get_service(service).await.unwrap();
    let sent = array(LARGE);
    let done = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&done);
    let echo = service
        .method("echo")
        .args((sent.clone(),))
        .progress(move |progress| {
            told.fetch_max(progress.done, Ordering::Relaxed);
        });
    let back: NdArray = echo.returns().await.unwrap();
    assert_eq!((back.dtype(), back.shape()), (sent.dtype(), sent.shape()));
    assert!(back.data() == sent.data(), "the array came back different");
    assert!(done.load(Ordering::Relaxed) > LARGE as u64);
    let sent = Bytes::from(notation::count(LARGE / 4));
    let back: Value = service
        .call("echo", (Binary::from(sent.clone()),))
        .await
        .unwrap();
    assert!(
        back.as_bytes() == Some(&sent),
        "the bytes came back different"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_16_64_mb_both_ways_rust_to_python() {
    let provider = Provider::shared(Language::Python).await;
    assert_echo(&connect().await, provider.id("interop")).await;
}

/// JavaScript without a library for arrays gives them back as the maps that they are on the wire.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_16_64_mb_both_ways_rust_to_javascript() {
    let provider = Provider::shared(Language::JavaScript).await;
    assert_echo(&connect().await, provider.id("interop")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_16_64_mb_both_ways_rust_to_rust() {
    let provider = connect().await;
    let echo = Service::new("large").method("echo", async |value: Value| value);
    provider.register_service(echo).await.unwrap();
    let caller = join(&membership(&provider).await).await;
    assert_echo(&caller, "large").await;
    for client in [&provider, &caller] {
        // The answer is there before its sender hears that it is.
        until("the end of all transfers", async || {
            let stats = client.peer().stats().await.unwrap();
            (stats.assemblies, stats.transfers) == (0, 0)
        })
        .await;
    }
}

async fn assert_same(language: Language, bytes: usize) {
    let rust = RustProvider::start().await;
    let echo = Call::new(&rust.id("interop"), "echo")
        .args(json!([{ "$count": bytes }]))
        .reduce("same");
    let same = caller(language).await.run(echo).await;
    assert_eq!(same.unwrap(), json!(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_16_64_mb_both_ways_python_to_rust() {
    assert_same(Language::Python, LARGE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_16_64_mb_both_ways_javascript_to_rust() {
    assert_same(Language::JavaScript, LARGE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_16_sizes_around_that_of_a_chunk_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in [Language::Python, Language::JavaScript] {
        let provider = Provider::shared(language).await;
        let service = client.get_service(provider.id("interop")).await.unwrap();
        for size in [
            262_100, 262_144, 262_148, 263_168, 263_300, 524_288, 524_292,
        ] {
            let sent = Bytes::from(notation::count(size));
            let back: Value = service
                .call("echo", (Binary::from(sent.clone()),))
                .await
                .unwrap();
            assert!(back.as_bytes() == Some(&sent), "{language:?} {size}");
        }
    }
}

/// Five at once, which the references cannot do among themselves where they belong to one session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_16_five_megabytes_at_once_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in [Language::Python, Language::JavaScript] {
        let provider = Provider::shared(language).await;
        let service = client.get_service(provider.id("interop")).await.unwrap();
        let calls = (0..5).map(|at| {
            let sent = Bytes::from(notation::count(MEGABYTE + 4 * at));
            let call = service.method("echo").args((Binary::from(sent.clone()),));
            async move { call.returns::<Value>().await.map(|back| (sent, back)) }
        });
        for (sent, back) in try_join_all(calls).await.unwrap() {
            assert!(
                back.as_bytes() == Some(&sent),
                "{language:?} {}",
                sent.len()
            );
        }
    }
}
