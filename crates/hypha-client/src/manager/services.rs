//! Looking for services, without getting them.

use hypha_codec::{Map, NdArray, Value};
use hypha_rpc_core::{CallError, Visibility};
use serde::{Deserialize, Serialize};

use super::OptionalArgument as _;
use crate::client::Client;
use crate::error::Error;
use crate::get_service::SelectMode;
use crate::lenient::null_as_default;

/// What a service tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ServiceInfo {
    /// The full id: `workspace/client:service`.
    pub id: String,
    /// A name for people.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// The type: `type` in other clients, `generic` unless its provider said otherwise.
    #[serde(default, deserialize_with = "null_as_default", rename = "type")]
    pub kind: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Documentation.
    #[serde(default)]
    pub docs: Option<String>,
    /// The application that it belongs to, `*` for none.
    #[serde(default)]
    pub app_id: Option<String>,
    /// Visibility, flags, and whatever its provider put there.
    #[serde(default, deserialize_with = "null_as_default")]
    pub config: Map,
    /// Its members: functions in the form that language models take, types of constants.
    #[serde(default, deserialize_with = "null_as_default")]
    pub service_schema: Map,
    /// What else the server says.
    #[serde(flatten)]
    pub extra: Map,
}

impl ServiceInfo {
    pub(crate) fn registered(service: &hypha_rpc_core::ServiceInfo) -> Result<Self, CallError> {
        let info = Value::Map(service.as_map().clone());
        hypha_codec::from_value(info).map_err(|source| CallError::Result {
            method: "register_service".into(),
            source,
        })
    }

    /// The workspace of its provider.
    #[must_use]
    pub fn workspace(&self) -> Option<&str> {
        self.config.get("workspace").and_then(Value::as_str)
    }

    /// `public`, `protected` or `unlisted`.
    #[must_use]
    pub fn visibility(&self) -> Option<&str> {
        self.config.get("visibility").and_then(Value::as_str)
    }
}

/// Which services to list: those of our workspace unless said otherwise.
///
/// Made of text as well: `workspace`, `workspace/service`, `*/service`, `client:service`, `workspace/client:service`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ServiceQuery {
    #[serde(skip)]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visibility: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<String>,
    #[serde(skip)]
    include_unlisted: bool,
    #[serde(skip)]
    include_app_services: bool,
    #[serde(skip)]
    prioritize_running_services: bool,
}

impl ServiceQuery {
    /// The services of our workspace.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only those of this visibility.
    #[must_use]
    pub fn visibility(mut self, visibility: Visibility) -> Self {
        self.visibility = Some(visibility.as_str());
        self
    }

    /// Those of this workspace; `*` for all that we may see.
    #[must_use]
    pub fn workspace(mut self, workspace: impl Into<String>) -> Self {
        self.workspace = Some(workspace.into());
        self
    }

    /// Only those of this client.
    #[must_use]
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// Only those with this bare id.
    #[must_use]
    pub fn service_id(mut self, id: impl Into<String>) -> Self {
        self.service_id = Some(id.into());
        self
    }

    /// Only those of this type: `type` in other clients.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Only those of this application.
    #[must_use]
    pub fn app_id(mut self, id: impl Into<String>) -> Self {
        self.app_id = Some(id.into());
        self
    }

    /// Unlisted ones of our workspace too.
    #[must_use]
    pub fn include_unlisted(mut self, include: bool) -> Self {
        self.include_unlisted = include;
        self
    }

    /// Services of installed applications that do not run too.
    #[must_use]
    pub fn include_app_services(mut self, include: bool) -> Self {
        self.include_app_services = include;
        self
    }

    /// Those that run before those that do not.
    #[must_use]
    pub fn prioritize_running_services(mut self, prioritize: bool) -> Self {
        self.prioritize_running_services = prioritize;
        self
    }
}

impl From<&str> for ServiceQuery {
    fn from(text: &str) -> Self {
        Self {
            text: Some(text.to_owned()),
            ..Self::default()
        }
    }
}

impl From<String> for ServiceQuery {
    fn from(text: String) -> Self {
        Self {
            text: Some(text),
            ..Self::default()
        }
    }
}

/// A search by meaning, on servers that have it switched on.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ServiceSearch {
    query: Option<Value>,
    filters: Option<Map>,
    limit: Option<u64>,
    offset: Option<u64>,
    return_fields: Option<Vec<String>>,
    order_by: Option<String>,
    include_unlisted: bool,
}

impl ServiceSearch {
    /// A search for whatever passes the filters.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the services should be about.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.query = Some(Value::from(text.into()));
        self
    }

    /// The same as an embedding vector of the server's model.
    #[must_use]
    pub fn embedding(mut self, vector: NdArray) -> Self {
        self.query = Some(Value::NdArray(vector));
        self
    }

    /// Only those whose fields have these values.
    #[must_use]
    pub fn filters(mut self, filters: Map) -> Self {
        self.filters = Some(filters);
        self
    }

    /// How many at the most, 5.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// How many to skip.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Only these fields of the services.
    #[must_use]
    pub fn return_fields<T: Into<String>>(mut self, fields: impl IntoIterator<Item = T>) -> Self {
        self.return_fields = Some(fields.into_iter().map(Into::into).collect());
        self
    }

    /// The field to sort by; by score without it.
    #[must_use]
    pub fn order_by(mut self, field: impl Into<String>) -> Self {
        self.order_by = Some(field.into());
        self
    }

    /// Unlisted ones of our workspace too.
    #[must_use]
    pub fn include_unlisted(mut self, include: bool) -> Self {
        self.include_unlisted = include;
        self
    }
}

/// A page of what a search found.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct SearchPage {
    /// The services; with their `score` among the extra fields.
    #[serde(default, deserialize_with = "null_as_default")]
    pub items: Vec<ServiceInfo>,
    /// How many there are on all pages, if the server knows.
    #[serde(default)]
    pub total: Option<u64>,
    /// What else the server says.
    #[serde(flatten)]
    pub extra: Map,
}

impl Client {
    /// The services that fit a query.
    ///
    /// ```no_run
    /// use hypha_client::ServiceQuery;
    ///
    /// # async fn example(server: hypha_client::Client) -> Result<(), hypha_client::Error> {
    /// let ours = server.list_services(ServiceQuery::new()).await?;
    /// let public = server.list_services("public").await?;
    /// let workers = server.list_services(ServiceQuery::new().kind("worker")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the manager says.
    pub async fn list_services(
        &self,
        query: impl Into<ServiceQuery>,
    ) -> Result<Vec<ServiceInfo>, Error> {
        let query = query.into();
        let set = |flag: bool| flag.then_some(true);
        self.ask("list_services", |call| {
            let call = match (&query.text, query.selects_all()) {
                (Some(text), _) => call.args((text,)),
                (None, true) => call,
                (None, false) => call.args((&query,)),
            };
            call.optional("include_unlisted", set(query.include_unlisted))
                .optional("include_app_services", set(query.include_app_services))
                .optional(
                    "prioritize_running_services",
                    set(query.prioritize_running_services),
                )
        })
        .await
    }

    /// Searches services by meaning.
    ///
    /// # Errors
    /// What the manager says, also if the server does not search.
    pub async fn search_services(&self, search: ServiceSearch) -> Result<SearchPage, Error> {
        let ServiceSearch {
            query,
            filters,
            limit,
            offset,
            return_fields,
            order_by,
            include_unlisted,
        } = search;
        self.ask("search_services", |call| {
            call.optional("query", query)
                .optional("filters", filters)
                .optional("limit", limit)
                .optional("offset", offset)
                .optional("return_fields", return_fields)
                .optional("order_by", order_by)
                .optional("include_unlisted", include_unlisted.then_some(true))
                .kwarg("pagination", true)
        })
        .await
    }

    /// What a service tells of itself, by any form of its id; `mode` says which one if several fit.
    ///
    /// # Errors
    /// What the manager says, also if there is no such service.
    pub async fn get_service_info(
        &self,
        id: &str,
        mode: Option<SelectMode>,
    ) -> Result<ServiceInfo, Error> {
        let config = mode.map(|mode| Map::from([("mode", Value::from(mode.to_string()))]));
        self.ask("get_service_info", |call| {
            call.args((id,)).optional("config", config)
        })
        .await
    }
}

impl ServiceQuery {
    /// Whether nothing was said of the services themselves.
    fn selects_all(&self) -> bool {
        let Self {
            visibility,
            workspace,
            client_id,
            service_id,
            kind,
            app_id,
            ..
        } = self;
        visibility.is_none()
            && [workspace, client_id, service_id, kind, app_id]
                .into_iter()
                .all(Option::is_none)
    }
}
