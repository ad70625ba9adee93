//! `bookmark` and `unbookmark`: workspaces and services that users remember, in their own workspaces.

use std::sync::Arc;

use hypha_codec::{Map, Value};

use super::caller::Caller;
use super::error::ManagerError;
use super::lookup::{self, visible_info};
use super::workspaces;
use crate::hub::Hub;
use crate::identity::PUBLIC_WORKSPACE;
use crate::registry::{Kept, Workspace};

const WORKSPACE: &str = "workspace";
const SERVICE: &str = "service";

pub(super) async fn bookmark(
    hub: &Arc<Hub>,
    caller: &Caller,
    item: Map,
) -> Result<(), ManagerError> {
    let (kind, id) = parts(&item)?;
    if kind == WORKSPACE {
        return remember_workspace(hub, caller, id).await;
    }
    let service = lookup::find(hub, caller, id, None).await?;
    let info = visible_info(&service, caller);
    let mut bookmark = Map::from([("bookmark_type", SERVICE)]);
    for key in ["id", "name", "description", "config"] {
        bookmark.insert(key, info.get(key).cloned().unwrap_or_default());
    }
    remember(hub, caller, &service.id(), bookmark).await
}

pub(super) async fn unbookmark(
    hub: &Arc<Hub>,
    caller: &Caller,
    item: Map,
) -> Result<(), ManagerError> {
    let (_, id) = parts(&item)?;
    hub.registry().open_workspace(caller.user()).await;
    forget(hub, &caller.user().own_workspace(), id).await
}

pub(super) async fn remember_workspace(
    hub: &Hub,
    caller: &Caller,
    id: &str,
) -> Result<(), ManagerError> {
    let workspace = workspaces::existing(hub, id).await?;
    if !workspaces::may_see(caller, &workspace) && id != PUBLIC_WORKSPACE {
        return Err(ManagerError::WorkspaceDenied(id.to_owned()));
    }
    let bookmark = Map::from([
        ("bookmark_type", Value::from(WORKSPACE)),
        ("id", Value::from(&workspace.id)),
        ("name", Value::from(&workspace.name)),
        ("description", workspace.described()),
    ]);
    remember(hub, caller, id, bookmark).await
}

/// Takes a bookmark out of a user's workspace.
pub(super) async fn forget(hub: &Hub, own: &str, id: &str) -> Result<(), ManagerError> {
    let forget = Box::new(|workspace: &mut Workspace| {
        workspace.remove_bookmark(id);
        Ok(())
    });
    workspaces::change(hub, own, forget).await
}

async fn remember(hub: &Hub, caller: &Caller, id: &str, bookmark: Map) -> Result<(), ManagerError> {
    let bookmark = Kept::new(bookmark)
        .map_err(|error| ManagerError::Value(format!("Invalid bookmark: {error}")))?;
    hub.registry().open_workspace(caller.user()).await;
    let own = caller.user().own_workspace();
    let remember =
        Box::new(move |workspace: &mut Workspace| workspace.add_bookmark(id, bookmark.clone()));
    workspaces::change(hub, &own, remember).await
}

fn parts(item: &Map) -> Result<(&str, &str), ManagerError> {
    let kind = item.get("bookmark_type").and_then(Value::as_str);
    let kind =
        kind.ok_or_else(|| ManagerError::Assertion("Bookmark type must be provided.".to_owned()))?;
    if kind != WORKSPACE && kind != SERVICE {
        return Err(ManagerError::Value(format!(
            "Invalid bookmark type: {kind}"
        )));
    }
    let id = item.get("id").and_then(Value::as_str);
    let id = id.ok_or_else(|| ManagerError::Key("id".to_owned()))?;
    Ok((kind, id))
}
