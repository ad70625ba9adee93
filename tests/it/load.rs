//! Much traffic over the real server with its own limits: it closes who sends more than 200 frames a second after the
//! first 2000, and nobody is closed here (feature A2-01). By the nature of these limits a test takes a minute: its cases
//! run side by side, each on connections of its own.

mod callbacks;
mod calls;
mod generators;
mod large;

use std::any::Any;
use std::time::Duration;

use futures_util::stream;
use hypha_client::{
    Binary, CallError, Callback, Client, ConnectOptions, RemoteService, Service, State, Value,
    Visibility,
};
use hypha_tests::{Feature, HyphaServer, Language, Peer, ServerOptions};
use tokio::sync::OnceCell;
use tokio::time::timeout;

/// Much longer than a case takes on an idle machine.
const DEADLINE: Duration = Duration::from_secs(240);

/// The server of these tests, with its own limits.
async fn server() -> &'static HyphaServer {
    static SERVER: OnceCell<HyphaServer> = OnceCell::const_new();
    let start = async || {
        HyphaServer::start(ServerOptions::default().reference_limits())
            .await
            .unwrap()
    };
    SERVER.get_or_init(start).await
}

/// A fresh connection of ours.
async fn connect() -> Client {
    Client::builder(server().await.url())
        .connect()
        .await
        .unwrap()
}

/// Who provides the service of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Rust,
    Python,
    JavaScript,
}

/// A provider and a Rust caller, each on a fresh connection.
struct Pair {
    side: Side,
    client: Client,
    service: RemoteService,
    _provider: Box<dyn Any>,
}

impl Pair {
    async fn new(side: Side) -> Self {
        Self::with(side, |options| options).await
    }

    /// With more to say of the caller's connection.
    async fn with(side: Side, options: impl FnOnce(ConnectOptions) -> ConnectOptions) -> Self {
        let (provider, id) = match side {
            Side::Rust => {
                let client = connect().await;
                let info = client.register_service(rust_service()).await.unwrap();
                (Box::new(client) as Box<dyn Any>, info.id)
            }
            Side::Python => peer(Language::Python).await,
            Side::JavaScript => peer(Language::JavaScript).await,
        };
        let options = options(Client::builder(server().await.url()));
        let client = options.connect().await.unwrap();
        let service = client.get_service(&id).await.unwrap();
        Self {
            side,
            client,
            service,
            _provider: provider,
        }
    }

    /// Waits for the work of a case, and checks that nobody was closed meanwhile.
    async fn run<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        let result = timeout(DEADLINE, work).await;
        let result = result.unwrap_or_else(|_| panic!("{what} with {:?} is not done", self.side));
        assert!(matches!(self.client.state(), State::Connected));
        nobody_was_closed(&format!("{what} with {:?}", self.side)).await;
        result
    }
}

/// A real client with its services, and the id of the richest.
async fn peer(language: Language) -> (Box<dyn Any>, String) {
    let peer = Peer::of(language, server().await).start().await.unwrap();
    let services = peer.register().await.unwrap();
    (Box::new(peer), services["interop"].clone())
}

/// The part of the service of `tests/peers` that these tests call.
fn rust_service() -> Service {
    Service::new("interop")
        .visibility(Visibility::Public)
        .method("echo", async |x: Value| x)
        .method("size", async |x: Binary| x.len())
        .stream("count", |n: usize| stream::iter(0..n))
        .method(
            "call_back",
            |function: Callback<(usize,), Value>, count: usize| async move {
                let mut results = Vec::new();
                for index in 0..count {
                    results.push(function.call((index,)).await?);
                }
                Ok::<_, CallError>(results)
            },
        )
}

/// Fails if the server closed anybody for too many frames since it began.
async fn nobody_was_closed(after: &str) {
    if !server().await.has(Feature::Metrics) {
        // That it says so when it does is tested with the limits.
        assert!(!server().await.logged("Rate limit exceeded"), "{after}");
        return;
    }
    let metrics = server().await.http_get("/metrics").await.unwrap();
    let closed = metrics
        .lines()
        .find(|line| line.starts_with("websocket_rate_limited_disconnects_total"));
    let closed = closed.unwrap_or_else(|| panic!("no such metric in {metrics}"));
    assert!(closed.ends_with(" 0.0"), "{closed} after {after}");
}
