//! Connecting to a server that relays: dial, handshake, registration (protocol section 1).

use std::time::Duration;

use hypha_codec::Text;
use hypha_transport::{ConnectContext, Connector, Transport};
use tokio::sync::oneshot;

use crate::backoff::ReconnectPolicy;
use crate::config::PeerConfig;
use crate::engine::{KeepaliveConfig, Remote};
use crate::error::{ConnectError, RegisterError};
use crate::handshake::{ConnectionInfo, Credentials, handshake};
use crate::link::Dialler;
use crate::peer::Peer;
use crate::session::{SessionIds, random_id};
use crate::start::Start;

/// How to connect to a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RelayOptions {
    /// Who we are.
    pub credentials: Credentials,
    /// Settings of the peer.
    pub config: PeerConfig,
    /// How long the whole way to a usable connection may take, 30 s.
    pub connect_timeout: Duration,
    /// Registers nothing with the server: this client can call, and be called by those who know its
    /// id, but registers no services.
    pub silent: bool,
    /// What happens when the connection is lost. An attempt to make it again may take as long as
    /// `connect_timeout` says.
    pub reconnect: ReconnectPolicy,
}

impl RelayOptions {
    /// Defaults for a client.
    #[must_use]
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            config: PeerConfig::default(),
            connect_timeout: Duration::from_secs(30),
            silent: false,
            reconnect: ReconnectPolicy::new(),
        }
    }
}

impl Peer {
    /// Connects to a server over any transport, and dials again by the same connector whenever the
    /// connection is lost, as the policy says. An `Arc` of a connector is one too.
    ///
    /// Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`ConnectError`]: the server's own words if it refused.
    pub async fn connect<C: Connector>(
        connector: C,
        options: RelayOptions,
    ) -> Result<(Self, ConnectionInfo), ConnectError> {
        let timeout = options.connect_timeout;
        match tokio::time::timeout(timeout, establish(connector, options)).await {
            Ok(result) => result,
            Err(_) => Err(ConnectError::Timeout(timeout)),
        }
    }
}

async fn establish<C: Connector>(
    connector: C,
    options: RelayOptions,
) -> Result<(Peer, ConnectionInfo), ConnectError> {
    let RelayOptions {
        credentials,
        config,
        connect_timeout,
        silent,
        reconnect,
    } = options;
    let transport = connector.connect(ConnectContext::new()).await?;
    let limits = transport.limits();
    let (mut tx, mut rx) = transport.split();
    let info = handshake(&mut tx, &mut rx, &credentials).await?;
    if let Some(announcement) = &info.announcement {
        tracing::info!(%announcement, "the server announces");
    }
    let (local, manager) = (info.address()?, info.manager()?);
    let keepalive = KeepaliveConfig {
        ping_interval: config.ping_interval,
        ping_timeout: config.ping_timeout,
        refresh_interval: info.refresh_interval(config.token_refresh_interval),
    };
    let (first, usable) = oneshot::channel();
    let start = Start {
        local,
        remote: Remote::Relay { manager },
        server_url: info.public_base_url.as_deref().map(Text::from),
        direct_user: None,
        keepalive,
        frame_limit: config.pacing.limit(&info.limits),
        sessions: SessionIds::new(random_id()?.get(..12).unwrap_or_default()),
        token: info.reconnection_token.clone(),
        silent,
        first: Some(first),
        config,
    };
    let dialler = Dialler {
        connector,
        credentials,
        timeout: connect_timeout,
        policy: reconnect,
    };
    let peer = start.run(limits, (tx, rx), Some(dialler));
    match usable.await {
        Ok(Ok(())) => Ok((peer, info)),
        Ok(Err(error)) => Err(RegisterError::from(error).into()),
        Err(_) => Err(RegisterError::from(peer.shared.disconnected(true)).into()),
    }
}
