//! How to connect.

mod error;
#[cfg(feature = "ws")]
mod websocket;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hypha_codec::{CodecRegistry, Text};
use hypha_rpc_core::{
    Call, CallService, Credentials, Pacing, Peer, PeerConfig, ReconnectPolicy, RelayOptions, Reply,
    Secret, random_id,
};
use hypha_transport::Connector;
use tower::BoxError;
use tower_layer::Layer;

pub use self::error::OptionsError;
#[cfg(feature = "ws")]
use self::websocket::WebSocketOptions;
use crate::client::Client;
use crate::dial::Dial;
use crate::error::Error;

/// Connects to a Hypha server.
///
/// Takes a URL, or [`ConnectOptions`] for everything else:
///
/// ```no_run
/// use std::time::Duration;
/// use hypha_client::{Client, connect_to_server};
///
/// # async fn example() -> Result<(), hypha_client::Error> {
/// let server = connect_to_server("http://127.0.0.1:9527").await?;
///
/// let options = Client::builder("https://hypha.example.org").workspace("my-workspace").token("...");
/// let server = connect_to_server(options.method_timeout(Duration::from_secs(60))).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// See [`ConnectOptions::connect`].
pub async fn connect_to_server(options: impl Into<ConnectOptions>) -> Result<Client, Error> {
    options.into().connect().await
}

/// Everything that can be said about a connection before it is made.
///
/// Made of a URL by [`Client::builder`] or `into()`, or of environment variables by
/// [`from_env`](Self::from_env). `Debug` shows no secrets.
#[derive(Clone, Default)]
#[must_use = "call `connect` to connect"]
pub struct ConnectOptions {
    pub(crate) server_url: String,
    pub(crate) workspace: Option<String>,
    pub(crate) token: Option<Secret>,
    pub(crate) client_id: Option<String>,
    pub(crate) reconnection_token: Option<Secret>,
    pub(crate) description: Option<Text>,
    method_timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    chunk_size: Option<usize>,
    silent: bool,
    reconnect: ReconnectPolicy,
    peer: PeerConfig,
    connector: Option<Arc<dyn Dial>>,
    layers: Vec<Arc<dyn Fn(Peer) -> Peer + Send + Sync>>,
    #[cfg(feature = "ws")]
    websocket: WebSocketOptions,
}

/// How long connecting may take if nothing is said of it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

impl ConnectOptions {
    /// The server: `http(s)://host[:port][/base]`, to which `/ws` is added, or `ws(s)://...`, which is dialled as it
    /// is.
    pub fn server_url(mut self, url: impl Into<String>) -> Self {
        self.server_url = url.into();
        self
    }

    /// The workspace to join. Without it the server chooses: the one of the token, or the user's own.
    pub fn workspace(mut self, workspace: impl Into<String>) -> Self {
        self.workspace = Some(workspace.into());
        self
    }

    /// The token that says who we are. Without it: an anonymous user with a workspace of its own.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The id of this client in its workspace; random without it. It must not be in use: a refused attempt harms the
    /// client that has it (wire-protocol section 1.2).
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// A token of an earlier connection, by which the same client comes back. It is used instead of
    /// [`token`](Self::token), and needs the same [`client_id`](Self::client_id).
    pub fn reconnection_token(mut self, token: impl Into<Secret>) -> Self {
        self.reconnection_token = Some(token.into());
        self
    }

    /// The longest silence of a provider that a call bears, 30 s; heartbeats begin it anew. It is the default of
    /// [`connect_timeout`](Self::connect_timeout) too.
    pub fn method_timeout(mut self, timeout: Duration) -> Self {
        self.method_timeout = Some(timeout);
        self
    }

    /// Bytes of one part of a message that goes in several frames, 256 KiB and at least 4 KiB; what fits into one goes
    /// in one frame. Python and JavaScript clients survive up to 480,000.
    pub fn long_message_chunk_size(mut self, bytes: usize) -> Self {
        self.chunk_size = Some(bytes);
        self
    }

    /// How long connecting may take in all, until the server has registered this client. The
    /// [`method_timeout`](Self::method_timeout) if that was set, else 30 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// The longest time that calls may take in all, heartbeats or not; unlimited without it.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.peer.deadline = Some(deadline);
        self
    }

    /// A name of this client for people.
    pub fn name(mut self, name: impl Into<Text>) -> Self {
        self.peer.name = Some(name.into());
        self
    }

    /// What this client is for; the description of what it [`export`](Client::export)s.
    pub fn description(mut self, description: impl Into<Text>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The application that the services of this client belong to.
    pub fn app_id(mut self, app_id: impl Into<Text>) -> Self {
        self.peer.app_id = app_id.into();
        self
    }

    /// Registers nothing with the server: the client can call, but not register services, and is not told when a
    /// provider leaves.
    pub fn silent(mut self, silent: bool) -> Self {
        self.silent = silent;
        self
    }

    /// What happens when the connection is lost. By default another one is made, for as long as it
    /// takes: the client comes back under the same id, its services are registered again, calls wait.
    /// [`ReconnectPolicy::off`] ends it instead.
    pub fn reconnect(mut self, policy: ReconnectPolicy) -> Self {
        self.reconnect = policy;
        self
    }

    /// How often to show the server that we are alive, 20 s; `None` never does, and the server closes connections
    /// that were idle for ten minutes.
    pub fn ping_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        let interval = interval.into();
        self.peer.ping_interval = interval;
        #[cfg(feature = "ws")]
        self.websocket.ping_interval(interval);
        self
    }

    /// How long the server may take to show the same after that.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.peer.ping_timeout = timeout;
        #[cfg(feature = "ws")]
        self.websocket.ping_timeout(timeout);
        self
    }

    /// How often to ask for a fresh reconnection token, two hours at the most; `None` or zero never does.
    pub fn token_refresh_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.peer.token_refresh_interval = interval.into().filter(|interval| !interval.is_zero());
        self
    }

    /// How fast frames are sent: below the server's limit by default, so that it does not close this client or make
    /// others be closed.
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.peer.pacing = pacing;
        self
    }

    /// The codecs of types of yours.
    pub fn codec_registry(mut self, registry: CodecRegistry) -> Self {
        self.peer.registry = registry;
        self
    }

    /// Encrypts calls end to end, with this key of ours. Services whose provider's public key is given
    /// ([`GetService::encryption_public_key`](crate::GetService::encryption_public_key)) are called encrypted then,
    /// and encrypted calls of others are understood.
    #[cfg(feature = "e2e")]
    #[cfg_attr(docsrs, doc(cfg(feature = "e2e")))]
    pub fn encryption(mut self, encryption: crate::Encryption) -> Self {
        self.peer.sealer = Some(Arc::new(encryption));
        self
    }

    /// Changes settings of the peer that have no method here: limits of sizes and of calls at once.
    ///
    /// [`method_timeout`](Self::method_timeout) has a method, and overrides what is set here.
    pub fn configure(mut self, change: impl FnOnce(&mut PeerConfig)) -> Self {
        change(&mut self.peer);
        self
    }

    /// Stacks a tower layer on all calls of the client, outside those stacked before. Heartbeats and answers do not
    /// pass it.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<CallService> + Send + Sync + 'static,
        L::Service: tower_service::Service<Call, Response = Reply> + Clone + Send + Sync + 'static,
        <L::Service as tower_service::Service<Call>>::Error: Into<BoxError>,
        <L::Service as tower_service::Service<Call>>::Future: Send + 'static,
    {
        self.layers.push(Arc::new(move |peer| peer.layer(&layer)));
        self
    }

    /// Dials by this connector instead of WebSocket. The server URL and what concerns WebSocket are not used then.
    pub fn connector(mut self, connector: impl Connector) -> Self {
        self.connector = Some(Arc::new(connector));
        self
    }

    /// Sends these headers with the WebSocket upgrade, for a proxy that wants them.
    ///
    /// Names and values that are none are reported by [`connect`](Self::connect).
    #[cfg(feature = "ws")]
    #[cfg_attr(docsrs, doc(cfg(feature = "ws")))]
    pub fn additional_headers<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        for (name, value) in headers {
            self.websocket.header(name.as_ref(), value.as_ref());
        }
        self
    }

    /// Trusts servers whose certificate was issued by a CA in this PEM text, besides those the system trusts.
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    pub fn root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.websocket.root_certificate_pem(pem.into());
        self
    }

    /// Switches the check of the server's certificate off. **Whoever is on the way can then read and change
    /// everything, tokens included.** For a test server on your own machine; elsewhere use
    /// [`root_certificate_pem`](Self::root_certificate_pem).
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    pub fn dangerously_accept_invalid_certificates(mut self) -> Self {
        self.websocket.dangerously_accept_invalid_certificates();
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`](crate::ErrorKind::InvalidOption) for options that cannot be used,
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with the server's own words if it refuses, and what the
    /// transport says.
    pub async fn connect(self) -> Result<Client, Error> {
        let relay = self.relay_options()?;
        let connector = match &self.connector {
            Some(connector) => Arc::clone(connector),
            None => self.default_connector(relay.connect_timeout)?,
        };
        let (peer, info) = connector.dial(relay).await?;
        let peer = self.layers.iter().fold(peer, |peer, layer| layer(peer));
        Ok(Client::new(peer, info, self.server_url, self.description))
    }

    /// Drops whatever says who we are.
    pub(crate) fn anonymous(mut self) -> Self {
        (
            self.workspace,
            self.token,
            self.client_id,
            self.reconnection_token,
        ) = (None, None, None, None);
        self
    }

    fn relay_options(&self) -> Result<RelayOptions, Error> {
        let client_id = match &self.client_id {
            Some(id) => id.clone(),
            None => random_id().map_err(hypha_rpc_core::ConnectError::from)?,
        };
        let mut credentials = Credentials::new(client_id);
        credentials.workspace.clone_from(&self.workspace);
        credentials.token.clone_from(&self.token);
        credentials
            .reconnection_token
            .clone_from(&self.reconnection_token);
        let mut relay = RelayOptions::new(credentials);
        relay.config = self.peer.clone();
        if let Some(timeout) = self.method_timeout {
            relay.config.method_timeout = timeout;
        }
        if let Some(bytes) = self.chunk_size {
            relay.config.chunk_size = bytes;
        }
        relay.connect_timeout = self
            .connect_timeout
            .or(self.method_timeout)
            .unwrap_or(CONNECT_TIMEOUT);
        relay.silent = self.silent;
        relay.reconnect = self.reconnect.clone();
        Ok(relay)
    }

    #[cfg(feature = "ws")]
    fn default_connector(&self, connect_timeout: Duration) -> Result<Arc<dyn Dial>, Error> {
        Ok(Arc::new(
            self.websocket
                .connector(&self.server_url, connect_timeout)?,
        ))
    }

    #[cfg(not(feature = "ws"))]
    #[expect(clippy::unused_self, reason = "with the feature `ws` it is used")]
    fn default_connector(&self, _connect_timeout: Duration) -> Result<Arc<dyn Dial>, Error> {
        Err(OptionsError::NoConnector.into())
    }
}

impl From<&str> for ConnectOptions {
    fn from(server_url: &str) -> Self {
        Self::from(server_url.to_owned())
    }
}

impl From<&String> for ConnectOptions {
    fn from(server_url: &String) -> Self {
        Self::from(server_url.clone())
    }
}

impl From<String> for ConnectOptions {
    fn from(server_url: String) -> Self {
        Self {
            server_url,
            ..Self::default()
        }
    }
}

impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password by mistake, which dialling then refuses.
        f.debug_struct("ConnectOptions")
            .field("workspace", &self.workspace)
            .field("client_id", &self.client_id)
            .field("token", &self.token)
            .field("reconnection_token", &self.reconnection_token)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let options = ConnectOptions::from("http://me:hush@h")
            .token("hush")
            .reconnection_token("hush")
            .workspace("w");
        let shown = format!("{options:?}");
        assert!(
            !shown.contains("hush") && shown.contains("\"w\""),
            "{shown}"
        );
    }

    #[test]
    fn the_method_timeout_bounds_connecting_unless_told_otherwise() {
        let timeout =
            |options: ConnectOptions| options.relay_options().unwrap().connect_timeout.as_secs();
        let seconds = Duration::from_secs;
        assert_eq!(timeout("x".into()), 30);
        assert_eq!(
            timeout(ConnectOptions::from("x").method_timeout(seconds(5))),
            5
        );
        assert_eq!(
            timeout(
                ConnectOptions::from("x")
                    .method_timeout(seconds(5))
                    .connect_timeout(seconds(7))
            ),
            7
        );
    }

    #[test]
    fn zero_turns_the_refresh_off() {
        let interval = |options: ConnectOptions| {
            options
                .relay_options()
                .unwrap()
                .config
                .token_refresh_interval
        };
        assert_eq!(
            interval(ConnectOptions::from("x").token_refresh_interval(Duration::ZERO)),
            None
        );
        assert_eq!(
            interval(ConnectOptions::from("x").token_refresh_interval(None)),
            None
        );
        assert_eq!(interval("x".into()), Some(Duration::from_secs(7200)));
    }

    #[test]
    fn ids_are_random_and_differ() {
        let id = || {
            ConnectOptions::from("x")
                .relay_options()
                .unwrap()
                .credentials
                .client_id
        };
        assert_ne!(id(), id());
    }
}
