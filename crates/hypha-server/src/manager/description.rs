//! What a client says of a service when it registers it, checked and brought into the form in which the manager tells it
//! to others (protocol section 10.3).

use hypha_codec::{Map, Value};
use hypha_rpc_core::Visibility;
use hypha_rpc_core::protocol::{BUILT_IN, RINTF_PREFIX};

use super::caller::Caller;
use super::error::ManagerError;
use crate::registry::{Kept, ServiceRecord};

/// Characters of a description, and bytes of an id, that are let in.
const MAX_DESCRIPTION: usize = 1024;
const MAX_ID: usize = 256;

/// Says of a service that it never leaves its client.
const LOCAL_ONLY: &str = "_local_only";

/// The type of a service that names none.
const GENERIC: &str = "generic";

/// The application of a service that names none.
const NO_APP: &str = "*";

/// Members of a service's configuration that the server knows, in the order in which it tells them.
const CONFIG_KEYS: [&str; 8] = [
    "visibility",
    "require_context",
    "workspace",
    "flags",
    "singleton",
    "created_by",
    "service_embedding",
    "authorized_workspaces",
];

/// Reads the description of a service. Nothing for one that the server should not know of: the references leak callbacks
/// when they reconnect.
pub(super) fn read(caller: &Caller, given: &Map) -> Result<Option<ServiceRecord>, ManagerError> {
    let service_id = own_service(caller, required_text(given, "id")?)?;
    let config = match given.get("config") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Map(config)) => config.clone(),
        Some(_) => return Err(invalid("config")),
    };
    let is_local = config.get(LOCAL_ONLY).and_then(Value::as_bool) == Some(true);
    if is_local || service_id.starts_with(RINTF_PREFIX) {
        tracing::debug!(
            client = caller.address(),
            service_id,
            "keeps a local service to itself"
        );
        return Ok(None);
    }
    let service_id = plain_id(&service_id)?;
    let kind = optional_text(given, "type")?.unwrap_or(GENERIC).to_owned();
    let app_id = optional_text(given, "app_id")?.filter(|app| !app.is_empty());
    let app_id = app_id.unwrap_or(NO_APP).to_owned();
    if app_id.contains('/') {
        return Err(ManagerError::Assertion(
            "App id info must not contain '/'".to_owned(),
        ));
    }
    let description = optional_text(given, "description")?;
    if description.is_some_and(|text| text.chars().count() > MAX_DESCRIPTION) {
        return Err(ManagerError::Value(format!(
            "The description of a service has at most {MAX_DESCRIPTION} characters"
        )));
    }
    let name = optional_text(given, "name")?.filter(|name| !name.is_empty());
    let name = name.unwrap_or(&service_id).to_owned();
    let visibility = visibility(&config)?;
    let authorized_workspaces = authorized_workspaces(&config, visibility)?;
    let is_singleton = flag(&config, "singleton")?;

    let is_built_in = service_id == BUILT_IN && kind == BUILT_IN;
    let user = if is_built_in {
        caller.described()
    } else {
        Map::from([("id", caller.user().id.as_str())]).into()
    };
    let mut info = Map::with_capacity(8);
    info.push("config", known_config(&config, visibility, caller, user)?);
    info.push("id", format!("{}:{service_id}", caller.address()));
    info.push("name", name);
    info.push("type", kind.as_str());
    info.push("description", description.map_or(Value::Null, Value::from));
    info.push(
        "docs",
        optional_text(given, "docs")?.map_or(Value::Null, Value::from),
    );
    info.push("app_id", app_id.as_str());
    info.push(
        "service_schema",
        match given.get("service_schema") {
            None | Some(Value::Null) => Value::Null,
            Some(Value::Map(schema)) => Value::Map(schema.clone()),
            Some(_) => return Err(invalid("service_schema")),
        },
    );
    let info = Kept::new(info).map_err(|_| invalid("service"))?;
    Ok(Some(ServiceRecord {
        workspace: caller.workspace().to_owned(),
        client_id: caller.client_id().to_owned(),
        service_id,
        app_id,
        kind,
        visibility,
        authorized_workspaces,
        is_singleton,
        info,
    }))
}

/// The bare id in `[workspace/]client:service`, if the workspace and the client are the caller's own.
fn own_service(caller: &Caller, id: &str) -> Result<String, ManagerError> {
    let own = caller.workspace();
    let (workspace, rest) = id.split_once('/').unwrap_or((own, id));
    if workspace != own {
        return Err(ManagerError::Denied(format!(
            "Service ID workspace prefix '{workspace}' does not match the current workspace '{own}'. Cannot register services in other workspaces."
        )));
    }
    if !rest.contains(':') {
        return Err(ManagerError::Assertion(
            "Service id info must contain ':'".to_owned(),
        ));
    }
    let service = rest
        .strip_prefix(caller.client_id())
        .and_then(|rest| rest.strip_prefix(':'));
    service.map(str::to_owned).ok_or_else(|| {
        let client = caller.client_id();
        ManagerError::Denied(format!(
            "Permission denied: service ID '{id}' does not belong to the client '{client}'. Cannot register services of other clients."
        ))
    })
}

/// An id that looks up nothing but itself.
fn plain_id(id: &str) -> Result<String, ManagerError> {
    let is_plain = !id.is_empty()
        && id.len() <= MAX_ID
        && id != "~"
        && !id.contains(|c: char| matches!(c, '/' | ':' | '@' | '*' | '.') || c.is_control());
    if is_plain {
        Ok(id.to_owned())
    } else {
        let start: String = id.chars().take(80).collect();
        Err(ManagerError::Value(format!(
            "Invalid service id: {start}. It has 1 to {MAX_ID} bytes, without any of '/', ':', '@', '*' and '.'"
        )))
    }
}

fn visibility(config: &Map) -> Result<Visibility, ManagerError> {
    let word = optional_text(config, "visibility")?;
    let all = [
        Visibility::Protected,
        Visibility::Public,
        Visibility::Unlisted,
    ];
    match word {
        None => Ok(Visibility::default()),
        Some(word) => all
            .into_iter()
            .find(|visibility| visibility.as_str() == word)
            .ok_or_else(|| {
                ManagerError::Value(format!(
                    "Invalid visibility: {word}. It is 'public', 'protected' or 'unlisted'"
                ))
            }),
    }
}

fn authorized_workspaces(
    config: &Map,
    visibility: Visibility,
) -> Result<Vec<String>, ManagerError> {
    let workspaces = match config.get("authorized_workspaces") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(workspaces) => workspaces,
    };
    if visibility != Visibility::Protected {
        let visibility = visibility.as_str();
        return Err(ManagerError::Value(format!(
            "authorized_workspaces can only be set when visibility is 'protected', got visibility='{visibility}'"
        )));
    }
    texts(workspaces).ok_or_else(|| invalid("authorized_workspaces"))
}

/// The configuration with what the server knows in front.
fn known_config(
    config: &Map,
    visibility: Visibility,
    caller: &Caller,
    created_by: Value,
) -> Result<Map, ManagerError> {
    let given = |key| config.get(key).cloned().filter(|value| !value.is_null());
    let mut known = Map::with_capacity(CONFIG_KEYS.len());
    known.push("visibility", visibility.as_str());
    let require_context = given("require_context").unwrap_or(Value::Bool(false));
    if !matches!(require_context, Value::Bool(_)) && texts(&require_context).is_none() {
        return Err(invalid("require_context"));
    }
    known.push("require_context", require_context);
    known.push("workspace", caller.workspace());
    let flags = given("flags").unwrap_or_else(|| Value::List(Vec::new()));
    if texts(&flags).is_none() {
        return Err(invalid("flags"));
    }
    known.push("flags", flags);
    known.push("singleton", flag(config, "singleton")?);
    known.push("created_by", created_by);
    known.push("service_embedding", Value::Null);
    known.push(
        "authorized_workspaces",
        given("authorized_workspaces").unwrap_or_default(),
    );
    for (key, value) in config {
        if let Value::Text(key) = key
            && !CONFIG_KEYS.contains(&&**key)
        {
            known.push(key.clone(), value.clone());
        }
    }
    Ok(known)
}

fn required_text<'a>(map: &'a Map, key: &str) -> Result<&'a str, ManagerError> {
    optional_text(map, key)?.ok_or_else(|| invalid(key))
}

fn optional_text<'a>(map: &'a Map, key: &str) -> Result<Option<&'a str>, ManagerError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or_else(|| invalid(key)),
    }
}

fn flag(map: &Map, key: &str) -> Result<bool, ManagerError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| invalid(key)),
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let all = value.as_list()?.iter();
    all.map(|text| text.as_str().map(str::to_owned)).collect()
}

fn invalid(key: &str) -> ManagerError {
    ManagerError::Value(format!(
        "Invalid service info: '{key}' is missing or of the wrong type"
    ))
}
