//! A generator of 6,000 items.

use futures_util::TryStreamExt;
use hypha_client::RemoteStream;
use hypha_tests::{Call, Language, Peer};
use serde_json::json;

use super::{Pair, Side, connect, nobody_was_closed, rust_service, server};

const ITEMS: usize = 6000;

async fn read(side: Side, method: &str) {
    let pair = Pair::new(side).await;
    let items: RemoteStream<usize> = pair.service.stream(method, (ITEMS,)).await.unwrap();
    let items: Vec<usize> = pair.run("a generator", items.try_collect()).await.unwrap();
    assert!(items.into_iter().eq(0..ITEMS), "{side:?} {method}");
}

/// A real client reads one of ours.
async fn be_read(language: Language) {
    let provider = connect().await;
    let id = provider.register_service(rust_service()).await.unwrap().id;
    let reader = Peer::of(language, server().await).start().await.unwrap();
    let count = Call::new(&id, "count").args(json!([ITEMS])).reduce("items");
    let items = reader.run(count).await.unwrap();
    assert_eq!(items, json!((0..ITEMS).collect::<Vec<_>>()));
    nobody_was_closed("a generator of Rust").await;
}

#[tokio::test]
async fn defect_01_a_generator_of_6000_items_rust_to_python_and_javascript_and_rust() {
    tokio::join!(
        read(Side::Rust, "count"),
        read(Side::Python, "count"),
        read(Side::Python, "count_async"),
        read(Side::JavaScript, "count"),
        read(Side::JavaScript, "count_async"),
    );
}

#[tokio::test]
async fn defect_01_a_generator_of_6000_items_python_and_javascript_to_rust() {
    tokio::join!(be_read(Language::Python), be_read(Language::JavaScript));
}
