//! Services of a type, and what services say of themselves.

use hypha_codec::{Map, Value};
use hypha_rpc_core::{InvalidService, RegisterError, RemoteService, Service};
use hypha_schema::{SchemaError, ServiceSchema, TypeMismatches};
use serde_json::Value as Json;

use crate::client::Client;
use crate::error::Error;
use crate::manager::ServiceInfo;

impl Client {
    /// Registers a service after checking that it has what its type asks for: `check_type` in other clients. Its
    /// methods are described as the type describes them.
    ///
    /// # Errors
    /// [`TypeCheckError::Mismatch`] with the path of everything that is missing; what
    /// [`get_service_type`](Self::get_service_type) and [`register_service`](Self::register_service) say.
    pub async fn register_service_of_type(
        &self,
        service: Service,
    ) -> Result<ServiceInfo, TypeCheckError> {
        let wanted = self.get_service_type(service.type_id()).await?;
        let invalid = |problem: InvalidService| Error::from(RegisterError::from(problem));
        let found = as_schema(service.schema().map_err(invalid)?)?;
        let members = wanted.definition.into_entries().into_iter();
        let members = members.filter(|(name, _)| !is_field(name)).collect();
        let checked = found.check_type(&as_schema(Map::from_entries(members))?)?;
        let described = hypha_codec::to_value(&checked);
        let described = match described {
            Ok(Value::Map(schemas)) => service.describe(&schemas),
            _ => service,
        };
        Ok(self.register_service(described).await?)
    }

    /// What the functions of a service take, as its provider describes them: `get_service_schema` in other clients.
    #[must_use]
    pub fn get_service_schema(&self, service: &RemoteService) -> ServiceSchema {
        let members = service.description().iter();
        let members = members.filter_map(|(name, value)| {
            let member = name.as_str().filter(|_| !is_field(name))?;
            Some((member.to_owned(), describe(member, value)?))
        });
        ServiceSchema::from_value(Json::Object(members.collect())).unwrap_or_default()
    }
}

fn is_field(name: &Value) -> bool {
    name.as_str().is_some_and(|name| FIELDS.contains(&name))
}

/// What belongs to the service and is no member of it. Definitions that the Python client checks services by have to name
/// some of it.
const FIELDS: [&str; 8] = [
    "id",
    "name",
    "type",
    "description",
    "docs",
    "config",
    "app_id",
    "service_schema",
];

fn as_schema(members: Map) -> Result<ServiceSchema, TypeCheckError> {
    let members = hypha_codec::from_value::<Json>(Value::Map(members));
    let members = members.map_err(|_| SchemaError::Field("definition"))?;
    Ok(ServiceSchema::from_value(members)?)
}

fn describe(name: &str, member: &Value) -> Option<Json> {
    match member {
        Value::Method(method) => {
            let schema = method.schema.clone().map(hypha_codec::from_value::<Json>);
            let mut function = match schema {
                Some(Ok(Json::Object(function))) => function,
                _ => serde_json::Map::new(),
            };
            function.insert("name".to_owned(), Json::from(name));
            let description = function.get("description").and_then(Json::as_str);
            if description.is_none_or(str::is_empty) {
                let doc = method.doc.as_deref().unwrap_or_default();
                function.insert("description".to_owned(), Json::from(doc));
            }
            Some(serde_json::json!({ "type": "function", "function": function }))
        }
        Value::Map(members) => {
            let members = members.iter().filter_map(|(name, value)| {
                let name = name.as_str()?;
                Some((name.to_owned(), describe(name, value)?))
            });
            Some(Json::Object(members.collect()))
        }
        Value::List(items) => {
            let describe =
                |item| describe(name, item).unwrap_or(Json::Object(serde_json::Map::new()));
            Some(Json::Array(items.iter().map(describe).collect()))
        }
        _ => None,
    }
}

/// Why a service was not registered as one of its type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TypeCheckError {
    /// It does not have what its type asks for.
    #[error("the service is not of its type: {0}")]
    Mismatch(#[from] TypeMismatches),
    /// The type does not describe a service.
    #[error("the type describes no service: {0}")]
    Definition(#[from] SchemaError),
    /// The type was not found, or the service not registered.
    #[error(transparent)]
    Client(#[from] Error),
}
