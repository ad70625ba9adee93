//! A fast source and a slow reader: an item is made when it is asked for, so nothing piles up between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{Stream, StreamExt, stream};
use hypha_client::{Service, Streamed, Visibility};
use hypha_tests::{Call, Language};
use serde_json::json;

use crate::sides::{
    FromRust, JAVASCRIPT, PYTHON, RUST, ToRust, from_rust_to, to_rust_from_neighbour,
};

/// Enough to see what piles up.
const ITEMS: u64 = 10_000;

/// Python and JavaScript take their time for each.
const ITEMS_OF_OTHERS: u64 = 2_000;

/// A stream without an end, that counts the items it has made.
#[derive(Clone, Debug, Default)]
struct Source(Arc<AtomicU64>);

impl Source {
    fn items(&self) -> impl Stream<Item = u64> + Send + use<> {
        let made = self.clone();
        stream::iter(0..).inspect(move |_| {
            made.0.fetch_add(1, Ordering::SeqCst);
        })
    }

    fn made(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a7_01_a_slow_reader_holds_the_source_back_rust_to_rust() {
    let side = from_rust_to(RUST).await;
    let source = Source::default();
    let items = source.clone();
    let service = Service::new("source").visibility(Visibility::Public);
    let service = service.stream("endless", move || items.items());
    side.client.register_service(service).await.unwrap();
    let reader = crate::fixture::connect().await;
    let id = format!("{}:source", side.client.address());
    let service = reader.get_service(&id).await.unwrap();
    let mut items = service.stream::<u64>("endless", ()).await.unwrap();
    for expected in 0..ITEMS {
        assert_eq!(items.next().await.unwrap().unwrap(), expected);
        assert_eq!(source.made(), expected + 1);
        if expected % 1_000 == 0 {
            for peer in [side.client.peer(), reader.peer()] {
                let stats = peer.stats().await.unwrap();
                assert!(stats.sessions <= 1, "{stats:?}");
                assert!(stats.pending_calls + stats.running_calls <= 1, "{stats:?}");
            }
        }
    }
}

/// An argument that a method in another language reads.
async fn read_by_others(side: FromRust) {
    let source = Source::default();
    let args = (Streamed::new(source.items()), ITEMS_OF_OTHERS);
    let taken: Vec<u64> = side.service.call("take", args).await.unwrap();
    assert_eq!(taken.len() as u64, ITEMS_OF_OTHERS);
    assert_eq!(source.made(), ITEMS_OF_OTHERS);
}

#[tokio::test]
async fn a7_01_a_slow_reader_holds_the_source_back_rust_to_python() {
    read_by_others(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a7_01_a_slow_reader_holds_the_source_back_rust_to_javascript() {
    read_by_others(from_rust_to(JAVASCRIPT).await).await;
}

/// A result that another language reads.
async fn read_as_a_result(side: ToRust) {
    let source = Source::default();
    let items = source.clone();
    let service = Service::new("source").visibility(Visibility::Public);
    let service = service.stream("some", move |n: usize| items.items().take(n));
    let id = side.provider.id("source");
    side.provider
        .client
        .register_service(service)
        .await
        .unwrap();
    let call = Call::new(&id, "some").args(json!([ITEMS_OF_OTHERS]));
    let read = side.caller.run(call.reduce("items")).await.unwrap();
    assert_eq!(read, json!((0..ITEMS_OF_OTHERS).collect::<Vec<_>>()));
    assert_eq!(source.made(), ITEMS_OF_OTHERS);
    assert_eq!(side.sessions().await, 0);
}

#[tokio::test]
async fn a7_01_a_long_result_python_to_rust() {
    read_as_a_result(to_rust_from_neighbour(Language::Python).await).await;
}

#[tokio::test]
async fn a7_01_a_long_result_javascript_to_rust() {
    read_as_a_result(to_rust_from_neighbour(Language::JavaScript).await).await;
}
