//! A small server that relays over WebSocket: no tokens, no limits, one workspace, nothing that takes time by itself.
//!
//! For measurements and for tests of what only shows over a socket. Clients find each other by
//! `get_remote_service("client:service")`; its manager takes registrations and subscriptions and knows nothing else.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use hypha_codec::wire::{header, payload};
use hypha_codec::{ErrorValue, Header, HeaderEdits, Map, OutgoingHeader, Packet, Rope, Value};
use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx, Transport as _};
use hypha_transport_ws::{AcceptOptions, accept};
use serde_json::{Value as Json, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// The workspace of all clients.
const WORKSPACE: &str = "relayed";

/// The manager's client id.
const MANAGER: &str = "manager";

/// Frames that wait for a client that reads slowly. Who sends it more waits.
const WAITING_FRAMES: usize = 16;

/// A running relay. Dropping it closes all connections.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Relay {
    /// Starts one on a free port of this machine.
    ///
    /// # Errors
    /// If there is no port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener));
        Ok(Self {
            address,
            _tasks: tasks,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The clients by address, each with the way to it.
type Clients = Arc<Mutex<HashMap<String, mpsc::Sender<Frame>>>>;

async fn serve(listener: TcpListener) {
    let clients = Clients::default();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(connection(stream, Arc::clone(&clients)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, clients: Clients) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Ok(transport) = accept(stream, AcceptOptions::new()).await else {
        return;
    };
    let (mut tx, mut rx) = transport.split();
    let Ok(Some(Frame::Text(hello))) = rx.recv().await else {
        return;
    };
    let Some((address, info)) = greet(&hello) else {
        let refusal = json!({ "type": "error", "message": "the first message says no client id" });
        drop(tx.feed(Frame::Text(refusal.to_string())).await);
        return tx
            .close(CloseReason::new(CloseReason::GOING_AWAY, "no client id"))
            .await;
    };
    let (sender, frames) = mpsc::channel(WAITING_FRAMES);
    drop(sender.try_send(Frame::Text(info.to_string())));
    lock(&clients).insert(address.clone(), sender.clone());
    let router = Router {
        address,
        own: sender.clone(),
        clients,
        user: hypha_codec::encode(&user()).unwrap_or_default(),
    };
    tokio::select! {
        () = write(tx, frames) => {}
        () = router.read(rx) => {}
    }
    router.leave(&sender).await;
}

/// The address of a client and what it is told, by its first message.
fn greet(hello: &str) -> Option<(String, Json)> {
    let hello: Json = serde_json::from_str(hello).ok()?;
    let client = hello.get("client_id")?.as_str()?;
    let info = json!({
        "type": "connection_info",
        "manager_id": MANAGER,
        "workspace": WORKSPACE,
        "client_id": client,
    });
    Some((format!("{WORKSPACE}/{client}"), info))
}

async fn write<Tx: FrameTx>(mut tx: Tx, mut frames: mpsc::Receiver<Frame>) {
    while let Some(frame) = frames.recv().await {
        let mut next = Some(frame);
        while let Some(frame) = next {
            if tx.feed(frame).await.is_err() {
                return;
            }
            next = frames.try_recv().ok();
        }
        if tx.flush().await.is_err() {
            return;
        }
    }
}

/// Moves what one client sends to where it goes.
struct Router {
    address: String,
    own: mpsc::Sender<Frame>,
    clients: Clients,
    /// The description of the client's user, encoded.
    user: bytes::Bytes,
}

impl Router {
    async fn read<Rx: FrameRx>(&self, mut rx: Rx) {
        while let Ok(Some(frame)) = rx.recv().await {
            match frame {
                Frame::Text(text) => self.control(&text).await,
                Frame::Binary(frame) => {
                    if let Ok(packet) = Packet::parse(frame)
                        && let Ok(header) = packet.header()
                    {
                        self.route(&packet, &header).await;
                    }
                }
            }
        }
    }

    async fn control(&self, text: &str) {
        let ping =
            serde_json::from_str::<Json>(text).is_ok_and(|control| control["type"] == "ping");
        if ping {
            let pong = json!({ "type": "pong" }).to_string();
            drop(self.own.send(Frame::Text(pong)).await);
        }
    }

    async fn route(&self, packet: &Packet, header: &Header<'_>) {
        let Some(to) = header.to() else { return };
        let to = match to.split_once('/') {
            Some(_) => to.to_owned(),
            None => format!("{WORKSPACE}/{to}"),
        };
        if to == format!("*/{MANAGER}") {
            return self.manage(header).await;
        }
        let target = lock(&self.clients).get(&to).cloned();
        let edits = HeaderEdits::new()
            .from(&self.address)
            .to(&to)
            .ws(WORKSPACE)
            .user(&self.user);
        match (target, packet.rewrite(&edits)) {
            (Some(target), Ok(frame)) => drop(target.send(Frame::Binary(frame)).await),
            _ => {
                let text = format!("Target peer {to} is not connected");
                let error = Value::from(ErrorValue::new(text));
                self.answer(header, &to, "reject", error).await;
            }
        }
    }

    /// A call of the manager: registrations and subscriptions are agreed to.
    async fn manage(&self, header: &Header<'_>) {
        let manager = format!("*/{MANAGER}");
        let name = header.method().and_then(|path| path.rsplit('.').next());
        match name {
            Some("register_service" | "unregister_service") => {
                self.answer(header, &manager, "resolve", Value::Null).await;
            }
            Some("subscribe" | "unsubscribe") => {
                self.answer(header, &manager, "resolve", Value::from(true))
                    .await;
            }
            _ => {
                let text = "Method not found: this manager only registers";
                let error = Value::from(ErrorValue::new(text));
                self.answer(header, &manager, "reject", error).await;
            }
        }
    }

    /// Answers a call, if it wants an answer.
    async fn answer(&self, header: &Header<'_>, from: &str, name: &str, result: Value) {
        let Some(session) = header.session() else {
            return;
        };
        let method = format!("{session}.{name}");
        let header = OutgoingHeader::call(&self.address, &method).from(from);
        let args = Map::from([(payload::ARGS, Value::from(vec![result]))]);
        if let Ok(args) = hypha_codec::encode(&Value::Map(args)) {
            let frame = hypha_codec::encode_frame(&header, Rope::from(args));
            drop(self.own.send(Frame::Binary(frame.into_bytes())).await);
        }
    }

    /// The client is gone: all others are told, unless it has come back already.
    async fn leave(self, connection: &mpsc::Sender<Frame>) {
        let others: Vec<_> = {
            let mut clients = lock(&self.clients);
            let known = clients.get(&self.address);
            if known.is_none_or(|known| !known.same_channel(connection)) {
                return;
            }
            clients.remove(&self.address);
            clients.values().cloned().collect()
        };
        let id = self.address.rsplit('/').next().unwrap_or_default();
        let data = Map::from([("id", id), ("workspace", WORKSPACE)]);
        let event = Map::from([
            (header::TYPE, Value::from("client_disconnected")),
            (header::TO, Value::from("*")),
            (header::DATA, Value::Map(data)),
        ]);
        let Ok(event) = hypha_codec::encode(&Value::Map(event)) else {
            return;
        };
        for other in others {
            drop(other.send(Frame::Binary(event.clone())).await);
        }
    }
}

fn user() -> Value {
    Value::Map(Map::from([
        ("id", Value::from("anybody")),
        ("is_anonymous", Value::from(true)),
    ]))
}

fn lock(clients: &Clients) -> std::sync::MutexGuard<'_, HashMap<String, mpsc::Sender<Frame>>> {
    clients.lock().unwrap_or_else(PoisonError::into_inner)
}
