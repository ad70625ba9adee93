use std::fmt;
use std::sync::Arc;

use hypha_transport::{Limits, Transport};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::link::{Link, Socket};
use crate::metered::Metered;
use crate::options::WsOptions;
use crate::receiver::WsRx;
use crate::sender::WsTx;

/// An established WebSocket over the byte stream `S`.
///
/// Comes from [`WsConnector`](crate::WsConnector) at the client, from [`accept`](crate::accept) or
/// [`from_upgraded`](Self::from_upgraded) at the server.
pub struct WsTransport<S> {
    link: Link<S>,
    options: WsOptions,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> WsTransport<S> {
    /// The server side of a stream on which an HTTP server has already answered the upgrade with
    /// `101 Switching Protocols`, such as hyper's `Upgraded` behind a tokio adapter. Nothing is exchanged here, so it
    /// does not wait.
    pub async fn from_upgraded(stream: S, options: WsOptions) -> Self {
        let config = options.config(Role::Server);
        let socket =
            WebSocketStream::from_raw_socket(Metered::new(stream), Role::Server, Some(config))
                .await;
        Self::new(socket, options)
    }
}

impl<S> WsTransport<S> {
    pub(crate) fn new(socket: Socket<S>, options: WsOptions) -> Self {
        Self {
            link: Link::new(socket),
            options,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for WsTransport<S> {
    type Tx = WsTx<S>;
    type Rx = WsRx<S>;

    fn limits(&self) -> Limits {
        self.options.limits()
    }

    fn split(self) -> (WsTx<S>, WsRx<S>) {
        let link = Arc::new(self.link);
        (
            WsTx::new(Arc::clone(&link), self.options),
            WsRx::new(link, self.options),
        )
    }
}

impl<S> fmt::Debug for WsTransport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsTransport")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
