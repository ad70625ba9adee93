//! A client that writes its frames by hand, for what the real ones never send.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use hypha_client::{ConnectionInfo, Map, Value, random_id};
use hypha_rpc_core::{Credentials, handshake};
use hypha_tests::Membership;
use hypha_transport::{
    ConnectContext, Connector as _, Frame, FrameRx as _, FrameTx as _, Transport,
};
use hypha_transport_ws::{ClientStream, WsConnector, WsTransport};

use crate::fixture::{server, soon};

type Ws = WsTransport<ClientStream>;

/// A connection behind its handshake, with nothing registered.
pub(crate) struct Raw {
    tx: <Ws as Transport>::Tx,
    rx: <Ws as Transport>::Rx,
    info: ConnectionInfo,
}

/// How a call by hand was answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Resolved(Value),
    Rejected(String),
}

impl Answer {
    /// The text of a reject.
    #[track_caller]
    pub(crate) fn rejected(self) -> String {
        match self {
            Self::Rejected(text) => text,
            Self::Resolved(value) => panic!("resolved with {value:?}"),
        }
    }
}

impl Raw {
    /// An anonymous client in a workspace of its own.
    pub(crate) async fn connect() -> Self {
        Self::with(Credentials::new(random_id().unwrap())).await
    }

    /// A client in somebody's workspace.
    pub(crate) async fn join(membership: &Membership) -> Self {
        let mut credentials = Credentials::new(random_id().unwrap());
        credentials.workspace = Some(membership.workspace.clone());
        credentials.token = Some(membership.token.clone().into());
        Self::with(credentials).await
    }

    async fn with(credentials: Credentials) -> Self {
        let connector = WsConnector::new(&server().await.url()).unwrap();
        let transport = connector.connect(ConnectContext::new()).await.unwrap();
        let (mut tx, mut rx) = transport.split();
        let info = handshake(&mut tx, &mut rx, &credentials).await.unwrap();
        Self { tx, rx, info }
    }

    /// `workspace/client`.
    pub(crate) fn address(&self) -> String {
        format!("{}/{}", self.info.workspace, self.info.client_id)
    }

    /// The id of our user.
    pub(crate) fn user(&self) -> &str {
        self.info.user.as_ref().unwrap()["id"].as_str().unwrap()
    }

    /// Sends any bytes.
    pub(crate) async fn send(&mut self, frame: impl Into<Bytes>) {
        self.tx.feed(Frame::Binary(frame.into())).await.unwrap();
        self.tx.flush().await.unwrap();
    }

    /// Calls a method with this payload segment, and waits for the answer.
    pub(crate) async fn call(&mut self, to: &str, method: &str, payload: Map) -> Answer {
        let session = session();
        let header = header(to, method, &session);
        self.send(frame(header, payload)).await;
        self.answer(&session).await
    }

    /// Waits for the answer at a session of ours.
    pub(crate) async fn answer(&mut self, session: &str) -> Answer {
        soon("an answer", async {
            loop {
                let (method, args) = self.next().await;
                let result = args.into_iter().next().unwrap_or_default();
                match method.strip_prefix(session) {
                    Some(".resolve") => return Answer::Resolved(result),
                    Some(".reject") => return Answer::Rejected(error_text(&result)),
                    _ => {}
                }
            }
        })
        .await
    }

    /// The next call that comes in: its path and its positional arguments.
    pub(crate) async fn next(&mut self) -> (String, Vec<Value>) {
        let call = self.next_call().await;
        (call.method, call.args)
    }

    /// The next call that comes in.
    pub(crate) async fn next_call(&mut self) -> Incoming {
        let frame = loop {
            if let Some(Frame::Binary(frame)) = self.rx.recv().await.unwrap() {
                break frame;
            }
        };
        let packet = hypha_codec::Packet::parse(frame).unwrap();
        let header = packet.header().unwrap();
        let text = |field: Option<&str>| field.unwrap_or_default().to_owned();
        let payload = packet.payload();
        let args = match payload.is_empty() {
            true => Vec::new(),
            false => hypha_codec::decode(payload)
                .unwrap()
                .get("args")
                .and_then(Value::as_list)
                .unwrap_or_default()
                .to_vec(),
        };
        Incoming {
            from: text(header.from()),
            method: text(header.method()),
            session: text(header.session()),
            args,
        }
    }

    /// Answers a call that came in.
    pub(crate) async fn resolve(&mut self, call: &Incoming, result: Value) {
        let resolve = format!("{}.resolve", call.session);
        let header = Map::from([("type", "method"), ("to", &call.from), ("method", &resolve)]);
        let payload = Map::from([("args", Value::from(vec![result]))]);
        self.send(frame(header, payload)).await;
    }
}

/// A call that came in.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) from: String,
    pub(crate) method: String,
    pub(crate) session: String,
    pub(crate) args: Vec<Value>,
}

/// A session id of our own.
pub(crate) fn session() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("session{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The header of a call that wants an answer.
pub(crate) fn header(to: &str, method: &str, session: &str) -> Map {
    Map::from([
        ("type", "method"),
        ("to", to),
        ("method", method),
        ("session", session),
    ])
}

/// The payload of a call with the short form of a promise.
pub(crate) fn payload(args: impl IntoIterator<Item = Value>) -> Map {
    let args: Vec<Value> = args.into_iter().collect();
    Map::from([
        ("args", Value::from(args)),
        ("promise", Value::from("*")),
        ("t", Value::from(15.0)),
    ])
}

/// A promise that is written out, with its two answers at these places: target and path up to `.resolve`.
pub(crate) fn written_promise(resolve: (&str, &str), reject: (&str, &str)) -> Value {
    let method = |(target, path): (&str, &str)| {
        let descriptor = Map::from([
            ("_rtype", "method"),
            ("_rtarget", target),
            ("_rmethod", path),
        ]);
        let mut descriptor = descriptor;
        descriptor.insert("_rpromise", false);
        descriptor
    };
    Map::from([("resolve", method(resolve)), ("reject", method(reject))]).into()
}

/// The two segments of a frame.
pub(crate) fn frame(header: Map, payload: Map) -> Bytes {
    let mut frame = hypha_codec::encode(&header.into()).unwrap().to_vec();
    frame.extend_from_slice(&hypha_codec::encode(&payload.into()).unwrap());
    frame.into()
}

fn error_text(value: &Value) -> String {
    match value {
        Value::Error(error) => error.message.to_string(),
        other => format!("{other:?}"),
    }
}
