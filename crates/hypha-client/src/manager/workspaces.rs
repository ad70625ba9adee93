//! Workspaces: what there is, and what state it is in.

use std::time::Duration;

use hypha_codec::{Map, Value};
use serde::{Deserialize, Serialize};

use super::{OptionalArgument as _, ServiceInfo, ServiceTypeInfo};
use crate::client::Client;
use crate::error::Error;
use crate::lenient::null_as_default;

/// A workspace as the server describes it. Lists of workspaces leave most of it out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct WorkspaceInfo {
    /// The id.
    pub id: String,
    /// A name for people.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it stays when nobody is in it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub persistent: bool,
    /// Ids or addresses of the users that own it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub owners: Vec<String>,
    /// Whether it cannot be changed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub read_only: bool,
    /// Documentation.
    #[serde(default)]
    pub docs: Option<String>,
    /// Types of services that were made known in it, by id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub service_types: std::collections::BTreeMap<String, ServiceTypeInfo>,
    /// Bookmarks, variables, and whatever was given when it was made.
    #[serde(default, deserialize_with = "null_as_default")]
    pub config: Map,
    /// Whether it is ready, and what is wrong with it.
    #[serde(default)]
    pub status: Option<Map>,
    /// What else the server says.
    #[serde(flatten)]
    pub extra: Map,
}

/// A workspace to be made.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkspaceOptions {
    /// Its name, which becomes its id.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it stays when nobody is in it.
    pub persistent: bool,
    /// Ids or addresses of users that own it besides us.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
    /// Whatever belongs to it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub config: Map,
    /// Whether to make it in the place of one with the same name.
    #[serde(skip)]
    pub overwrite: bool,
}

impl WorkspaceOptions {
    /// A workspace of this name that goes when nobody is in it.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// What it is for.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Whether it stays when nobody is in it.
    #[must_use]
    pub fn persistent(mut self, persistent: bool) -> Self {
        self.persistent = persistent;
        self
    }

    /// Adds a user that owns it, by id or address.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.owners.push(owner.into());
        self
    }

    /// Whatever belongs to it.
    #[must_use]
    pub fn config(mut self, config: Map) -> Self {
        self.config = config;
        self
    }

    /// Whether to make it in the place of one with the same name.
    #[must_use]
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }
}

/// Which workspaces to list; the first 256 that we may see unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct WorkspaceQuery {
    /// Only those whose fields have these values: `match` in other clients.
    pub matching: Option<Map>,
    /// How many to skip.
    pub offset: Option<u64>,
    /// How many at the most.
    pub limit: Option<u64>,
}

impl WorkspaceQuery {
    /// The first 256.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only those whose fields have these values.
    #[must_use]
    pub fn matching(mut self, fields: Map) -> Self {
        self.matching = Some(fields);
        self
    }

    /// How many to skip.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// How many at the most.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }
}

/// What is in a workspace.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct WorkspaceSummary {
    /// Name of the workspace.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// How many clients are in it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub client_count: u64,
    /// Their ids.
    #[serde(default, deserialize_with = "null_as_default")]
    pub clients: Vec<String>,
    /// How many services there are.
    #[serde(default, deserialize_with = "null_as_default")]
    pub service_count: u64,
    /// The services, without their schemas.
    #[serde(default, deserialize_with = "null_as_default")]
    pub services: Vec<ServiceInfo>,
}

/// What is to be remembered in the user's own workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "bookmark_type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Bookmark {
    /// A service.
    #[non_exhaustive]
    Service {
        /// Its id.
        id: String,
    },
    /// A workspace.
    #[non_exhaustive]
    Workspace {
        /// Its id.
        id: String,
    },
}

impl Bookmark {
    /// A service, by any form of its id. To take the bookmark back the full id is needed.
    #[must_use]
    pub fn service(id: impl Into<String>) -> Self {
        Self::Service { id: id.into() }
    }

    /// A workspace.
    #[must_use]
    pub fn workspace(id: impl Into<String>) -> Self {
        Self::Workspace { id: id.into() }
    }
}

/// State of the workspace.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct StatusReport {
    /// `ready` when it is.
    #[serde(default, deserialize_with = "null_as_default")]
    pub status: String,
    /// What is wrong.
    #[serde(default)]
    pub errors: Value,
    /// What we may do: `r`, `rw` or `a`.
    #[serde(default)]
    pub user_permission: Option<String>,
    /// What else the server says.
    #[serde(flatten)]
    pub extra: Map,
}

/// What a clean-up took away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct CleanupReport {
    /// Clients that gave no sign of life.
    #[serde(default, deserialize_with = "null_as_default")]
    pub removed_clients: Vec<String>,
    /// The workspace itself, if nobody was left in it.
    #[serde(default)]
    pub removed_workspace: Option<String>,
}

impl Client {
    /// The workspaces that we may see.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn list_workspaces(
        &self,
        query: WorkspaceQuery,
    ) -> Result<Vec<WorkspaceInfo>, Error> {
        let WorkspaceQuery {
            matching,
            offset,
            limit,
        } = query;
        self.ask("list_workspaces", |call| {
            call.optional("match", matching)
                .optional("offset", offset)
                .optional("limit", limit)
        })
        .await
    }

    /// Makes a workspace. Anonymous users may not.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn create_workspace(
        &self,
        options: WorkspaceOptions,
    ) -> Result<WorkspaceInfo, Error> {
        let overwrite = options.overwrite.then_some(true);
        self.ask("create_workspace", |call| {
            call.args((options,)).optional("overwrite", overwrite)
        })
        .await
    }

    /// Deletes a workspace with everything in it.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn delete_workspace(&self, workspace: &str) -> Result<(), Error> {
        self.tell("delete_workspace", |call| call.args((workspace,)))
            .await
    }

    /// A workspace in full; our own without one.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn get_workspace_info(
        &self,
        workspace: Option<&str>,
    ) -> Result<WorkspaceInfo, Error> {
        self.ask("get_workspace_info", |call| {
            call.optional("workspace", workspace)
        })
        .await
    }

    /// What is in our workspace.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn get_summary(&self) -> Result<WorkspaceSummary, Error> {
        self.ask("get_summary", |call| call).await
    }

    /// Remembers a service or a workspace in the user's own workspace.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn bookmark(&self, item: &Bookmark) -> Result<(), Error> {
        self.tell("bookmark", |call| call.args((item,))).await
    }

    /// Takes a bookmark back.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn unbookmark(&self, item: &Bookmark) -> Result<(), Error> {
        self.tell("unbookmark", |call| call.args((item,))).await
    }

    /// State of our workspace.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn check_status(&self) -> Result<StatusReport, Error> {
        self.ask("check_status", |call| call).await
    }

    /// Takes away clients that give no sign of life within 5 s or `timeout`, in a workspace or our own.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn cleanup(
        &self,
        workspace: Option<&str>,
        timeout: Option<Duration>,
    ) -> Result<CleanupReport, Error> {
        let timeout = timeout.map(|timeout| timeout.as_secs_f64());
        self.ask("cleanup", |call| {
            call.optional("workspace", workspace)
                .optional("timeout", timeout)
        })
        .await
    }
}
