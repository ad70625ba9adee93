//! `register_service` and `unregister_service` (protocol section 10.3).

use std::sync::Arc;
use std::time::Duration;

use hypha_codec::{Map, Value};
use hypha_rpc_core::Address;
use hypha_rpc_core::protocol::{MANAGER_SERVICE, event};

use super::caller::Caller;
use super::description;
use super::error::ManagerError;
use super::lookup;
use super::selection::Mode;
use crate::hub::{Hub, client_event};
use crate::identity::Permission;
use crate::registry::limits::SERVICES_PER_CLIENT;
use crate::registry::{NotAdded, ServiceRecord};

/// How long a client's `setup` may take.
const SETUP: Duration = Duration::from_secs(30);

/// The method that the server calls of a fresh default service.
const SETUP_METHOD: &str = "setup";

pub(super) async fn register(
    hub: &Arc<Hub>,
    caller: &Caller,
    service: Map,
    _config: Option<Map>,
) -> Result<(), ManagerError> {
    caller.needs(Permission::ReadWrite)?;
    let Some(service) = description::read(caller, &service)? else {
        return Ok(());
    };
    let id = service.id();
    let info = Value::from(service.info.map());
    let is_built_in = service.is_built_in();
    let is_default = service.service_id == MANAGER_SERVICE;
    let has_setup = info
        .get("service_schema")
        .is_some_and(|members| members.get(SETUP_METHOD).is_some());
    let name = service.service_id.clone();
    let limit = hub.settings().limits.services_per_client;
    let limit = limit.unwrap_or(SERVICES_PER_CLIENT);
    let replaced = match hub.registry().add_service(service, limit).await {
        Ok(replaced) => replaced,
        Err(NotAdded::NoClient) => {
            tracing::debug!(id, "a service of a client that is not there any more");
            return Ok(());
        }
        Err(why) => return Err(refusal(&why, caller, &name)),
    };
    let workspace = caller.workspace();
    let announce = |event, data| hub.router().announce(workspace, event, data);
    match (is_built_in, replaced) {
        (true, None) => announce(
            event::CLIENT_CONNECTED,
            client_event(workspace, caller.address()),
        ),
        (true, Some(_)) => announce(
            event::CLIENT_UPDATED,
            client_event(workspace, caller.address()),
        ),
        (false, Some(_)) => {
            announce(event::SERVICE_REMOVED, info.clone());
            announce(event::SERVICE_ADDED, info);
        }
        (false, None) => {
            if is_default && has_setup {
                set_up(hub, caller).await;
            }
            announce(event::SERVICE_ADDED, info);
        }
    }
    Ok(())
}

pub(super) async fn unregister(
    hub: &Arc<Hub>,
    caller: &Caller,
    service_id: String,
) -> Result<(), ManagerError> {
    caller.needs(Permission::ReadWrite)?;
    let workspace = caller.workspace();
    let service = registered(hub, caller, &service_id).await?;
    if service.workspace != workspace {
        return Err(ManagerError::WorkspaceDenied(service.workspace.clone()));
    }
    let removed = hub
        .registry()
        .remove_service(&service.workspace, &service.client_id, &service.service_id)
        .await
        .ok_or_else(|| ManagerError::ServiceNotFound(service.id()))?;
    if removed.is_built_in() {
        let data = client_event(workspace, &removed.client());
        hub.router()
            .announce(workspace, event::CLIENT_DISCONNECTED, data);
    } else {
        let data = Value::from(removed.info.map());
        hub.router()
            .announce(workspace, event::SERVICE_REMOVED, data);
    }
    Ok(())
}

/// The service that an id means. References name their own services without saying whose they are, and others may have
/// services of the same name.
async fn registered(
    hub: &Hub,
    caller: &Caller,
    service_id: &str,
) -> Result<Arc<ServiceRecord>, ManagerError> {
    if !service_id.contains(['/', ':']) {
        let own = format!("{}:{service_id}", caller.address());
        match lookup::find(hub, caller, &own, Some(Mode::Exact)).await {
            Err(ManagerError::ServiceNotFound(_)) => {}
            found => return found,
        }
    }
    lookup::find(hub, caller, service_id, Some(Mode::Exact)).await
}

fn refusal(why: &NotAdded, caller: &Caller, name: &str) -> ManagerError {
    let (client, workspace) = (caller.address(), caller.workspace());
    match why {
        NotAdded::NotAlone => ManagerError::Value(format!(
            "A singleton service with the same name ({name}) already exists in the workspace ({workspace}), please remove it first or use a different name."
        )),
        NotAdded::TooMany { there, limit } => ManagerError::Runtime(format!(
            "Service quota exceeded: client {client} already has {there} services (max {limit}). Remove unused services before registering new ones."
        )),
        NotAdded::TooLarge { limit } => ManagerError::Runtime(format!(
            "Service quota exceeded: the descriptions of the services of client {client} would have more than {limit} bytes"
        )),
        NotAdded::NoClient => ManagerError::Runtime(format!("Client not found: {client}")),
    }
}

/// Calls what the application wants to do before others see it. Its problems are its own.
async fn set_up(hub: &Hub, caller: &Caller) {
    let (Some(manager), Ok(client)) = (hub.manager(), Address::parse(caller.address())) else {
        return;
    };
    let path = format!("services.{MANAGER_SERVICE}.{SETUP_METHOD}");
    let call = manager.peer().method_at(&client, path).deadline(SETUP);
    if let Err(error) = call.await {
        tracing::info!(client = caller.address(), %error, "the setup of a default service failed");
    }
}
