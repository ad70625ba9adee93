//! A server in the same process.

use hypha_client::{Client, RemoteService, Service};
use hypha_server::HyphaServer;

pub(crate) struct Place {
    server: HyphaServer,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let server = HyphaServer::builder().port(0).start().await.unwrap();
        Self { server }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::builder(self.server.url()).connect().await.unwrap()
    }

    /// A service, as its caller sees it, and who has it.
    pub(crate) async fn offer(&self, service: impl Into<Service>) -> (RemoteService, Client) {
        let provider = self.connect().await;
        let service: Service = service.into();
        let id = provider.register_service(service).await.unwrap().id;
        let found = provider.get_service(&id).await.unwrap();
        (found, provider)
    }
}
