//! A server that answers the manager's methods as a test says, and notes what it was asked.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hypha_client::{Client, ConnectOptions, Value};
use hypha_codec::{CodecRegistry, Decoder, Map, Packet, Payload};
use hypha_transport::memory::{self, MemoryConfig, MemoryConnector};
use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx, Transport};
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) const MANAGER: &str = "*/mgr";

/// A call that a client made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recorded {
    pub(crate) to: String,
    pub(crate) method: String,
    pub(crate) args: Json,
    pub(crate) kwargs: Json,
}

impl Recorded {
    /// The last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.method.rsplit('.').next().unwrap()
    }
}

pub(crate) type Answer = Result<Json, &'static str>;

/// What the links of a server share.
pub(crate) struct Script {
    answer: Box<dyn Fn(&Recorded) -> Answer + Send + Sync>,
    refusal: Option<&'static str>,
    workspace: &'static str,
    hellos: Mutex<Vec<Json>>,
    calls: Mutex<Vec<Recorded>>,
    ended: watch::Sender<usize>,
}

impl Script {
    pub(crate) fn new(answer: impl Fn(&Recorded) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            answer: Box::new(answer),
            refusal: None,
            workspace: "ws",
            hellos: Mutex::default(),
            calls: Mutex::default(),
            ended: watch::Sender::new(0),
        }
    }

    /// Plays the server on one link until that ends.
    pub(crate) async fn serve<T: Transport>(&self, transport: T) {
        let (mut tx, mut rx) = transport.split();
        let Ok(Some(Frame::Text(hello))) = rx.recv().await else {
            return;
        };
        let hello: Json = serde_json::from_str(&hello).unwrap();
        let client = hello["client_id"].as_str().unwrap().to_owned();
        self.hellos.lock().unwrap().push(hello);
        if let Some(message) = self.refusal {
            let error = json!({ "type": "error", "message": message });
            tx.feed(Frame::Text(error.to_string())).await.unwrap();
            tx.flush().await.unwrap();
            tx.close(CloseReason::new(CloseReason::GOING_AWAY, "refused"))
                .await;
            return;
        }
        tx.feed(Frame::Text(self.info(&client).to_string()))
            .await
            .unwrap();
        tx.flush().await.unwrap();
        while let Ok(Some(frame)) = rx.recv().await {
            let Frame::Binary(frame) = frame else {
                continue;
            };
            let (call, session) = read_call(frame);
            let answer = match call.name() {
                "unregister_service" if !self.knows(&call.args[0]) => {
                    Err("KeyError: 'Service not found'")
                }
                "register_service" | "subscribe" | "unregister_service" => Ok(Json::Null),
                _ => (self.answer)(&call),
            };
            let frame = answer_frame(&call.to, &client, &session, answer);
            self.calls.lock().unwrap().push(call);
            if tx.feed(Frame::from(frame)).await.is_err() || tx.flush().await.is_err() {
                break;
            }
        }
        self.ended.send_modify(|ended| *ended += 1);
    }

    /// Whether a service of this id was registered last, and not taken back.
    fn knows(&self, id: &Json) -> bool {
        let calls = self.calls.lock().unwrap();
        let last = calls.iter().rev().find(|call| match call.name() {
            "register_service" => call.args[0]["id"] == *id,
            "unregister_service" => call.args[0] == *id,
            _ => false,
        });
        last.is_some_and(|call| call.name() == "register_service")
    }

    /// What clients asked for after they had connected.
    pub(crate) fn calls(&self) -> Vec<Recorded> {
        let connecting = |call: &&Recorded| {
            call.name() == "subscribe" || call.args[0]["type"].as_str() == Some("built-in")
        };
        let calls = self.calls.lock().unwrap();
        calls
            .iter()
            .filter(|call| !connecting(call))
            .cloned()
            .collect()
    }

    fn info(&self, client: &str) -> Json {
        json!({
            "type": "connection_info",
            "hypha_version": "1.2.3",
            "public_base_url": "http://public",
            "local_base_url": "http://local",
            "manager_id": "mgr",
            "workspace": self.workspace,
            "client_id": client,
            "user": { "id": "user-1", "roles": [], "is_anonymous": false, "email": null, "level": 3 },
            "reconnection_token": "come-back",
            "reconnection_token_life_time": 172_800.0,
        })
    }
}

/// A server on the in-memory transport.
pub(crate) struct Server {
    script: Arc<Script>,
    connector: MemoryConnector,
    task: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Recorded) -> Answer + Send + Sync + 'static) -> Self {
        Self::run(Script::new(answer))
    }

    /// Refuses every client with these words.
    pub(crate) fn refusing(words: &'static str) -> Self {
        Self::run(Script {
            refusal: Some(words),
            ..Script::new(nothing)
        })
    }

    fn run(script: Script) -> Self {
        let script = Arc::new(script);
        let (connector, mut listener) = memory::listener(MemoryConfig::default());
        let shared = Arc::clone(&script);
        let task = tokio::spawn(async move {
            let mut links = tokio::task::JoinSet::new();
            loop {
                let (link, script) = (listener.accept().await, Arc::clone(&shared));
                links.spawn(async move { script.serve(link).await });
            }
        });
        Self {
            script,
            connector,
            task: Some(task),
        }
    }

    /// Options for a client `me` of this server.
    pub(crate) fn options(&self) -> ConnectOptions {
        Client::builder("http://server")
            .client_id("me")
            .connector(self.connector.clone())
    }

    pub(crate) async fn client(&self) -> Client {
        self.options().connect().await.unwrap()
    }

    /// Stops listening.
    pub(crate) async fn stop(mut self) {
        let task = self.task.take().unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }

    pub(crate) fn connector(&self) -> MemoryConnector {
        self.connector.clone()
    }

    /// Names of all methods that were called, those of connecting too.
    pub(crate) fn all_calls(&self) -> Vec<String> {
        self.script
            .calls
            .lock()
            .unwrap()
            .iter()
            .map(|call| call.name().to_owned())
            .collect()
    }

    pub(crate) fn hellos(&self) -> Vec<Json> {
        self.script.hellos.lock().unwrap().clone()
    }

    pub(crate) fn calls(&self) -> Vec<Recorded> {
        self.script.calls()
    }

    pub(crate) fn last_call(&self) -> Recorded {
        self.calls().pop().unwrap()
    }

    /// Waits until this many links have ended.
    pub(crate) async fn ended(&self, links: usize) {
        self.script
            .ended
            .subscribe()
            .wait_for(|ended| *ended >= links)
            .await
            .unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// For servers that should not be asked anything.
pub(crate) fn nothing(_: &Recorded) -> Answer {
    Err("nothing was expected to be called")
}

/// A service as the manager describes it, with a function for each of these names.
pub(crate) fn described(id: &str, provider: &str, methods: &[&str]) -> Json {
    let bare = id.rsplit(':').next().unwrap();
    let mut service =
        json!({ "id": id, "name": bare, "type": "generic", "config": { "visibility": "public" } });
    for method in methods {
        service[*method] = json!({
            "_rtype": "method",
            "_rtarget": provider,
            "_rmethod": format!("services.{bare}.{method}"),
            "_rpromise": "*",
        });
    }
    service
}

fn read_call(frame: Bytes) -> (Recorded, String) {
    let packet = Packet::parse(frame).unwrap();
    let header = packet.header().unwrap();
    let decoder = Decoder::new(CodecRegistry::builtin());
    let payload = Payload::decode(packet.payload(), &decoder).unwrap();
    let call = Recorded {
        to: header.to().unwrap().to_owned(),
        method: header.method().unwrap().to_owned(),
        args: serde_json::to_value(&payload.args).unwrap(),
        kwargs: serde_json::to_value(payload.kwargs.unwrap_or_default()).unwrap(),
    };
    (call, header.session().unwrap().to_owned())
}

fn answer_frame(from: &str, client: &str, session: &str, answer: Answer) -> Vec<u8> {
    let (path, result) = match answer {
        Ok(result) => ("resolve", hypha_codec::to_value(&result).unwrap()),
        Err(words) => {
            let error = json!({ "_rtype": "error", "_rvalue": words, "_rtrace": "" });
            ("reject", hypha_codec::to_value(&error).unwrap())
        }
    };
    let to = format!("ws/{client}");
    let path = format!("{session}.{path}");
    let header = [
        ("type", "method"),
        ("from", from),
        ("to", &to),
        ("method", &path),
        ("ws", "ws"),
    ];
    let header = Value::Map(Map::from(header));
    let payload = Value::Map(Map::from([("args", Value::List(vec![result]))]));
    [header, payload]
        .iter()
        .flat_map(|part| hypha_codec::encode(part).unwrap().to_vec())
        .collect()
}
