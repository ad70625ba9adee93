//! A server on a runtime of its own, and where else things happen.

use hypha_server::HyphaServer;
use hypha_sync::{Client, connect_to_server};
use tokio::runtime::{Builder, Runtime};

/// A server that the tests of one function share.
pub(crate) struct Place {
    pub(crate) url: String,
    _server: HyphaServer,
    _runtime: Runtime,
}

impl Place {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let server = runtime
            .block_on(HyphaServer::builder().port(0).start())
            .unwrap();
        Self {
            url: server.url().to_owned(),
            _server: server,
            _runtime: runtime,
        }
    }

    pub(crate) fn connect(&self) -> Client {
        connect_to_server(&self.url).unwrap()
    }
}
