//! A server that tests play over one connection after the other: clients come back to it.

use std::time::Duration;

use hypha_codec::{Map, Value};
use hypha_rpc_core::{Credentials, Peer, RelayOptions};
use hypha_transport::memory::{
    self, MemoryConfig, MemoryConnector, MemoryListener, MemoryTransport,
};
use hypha_transport::{CloseReason, FrameTx};
use tokio::time::{Instant, timeout};

use crate::server::{Server, args, text};

/// Longer than any wait of a test, and nothing under paused time.
const LONG: Duration = Duration::from_secs(3600);

/// Where clients arrive.
pub(crate) struct Relay {
    listener: MemoryListener,
    pub(crate) manager: String,
    arrivals: usize,
    waiting: Option<MemoryTransport>,
}

impl Relay {
    /// A relay, and what dials it.
    pub(crate) fn new() -> (MemoryConnector, Self) {
        let (connector, listener) = memory::listener(MemoryConfig::default());
        let relay = Self {
            listener,
            manager: String::from("mgr"),
            arrivals: 0,
            waiting: None,
        };
        (connector, relay)
    }

    /// How many connections there were.
    pub(crate) fn arrivals(&self) -> usize {
        self.arrivals
    }

    /// The next connection, before its introduction.
    pub(crate) async fn accept(&mut self) -> Server {
        if self.waiting.is_none() {
            self.listen().await;
        }
        let transport = self.waiting.take().unwrap();
        self.arrivals += 1;
        Server::new(transport)
    }

    /// When the next client arrives; it is kept for [`accept`](Self::accept).
    pub(crate) async fn listen(&mut self) -> Instant {
        let transport = timeout(LONG, self.listener.accept()).await.unwrap();
        self.waiting = Some(transport);
        Instant::now()
    }

    /// Whether nobody else arrives within this time.
    pub(crate) async fn is_quiet(&mut self, time: Duration) -> bool {
        timeout(time, self.listener.accept()).await.is_err()
    }

    /// Lets the next client in; says how it introduced itself.
    pub(crate) async fn admit(&mut self) -> (Server, serde_json::Value) {
        let mut server = self.accept().await;
        let hello = server.hello().await;
        server.text(&self.info()).await;
        (server, hello)
    }

    /// What this server says of a connection that it accepts: its token tells the connections apart.
    pub(crate) fn info(&self) -> String {
        format!(
            r#"{{"type":"connection_info","public_base_url":"http://server","manager_id":"{}","workspace":"ws","client_id":"me","reconnection_token":"token-{}"}}"#,
            self.manager, self.arrivals
        )
    }

    /// Lets the next client in and takes what it registers, until it has subscribed and `services`
    /// of its own are there. Returns their ids in the order of arrival.
    pub(crate) async fn set_up(&mut self, services: usize) -> (Server, Vec<String>) {
        let (mut server, _) = self.admit().await;
        let ids = self.register(&mut server, services).await;
        (server, ids)
    }

    /// Takes what a client registers.
    pub(crate) async fn register(&self, server: &mut Server, services: usize) -> Vec<String> {
        let (mut ids, mut subscribed) = (Vec::new(), false);
        while ids.len() < services + 1 || !subscribed {
            let (header, payload) = server.next().await.unwrap();
            match &*text(&header, "method") {
                "services.default.register_service" => ids.push(id_of(&payload)),
                "services.default.subscribe" => subscribed = true,
                other => panic!("{other} before the client is set up"),
            }
            self.answer(server, &header, "resolve", Value::Null).await;
        }
        ids
    }

    /// Answers a call of the manager.
    pub(crate) async fn answer(&self, server: &mut Server, call: &Map, name: &str, value: Value) {
        assert_eq!(text(call, "to"), format!("*/{}", self.manager));
        let method = format!("{}.{name}", text(call, "session"));
        let from = format!("*/{}", self.manager);
        server.send(&from, &method, None, args([value])).await;
    }
}

/// The id of the service that a client registers.
pub(crate) fn id_of(payload: &Value) -> String {
    let info = &payload.get("args").unwrap().as_list().unwrap()[0];
    let id = info.get("id").unwrap().as_str().unwrap();
    id.strip_prefix("ws/me:").unwrap().to_owned()
}

pub(crate) fn options() -> RelayOptions {
    let mut options = RelayOptions::new(Credentials::new("me"));
    // Silence is a matter of its own tests.
    options.config.ping_interval = None;
    options
}

/// A client that is connected, and its server.
pub(crate) async fn connected() -> (Peer, Relay, Server) {
    let (connector, mut relay) = Relay::new();
    let (peer, (server, _)) = tokio::join!(Peer::connect(connector, options()), relay.set_up(0));
    (peer.unwrap().0, relay, server)
}

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// Without a word.
    Cut,
    /// With this close code.
    Close(u16),
    /// With a text, then this close code.
    Complaint(&'static str, u16),
}

impl End {
    pub(crate) async fn of(self, mut server: Server) {
        match self {
            Self::Cut => {}
            Self::Close(code) => server.tx.close(CloseReason::new(code, "")).await,
            Self::Complaint(text, code) => {
                let text = serde_json::json!({"type": "error", "message": text});
                server.text(&text.to_string()).await;
                server
                    .tx
                    .close(CloseReason::new(code, text.to_string()))
                    .await;
            }
        }
    }
}
