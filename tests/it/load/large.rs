//! 60 MB in pieces of 16 KiB, each of which is a call.

use hypha_client::Binary;
use hypha_tests::{Call, Language, Peer, notation};
use serde_json::json;

use super::{Pair, Side, connect, nobody_was_closed, rust_service, server};

const BYTES: usize = 60_000_000;
const PIECE: usize = 16 * 1024;

async fn send(side: Side, method: &str) {
    let pair = Pair::with(side, |options| options.long_message_chunk_size(PIECE)).await;
    let data = Binary::from(notation::fill(BYTES));
    let size: usize = pair
        .run("60 MB", pair.service.call(method, (data,)))
        .await
        .unwrap();
    assert_eq!(size, BYTES, "{side:?} {method}");
}

/// A real client sends as much to us, and does not pace itself.
async fn be_sent(language: Language) {
    let provider = connect().await;
    let id = provider.register_service(rust_service()).await.unwrap().id;
    let sender = Peer::of(language, server().await)
        .option("long_message_chunk_size", json!(PIECE))
        .start()
        .await
        .unwrap();
    let call = Call::new(&id, "size").args(json!([{ "$fill": BYTES }]));
    assert_eq!(sender.run(call).await.unwrap(), json!(BYTES));
    nobody_was_closed("60 MB to Rust").await;
}

#[tokio::test]
async fn defect_01_60_mb_in_small_pieces_rust_to_python_and_javascript_and_rust() {
    tokio::join!(
        send(Side::Rust, "size"),
        send(Side::Python, "size"),
        send(Side::Python, "size_async"),
        send(Side::JavaScript, "size"),
    );
}

#[tokio::test]
async fn defect_01_60_mb_in_small_pieces_python_and_javascript_to_rust() {
    tokio::join!(be_sent(Language::Python), be_sent(Language::JavaScript));
}
