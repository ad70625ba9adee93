//! Connecting to a server that relays: dial, handshake, registration (protocol section 1).

use std::time::Duration;

use hypha_codec::Text;
use hypha_transport::{ConnectContext, Connector, Transport};

use crate::built_in;
use crate::config::PeerConfig;
use crate::engine::{KeepaliveConfig, Remote};
use crate::error::{CallError, ConnectError, RegisterError, RemoteErrorKind};
use crate::handshake::{ConnectionInfo, Credentials, handshake};
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
        }
    }
}

impl Peer {
    /// Connects to a server over any transport.
    ///
    /// Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`ConnectError`]: the server's own words if it refused.
    pub async fn connect<C: Connector>(
        connector: &C,
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
    connector: &C,
    options: RelayOptions,
) -> Result<(Peer, ConnectionInfo), ConnectError> {
    let RelayOptions {
        credentials,
        config,
        silent,
        ..
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
    let server_url = info.public_base_url.as_deref().map(Text::from);
    let (_, built_in) = built_in::service(
        &local,
        server_url.as_ref(),
        config.name.as_ref(),
        &config.app_id,
    );
    let start = Start {
        local,
        remote: Remote::Relay { manager },
        server_url,
        direct_user: None,
        keepalive,
        frame_limit: config.pacing.limit(&info.limits),
        sessions: SessionIds::new(random_id()?.get(..12).unwrap_or_default()),
        token: info.reconnection_token.clone(),
        config,
    };
    let peer = start.run(limits, tx, rx);
    if !silent {
        // The server answers in order, so both can be under way at once. Without the subscription
        // calls to a provider that dies would only end by their time-outs.
        let (registered, subscribed) =
            tokio::join!(peer.announce(&built_in), peer.renew_subscriptions());
        for result in [registered, subscribed] {
            match result {
                // A token that may only read lets its client call, and register nothing.
                Err(CallError::Remote(error))
                    if error.kind() == RemoteErrorKind::PermissionDenied =>
                {
                    tracing::warn!(%error, "this client may not register services");
                }
                result => result.map_err(RegisterError::from)?,
            }
        }
    }
    Ok((peer, info))
}
