//! `set_env` and `get_env`: what the programs of a workspace are told.

use std::sync::Arc;

use hypha_codec::{Map, Value};
use hypha_rpc_core::Secret;

use super::caller::Caller;
use super::error::ManagerError;
use super::{event_log, workspaces};
use crate::hub::Hub;
use crate::identity::Permission;
use crate::registry::Workspace;

/// Sets a variable, or takes it away without a value.
pub(super) async fn set_env(
    hub: &Arc<Hub>,
    caller: &Caller,
    key: String,
    value: Option<String>,
) -> Result<(), ManagerError> {
    caller.needs(Permission::ReadWrite)?;
    let value = value.map(Secret::from);
    let event_type = if value.is_some() {
        "env_set"
    } else {
        "env_removed"
    };
    let set = |workspace: &mut Workspace| workspace.set_variable(&key, value.clone());
    workspaces::change(hub, caller.workspace(), Box::new(set)).await?;
    let data = Map::from([("key", key.as_str())]).into();
    event_log::log(hub, caller, event_type, data).await
}

/// The value of a variable, or all of them.
pub(super) async fn get_env(
    hub: &Arc<Hub>,
    caller: &Caller,
    key: Option<String>,
) -> Result<Value, ManagerError> {
    caller.needs(Permission::ReadWrite)?;
    let id = caller.workspace();
    let workspace = workspaces::existing(hub, id).await?;
    match key {
        None => {
            let all = workspace.environment();
            let all: Map = all.map(|(key, value)| (key, value.expose())).collect();
            Ok(all.into())
        }
        Some(key) => match workspace.variable(&key) {
            Some(value) => Ok(Value::from(value.expose())),
            None => Err(ManagerError::Key(format!(
                "Environment variable '{key}' not found in workspace {id}"
            ))),
        },
    }
}
