//! Service types: what the services of a kind have to look like.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hypha_codec::{Map, Value};

use super::caller::Caller;
use super::error::ManagerError;
use super::lookup::MODEL;
use super::workspaces;
use crate::hub::Hub;
use crate::identity::Permission;
use crate::registry::{Full, Kept, Workspace};

pub(super) async fn register_service_type(
    hub: &Arc<Hub>,
    caller: &Caller,
    type_info: Map,
) -> Result<Map, ManagerError> {
    caller.needs(Permission::ReadWrite)?;
    let own = caller.workspace();
    let mut described = described(&type_info)?;
    let full_id = described.get("id").and_then(Value::as_str);
    let full_id = full_id.unwrap_or_default().to_owned();
    let (workspace, id) = full_id.split_once('/').unwrap_or((own, &full_id));
    if workspace != own {
        return Err(ManagerError::Assertion(format!(
            "Workspace mismatch: {workspace} != {own}, you can only register service type in your own workspace."
        )));
    }
    let kept = Kept::new(described.clone()).map_err(|_| invalid("definition"))?;
    let is_taken = AtomicBool::new(false);
    let set = |workspace: &mut Workspace| {
        is_taken.store(workspace.service_type(id).is_some(), Ordering::Relaxed);
        if is_taken.load(Ordering::Relaxed) {
            return Err(Full);
        }
        workspace.set_service_type(id, kept.clone())
    };
    let changed = workspaces::change(hub, own, Box::new(set)).await;
    if is_taken.into_inner() {
        return Err(ManagerError::Key(format!(
            "Service type already exists: {id}"
        )));
    }
    changed?;
    described.insert(MODEL.0, MODEL.1);
    Ok(described)
}

pub(super) async fn get_service_type(
    hub: &Arc<Hub>,
    caller: &Caller,
    type_id: String,
) -> Result<Map, ManagerError> {
    let own = caller.workspace();
    let (workspace_id, id) = type_id.split_once('/').unwrap_or((own, &type_id));
    let not_found = || ManagerError::ServiceTypeNotFound(id.to_owned());
    let may_read = caller.may(Permission::Read, workspace_id);
    let workspace = match hub.registry().workspace(workspace_id).await {
        Some(workspace) => workspace,
        None if may_read => return Err(ManagerError::WorkspaceNotFound(workspace_id.to_owned())),
        None => return Err(ManagerError::WorkspaceDenied(workspace_id.to_owned())),
    };
    let kind = workspace.service_type(id).filter(|kind| {
        let config = kind.get("config");
        let visibility = config.and_then(|config| config.get("visibility"));
        may_read || visibility.and_then(Value::as_str) == Some("public")
    });
    match kind {
        Some(mut kind) => {
            kind.insert("id", format!("{workspace_id}/{id}"));
            Ok(kind)
        }
        None if may_read => Err(not_found()),
        None => Err(ManagerError::WorkspaceDenied(workspace_id.to_owned())),
    }
}

pub(super) async fn list_service_types(
    hub: &Arc<Hub>,
    caller: &Caller,
    workspace: Option<String>,
) -> Result<Vec<Map>, ManagerError> {
    let id = workspace.as_deref().unwrap_or_else(|| caller.workspace());
    caller.needs_in(id, Permission::Read)?;
    let workspace = workspaces::existing(hub, id).await?;
    let types = workspace.service_types().map(|(_, mut kind)| {
        kind.insert(MODEL.0, MODEL.1);
        kind
    });
    Ok(types.collect())
}

/// A type in the form in which it is told.
fn described(given: &Map) -> Result<Map, ManagerError> {
    let text = |key: &str| match given.get(key) {
        None | Some(Value::Null) => Ok(Value::Null),
        Some(Value::Text(text)) => Ok(Value::from(text)),
        Some(_) => Err(invalid(key)),
    };
    let required = |key: &str| {
        text(key)?
            .as_str()
            .map(Value::from)
            .ok_or_else(|| invalid(key))
    };
    let definition = match given.get("definition") {
        Some(Value::Map(definition)) => definition.clone(),
        _ => return Err(invalid("definition")),
    };
    let config = match given.get("config") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Map(config)) => config.clone(),
        Some(_) => return Err(invalid("config")),
    };
    Ok(Map::from([
        ("id", required("id")?),
        ("name", required("name")?),
        ("definition", Value::from(definition)),
        ("description", text("description")?),
        ("config", Value::from(config)),
        ("docs", text("docs")?),
    ]))
}

fn invalid(key: &str) -> ManagerError {
    ManagerError::Value(format!(
        "Invalid service type: '{key}' is missing or of the wrong type"
    ))
}
