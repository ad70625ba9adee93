//! Services of a type, and what services say of themselves.

use hypha_client::{Service, ServiceInfo, ServiceSchema};

use crate::client::Client;
use crate::error::CannotBlock;
use crate::remote_service::RemoteService;

impl Client {
    /// Registers a service after checking that it has what its type asks for. Its methods are described as the type
    /// describes them.
    ///
    /// # Errors
    /// As [`hypha_client::Client::register_service_of_type`], and [`CannotBlock`].
    pub fn register_service_of_type(
        &self,
        service: impl Into<Service>,
    ) -> Result<ServiceInfo, TypeCheckError> {
        let registered = self.as_async().register_service_of_type(service.into());
        Ok(self.block_on(registered)??)
    }

    /// What the functions of a service take, as its provider describes them.
    #[must_use]
    pub fn get_service_schema(&self, service: &RemoteService) -> ServiceSchema {
        self.as_async().get_service_schema(service.as_async())
    }
}

/// Why a service was not registered as one of its type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TypeCheckError {
    /// It is not of its type, or the client says why, as it does in async programs.
    #[error(transparent)]
    Check(#[from] hypha_client::TypeCheckError),
    /// The result cannot be waited for here. Nothing was done.
    #[error(transparent)]
    CannotBlock(#[from] CannotBlock),
}
