//! End-to-end encryption with real clients: features A.13. The Rust end of each connection has a tap, which sees every
//! frame as the server hands it on.

mod fallbacks;
mod from_others;
mod to_others;

use hypha_client::{Client, Encryption, PublicKey};
use hypha_tests::{Language, Peer};
use serde_json::json;

use crate::fixture::server;
use crate::tap::Tap;

/// What must not be seen on the way.
const SECRET: &str = "nobody else reads this";

/// Names that every client keeps clear.
const CLEAR: &str = "services.interop.echo";

/// A Rust client with a key, and a tap that records.
async fn tapped() -> (Client, Tap) {
    let tap = Tap::default();
    let options = tap.options(server().await);
    let options = options.encryption(Encryption::generate().unwrap());
    let client = options.connect().await.unwrap();
    tap.record();
    (client, tap)
}

/// A real client with a key.
async fn sealing(language: Language) -> (Peer, PublicKey) {
    let peer = Peer::of(language, server().await).option("encryption", json!(true));
    let peer = peer.start().await.unwrap();
    let key = peer.command("public_key", json!({})).await.unwrap();
    let key = key.as_str().unwrap().parse().unwrap();
    (peer, key)
}
