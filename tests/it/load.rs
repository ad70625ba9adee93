//! Much traffic over the real server with its own limits: it closes who sends more than 200 frames a second, or makes
//! others do so, and nobody is closed here.

mod echo;

use hypha_client::Client;
use hypha_tests::{HyphaServer, Language, Peer, ServerOptions};
use tokio::sync::OnceCell;

/// The server of these tests, with its own limits.
async fn server() -> &'static HyphaServer {
    static SERVER: OnceCell<HyphaServer> = OnceCell::const_new();
    let start = async || {
        HyphaServer::start(ServerOptions::default().reference_limits())
            .await
            .unwrap()
    };
    SERVER.get_or_init(start).await
}

/// A fresh connection of ours.
async fn connect() -> Client {
    Client::builder(server().await.url())
        .connect()
        .await
        .unwrap()
}

/// A fresh connection of a real client with its services, and the id of the richest.
async fn provider(language: Language) -> (Peer, String) {
    let peer = Peer::of(language, server().await).start().await.unwrap();
    let services = peer.register().await.unwrap();
    (peer, services["interop"].clone())
}

/// Fails if the server closed anybody for too many frames.
async fn nobody_was_closed() {
    let metrics = server().await.http_get("/metrics").await.unwrap();
    let line = metrics
        .lines()
        .find(|line| line.starts_with("websocket_rate_limited_disconnects_total"))
        .unwrap_or_else(|| panic!("no such metric in {metrics}"));
    assert!(line.ends_with(" 0.0"), "{line}");
}
