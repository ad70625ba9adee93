//! Workspaces: listed, created, deleted and described.

use std::sync::Arc;

use hypha_codec::{Map, Value};
use hypha_rpc_core::protocol::event;
use hypha_transport::CloseReason;

use super::caller::Caller;
use super::error::ManagerError;
use super::lookup::visible_info;
use super::query::Query;
use super::{bookmarks, listing};
use crate::hub::Hub;
use crate::identity::{EVERY_WORKSPACE, PERSONAL_WORKSPACE, PUBLIC_WORKSPACE, Permission};
use crate::registry::limits::WORKSPACE_ID;
use crate::registry::{Change, Kept, NotChanged, NotCreated, Workspace};
use crate::relay::{Connection, End};

/// How many workspaces one answer lists at most.
const MAX_LISTED: i64 = 256;

/// Fields of a service that a summary shows.
const SUMMARY: [&str; 5] = ["id", "name", "type", "description", "config"];

/// Fields of a new workspace that are kept as they are.
const EXTRA: [&str; 4] = ["icon", "covers", "docs", "config"];

pub(super) async fn list_workspaces(
    hub: &Arc<Hub>,
    caller: &Caller,
    pattern: Option<Map>,
    offset: Option<i64>,
    limit: Option<i64>,
) -> Result<Vec<Map>, ManagerError> {
    caller.needs(Permission::Read)?;
    let offset = usize::try_from(offset.unwrap_or(0)).map_err(|_| {
        ManagerError::Value("Offset number must be greater than or equal to 0".to_owned())
    })?;
    let limit = limit.unwrap_or(MAX_LISTED);
    let limit = usize::try_from(limit)
        .ok()
        .filter(|_| (1..=MAX_LISTED).contains(&limit));
    let limit = limit.ok_or_else(|| {
        ManagerError::Value("Limit must be greater than 0 and less than 256".to_owned())
    })?;
    let pattern = pattern.unwrap_or_default();
    let matches = |workspace: &Workspace| {
        if pattern.is_empty() {
            return true;
        }
        let info = workspace.info();
        let mut wanted = pattern.iter();
        wanted.all(|(key, value)| key.as_str().and_then(|key| info.get(key)) == Some(value))
    };
    let all = hub.registry().workspaces_of(caller.user()).await;
    let visible = all.iter().filter(|workspace| may_see(caller, workspace));
    let matching = visible.filter(|workspace| matches(workspace));
    Ok(matching
        .skip(offset)
        .take(limit)
        .map(|workspace| workspace.summary())
        .collect())
}

pub(super) async fn create_workspace(
    hub: &Arc<Hub>,
    caller: &Caller,
    config: Map,
    overwrite: Option<bool>,
) -> Result<Map, ManagerError> {
    let user = caller.user();
    if user.is_anonymous {
        return Err(ManagerError::Other(
            "Only registered user can create workspace.".to_owned(),
        ));
    }
    let mut workspace = described(&config)?;
    check_id(caller, &workspace.id)?;
    let overwrite = overwrite.unwrap_or(false);
    let id = workspace.id.clone();
    if overwrite
        && let Some(there) = hub.registry().workspace(&id).await
        && !there.is_owned_by(user)
        && !caller.may(Permission::Admin, &id)
    {
        let user = &user.id;
        return Err(ManagerError::Denied(format!(
            "Permission denied: user {user} cannot overwrite workspace {id}"
        )));
    }
    if !workspace.is_owned_by(user) {
        workspace.owners.push(user.id.clone());
    }
    let info = workspace.info();
    let created = hub.registry().create_workspace(workspace, user, overwrite);
    created.await.map_err(|why| match why {
        NotCreated::Exists => ManagerError::Runtime(format!("Workspace already exists: {id}")),
        NotCreated::Full => full(&id),
        NotCreated::TooMany { there, limit } => ManagerError::Runtime(format!(
            "Workspace quota exceeded: user {} already owns {there} workspaces (max {limit}). Delete unused workspaces before creating new ones.",
            user.id
        )),
    })?;
    tell_owner(hub, caller, event::WORKSPACE_LOADED, &info);
    if user.own_workspace() != id {
        bookmarks::remember_workspace(hub, caller, &id).await?;
    }
    Ok(info)
}

pub(super) async fn delete_workspace(
    hub: &Arc<Hub>,
    caller: &Caller,
    workspace: String,
) -> Result<(), ManagerError> {
    let workspace = existing(hub, &workspace).await?;
    let is_of_server = Workspace::of_the_server()
        .iter()
        .any(|other| other.id == workspace.id);
    let may = caller.may(Permission::Admin, &workspace.id) || workspace.is_owned_by(caller.user());
    if is_of_server || !may {
        return Err(ManagerError::WorkspaceDenied(workspace.id.clone()));
    }
    delete(hub, caller, &workspace).await
}

/// Deletes a workspace. Its clients have to leave; but for the caller, who learns that it is done.
pub(super) async fn delete(
    hub: &Hub,
    caller: &Caller,
    workspace: &Workspace,
) -> Result<(), ManagerError> {
    let id = workspace.id.as_str();
    if hub.registry().remove_workspace(id).await.is_none() {
        return Err(ManagerError::WorkspaceNotFound(id.to_owned()));
    }
    for connection in hub.router().all() {
        if connection.workspace() == id && connection.address() != caller.address() {
            let goodbye = format!("Workspace {id} was deleted");
            let goodbye = CloseReason::new(CloseReason::GOING_AWAY, goodbye);
            connection.end(End::Told(goodbye));
        }
    }
    tell_owner(hub, caller, event::WORKSPACE_DELETED, &workspace.info());
    let own = caller.user().own_workspace();
    if own != id && hub.registry().workspace(&own).await.is_some() {
        bookmarks::forget(hub, &own, id).await?;
    }
    tracing::info!(
        workspace = id,
        user = caller.user().id,
        "deleted a workspace"
    );
    Ok(())
}

pub(super) async fn get_workspace_info(
    hub: &Arc<Hub>,
    caller: &Caller,
    workspace: Option<String>,
) -> Result<Map, ManagerError> {
    caller.needs(Permission::Read)?;
    let id = workspace.as_deref().unwrap_or_else(|| caller.workspace());
    let workspace = existing(hub, id).await?;
    if may_see(caller, &workspace) {
        Ok(workspace.info())
    } else {
        Err(ManagerError::WorkspaceDenied(id.to_owned()))
    }
}

pub(super) async fn get_summary(hub: &Arc<Hub>, caller: &Caller) -> Result<Map, ManagerError> {
    let id = caller.workspace();
    let workspace = existing(hub, id).await?;
    let clients = hub.registry().clients(id).await.into_iter();
    let clients: Vec<_> = clients
        .map(|(client, _)| Value::from(format!("{id}/{client}")))
        .collect();
    let query = Query::parse(None, id)?;
    let services = listing::listed(hub, caller, &query, false).await?;
    let services: Vec<_> = services
        .iter()
        .map(|service| {
            let info = visible_info(service, caller);
            let shown = SUMMARY.map(|key| (key, info.get(key).cloned().unwrap_or_default()));
            Value::from(Map::from(shown))
        })
        .collect();
    Ok(Map::from([
        ("name", Value::from(&workspace.name)),
        ("description", workspace.described()),
        ("client_count", Value::from(clients.len())),
        ("clients", Value::from(clients)),
        ("service_count", Value::from(services.len())),
        ("services", Value::from(services)),
    ]))
}

pub(super) async fn check_status(hub: &Arc<Hub>, caller: &Caller) -> Result<Map, ManagerError> {
    caller.needs(Permission::Read)?;
    let id = caller.workspace();
    let permission = caller.user().permission_in(id);
    let permission = hypha_codec::to_value(&permission).unwrap_or_default();
    Ok(if hub.registry().workspace(id).await.is_some() {
        Map::from([
            ("status", Value::from("ready")),
            ("errors", Value::Null),
            ("user_permission", permission),
        ])
    } else {
        Map::from([
            ("status", Value::from("not_found")),
            ("error", Value::from(format!("Workspace {id} not found"))),
            ("user_permission", permission),
        ])
    })
}

/// The workspace of an id.
pub(super) async fn existing(hub: &Hub, id: &str) -> Result<Arc<Workspace>, ManagerError> {
    let workspace = hub.registry().workspace(id).await;
    workspace.ok_or_else(|| ManagerError::WorkspaceNotFound(id.to_owned()))
}

/// Changes a workspace, and tells those in it who want to know.
pub(super) async fn change(hub: &Hub, id: &str, change: Change<'_>) -> Result<(), ManagerError> {
    match hub.registry().change_workspace(id, change).await {
        Ok(changed) => {
            let info = Value::from(changed.info());
            hub.router().announce(id, event::WORKSPACE_CHANGED, info);
            Ok(())
        }
        Err(NotChanged::NotFound) => Err(ManagerError::WorkspaceNotFound(id.to_owned())),
        Err(NotChanged::Full) => Err(full(id)),
    }
}

/// Whether a caller may know what is told of a workspace.
pub(super) fn may_see(caller: &Caller, workspace: &Workspace) -> bool {
    caller.may(Permission::Read, &workspace.id)
        || workspace.is_owned_by(caller.user())
        || workspace.id == caller.workspace()
}

fn full(id: &str) -> ManagerError {
    ManagerError::Runtime(format!(
        "Workspace quota exceeded: {id} has no room for more"
    ))
}

/// Tells the own workspace of whoever did something, and their own clients where they did it.
fn tell_owner(hub: &Hub, caller: &Caller, event: &str, info: &Map) {
    let (own, here) = (caller.user().own_workspace(), caller.workspace());
    hub.router().announce(&own, event, info.clone().into());
    if own != here {
        let is_user = |client: &Connection| client.user().id == caller.user().id;
        let info = info.clone().into();
        hub.router().announce_to(here, event, info, is_user);
    }
}

/// Reads the description of a new workspace.
fn described(config: &Map) -> Result<Workspace, ManagerError> {
    let invalid = |key: &str| {
        ManagerError::Value(format!(
            "Invalid workspace info: '{key}' is of the wrong type"
        ))
    };
    let text = |key: &str| match config.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or_else(|| invalid(key)),
    };
    let flag = |key: &str| match config.get(key) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| invalid(key)),
    };
    // A name alone is the id, too.
    let id = match text("id")? {
        Some(id) => Some(id),
        None => text("name")?,
    };
    let id =
        id.ok_or_else(|| ManagerError::Assertion("Workspace id must be provided.".to_owned()))?;
    let mut workspace = Workspace::new(id, "");
    if let Some(name) = text("name")?.filter(|name| !name.is_empty()) {
        workspace.name = name.to_owned();
    }
    workspace.description = text("description")?.map(str::to_owned);
    workspace.is_persistent = flag("persistent")?;
    workspace.is_read_only = flag("read_only")?;
    if let Some(owners) = config.get("owners").filter(|owners| !owners.is_null()) {
        let owners = owners.as_list().ok_or_else(|| invalid("owners"))?;
        let owners = owners.iter().map(|owner| owner.as_str().map(str::trim));
        let owners = owners.collect::<Option<Vec<_>>>();
        let owners = owners.ok_or_else(|| invalid("owners"))?.into_iter();
        workspace.owners = owners
            .filter(|owner| !owner.is_empty())
            .map(str::to_owned)
            .collect();
    }
    let extra = EXTRA
        .into_iter()
        .filter_map(|key| Some((key, config.get(key)?.clone())));
    workspace.extra = Kept::new(extra.collect()).map_err(|_| invalid("config"))?;
    Ok(workspace)
}

/// Ids are lower case and have a hyphen. Those of users' own workspaces are for their users.
fn check_id(caller: &Caller, id: &str) -> Result<(), ManagerError> {
    let is_administrator = caller.may(Permission::Admin, EVERY_WORKSPACE);
    let problem = if id.is_empty() {
        "Workspace name must not be empty.".to_owned()
    } else if !is_administrator && !id.contains('-') {
        "Workspace name must contain at least one hyphen (e.g. my-workspace).".to_owned()
    } else if id.len() > WORKSPACE_ID
        || !id
            .chars()
            .all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-' | '|'))
    {
        let start: String = id.chars().take(80).collect();
        format!(
            "Invalid workspace name: {start}, only lowercase letters, numbers and hyphens are allowed."
        )
    } else {
        let is_own = id == caller.user().own_workspace();
        let is_taken = id.starts_with(PERSONAL_WORKSPACE) || id == PUBLIC_WORKSPACE;
        if is_taken && !is_own && !is_administrator {
            return Err(ManagerError::WorkspaceDenied(id.to_owned()));
        }
        return Ok(());
    };
    Err(ManagerError::Value(problem))
}
