use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::builder::HyphaServerBuilder;
use crate::client::stopping;
use crate::hub::Hub;
use crate::relay::End;

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

    pub(crate) fn new(hub: Arc<Hub>, address: SocketAddr) -> Self {
        Self { hub, address }
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
            connection.end(End::Told(stopping().close));
        }
    }
}
