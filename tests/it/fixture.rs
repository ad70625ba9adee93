//! What the tests share: one server, and on it one provider and one caller in each language.

use std::time::Duration;

use hypha_client::{Client, Permission, TokenOptions};
use hypha_tests::{HyphaServer, Language, Membership, Peer, Services};
use tokio::sync::OnceCell;

/// Both languages of the real clients.
pub(crate) const BOTH: [Language; 2] = [Language::Python, Language::JavaScript];

/// The server that most tests share.
pub(crate) async fn server() -> &'static HyphaServer {
    HyphaServer::shared().await.unwrap()
}

/// A real client with all its services registered.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) peer: Peer,
    pub(crate) services: Services,
}

impl Provider {
    /// Starts one of its own for a test.
    pub(crate) async fn start(language: Language) -> Self {
        let peer = Peer::of(language, server().await).start().await.unwrap();
        let services = peer.register().await.unwrap();
        Self { peer, services }
    }

    /// The provider that all tests share: for what does not change it.
    pub(crate) async fn shared(language: Language) -> &'static Self {
        static SHARED: [OnceCell<Provider>; 2] = [const { OnceCell::const_new() }; 2];
        SHARED[index(language)]
            .get_or_init(|| Self::start(language))
            .await
    }

    /// The full id of a service.
    pub(crate) fn id(&self, service: &str) -> &str {
        &self.services[service]
    }

    /// The id of a service with the provider's workspace and client, whatever the manager calls it.
    pub(crate) fn full_id(&self, service: &str) -> String {
        format!(
            "{}/{}:{service}",
            self.peer.workspace(),
            self.peer.client_id()
        )
    }
}

/// The calling client that all tests share, anonymous in a workspace of its own.
pub(crate) async fn caller(language: Language) -> &'static Peer {
    static SHARED: [OnceCell<Peer>; 2] = [const { OnceCell::const_new() }; 2];
    let start = async || Peer::of(language, server().await).start().await.unwrap();
    SHARED[index(language)].get_or_init(start).await
}

/// A Rust client, anonymous in a workspace of its own.
pub(crate) async fn connect() -> Client {
    Client::builder(server().await.url())
        .connect()
        .await
        .unwrap()
}

/// A Rust client in somebody's workspace.
pub(crate) async fn join(membership: &Membership) -> Client {
    Client::builder(server().await.url())
        .workspace(&membership.workspace)
        .token(membership.token.as_str())
        .connect()
        .await
        .unwrap()
}

/// What it takes to join a Rust client's workspace with full rights.
pub(crate) async fn membership(client: &Client) -> Membership {
    let token = client.generate_token(TokenOptions::new().permission(Permission::Admin));
    Membership::new(client.workspace(), token.await.unwrap().expose())
}

/// Fails a test that waits for something which does not come.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(Duration::from_secs(60), future).await;
    outcome.unwrap_or_else(|_| panic!("{what} did not happen"))
}

/// Waits until something holds that tells nobody when it does.
pub(crate) async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    soon(what, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

fn index(language: Language) -> usize {
    usize::from(language == Language::JavaScript)
}
