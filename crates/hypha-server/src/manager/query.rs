//! What `list_services` is asked for: a map of fields, or a text such as `WS/CID:SID` (protocol section 10.5).

use hypha_codec::{Map, Value};
use hypha_rpc_core::Visibility;

use super::error::ManagerError;
use crate::registry::{Pattern, ServiceFilter};

/// The fields that a map may have.
const FIELDS: [&str; 6] = [
    "visibility",
    "workspace",
    "client_id",
    "service_id",
    "type",
    "app_id",
];

const ANY: &str = "*";

/// A query for services, read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Query {
    pub(super) filter: ServiceFilter,
    /// The workspace that is asked for; none for all of them.
    pub(super) workspace: Option<String>,
}

impl Query {
    pub(super) fn parse(query: Option<Value>, own_workspace: &str) -> Result<Self, ManagerError> {
        match query {
            None | Some(Value::Null) => Self::of_map(Map::new(), own_workspace),
            Some(Value::Text(text)) => Self::of_map(fields_of_text(&text)?, own_workspace),
            Some(Value::Map(map)) => Self::of_map(map, own_workspace),
            Some(_) => Err(ManagerError::Value("A query is a map or a text".to_owned())),
        }
    }

    fn of_map(mut map: Map, own_workspace: &str) -> Result<Self, ManagerError> {
        if let Some(id) = map.remove("id") {
            if map.contains_key("service_id") {
                return Err(ManagerError::Assertion(
                    "Cannot specify both 'id' and 'service_id' in the query.".to_owned(),
                ));
            }
            map.insert("service_id", id);
        }
        let unknown: Vec<_> = map.keys().filter(|key| !FIELDS.contains(key)).collect();
        if !unknown.is_empty() {
            let unknown: Vec<_> = unknown.iter().map(|key| format!("'{key}'")).collect();
            let unknown = unknown.join(", ");
            return Err(ManagerError::Value(format!(
                "Invalid query keys: {{{unknown}}}"
            )));
        }
        let workspace = field(&map, "workspace")?.unwrap_or(own_workspace);
        let visibility = field(&map, "visibility")?.unwrap_or(ANY);
        let is_hidden = [Visibility::Protected, Visibility::Unlisted]
            .map(Visibility::as_str)
            .contains(&visibility);
        if workspace == ANY && is_hidden {
            return Err(ManagerError::Assertion(
                "Cannot list protected or unlisted services in all workspaces.".to_owned(),
            ));
        }
        let service = field(&map, "service_id")?.unwrap_or(ANY);
        let (service, app_of_id) = match service.split_once('@') {
            Some((service, app)) => (service, Some(app)),
            None => (service, None),
        };
        let app = match (field(&map, "app_id")?, app_of_id) {
            (Some(given), Some(of_id)) if given != of_id => {
                return Err(ManagerError::Value(format!(
                    "App id mismatch: {given} != {of_id}"
                )));
            }
            (given, of_id) => given.or(of_id).unwrap_or(ANY),
        };
        Ok(Self {
            filter: ServiceFilter {
                workspace: Pattern::parse(workspace),
                client_id: Pattern::parse(field(&map, "client_id")?.unwrap_or(ANY)),
                service_id: Pattern::parse(service),
                app_id: Pattern::parse(app),
                kind: Pattern::parse(field(&map, "type")?.unwrap_or(ANY)),
                visibility: Pattern::parse(visibility),
            },
            workspace: (workspace != ANY).then(|| workspace.to_owned()),
        })
    }
}

fn field<'a>(map: &'a Map, key: &str) -> Result<Option<&'a str>, ManagerError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) if !text.contains(char::is_whitespace) => Ok(Some(text)),
        Some(Value::Text(text)) => Err(ManagerError::Value(format!(
            "Invalid characters in query part: {text}"
        ))),
        Some(_) => Err(ManagerError::Value(format!(
            "Invalid query: '{key}' is no text"
        ))),
    }
}

/// `WS`, `WS/SID`, `CID:SID` or `WS/CID:SID`; `*` for a workspace stands for what is public everywhere.
fn fields_of_text(text: &str) -> Result<Map, ManagerError> {
    if text.matches('/').count() > 1 || text.matches(':').count() > 1 {
        return Err(ManagerError::Value(format!("Invalid query: {text}")));
    }
    let mut fields = Map::new();
    let (workspace, service) = match text.split_once('/') {
        Some((workspace, service)) => (Some(workspace), Some(service)),
        None if text.contains(':') => (None, Some(text)),
        None => (Some(text), None),
    };
    if let Some(workspace) = workspace {
        fields.insert("workspace", workspace);
    }
    if workspace == Some(ANY) {
        fields.insert("visibility", Visibility::Public.as_str());
    }
    if let Some(service) = service {
        let (client, service) = service.split_once(':').unwrap_or((ANY, service));
        fields.insert("client_id", client);
        fields.insert("service_id", service);
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Workspace, client, service, visibility.
    type Parts = (&'static str, &'static str, &'static str, &'static str);

    #[test]
    fn texts_of_every_form() {
        for (text, parts) in [
            ("ws", ("ws", "*", "*", "*")),
            ("ws/s", ("ws", "*", "s", "*")),
            ("*/s", ("*", "*", "s", "public")),
            ("*", ("*", "*", "*", "public")),
            ("c:s", ("own", "c", "s", "*")),
            ("ws/c:s", ("ws", "c", "s", "*")),
            ("ws/*", ("ws", "*", "*", "*")),
            ("ws/c*:s*", ("ws", "c*", "s*", "*")),
        ] as [(&str, Parts); 8]
        {
            let query = Query::parse(Some(Value::from(text)), "own").unwrap();
            let filter = ServiceFilter {
                workspace: Pattern::parse(parts.0),
                client_id: Pattern::parse(parts.1),
                service_id: Pattern::parse(parts.2),
                visibility: Pattern::parse(parts.3),
                ..ServiceFilter::default()
            };
            assert_eq!(query.filter, filter, "{text}");
        }
    }

    #[test]
    fn maps_of_fields() {
        let query = |fields: Map| Query::parse(Some(fields.into()), "own");
        let by_id = query(Map::from([("id", "s@app")])).unwrap();
        assert_eq!(by_id.filter.service_id, Pattern::parse("s"));
        assert_eq!(by_id.filter.app_id, Pattern::parse("app"));
        assert_eq!(by_id.workspace.as_deref(), Some("own"));
        let all = query(Map::from([("workspace", "*"), ("type", "t")])).unwrap();
        assert_eq!(all.workspace, None);
        assert_eq!(all.filter.kind, Pattern::parse("t"));
    }

    #[test]
    fn queries_that_say_nothing_sensible() {
        for (fields, text) in [
            (
                Map::from([("bogus", "1")]),
                "ValueError: Invalid query keys: {'bogus'}",
            ),
            (
                Map::from([("id", "a"), ("service_id", "b")]),
                "AssertionError: Cannot specify both 'id' and 'service_id' in the query.",
            ),
            (
                Map::from([("workspace", "*"), ("visibility", "protected")]),
                "AssertionError: Cannot list protected or unlisted services in all workspaces.",
            ),
            (
                Map::from([("service_id", "a b")]),
                "ValueError: Invalid characters in query part: a b",
            ),
            (
                Map::from([("service_id", "s@a"), ("app_id", "b")]),
                "ValueError: App id mismatch: b != a",
            ),
        ] {
            let error = Query::parse(Some(fields.into()), "own").unwrap_err();
            assert_eq!(error.to_string(), text);
        }
        for text in ["a/b/c", "a:b:c"] {
            assert!(Query::parse(Some(Value::from(text)), "own").is_err());
        }
        assert!(Query::parse(Some(Value::from(1)), "own").is_err());
    }
}
