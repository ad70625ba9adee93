use std::fmt;
#[cfg(feature = "tls")]
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use hypha_transport::{ConnectContext, Connector, TransportError, TransportErrorKind};
use tokio::io::{AsyncRead, AsyncWrite};
use url::Url;

use crate::options::WsOptions;
use crate::stream::ClientStream;
use crate::transport::WsTransport;
use crate::url::websocket_url;

/// The default of [`WsConnectorBuilder::connect_timeout`].
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Dials a WebSocket server. Clones share nothing but the settings.
///
/// It runs on tokio, with its I/O and timers switched on. Headers are never in its `Debug`; note however that the
/// WebSocket library logs the whole upgrade request at level `trace` of the `log` crate.
#[derive(Clone)]
pub struct WsConnector {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) options: WsOptions,
    pub(crate) connect_timeout: Duration,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Arc<rustls::ClientConfig>>,
}

impl WsConnector {
    /// A connector with the default settings; `server_url` is read as [`websocket_url`] does.
    ///
    /// # Errors
    /// See [`WsConnectorBuilder::build`].
    pub fn new(server_url: &str) -> Result<Self, TransportError> {
        Self::builder(server_url).build()
    }

    /// A connector with settings of your own; `server_url` is read as [`websocket_url`] does.
    pub fn builder(server_url: &str) -> WsConnectorBuilder {
        WsConnectorBuilder {
            server_url: server_url.to_owned(),
            headers: HeaderMap::new(),
            options: WsOptions::new(),
            connect_timeout: CONNECT_TIMEOUT,
            #[cfg(feature = "tls")]
            trust: crate::tls::Trust::default(),
        }
    }

    /// Upgrades a stream that is connected to the server already, for example through a proxy; for `wss` it must be the
    /// TLS stream. The connect timeout holds for the upgrade.
    ///
    /// # Errors
    /// As [`connect`](Connector::connect).
    pub async fn upgrade<S>(&self, stream: S) -> Result<WsTransport<S>, TransportError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        crate::dial::upgrade_in_time(self, stream).await
    }

    /// The address that is dialled.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }
}

impl Connector for WsConnector {
    type Transport = WsTransport<ClientStream>;

    async fn connect(&self, _cx: ConnectContext) -> Result<Self::Transport, TransportError> {
        crate::dial::dial(self).await
    }
}

impl fmt::Debug for WsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsConnector")
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`WsConnector`].
#[derive(Clone)]
#[must_use = "call `build` to get the connector"]
pub struct WsConnectorBuilder {
    server_url: String,
    headers: HeaderMap,
    options: WsOptions,
    connect_timeout: Duration,
    #[cfg(feature = "tls")]
    trust: crate::tls::Trust,
}

impl WsConnectorBuilder {
    /// Sets frame limit and keepalive.
    pub fn options(mut self, options: WsOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets how long a dial may take in all: name lookup, TCP, TLS and the upgrade. Default 30 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sends this header with the upgrade request, besides others of the same name.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sends these headers with the upgrade request, besides those added before.
    pub fn headers(mut self, headers: &HeaderMap) -> Self {
        for (name, value) in headers {
            self.headers.append(name, value.clone());
        }
        self
    }

    /// Trusts servers whose certificate was issued by a CA in this PEM text, besides those the system trusts. PEM text
    /// with several certificates adds them all.
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    pub fn root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.trust
            .extra_roots
            .push(crate::tls::Root::Pem(pem.into()));
        self
    }

    /// Trusts servers whose certificate was issued by the CA with this DER certificate, besides those the system trusts.
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    pub fn root_certificate_der(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.trust
            .extra_roots
            .push(crate::tls::Root::Der(der.into()));
        self
    }

    /// Switches the check of the server's certificate off. **Whoever is on the way can then read and change everything,
    /// tokens included.** For a test server on your own machine; elsewhere use
    /// [`root_certificate_pem`](Self::root_certificate_pem).
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    pub fn dangerously_accept_invalid_certificates(mut self) -> Self {
        self.trust.accept_anything = true;
        self
    }

    /// Checks the settings. For `wss` this loads the root certificates of the system, which reads files.
    ///
    /// # Errors
    /// [`InvalidUrl`](TransportErrorKind::InvalidUrl) as [`websocket_url`] says;
    /// [`InvalidOption`](TransportErrorKind::InvalidOption) for a root certificate that cannot be used and for headers
    /// that belong to the upgrade itself; [`Tls`](TransportErrorKind::Tls) when TLS cannot be set up, or for `wss`
    /// without the feature `tls`.
    pub fn build(self) -> Result<WsConnector, TransportError> {
        let url = websocket_url(&self.server_url)?;
        if let Some(name) = self.headers.keys().find(|name| is_reserved(name)) {
            let message = format!("the header {name} belongs to the upgrade and cannot be set");
            return Err(TransportError::new(
                TransportErrorKind::InvalidOption,
                message,
            ));
        }
        #[cfg(not(feature = "tls"))]
        if url.scheme() == "wss" {
            return Err(TransportError::new(
                TransportErrorKind::Tls,
                "wss needs the feature `tls` of hypha-transport-ws",
            ));
        }
        Ok(WsConnector {
            #[cfg(feature = "tls")]
            tls: (url.scheme() == "wss")
                .then(|| self.trust.client_config())
                .transpose()?,
            url,
            headers: self.headers,
            options: self.options,
            connect_timeout: self.connect_timeout,
        })
    }
}

impl fmt::Debug for WsConnectorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsConnectorBuilder")
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("options", &self.options)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

fn is_reserved(name: &HeaderName) -> bool {
    *name == HOST
        || *name == CONNECTION
        || *name == UPGRADE
        || name.as_str().starts_with("sec-websocket-")
}
