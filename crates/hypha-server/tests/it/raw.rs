//! Clients that say exactly what a test wants them to say.

use bytes::Bytes;
use hypha_codec::{Map, OutgoingHeader, Packet, Rope, Value, encode_frame};
use hypha_server::HyphaServer;
use hypha_transport::{
    ConnectContext, Connector as _, Frame, FrameRx as _, FrameTx as _, Transport as _,
    TransportError,
};
use hypha_transport_ws::{ClientStream, WsConnector, WsRx, WsTx};
use serde_json::{Value as Json, json};

/// A server on a free port.
pub(crate) async fn server() -> HyphaServer {
    HyphaServer::builder().port(0).start().await.unwrap()
}

/// Nothing in a test takes so long.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let limit = std::time::Duration::from_secs(60);
    let outcome = tokio::time::timeout(limit, future).await;
    outcome.unwrap_or_else(|_| panic!("{what} did not happen"))
}

/// A connection that frames are written to by hand.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) tx: WsTx<ClientStream>,
    pub(crate) rx: WsRx<ClientStream>,
    /// What the server said of the connection.
    pub(crate) info: Json,
}

impl Raw {
    /// A socket that has said nothing yet.
    pub(crate) async fn dial(url: &str) -> (WsTx<ClientStream>, WsRx<ClientStream>) {
        let connector = WsConnector::new(url).unwrap();
        let transport = connector.connect(ConnectContext::new()).await.unwrap();
        transport.split()
    }

    /// Sends a first message and takes the answer, whatever it is.
    pub(crate) async fn hello(url: &str, hello: Json) -> Self {
        let (mut tx, mut rx) = Self::dial(url).await;
        tx.feed(Frame::Text(hello.to_string())).await.unwrap();
        tx.flush().await.unwrap();
        let info = match soon("an answer", rx.recv()).await {
            Ok(Some(Frame::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("no answer: {other:?}"),
        };
        Self { tx, rx, info }
    }

    /// An anonymous client in a workspace of its own.
    pub(crate) async fn anonymous(server: &HyphaServer, client_id: &str) -> Self {
        let raw = Self::hello(server.url(), json!({ "client_id": client_id })).await;
        assert_eq!(raw.info["type"], "connection_info", "{}", raw.info);
        raw
    }

    /// A client that comes with a token.
    pub(crate) async fn with_token(server: &HyphaServer, client_id: &str, token: &str) -> Self {
        let hello = json!({ "client_id": client_id, "token": token });
        let raw = Self::hello(server.url(), hello).await;
        assert_eq!(raw.info["type"], "connection_info", "{}", raw.info);
        raw
    }

    /// Its address.
    pub(crate) fn address(&self) -> String {
        let part = |name: &str| self.info[name].as_str().unwrap().to_owned();
        format!("{}/{}", part("workspace"), part("client_id"))
    }

    /// The manager's address.
    pub(crate) fn manager(&self) -> String {
        format!("*/{}", self.info["manager_id"].as_str().unwrap())
    }

    pub(crate) async fn send(&mut self, frame: impl Into<Frame>) {
        self.tx.feed(frame.into()).await.unwrap();
        self.tx.flush().await.unwrap();
    }

    /// The next binary frame.
    pub(crate) async fn packet(&mut self) -> Packet {
        match soon("a frame", self.rx.recv()).await {
            Ok(Some(Frame::Binary(frame))) => Packet::parse(frame).unwrap(),
            other => panic!("no binary frame: {other:?}"),
        }
    }

    /// Calls the manager and waits for the payload of its answer and the method that it came to.
    pub(crate) async fn manage(&mut self, method: &str, args: Vec<Value>) -> (String, Value) {
        let (to, path) = (self.manager(), format!("services.default.{method}"));
        self.send(call(&to, &path, Some("managed"), args)).await;
        loop {
            let answer = self.packet().await;
            let method = answer.header().unwrap().method().map(str::to_owned);
            match method {
                Some(method)
                    if method.starts_with("managed.") && !method.ends_with("heartbeat") =>
                {
                    return (method, payload(&answer));
                }
                _ => {}
            }
        }
    }

    /// Proves that the connection works, and that everything before was dealt with.
    pub(crate) async fn ping(&mut self) {
        self.send(r#"{"type":"ping"}"#.to_owned()).await;
        match soon("a pong", self.rx.recv()).await {
            Ok(Some(Frame::Text(pong))) => assert_eq!(pong, r#"{"type":"pong"}"#),
            other => panic!("no pong: {other:?}"),
        }
    }

    /// How the connection ends.
    pub(crate) async fn end(&mut self) -> Option<TransportError> {
        loop {
            match soon("the end", self.rx.recv()).await {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => return Some(error),
            }
        }
    }
}

/// A call as a client writes it.
pub(crate) fn call(to: &str, method: &str, session: Option<&str>, args: Vec<Value>) -> Bytes {
    let header = OutgoingHeader::call(to, method).session(session);
    let mut payload = Map::from_iter([("args", Value::from(args))]);
    if session.is_some() {
        payload.insert("promise", Value::from("*"));
        payload.insert("t", Value::from(15.0));
    }
    let payload = hypha_codec::encode(&Value::from(payload)).unwrap();
    encode_frame(&header, Rope::from(payload)).into_bytes()
}

/// A frame with this header and no payload.
pub(crate) fn header(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Bytes {
    hypha_codec::encode(&Value::from(Map::from_iter(fields))).unwrap()
}

/// The arguments of a call.
pub(crate) fn payload(packet: &Packet) -> Value {
    hypha_codec::decode(packet.payload()).unwrap()
}
