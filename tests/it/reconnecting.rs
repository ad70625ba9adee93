//! Connections that are lost and come back: features A12.05 to A12.15.

mod cuts;
mod restarts;

use hypha_client::{Client, Events, Value, event};

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
