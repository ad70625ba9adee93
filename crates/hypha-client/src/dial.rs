//! Connectors without their type, so that neither options nor clients have a type parameter.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use hypha_rpc_core::{ConnectError, ConnectionInfo, Peer, RelayOptions};
use hypha_transport::Connector;

pub(crate) type Dialled =
    Pin<Box<dyn Future<Output = Result<(Peer, ConnectionInfo), ConnectError>> + Send>>;

/// The object-safe twin of [`Connector`]: the whole way to a peer in one boxed future.
pub(crate) trait Dial: Send + Sync {
    fn dial(self: Arc<Self>, options: RelayOptions) -> Dialled;
}

impl<C: Connector> Dial for C {
    fn dial(self: Arc<Self>, options: RelayOptions) -> Dialled {
        Box::pin(Peer::connect(self, options))
    }
}
