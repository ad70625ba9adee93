//! The server that tests play: handshake, frames, the manager's answers.

use std::sync::Mutex;

use bytes::Bytes;
use hypha_codec::{Map, Packet, Value};
use hypha_rpc_core::{ConnectError, Credentials, Peer, ReconnectPolicy, RelayOptions};
use hypha_transport::memory::{self, MemoryConfig, MemoryRx, MemoryTransport, MemoryTx};
use hypha_transport::{Frame, FrameRx, FrameTx, Transport, connector_fn};
use tokio::task::JoinHandle;

pub(crate) const INFO: &str = r#"{"type":"connection_info","hypha_version":"1","public_base_url":"http://server","manager_id":"mgr","workspace":"ws","client_id":"me","reconnection_token":"first","reconnection_token_life_time":6.0}"#;

/// The server's end of a connection.
pub(crate) struct Server {
    pub(crate) tx: MemoryTx,
    pub(crate) rx: MemoryRx,
    pub(crate) registered: Vec<Value>,
    /// Calls of `subscribe` and `unsubscribe`, with what they name.
    pub(crate) subscribed: Vec<(String, Value)>,
    pub(crate) texts: Vec<String>,
}

impl Server {
    pub(crate) fn new(transport: MemoryTransport) -> Self {
        let (tx, rx) = transport.split();
        Self {
            tx,
            rx,
            registered: Vec::new(),
            subscribed: Vec::new(),
            texts: Vec::new(),
        }
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.tx.feed(Frame::Text(text.to_owned())).await.unwrap();
        self.tx.flush().await.unwrap();
    }

    pub(crate) async fn binary(&mut self, frame: impl Into<Bytes>) {
        self.tx.feed(Frame::Binary(frame.into())).await.unwrap();
        self.tx.flush().await.unwrap();
    }

    /// Sends a call or an answer in the name of `from`.
    pub(crate) async fn send(
        &mut self,
        from: &str,
        method: &str,
        session: Option<&str>,
        payload: Value,
    ) {
        self.binary(frame(from, method, session, payload)).await;
    }

    /// The next frame of RPC; what is said in text is noted.
    pub(crate) async fn next(&mut self) -> Option<(Map, Value)> {
        loop {
            match self.rx.recv().await.ok()?? {
                Frame::Text(text) => self.texts.push(text),
                Frame::Binary(frame) => {
                    let packet = Packet::parse(frame).unwrap();
                    let Value::Map(header) = packet.header_value().unwrap() else {
                        panic!("no header")
                    };
                    let payload = packet.payload();
                    let payload = if payload.is_empty() {
                        Value::Null
                    } else {
                        hypha_codec::decode(payload).unwrap()
                    };
                    return Some((header, payload));
                }
            }
        }
    }

    /// Answers the calls of the manager's methods until one is neither of these.
    pub(crate) async fn manage(&mut self) -> Option<(Map, Value)> {
        loop {
            let (header, payload) = self.next().await?;
            let method = text(&header, "method");
            let known = matches!(
                &*method,
                "services.default.register_service"
                    | "services.default.subscribe"
                    | "services.default.unsubscribe"
                    | "services.default.unregister_service"
            );
            if !known {
                return Some((header, payload));
            }
            let argument = payload.get("args").unwrap().as_list().unwrap()[0].clone();
            if method.ends_with("register_service") {
                self.registered.push(argument);
            } else {
                self.subscribed.push((method, argument));
            }
            let session = text(&header, "session");
            self.send(
                "*/mgr",
                &format!("{session}.resolve"),
                None,
                args([Value::Null]),
            )
            .await;
        }
    }

    pub(crate) async fn hello(&mut self) -> serde_json::Value {
        let Ok(Some(Frame::Text(hello))) = self.rx.recv().await else {
            panic!("no hello")
        };
        serde_json::from_str(&hello).unwrap()
    }
}

pub(crate) fn text(map: &Map, key: &str) -> String {
    map.get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

pub(crate) fn error_value(text: &str) -> Value {
    Value::Map(Map::from([
        ("_rtype", "error"),
        ("_rvalue", text),
        ("_rtrace", ""),
    ]))
}

pub(crate) fn args<const N: usize>(args: [Value; N]) -> Value {
    Value::Map(Map::from([("args", Value::List(args.into()))]))
}

pub(crate) fn frame(
    from: &str,
    method: &str,
    session: Option<&str>,
    payload: impl Into<Value>,
) -> Bytes {
    let mut header = Map::from([
        ("type", "method"),
        ("from", from),
        ("to", "ws/me"),
        ("method", method),
    ]);
    if let Some(session) = session {
        header.push("session", session);
    }
    header.push("ws", from.split('/').next().unwrap());
    header.push(
        "user",
        Value::Map(Map::from([
            ("id", Value::from("user-1")),
            ("is_anonymous", Value::from(false)),
        ])),
    );
    let mut frame = hypha_codec::encode(&Value::Map(header)).unwrap().to_vec();
    let payload = payload.into();
    if !payload.is_null() {
        frame.extend_from_slice(&hypha_codec::encode(&payload).unwrap());
    }
    Bytes::from(frame)
}

/// A connected peer, and the server that it is connected to.
pub(crate) async fn connected() -> (Peer, Server) {
    let (result, server) = connect(
        RelayOptions::new(Credentials::new("me")),
        |mut server| async move {
            server.hello().await;
            server.text(INFO).await;
            // Registration of the built-in service, then the subscription.
            for _ in 0..2 {
                let (header, payload) = server.next().await.unwrap();
                if text(&header, "method").ends_with("register_service") {
                    server
                        .registered
                        .push(payload.get("args").unwrap().as_list().unwrap()[0].clone());
                }
                let session = text(&header, "session");
                server
                    .send(
                        "*/mgr",
                        &format!("{session}.resolve"),
                        None,
                        args([Value::Null]),
                    )
                    .await;
            }
            server
        },
    )
    .await;
    (result.unwrap(), server)
}

/// Connects once: what is lost stays lost.
pub(crate) async fn connect<F, Fut>(
    mut options: RelayOptions,
    serve: F,
) -> (Result<Peer, ConnectError>, Fut::Output)
where
    F: FnOnce(Server) -> Fut,
    Fut: Future,
{
    options.reconnect = ReconnectPolicy::off();
    let (client, server) = memory::pair(MemoryConfig::default());
    let client = Mutex::new(Some(client));
    let connector =
        connector_fn(move |_| std::future::ready(Ok(client.lock().unwrap().take().unwrap())));
    let (result, served) = tokio::join!(
        Peer::connect(connector, options),
        serve(Server::new(server))
    );
    (result.map(|(peer, _)| peer), served)
}

/// Lets the server answer the manager's methods in the background.
pub(crate) fn manage(mut server: Server) -> JoinHandle<(Server, Option<(Map, Value)>)> {
    tokio::spawn(async move {
        let next = server.manage().await;
        (server, next)
    })
}
