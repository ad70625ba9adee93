//! `get_service` and `get_service_info`: from an id to a service (protocol section 10.4).

use std::sync::Arc;
use std::time::Duration;

use hypha_codec::{Map, Value};
use hypha_rpc_core::protocol::{BUILT_IN, MANAGER_SERVICE};
use hypha_rpc_core::{Address, ServiceId, Visibility};
use serde::Deserialize;

use super::caller::Caller;
use super::case::Case;
use super::error::ManagerError;
use super::selection::{self, Mode};
use crate::hub::Hub;
use crate::identity::{PUBLIC_WORKSPACE, Permission};
use crate::registry::{Pattern, ServiceFilter, ServiceRecord};

/// How long a provider may take to describe its service if the caller names no time, and at most.
const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_TIMEOUT: Duration = Duration::from_secs(120);

/// The service id that stands for the manager itself.
const MANAGER_ALIAS: &str = "~";

/// Says of a map that it is the description of a service or of a service type (protocol section 5.1).
pub(super) const MODEL: (&str, &str) = ("_rtype", "pydantic-model");

/// How a service is to be found. Members that are not known have no meaning.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Options {
    mode: Option<String>,
    /// Seconds.
    timeout: Option<f64>,
    case_conversion: Option<String>,
    /// Seconds.
    select_timeout: Option<f64>,
}

pub(super) async fn get_service(
    hub: &Arc<Hub>,
    caller: &Caller,
    service_id: String,
    options: Option<Options>,
) -> Result<Value, ManagerError> {
    let options = options.unwrap_or_default();
    if is_manager(&service_id) {
        return Ok(Value::Map(own_service(hub).await?));
    }
    let mode = options.mode()?;
    let case = options.case()?;
    let service = find(hub, caller, &service_id, mode).await?;
    let mut described = fetch(hub, &service, options.timeout()).await?;
    if let Some(case) = case {
        described = case.convert(described);
    }
    let url = format!(
        "{}/{}/services/{}:{}",
        hub.public_url(),
        service.workspace,
        service.client_id,
        service.service_id
    );
    described.insert("id", service.id());
    let mut config = match described.remove("config") {
        Some(Value::Map(config)) => config,
        _ => Map::new(),
    };
    config.insert("workspace", service.workspace.as_str());
    config.insert("url", url);
    described.insert("config", config);
    Ok(Value::Map(described))
}

pub(super) async fn get_service_info(
    hub: &Arc<Hub>,
    caller: &Caller,
    service_id: String,
    options: Option<Options>,
) -> Result<Map, ManagerError> {
    let mut info = if is_manager(&service_id) {
        manager_info(own_service(hub).await?)
    } else {
        let mode = options.unwrap_or_default().mode()?;
        let service = find(hub, caller, &service_id, mode).await?;
        visible_info(&service, caller)
    };
    info.insert(MODEL.0, MODEL.1);
    Ok(info)
}

/// The one service that an id means.
pub(super) async fn find(
    hub: &Hub,
    caller: &Caller,
    service_id: &str,
    mode: Option<Mode>,
) -> Result<Arc<ServiceRecord>, ManagerError> {
    let wanted = Wanted::parse(service_id, caller.workspace())?;
    let mut found = hub.registry().services(&wanted.filter).await;
    if found.is_empty() {
        return Err(ManagerError::ServiceNotFound(wanted.shown));
    }
    found.retain(|service| service.admits(caller.user(), caller.workspace()));
    if found.is_empty() {
        return Err(ManagerError::ServiceDenied(wanted.workspace));
    }
    let mode = mode.unwrap_or(if wanted.workspace == PUBLIC_WORKSPACE {
        Mode::Random
    } else {
        Mode::Exact
    });
    selection::select(hub, caller, found, &mode, &wanted.shown).await
}

/// What a caller may know of a service that admits it.
pub(super) fn visible_info(service: &ServiceRecord, caller: &Caller) -> Map {
    let mut info = service.info.map();
    if service.visibility == Visibility::Protected
        && !caller.may(Permission::Read, &service.workspace)
        && let Some(Value::Map(config)) = info.get_mut("config")
    {
        config.remove("authorized_workspaces");
    }
    info
}

/// Asks the provider for its service.
async fn fetch(hub: &Hub, service: &ServiceRecord, timeout: Duration) -> Result<Map, ManagerError> {
    let manager = hub.manager().ok_or_else(ManagerError::stopping)?;
    let provider = Address::new(&service.workspace, &service.client_id)
        .map_err(|error| ManagerError::Value(error.to_string()))?;
    let described: Value = manager
        .peer()
        .method_at(&provider, format!("services.{BUILT_IN}.get_service"))
        .args((service.service_id.as_str(),))
        .timeout(timeout)
        .deadline(timeout)
        .await?;
    match described {
        Value::Map(described) => Ok(described),
        _ => Err(ManagerError::Assertion(format!(
            "Failed to get service: {}",
            service.id()
        ))),
    }
}

fn is_manager(service_id: &str) -> bool {
    let service = service_id.split_once('/').map_or(service_id, |(_, id)| id);
    service == MANAGER_ALIAS
}

/// The manager's own service, as everybody gets it.
async fn own_service(hub: &Hub) -> Result<Map, ManagerError> {
    let manager = hub.manager().ok_or_else(ManagerError::stopping)?;
    let services = manager.peer().local_services().await?;
    let own = services
        .iter()
        .find(|service| service.get("id").and_then(Value::as_str) == Some(MANAGER_SERVICE));
    own.map(|service| Map::clone(service))
        .ok_or_else(ManagerError::stopping)
}

/// The manager's service in the form in which others are listed.
fn manager_info(own: Map) -> Map {
    let mut schema = Map::new();
    let mut info = Map::from([
        ("id", Value::from(MANAGER_ALIAS)),
        ("docs", Value::Null),
        ("app_id", Value::from("*")),
    ]);
    for (key, value) in own {
        let Value::Text(key) = key else { continue };
        match value {
            Value::Method(method) => {
                let function = method.schema.unwrap_or_else(|| {
                    let no_parameters = Map::from([
                        ("type", Value::from("object")),
                        ("properties", Map::new().into()),
                        ("required", Value::List(Vec::new())),
                    ]);
                    Map::from([
                        ("name", Value::from(&key)),
                        ("description", Value::from("")),
                        ("parameters", no_parameters.into()),
                    ])
                    .into()
                });
                let member = Map::from([("type", Value::from("function")), ("function", function)]);
                schema.insert(key, member);
            }
            _ if key == "id" => {}
            value => drop(info.insert(key, value)),
        }
    }
    info.insert("service_schema", schema);
    info
}

impl Options {
    fn mode(&self) -> Result<Option<Mode>, ManagerError> {
        let timeout = seconds(self.select_timeout, selection::TIMEOUT);
        self.mode
            .as_deref()
            .map(|mode| Mode::parse(mode, timeout))
            .transpose()
    }

    fn case(&self) -> Result<Option<Case>, ManagerError> {
        self.case_conversion.as_deref().map(Case::parse).transpose()
    }

    fn timeout(&self) -> Duration {
        seconds(self.timeout, TIMEOUT)
    }
}

/// A time that a caller gave in seconds, within reason.
pub(super) fn seconds(given: Option<f64>, default: Duration) -> Duration {
    let given = given.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    given.unwrap_or(default).min(MAX_TIMEOUT)
}

/// A service id, completed.
#[derive(Debug, PartialEq)]
struct Wanted {
    workspace: String,
    filter: ServiceFilter,
    /// For errors: all four parts of the id.
    shown: String,
}

impl Wanted {
    fn parse(service_id: &str, own_workspace: &str) -> Result<Self, ManagerError> {
        for separator in ['/', ':', '@'] {
            if service_id.matches(separator).count() > 1 {
                return Err(ManagerError::Assertion(format!(
                    "Service id must contain at most one '{separator}'"
                )));
            }
        }
        let id = ServiceId::parse(service_id)
            .map_err(|_| ManagerError::Assertion(format!("Invalid service id: {service_id}")))?;
        if &*id.service == "*" {
            return Err(ManagerError::Assertion(format!(
                "Invalid service id: {service_id}, it cannot be a wildcard."
            )));
        }
        let workspace = id.workspace.as_deref().unwrap_or(own_workspace);
        if workspace == "*" {
            return Err(ManagerError::Assertion(
                "You must specify a workspace for the service query, otherwise please call list_services to find the service.".to_owned(),
            ));
        }
        let client = id.client.as_deref().unwrap_or("*");
        let app = id.app.as_deref().unwrap_or("*");
        Ok(Self {
            workspace: workspace.to_owned(),
            shown: format!("{workspace}/{client}:{}@{app}", id.service),
            filter: ServiceFilter {
                workspace: Pattern::Exactly(workspace.to_owned()),
                client_id: Pattern::of_id(client),
                service_id: Pattern::Exactly(id.service.to_string()),
                app_id: Pattern::of_id(app),
                ..ServiceFilter::default()
            },
        })
    }
}
