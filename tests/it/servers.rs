//! What concerns the server itself: the real one and ours take each other's tokens, and differ where `Feature` says so.

mod differences;
mod interchange;
mod restarts;

use hypha_client::{Client, ConnectOptions, ErrorKind};
use hypha_tests::{HyphaServer, ServerKind, ServerOptions};

const BOTH_KINDS: [ServerKind; 2] = [ServerKind::Reference, ServerKind::Ours];

/// A server of this kind, whichever the others of the run are.
async fn start(kind: ServerKind) -> HyphaServer {
    HyphaServer::start(ServerOptions::default().kind(kind))
        .await
        .unwrap()
}

/// A client's connection to a server, before it is made.
fn at(server: &HyphaServer) -> ConnectOptions {
    Client::builder(server.url())
}

/// Connects, which must fail with these words of the server.
async fn refused(options: ConnectOptions, words: &str) {
    let error = options.connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error:#}");
    assert!(error.to_string().contains(words), "{error:#}");
}
