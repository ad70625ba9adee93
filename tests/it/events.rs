//! Events between clients of the real server, and those that the server sends itself.

mod between_clients;
mod of_the_server;

use hypha_client::{Client, Event, Events};
use hypha_tests::{Language, Peer};
use serde::de::DeserializeOwned;

use crate::fixture::{membership, server, soon};

/// A real client in the workspace of a Rust client.
async fn neighbour(language: Language, client: &Client) -> Peer {
    let membership = membership(client).await;
    let peer = Peer::of(language, server().await).member(&membership);
    peer.start().await.unwrap()
}

/// A Rust client in the workspace of another.
async fn companion(client: &Client) -> Client {
    crate::fixture::join(&membership(client).await).await
}

async fn next<T: DeserializeOwned>(events: &mut Events<T>) -> Event<T> {
    soon("an event", events.next()).await.unwrap().unwrap()
}
