//! Connections that are lost and come back: features A12.05 to A12.15.

mod cuts;
mod handles;
mod repeats;
mod restarts;

use std::time::Duration;

use hypha_client::{Client, ConnectOptions, Events, ReconnectPolicy, State, Value, event};
use hypha_tests::{HyphaServer, ServerOptions};

use crate::fixture::soon;

/// Hears each time a client is connected again.
fn returns(client: &Client) -> Events<Value> {
    client.on(event::CONNECTED)
}

/// Waits until a client is connected again.
async fn back(returns: &mut Events<Value>) {
    soon("the return of the client", returns.next())
        .await
        .unwrap()
        .unwrap();
}

/// A server of its own: it is killed.
pub(crate) async fn server() -> HyphaServer {
    HyphaServer::start(ServerOptions::default()).await.unwrap()
}

/// A client that never waits for long before it dials.
pub(crate) fn options(server: &HyphaServer) -> ConnectOptions {
    let policy = ReconnectPolicy::new().cap(Duration::from_secs(1));
    Client::builder(server.url()).reconnect(policy)
}

async fn is_lost(client: &Client) {
    let mut state = client.watch_state();
    let lost = state.wait_for(|state| matches!(state, State::Reconnecting { .. }));
    soon("the loss", lost).await.unwrap();
}

async fn is_back(client: &Client) {
    let mut state = client.watch_state();
    let back = state.wait_for(|state| matches!(state, State::Connected));
    soon("the next connection", back).await.unwrap();
}

/// Kills the server and starts it again.
pub(crate) async fn restart(server: &mut HyphaServer, clients: &[&Client]) {
    server.kill().unwrap();
    for client in clients {
        is_lost(client).await;
    }
    server.restart().await.unwrap();
    for client in clients {
        is_back(client).await;
    }
}
