use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hypha_rpc_core::{Secret, random_id};
use hypha_transport::CloseReason;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::error::StartError;
use crate::hub::Hub;
use crate::listener;
use crate::manager::Manager;
use crate::registry::MemoryRegistry;
use crate::relay::End;
use crate::settings::Settings;

/// How long a graceful stop takes at most.
const STOP: Duration = Duration::from_secs(5);

/// A running Hypha server. Dropping it stops the server.
#[derive(Debug)]
pub struct HyphaServer {
    hub: Arc<Hub>,
    address: SocketAddr,
}

impl HyphaServer {
    /// Describes a server before it starts.
    #[must_use]
    pub fn builder() -> HyphaServerBuilder {
        HyphaServerBuilder::default()
    }

    /// The URL that clients connect to.
    #[must_use]
    pub fn url(&self) -> &str {
        self.hub.public_url()
    }

    /// Where the server listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Tells all clients goodbye (close code 1001) and stops, after 5 s in any case.
    pub async fn shutdown(self) {
        let tasks = self.hub.tasks().clone();
        stop(&self.hub);
        if timeout(STOP, tasks.wait()).await.is_err() {
            tracing::warn!("some clients did not take their goodbye");
        }
    }
}

impl Drop for HyphaServer {
    fn drop(&mut self) {
        stop(&self.hub);
    }
}

fn stop(hub: &Hub) {
    hub.stopping().cancel();
    hub.tasks().close();
    for connection in hub.router().all() {
        if !connection.is_system() {
            let goodbye = CloseReason::new(CloseReason::GOING_AWAY, "Server is stopping");
            connection.end(End::Told(goodbye));
        }
    }
}

/// A server before it starts.
#[derive(Clone, Debug, Default)]
pub struct HyphaServerBuilder {
    settings: Settings,
}

impl HyphaServerBuilder {
    /// Where to listen: a host name or address. Default `127.0.0.1`; `0.0.0.0` for everywhere.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.settings.host = host.into();
        self
    }

    /// The port to listen on. Default 9527; 0 for any that is free.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.settings.port = port;
        self
    }

    /// The URL that clients know the server by, if that is not where it listens: behind a proxy.
    #[must_use]
    pub fn public_base_url(mut self, url: impl Into<String>) -> Self {
        self.settings.public_base_url = Some(url.into());
        self
    }

    /// The secret that signs tokens. Servers with the same one accept each other's tokens. Random by default, which
    /// makes tokens end with the server.
    #[must_use]
    pub fn jwt_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.settings.jwt_secret = Some(secret.into());
        self
    }

    /// A token for the user who may do everything. None by default.
    #[must_use]
    pub fn root_token(mut self, token: impl Into<Secret>) -> Self {
        self.settings.root_token = Some(token.into());
        self
    }

    /// The largest frame that clients may send, in bytes. Default 64 MiB.
    #[must_use]
    pub fn max_frame(mut self, bytes: usize) -> Self {
        self.settings.max_frame = bytes;
        self
    }

    /// Starts the server. Needs a tokio runtime with time and network.
    ///
    /// # Errors
    /// [`StartError`], mostly because the port is taken.
    pub async fn start(self) -> Result<HyphaServer, StartError> {
        let settings = self.settings;
        let address = format!("{}:{}", settings.host, settings.port);
        let failed = |source| StartError::Listen {
            address: address.clone(),
            source,
        };
        let socket = TcpListener::bind((settings.host.as_str(), settings.port))
            .await
            .map_err(failed)?;
        let local = socket.local_addr().map_err(failed)?;
        let public_url = match &settings.public_base_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}:{}", url_host(&settings.host), local.port()),
        };
        let manager_id = random_id().map_err(|error| StartError::Random(Box::new(error)))?;
        let hub = Arc::new(Hub::new(
            settings,
            public_url,
            manager_id,
            Arc::new(MemoryRegistry::default()),
        ));
        hub.set_manager(Manager::start(&hub).await?);
        hub.tasks().spawn(listener::run(Arc::clone(&hub), socket));
        tracing::info!(url = hub.public_url(), "listening");
        Ok(HyphaServer {
            hub,
            address: local,
        })
    }
}

/// A host as it stands in a URL.
fn url_host(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}
