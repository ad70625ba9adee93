//! `list_services`: the services that a caller may know of.

use std::sync::Arc;

use hypha_codec::{Map, Value};
use hypha_rpc_core::Visibility;
use tokio::task::coop::consume_budget;

use super::caller::Caller;
use super::error::ManagerError;
use super::lookup::visible_info;
use super::query::Query;
use crate::hub::Hub;
use crate::identity::Permission;
use crate::registry::ServiceRecord;

/// How many services one answer lists at most.
const MAX_LISTED: usize = 20_000;

pub(super) async fn list_services(
    hub: &Arc<Hub>,
    caller: &Caller,
    query: Option<Value>,
    include_unlisted: Option<bool>,
    _include_app_services: Option<bool>,
    _prioritize_running_services: Option<bool>,
) -> Result<Vec<Map>, ManagerError> {
    let query = Query::parse(query, caller.workspace())?;
    let include_unlisted = include_unlisted.unwrap_or(false);
    let services = listed(hub, caller, &query, include_unlisted).await?;
    if services.len() > MAX_LISTED {
        let found = services.len();
        return Err(ManagerError::Runtime(format!(
            "{found} services are more than the {MAX_LISTED} that can be listed at once: ask for fewer"
        )));
    }
    let mut described = Vec::with_capacity(services.len());
    for service in services {
        // Others have their turn while this one is busy.
        consume_budget().await;
        described.push(visible_info(&service, caller));
    }
    Ok(described)
}

/// The services that a query means and a caller may know of, in the order of their registration.
pub(super) async fn listed(
    hub: &Hub,
    caller: &Caller,
    query: &Query,
    include_unlisted: bool,
) -> Result<Vec<Arc<ServiceRecord>>, ManagerError> {
    let own = caller.workspace();
    if include_unlisted {
        match query.workspace.as_deref() {
            None => {
                return Err(ManagerError::Denied(
                    "Cannot include unlisted services when searching all workspaces.".to_owned(),
                ));
            }
            Some(workspace) if workspace != own => {
                return Err(ManagerError::Denied(format!(
                    "Cannot include unlisted services from workspace {workspace}. Only services from your current workspace ({own}) can include unlisted services."
                )));
            }
            Some(_) if !caller.may(Permission::Read, own) => {
                return Err(ManagerError::Denied(format!(
                    "Cannot include unlisted services without read permission for workspace {own}."
                )));
            }
            Some(_) => {}
        }
    }
    let everywhere = query.workspace.is_none();
    let mut services = hub.registry().services(&query.filter).await;
    services.retain(|service| match service.visibility {
        Visibility::Public => true,
        Visibility::Unlisted => include_unlisted && service.workspace == own,
        // Of all workspaces together, only the own one shows more than what is public.
        _ if everywhere && service.workspace != own => false,
        _ => service.admits(caller.user(), own),
    });
    Ok(services)
}
