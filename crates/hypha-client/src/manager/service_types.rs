//! Types of services: what their services must have.

use hypha_codec::Map;
use serde::{Deserialize, Serialize};

use super::OptionalArgument as _;
use crate::client::Client;
use crate::error::Error;
use crate::lenient::null_as_default;

/// A type of services.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServiceTypeInfo {
    /// The id; with its workspace if the manager gave it.
    pub id: String,
    /// A name for people.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// The members that services of this type have.
    #[serde(default, deserialize_with = "null_as_default")]
    pub definition: Map,
    /// What such services are for.
    #[serde(default)]
    pub description: Option<String>,
    /// Whatever belongs to it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub config: Map,
    /// Documentation.
    #[serde(default)]
    pub docs: Option<String>,
}

impl ServiceTypeInfo {
    /// A type with this id and these members.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>, definition: Map) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            definition,
            ..Self::default()
        }
    }
}

impl Client {
    /// Makes a type of services known in the workspace.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn register_service_type(
        &self,
        service_type: &ServiceTypeInfo,
    ) -> Result<ServiceTypeInfo, Error> {
        self.ask("register_service_type", |call| call.args((service_type,)))
            .await
    }

    /// A type of services: `type` or `workspace/type`.
    ///
    /// # Errors
    /// What the manager says, also if there is no such type.
    pub async fn get_service_type(&self, type_id: &str) -> Result<ServiceTypeInfo, Error> {
        self.ask("get_service_type", |call| call.args((type_id,)))
            .await
    }

    /// The types of services in a workspace; our own without one.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn list_service_types(
        &self,
        workspace: Option<&str>,
    ) -> Result<Vec<ServiceTypeInfo>, Error> {
        self.ask("list_service_types", |call| {
            call.optional("workspace", workspace)
        })
        .await
    }
}
