//! `list_clients`, `ping` and `cleanup`: who is in a workspace, and who is not any more.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use hypha_codec::{Map, Value};
use hypha_rpc_core::protocol::event;
use hypha_rpc_core::{Address, CallError};
use tokio::time::timeout;

use super::caller::Caller;
use super::error::ManagerError;
use super::lookup::seconds;
use super::workspaces;
use crate::hub::{Hub, client_event};
use crate::identity::Permission;
use crate::relay::End;

/// How long a client may take to answer a ping if the caller names no time.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many clients are pinged at once.
const PINGS_AT_ONCE: usize = 50;

const PONG: &str = "pong";

pub(super) async fn list_clients(
    hub: &Arc<Hub>,
    caller: &Caller,
    workspace: Option<String>,
) -> Result<Vec<Map>, ManagerError> {
    let workspace = workspace.as_deref().unwrap_or_else(|| caller.workspace());
    caller.needs_in(workspace, Permission::Read)?;
    let clients = hub.registry().clients(workspace).await.into_iter();
    let described = clients.map(|(id, user)| {
        Map::from([
            ("id", Value::from(format!("{workspace}/{id}"))),
            ("user", Value::from(user.map())),
        ])
    });
    Ok(described.collect())
}

/// `pong`, or why there is none: that is no error.
pub(super) async fn ping(
    hub: &Arc<Hub>,
    caller: &Caller,
    client_id: String,
    timeout: Option<f64>,
) -> Result<String, ManagerError> {
    let client = if client_id.contains('/') {
        client_id
    } else {
        format!("{}/{client_id}", caller.workspace())
    };
    let failed = |why: &dyn std::fmt::Display| Ok(format!("Failed to ping client {client}: {why}"));
    let address = match Address::parse(&client) {
        Ok(address) => address,
        Err(error) => return failed(&error),
    };
    let workspace = address.workspace();
    if workspace != caller.workspace() && !caller.may(Permission::Read, workspace) {
        return failed(&format_args!("Permission denied for workspace {workspace}"));
    }
    if !hub
        .registry()
        .has_client(workspace, address.client_id())
        .await
    {
        return failed(&"it is not connected");
    }
    match ping_client(hub, &address, seconds(timeout, PATIENCE)).await? {
        Ok(()) => Ok(PONG.to_owned()),
        Err(error) => failed(&error),
    }
}

/// Removes the clients of a workspace that do not answer, or the workspace if it has none and is not persistent.
pub(super) async fn cleanup(
    hub: &Arc<Hub>,
    caller: &Caller,
    workspace: Option<String>,
    timeout: Option<f64>,
) -> Result<Map, ManagerError> {
    caller.needs(Permission::Admin)?;
    let id = workspace.as_deref().unwrap_or_else(|| caller.workspace());
    let workspace = workspaces::existing(hub, id).await?;
    if !caller.may(Permission::Admin, id) {
        let user = &caller.user().id;
        return Err(ManagerError::Denied(format!(
            "Permission denied for workspace {id}, user: {user}"
        )));
    }
    let clients = hub.registry().clients(id).await;
    if clients.is_empty() && !workspace.is_persistent {
        workspaces::delete(hub, caller, &workspace).await?;
        return Ok(Map::from([
            ("removed_workspace", Value::from(id)),
            ("removed_clients", Value::List(Vec::new())),
        ]));
    }
    let patience = seconds(timeout, PATIENCE);
    let mut pings = Vec::new();
    for (client_id, _) in clients {
        pings.push(is_dead(hub, id, client_id, patience));
    }
    let mut pings = stream::iter(pings).buffered(PINGS_AT_ONCE);
    let mut removed = Vec::new();
    while let Some(dead) = pings.next().await {
        if let Some(client_id) = dead? {
            remove(hub, id, &client_id).await;
            removed.push(Value::from(format!("{id}/{client_id}")));
        }
    }
    let mut summary = Map::new();
    if !removed.is_empty() {
        summary.insert("removed_clients", removed);
    }
    Ok(summary)
}

/// The client, if it does not answer.
async fn is_dead(
    hub: &Hub,
    workspace: &str,
    client_id: String,
    patience: Duration,
) -> Result<Option<String>, ManagerError> {
    let Ok(address) = Address::new(workspace, &client_id) else {
        return Ok(Some(client_id));
    };
    let answer = ping_client(hub, &address, patience).await?;
    Ok(answer.is_err().then_some(client_id))
}

async fn remove(hub: &Hub, workspace: &str, client_id: &str) {
    match hub.router().get(&format!("{workspace}/{client_id}")) {
        // Whoever serves the connection tidies up after it.
        Some(connection) => connection.end(End::Cut),
        None => {
            let registry = hub.registry();
            registry.remove_client(workspace, client_id, None).await;
            let data = client_event(workspace, client_id);
            hub.router()
                .announce(workspace, event::CLIENT_DISCONNECTED, data);
        }
    }
}

async fn ping_client(
    hub: &Hub,
    client: &Address,
    patience: Duration,
) -> Result<Result<(), String>, ManagerError> {
    let manager = hub.manager().ok_or_else(ManagerError::stopping)?;
    Ok(match timeout(patience, manager.peer().ping(client)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(CallError::Remote(error))) => Err(error.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {patience:?}")),
    })
}
