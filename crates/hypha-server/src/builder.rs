//! How a server is described before it starts.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use hypha_rpc_core::{Secret, random_id};
use tokio::net::TcpListener;

use crate::environment::{self, EnvironmentError};
use crate::error::StartError;
use crate::hub::Hub;
use crate::limits::{FrameRate, Limits, REFERENCE_MAX_FRAME};
use crate::listener;
use crate::manager::Manager;
use crate::registry::MemoryRegistry;
use crate::server::HyphaServer;
use crate::settings::Settings;

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

    /// How long a client that lost its connection may come back with the token that it was given. Default 2 days.
    #[must_use]
    pub fn reconnection_token_life(mut self, life: Duration) -> Self {
        self.settings.reconnection_life = life;
        self
    }

    /// The largest frame that clients may send, in bytes. Default 64 MiB.
    #[must_use]
    pub fn max_frame(mut self, bytes: usize) -> Self {
        self.settings.max_frame = bytes;
        self
    }

    /// How long to look for the next frame before a thread goes to sleep, as long as frames mostly follow each other
    /// within that time. Default 100 us; no time at all turns it off. It saves small calls tens of microseconds each, and
    /// keeps one core busy while there are thousands of them a second. In a runtime of several threads it has no effect.
    #[must_use]
    pub fn busy_poll(mut self, time: Duration) -> Self {
        self.settings.busy_poll = time;
        self
    }

    /// How many binary frames a client may send: a second in the long run, and at once after a while of silence. Who
    /// sends more is sent away (close 1008). Without limit by default.
    #[must_use]
    pub fn frame_rate(mut self, per_second: f64, burst: u32) -> Self {
        self.settings.limits.frames = Some(FrameRate { per_second, burst });
        self
    }

    /// How long a client may send nothing before it is sent away (close 1001). Pings of the WebSocket do not count.
    /// Without limit by default.
    #[must_use]
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.settings.limits.idle = Some(time);
        self
    }

    /// How many clients are let in at the same time; others wait for their turn, up to 30 s (close 1013). Without limit
    /// by default.
    #[must_use]
    pub fn max_concurrent_handshakes(mut self, count: usize) -> Self {
        self.settings.limits.handshakes = Some(count);
        self
    }

    /// How many connections a user may have. Without limit by default.
    #[must_use]
    pub fn max_connections_per_user(mut self, count: usize) -> Self {
        self.settings.limits.connections_per_user = Some(count);
        self
    }

    /// How many clients a workspace may have. Without limit by default.
    #[must_use]
    pub fn max_clients_per_workspace(mut self, count: usize) -> Self {
        self.settings.limits.clients_per_workspace = Some(count);
        self
    }

    /// How many services a client may register. Default 1000.
    #[must_use]
    pub fn max_services_per_client(mut self, count: usize) -> Self {
        self.settings.limits.services_per_client = Some(count);
        self
    }

    /// The limits that the Python server has by default: frames of 16 MiB, 200 a second and 2000 at once, 600 s of
    /// silence, 10 handshakes at a time, 200 connections of a user, 1000 clients in a workspace, 1000 services of a
    /// client.
    #[must_use]
    pub fn reference_limits(mut self) -> Self {
        self.settings.limits = Limits::reference();
        self.settings.max_frame = REFERENCE_MAX_FRAME;
        self
    }

    /// Takes settings from the environment: `HYPHA_JWT_SECRET` (else `JWT_SECRET`), `HYPHA_ROOT_TOKEN`,
    /// `RECONNECTION_TOKEN_LIFE_TIME` (seconds), `HYPHA_WS_MSG_RATE_LIMIT`, `HYPHA_WS_MSG_BURST_LIMIT`,
    /// `HYPHA_WS_IDLE_TIMEOUT` (seconds), `HYPHA_WS_MAX_FRAME` (bytes), `HYPHA_MAX_CONCURRENT_CONNECTIONS`,
    /// `HYPHA_MAX_CONNECTIONS_PER_USER`, `HYPHA_MAX_CLIENTS_PER_WORKSPACE` and `HYPHA_MAX_SERVICES_PER_CLIENT`.
    /// Variables that are not set, or empty, change nothing; a limit of 0 is none.
    ///
    /// # Errors
    /// If a variable has a value that cannot be meant.
    pub fn from_env(mut self) -> Result<Self, EnvironmentError> {
        environment::apply(&mut self.settings, |name| env::var(name).ok())?;
        Ok(self)
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
        let random = || random_id().map_err(|error| StartError::Random(Box::new(error)));
        let manager_id = random()?;
        let busy_poll = settings.busy_poll;
        let given = settings.jwt_secret.clone();
        let secret = match given.filter(|secret| !secret.expose().is_empty()) {
            Some(secret) => secret,
            None => Secret::from(random()? + &random()?),
        };
        let hub = Arc::new(Hub::new(
            settings,
            &secret,
            public_url,
            manager_id,
            Arc::new(MemoryRegistry::default()),
        ));
        hub.set_manager(Manager::start(&hub).await?);
        hub.tasks().spawn(listener::run(Arc::clone(&hub), socket));
        let kept = Arc::clone(&hub);
        hub.tasks().spawn(async move {
            let vigil = kept.vigil().keep(busy_poll);
            kept.stopping().run_until_cancelled(vigil).await;
        });
        tracing::info!(url = hub.public_url(), "listening");
        Ok(HyphaServer::new(hub, local))
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
