//! Services under well-known ids: what a client exports, and its probes.

use hypha_rpc_core::{ClosedReason, Service, Visibility};

use crate::client::Client;
use crate::error::Error;
use crate::get_service::GetService;
use crate::manager::{ServiceInfo, ServiceQuery};

/// Id of the service that a client exports.
const EXPORTED: &str = "default";
/// Id and type of the service with the probes of a client.
const PROBES: &str = "probes";

impl Client {
    /// Offers a service as this client's application, in the place of an earlier one, under the id `default`. The
    /// server calls its method `setup` if it has one.
    ///
    /// ```no_run
    /// # async fn example(server: hypha_client::Client) -> Result<(), hypha_client::Error> {
    /// server.export(|app| app.method("add", |a: f64, b: f64| async move { a + b })).await?;
    /// let app = server.get_app(server.client_id()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`register_service`](Self::register_service).
    pub async fn export(
        &self,
        build: impl FnOnce(Service) -> Service,
    ) -> Result<ServiceInfo, Error> {
        let service = Service::new(EXPORTED);
        let service = match self.description() {
            Some(description) => service.description(description.clone()),
            None => service,
        };
        self.replace_service(build(service)).await
    }

    /// Finds what a client exports: `client` or `workspace/client`.
    pub fn get_app(&self, client_id: &str) -> GetService {
        if client_id.contains('/') {
            self.get_service(&format!("{client_id}:{EXPORTED}"))
        } else {
            self.get_service(&format!("{}/{client_id}:{EXPORTED}", self.workspace()))
        }
    }

    /// What the clients of a workspace export; of ours without one.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn list_apps(&self, workspace: Option<&str>) -> Result<Vec<ServiceInfo>, Error> {
        let workspace = workspace.unwrap_or_else(|| self.workspace());
        self.list_services(
            ServiceQuery::new()
                .workspace(workspace)
                .service_id(EXPORTED),
        )
        .await
    }

    /// Registers methods by which whoever runs this program sees how it does, in the place of earlier ones. The server
    /// answers `GET /<workspace>/services/<client>:probes/<name>` by calling them.
    ///
    /// ```no_run
    /// # async fn example(server: hypha_client::Client) -> Result<(), hypha_client::Error> {
    /// server
    ///     .register_probes(|probes| {
    ///         probes.method("liveness", || async { true }).method("readiness", || async { true })
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`register_service`](Self::register_service).
    pub async fn register_probes(
        &self,
        build: impl FnOnce(Service) -> Service,
    ) -> Result<ServiceInfo, Error> {
        let service = Service::new(PROBES)
            .name("Probes")
            .kind(PROBES)
            .visibility(Visibility::Public)
            .description("Probes of this client, one method for each");
        self.replace_service(build(service)).await
    }

    /// Answers calls until the connection is closed, and says why it was. Services answer without it too: it only
    /// keeps the program from ending.
    pub async fn serve(&self) -> ClosedReason {
        self.closed().await
    }
}
