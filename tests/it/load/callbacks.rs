//! 5,000 callbacks, awaited one by one within one call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hypha_client::Closure;
use hypha_tests::{Call, Language, Peer};
use serde_json::json;

use super::{Pair, Side, connect, nobody_was_closed, rust_service, server};

const CALLBACKS: usize = 5000;

async fn be_called_back(side: Side) {
    let pair = Pair::new(side).await;
    let called = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&called);
    let function = Closure::new(move |index: usize| {
        assert_eq!(counter.fetch_add(1, Ordering::SeqCst), index, "in order");
        async move { index }
    });
    let call = pair.service.call("call_back", (function, CALLBACKS));
    let results: Vec<usize> = pair.run("callbacks", call).await.unwrap();
    assert!(results.into_iter().eq(0..CALLBACKS), "{side:?}");
    assert_eq!(called.load(Ordering::SeqCst), CALLBACKS);
}

/// A method of ours calls the function of a real client back.
async fn call_back(language: Language) {
    let provider = connect().await;
    let id = provider.register_service(rust_service()).await.unwrap().id;
    let caller = Peer::of(language, server().await).start().await.unwrap();
    let call = Call::new(&id, "call_back").args(json!([{ "$record": "progress" }, CALLBACKS]));
    let results = caller.run(call).await.unwrap();
    assert_eq!(results.as_array().map(Vec::len), Some(CALLBACKS));
    nobody_was_closed("callbacks of Rust").await;
}

#[tokio::test]
async fn defect_01_5000_callbacks_rust_to_python_and_javascript_and_rust() {
    tokio::join!(
        be_called_back(Side::Rust),
        be_called_back(Side::Python),
        be_called_back(Side::JavaScript),
    );
}

#[tokio::test]
async fn defect_01_5000_callbacks_python_and_javascript_to_rust() {
    tokio::join!(call_back(Language::Python), call_back(Language::JavaScript));
}
