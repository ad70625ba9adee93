//! Finding services.

use hypha_client::{CaseConversion, GetService};

use crate::client::Client;
use crate::error::Error;
use crate::remote_service::RemoteService;

impl Client {
    /// Finds a service; see [`hypha_client::Client::get_service`] for the forms of ids.
    ///
    /// # Errors
    /// As there, and [`CannotBlock`](crate::CannotBlock).
    pub fn get_service(&self, id: &str) -> Result<RemoteService, Error> {
        self.get_service_with(id, |search| search)
    }

    /// Finds a service, with more said of the search:
    /// `server.get_service_with("worker", |search| search.mode(SelectMode::Random))`.
    ///
    /// # Errors
    /// As [`get_service`](Self::get_service).
    pub fn get_service_with(
        &self,
        id: &str,
        how: impl FnOnce(GetService) -> GetService,
    ) -> Result<RemoteService, Error> {
        self.search(how(self.as_async().get_service(id)))
    }

    /// Looks a service up at its provider, without the manager.
    ///
    /// # Errors
    /// As [`hypha_client::Client::get_remote_service`], and [`CannotBlock`](crate::CannotBlock).
    pub fn get_remote_service(
        &self,
        id: &str,
        conversion: Option<CaseConversion>,
    ) -> Result<RemoteService, Error> {
        let service = self.as_async().get_remote_service(id, conversion);
        let service = self.background().wait(service)?;
        Ok(RemoteService::new(service, self.background().clone()))
    }

    /// Finds the application of a client.
    ///
    /// # Errors
    /// As [`get_service`](Self::get_service).
    pub fn get_app(&self, client_id: &str) -> Result<RemoteService, Error> {
        self.get_app_with(client_id, |search| search)
    }

    /// Finds the application of a client, with more said of the search.
    ///
    /// # Errors
    /// As [`get_service`](Self::get_service).
    pub fn get_app_with(
        &self,
        client_id: &str,
        how: impl FnOnce(GetService) -> GetService,
    ) -> Result<RemoteService, Error> {
        self.search(how(self.as_async().get_app(client_id)))
    }

    fn search(&self, search: GetService) -> Result<RemoteService, Error> {
        let service = self.background().wait(search.into_future())?;
        Ok(RemoteService::new(service, self.background().clone()))
    }
}
