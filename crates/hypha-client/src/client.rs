//! The handle of a connection to a server.

use std::fmt;
use std::sync::Arc;

use hypha_codec::{Text, Value};
use hypha_rpc_core::{
    Address, Call, CallError, CallService, ClosedReason, ConnectionEvents, ConnectionInfo, Peer,
    PublicKey, RemoteService, Reply, Secret, Service, ServiceId, State,
};
use tokio::sync::watch;
use tower::BoxError;
use tower_layer::Layer;

use crate::case::CaseConversion;
use crate::error::Error;
use crate::get_service::GetService;
use crate::manager::{Manager, ServiceInfo, UserInfo};
use crate::options::{ConnectOptions, OptionsError};

/// A connection to a Hypha server: registers services, finds those of others, and speaks with the manager.
///
/// A cheap clone of a handle. The connection ends when the last handle is dropped, [`RemoteService`]s included, or by
/// [`disconnect`](Self::disconnect). A method handler that holds a clone keeps the connection open until then.
#[derive(Clone)]
pub struct Client {
    peer: Peer,
    about: Arc<About>,
}

/// What does not change while the connection lives.
struct About {
    info: ConnectionInfo,
    user: Option<UserInfo>,
    server_url: String,
    description: Option<Text>,
}

impl Client {
    /// Options for a connection to the server at this URL.
    pub fn builder(server_url: impl Into<String>) -> ConnectOptions {
        ConnectOptions::from(server_url.into())
    }

    pub(crate) fn new(
        peer: Peer,
        info: ConnectionInfo,
        server_url: String,
        description: Option<Text>,
    ) -> Self {
        let user = info
            .user
            .clone()
            .and_then(|user| serde_json::from_value(user).ok());
        Self {
            peer,
            about: Arc::new(About {
                info,
                user,
                server_url,
                description,
            }),
        }
    }

    /// What the server said when it accepted the connection: its version and URLs, workspace, user and more.
    #[must_use]
    pub fn connection_info(&self) -> &ConnectionInfo {
        &self.about.info
    }

    /// The workspace of this client.
    #[must_use]
    pub fn workspace(&self) -> &str {
        self.peer.address().workspace()
    }

    /// The id of this client in its workspace.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.peer.address().client_id()
    }

    /// `workspace/client`, by which others reach this client.
    #[must_use]
    pub fn address(&self) -> &Address {
        self.peer.address()
    }

    /// Who we are to the server.
    #[must_use]
    pub fn user(&self) -> Option<&UserInfo> {
        self.about.user.as_ref()
    }

    /// The URL of the server as it was given.
    #[must_use]
    pub fn server_url(&self) -> &str {
        &self.about.server_url
    }

    /// The newest token by which this client can come back under the same id.
    #[must_use]
    pub fn reconnection_token(&self) -> Option<Secret> {
        self.peer.reconnection_token()
    }

    /// The public key of this client, which others encrypt for: `rpc.get_public_key()` in other clients. None if
    /// encryption is off.
    #[must_use]
    pub fn public_key(&self) -> Option<PublicKey> {
        self.peer.public_key()
    }

    /// State of the connection.
    #[must_use]
    pub fn state(&self) -> State {
        self.peer.state()
    }

    /// Follows the state of the connection.
    #[must_use]
    pub fn watch_state(&self) -> watch::Receiver<State> {
        self.peer.watch_state()
    }

    /// What happens to the connection from now on: losses, new connections, services registered again.
    #[must_use]
    pub fn connection_events(&self) -> ConnectionEvents {
        self.peer.connection_events()
    }

    /// The peer below, for calls by address and path, gauges, and what else the core offers.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The methods of the server's manager, by name.
    #[must_use]
    pub fn manager(&self) -> Manager {
        Manager::new(self.peer.clone())
    }

    /// Stacks a tower layer on the calls that this handle and its clones make from now on, outside those stacked
    /// before. Heartbeats and answers do not pass it.
    #[must_use]
    pub fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<CallService>,
        L::Service: tower_service::Service<Call, Response = Reply> + Clone + Send + Sync + 'static,
        <L::Service as tower_service::Service<Call>>::Error: Into<BoxError>,
        <L::Service as tower_service::Service<Call>>::Future: Send + 'static,
    {
        Self {
            peer: self.peer.layer(layer),
            ..self
        }
    }

    /// Registers a service: others can find and call it once this returns.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) if this client has one with the same id,
    /// [`InvalidService`](crate::ErrorKind::InvalidService) if it does not hold together, and what the server says;
    /// then nothing is registered.
    pub async fn register_service(
        &self,
        service: impl Into<Service>,
    ) -> Result<ServiceInfo, Error> {
        Ok(ServiceInfo::registered(
            &self.peer.register_service(service.into()).await?,
        )?)
    }

    /// Registers a service in the place of the one with the same id, if there is one: `overwrite` in other clients.
    ///
    /// # Errors
    /// As [`register_service`](Self::register_service), but for the taken id.
    pub async fn replace_service(&self, service: impl Into<Service>) -> Result<ServiceInfo, Error> {
        Ok(ServiceInfo::registered(
            &self.peer.replace_service(service.into()).await?,
        )?)
    }

    /// Takes a service back. `id` is the bare id or any full form of it.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if it is not registered here, and what the server says.
    pub async fn unregister_service(&self, id: &str) -> Result<(), Error> {
        Ok(self.peer.unregister_service(id).await?)
    }

    /// Finds a service: `service`, `client:service`, `workspace/service`, `workspace/client:service`, any of them with
    /// `@app`, or `~` and `workspace/~` for the manager.
    ///
    /// Awaited as it is, or after more was said of the search:
    ///
    /// ```no_run
    /// use hypha_client::{SelectMode, connect_to_server};
    ///
    /// # async fn example() -> Result<(), hypha_client::Error> {
    /// # let server = connect_to_server("http://127.0.0.1:9527").await?;
    /// let calculator = server.get_service("calculator").await?;
    /// let any = server.get_service("my-workspace/worker").mode(SelectMode::Random).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_service(&self, id: &str) -> GetService {
        GetService::new(self.peer.clone(), id)
    }

    /// Looks a service up at its provider, without the manager: `[workspace/]client:service`. A bare id is looked up
    /// at this client.
    ///
    /// # Errors
    /// The provider's error if it has no such service or does not let us see it.
    pub async fn get_remote_service(
        &self,
        id: &str,
        conversion: Option<CaseConversion>,
    ) -> Result<RemoteService, Error> {
        let parsed = ServiceId::parse(id).map_err(OptionsError::from)?;
        // Providers state the bare id.
        let workspace = parsed
            .workspace
            .as_deref()
            .unwrap_or_else(|| self.workspace());
        let client = parsed.client.as_deref().unwrap_or_else(|| self.client_id());
        let search = RemoteSearch {
            id: id.to_owned(),
            full_id: format!("{workspace}/{client}:{}", parsed.service),
            conversion,
        };
        let service = search.make(&self.peer).await?;
        Ok(service.with_lookup(move |peer| {
            let search = search.clone();
            async move { search.make(&peer).await }
        }))
    }

    /// Closes the connection and waits until it is closed. Pending calls fail; calling it again does nothing.
    pub async fn disconnect(&self) {
        self.peer.disconnect().await;
    }

    /// Waits until the connection is closed, and says why it was.
    pub async fn closed(&self) -> ClosedReason {
        self.peer.closed().await
    }

    pub(crate) fn description(&self) -> Option<&Text> {
        self.about.description.as_ref()
    }
}

/// A service to look up at its provider.
#[derive(Clone)]
struct RemoteSearch {
    id: String,
    full_id: String,
    conversion: Option<CaseConversion>,
}

impl RemoteSearch {
    async fn make(&self, peer: &Peer) -> Result<RemoteService, CallError> {
        let service = peer.get_remote_service(&self.id).await?;
        let description = service.description().clone();
        let mut description = match self.conversion {
            Some(conversion) => conversion.convert(description),
            None => description,
        };
        description.insert("id", self.full_id.as_str());
        // Whether the provider may hand these functions out was checked above.
        RemoteService::from_manager(peer, Value::Map(description))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("address", self.address())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
