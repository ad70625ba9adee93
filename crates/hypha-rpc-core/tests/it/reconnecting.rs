//! Connections that are lost and made again: features A12.05 to A12.15, under paused time.

mod draining;
mod ends;
mod last_handle;
mod pending;
mod refusals;
mod services;
mod timing;

use std::time::Duration;

use hypha_codec::Value;
use hypha_rpc_core::{CallError, Peer, State};
use tokio::task::JoinHandle;

const SECOND: Duration = Duration::from_secs(1);

/// Calls a method of another client.
fn call(peer: &Peer, method: &str) -> JoinHandle<Result<Value, CallError>> {
    let call = peer.method_at(
        &"ws/provider".parse().unwrap(),
        format!("services.s.{method}"),
    );
    tokio::spawn(call.into_future())
}

/// Calls a method of the manager.
fn ask(peer: &Peer, method: &str) -> JoinHandle<Result<Value, CallError>> {
    tokio::spawn(peer.manager_method(method).into_future())
}

async fn state(peer: &Peer, wanted: impl FnMut(&State) -> bool) -> State {
    let mut state = peer.watch_state();
    tokio::time::timeout(3600 * SECOND, state.wait_for(wanted))
        .await
        .unwrap()
        .unwrap()
        .clone()
}

async fn is_connected(peer: &Peer) {
    state(peer, |state| matches!(state, State::Connected)).await;
}

async fn is_lost(peer: &Peer) {
    state(peer, |state| matches!(state, State::Reconnecting { .. })).await;
}
