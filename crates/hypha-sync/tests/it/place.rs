//! A server on a runtime of its own, and clients of one workspace.

use std::sync::OnceLock;

use hypha_server::HyphaServer;
use hypha_sync::{Client, Secret, TokenOptions, connect_to_server};
use tokio::runtime::{Builder, Runtime};

/// A server that the tests of one function share.
pub(crate) struct Place {
    pub(crate) url: String,
    /// A workspace and a token for it.
    shared: OnceLock<(String, Secret)>,
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
            shared: OnceLock::new(),
            _server: server,
            _runtime: runtime,
        }
    }

    /// A client. The first one's workspace is that of all [members](Self::member).
    pub(crate) fn connect(&self) -> Client {
        let client = connect_to_server(&self.url).unwrap();
        self.shared.get_or_init(|| {
            let token = client.generate_token(TokenOptions::new()).unwrap();
            (client.workspace().to_owned(), token)
        });
        client
    }

    /// Another client in the workspace of the first.
    pub(crate) fn member(&self) -> Client {
        let (workspace, token) = self.shared.get().unwrap();
        let options = Client::builder(&self.url)
            .workspace(workspace)
            .token(token.clone());
        connect_to_server(options).unwrap()
    }
}
