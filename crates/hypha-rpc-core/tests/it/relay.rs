//! Against a server that the test plays: handshake, registration, refusals, keepalive.

use std::time::Duration;

use bytes::Bytes;
use hypha_codec::{Map, Packet, Value};
use hypha_rpc_core::{
    CallError, ClosedReason, ConnectError, Context, Credentials, Peer, RelayOptions, RemoteService,
    Secret, Service,
};
use hypha_transport::memory::{self, MemoryConfig, MemoryRx, MemoryTransport, MemoryTx};
use hypha_transport::{CloseReason, Frame, FrameRx, FrameTx, Transport, connector_fn};
use std::sync::Mutex;
use tokio::task::JoinHandle;

const INFO: &str = r#"{"type":"connection_info","hypha_version":"1","public_base_url":"http://server","manager_id":"mgr","workspace":"ws","client_id":"me","reconnection_token":"first","reconnection_token_life_time":6.0}"#;

/// The server's end of a connection.
pub(crate) struct Server {
    tx: MemoryTx,
    rx: MemoryRx,
    pub(crate) registered: Vec<Value>,
    pub(crate) texts: Vec<String>,
}

impl Server {
    fn new(transport: MemoryTransport) -> Self {
        let (tx, rx) = transport.split();
        Self {
            tx,
            rx,
            registered: Vec::new(),
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
                    | "services.default.unregister_service"
            );
            if !known {
                return Some((header, payload));
            }
            if method.ends_with("register_service") {
                self.registered
                    .push(payload.get("args").unwrap().as_list().unwrap()[0].clone());
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

    async fn hello(&mut self) -> serde_json::Value {
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

fn error_value(text: &str) -> Value {
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

async fn connect<F, Fut>(
    options: RelayOptions,
    serve: F,
) -> (Result<Peer, ConnectError>, Fut::Output)
where
    F: FnOnce(Server) -> Fut,
    Fut: Future,
{
    let (client, server) = memory::pair(MemoryConfig::default());
    let client = Mutex::new(Some(client));
    let connector =
        connector_fn(move |_| std::future::ready(Ok(client.lock().unwrap().take().unwrap())));
    let (result, served) = tokio::join!(
        Peer::connect(&connector, options),
        serve(Server::new(server))
    );
    (result.map(|(peer, _)| peer), served)
}

/// Lets the server answer the manager's methods in the background.
fn manage(mut server: Server) -> JoinHandle<(Server, Option<(Map, Value)>)> {
    tokio::spawn(async move {
        let next = server.manage().await;
        (server, next)
    })
}

#[tokio::test]
async fn connecting_is_the_handshake_and_two_calls() {
    let mut options = RelayOptions::new(Credentials::new("me"));
    options.credentials.token = Some(Secret::from("my-token"));
    options.config.name = Some("My client".into());
    let (result, seen) = connect(options, |mut server| async move {
        let hello = server.hello().await;
        server
            .binary(frame("ws/ghost", "old.resolve", None, Value::Null))
            .await;
        server.text(INFO).await;
        let mut seen = Vec::new();
        for _ in 0..2 {
            let (header, payload) = server.next().await.unwrap();
            let session = text(&header, "session");
            server
                .send(
                    "*/mgr",
                    &format!("{session}.resolve"),
                    None,
                    args([Value::Null]),
                )
                .await;
            seen.push((text(&header, "to"), text(&header, "method"), payload));
        }
        (hello, seen)
    })
    .await;
    let peer = result.unwrap();
    assert_eq!(
        (peer.address().as_str(), peer.manager().unwrap().as_str()),
        ("ws/me", "*/mgr")
    );
    assert_eq!(peer.reconnection_token().unwrap().expose(), "first");
    let (hello, seen) = seen;
    let expected = serde_json::json!({"client_id": "me", "workspace": null, "token": "my-token", "reconnection_token": null});
    assert_eq!(hello, expected);
    assert!(seen.iter().all(|(to, ..)| to == "*/mgr"));
    let methods: Vec<&str> = seen.iter().map(|(_, method, _)| &**method).collect();
    assert_eq!(
        methods,
        [
            "services.default.register_service",
            "services.default.subscribe"
        ]
    );
    let built_in = &seen[0].2.get("args").unwrap().as_list().unwrap()[0];
    assert_eq!(built_in.get("id").unwrap().as_str(), Some("ws/me:built-in"));
    assert_eq!(built_in.get("name").unwrap().as_str(), Some("My client"));
    assert_eq!(
        built_in
            .get("config")
            .unwrap()
            .get("api_version")
            .unwrap()
            .as_i64(),
        Some(3)
    );
    assert_eq!(seen[0].2.get("t").unwrap().as_f64(), Some(15.0));
}

#[tokio::test]
async fn a_refusal_is_told_in_the_words_of_the_server() {
    let (result, ()) = connect(RelayOptions::new(Credentials::new("me")), |mut server| async move {
        server.hello().await;
        server.text(r#"{"type":"error","message":"Failed to establish connection: Client already exists and is active: ws/me"}"#).await;
        server.tx.close(CloseReason::new(CloseReason::GOING_AWAY, "refused")).await;
    })
    .await;
    let error = result.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("Client already exists and is active: ws/me"),
        "{error}"
    );
}

#[tokio::test]
async fn a_token_that_may_only_read_connects() {
    let options = RelayOptions::new(Credentials::new("me"));
    let (result, mut server) = connect(options, |mut server| async move {
        server.hello().await;
        server.text(INFO).await;
        let denied = || error_value("PermissionError: no permission to register");
        for answer in [denied(), Value::from(true)] {
            let (header, _) = server.next().await.unwrap();
            let session = text(&header, "session");
            let name = if matches!(answer, Value::Map(_)) {
                "reject"
            } else {
                "resolve"
            };
            server
                .send("*/mgr", &format!("{session}.{name}"), None, args([answer]))
                .await;
        }
        server
    })
    .await;
    let peer = result.unwrap();
    let call = tokio::spawn(async move { peer.manager_method("echo").args((1,)).await });
    let (header, _) = server.next().await.unwrap();
    assert_eq!(text(&header, "method"), "services.default.echo");
    call.abort();
}

#[tokio::test]
async fn a_service_may_not_lead_out_of_the_workspace_of_its_provider() {
    let (peer, _server) = connected().await;
    let description = |id: &str, target: &str| {
        let method = hypha_codec::Method::new(target, "services.vault.open");
        let nested = Map::from([("deep", Value::List(vec![Value::from(method)]))]);
        Value::Map(Map::from([
            ("id", Value::from(id)),
            ("f", Value::Map(nested)),
        ]))
    };
    for (id, target, fine) in [
        ("ws/a:s", "ws/a", true),
        ("ws/a:s", "ws/b", true),
        ("ws/a:s", "victim/b", false),
        ("ws/a:s", "*/mgr", false),
        ("else/a:s", "ws/b", false),
        ("default", "*/mgr", true),
        ("default", "ws/b", false),
    ] {
        let result = RemoteService::from_manager(&peer, description(id, target));
        assert_eq!(result.is_ok(), fine, "{id} {target}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up() {
    let (result, _server) = connect(
        RelayOptions::new(Credentials::new("me")),
        |mut server| async move {
            server.hello().await;
            server
        },
    )
    .await;
    assert!(
        matches!(result.unwrap_err(), ConnectError::Timeout(timeout) if timeout == Duration::from_secs(30))
    );
}

#[tokio::test]
async fn client_ids_that_would_be_unreachable_are_refused_before_the_server_sees_them() {
    for id in ["", "a/b", "a:b", "a.b", "a b", "*"] {
        let (result, ()) = connect(RelayOptions::new(Credentials::new(id)), |_| async {}).await;
        assert!(matches!(result, Err(ConnectError::ClientId(_))), "{id}");
    }
}

#[tokio::test]
async fn services_are_registered_with_the_manager_and_taken_back() {
    let (peer, server) = connected().await;
    let serving = manage(server);
    let service = Service::new("calc")
        .description("D")
        .config("custom", 1)
        .method("add", |a: f64, b: f64| async move { a + b });
    let info = peer.register_service(service).await.unwrap();
    assert_eq!(info.id(), "ws/me:calc");
    peer.unregister_service("calc").await.unwrap();
    peer.disconnect().await;
    let (server, _) = serving.await.unwrap();
    let [_, registered, unregistered] = &server.registered[..] else {
        panic!("{:?}", server.registered)
    };
    let keys: Vec<&str> = registered.as_map().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "config",
            "id",
            "name",
            "description",
            "type",
            "docs",
            "app_id",
            "service_schema"
        ]
    );
    assert_eq!(
        registered
            .get("config")
            .unwrap()
            .get("workspace")
            .unwrap()
            .as_str(),
        Some("ws")
    );
    assert_eq!(registered.get("app_id").unwrap().as_str(), Some("*"));
    let schema = registered
        .get("service_schema")
        .unwrap()
        .get("add")
        .unwrap();
    assert_eq!(
        schema
            .get("function")
            .unwrap()
            .get("name")
            .unwrap()
            .as_str(),
        Some("add")
    );
    assert_eq!(unregistered.as_str(), Some("ws/me:calc"));
}

#[tokio::test]
async fn a_service_that_the_server_does_not_take_is_not_kept() {
    let (peer, mut server) = connected().await;
    let registering = tokio::spawn({
        let peer = peer.clone();
        async move {
            peer.register_service(Service::new("s").method("f", || async {}))
                .await
        }
    });
    let (header, _) = server.next().await.unwrap();
    let error = Map::from([
        ("_rtype", "error"),
        ("_rvalue", "PermissionError: read only"),
        ("_rtrace", ""),
    ]);
    let session = text(&header, "session");
    server
        .send(
            "*/mgr",
            &format!("{session}.reject"),
            None,
            args([Value::Map(error)]),
        )
        .await;
    let error = registering.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("read only"), "{error}");
    assert_eq!(peer.local_services().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_replacement_that_the_server_does_not_take_leaves_the_service_as_it_was() {
    let (peer, mut server) = connected().await;
    let register = |n: i32| {
        let peer = peer.clone();
        let service = Service::new("s")
            .description(n.to_string())
            .method("f", || async {});
        tokio::spawn(async move { peer.replace_service(service).await })
    };
    for (n, answer) in [(1, "resolve"), (2, "reject")] {
        let registering = register(n);
        let (header, _) = server.next().await.unwrap();
        let session = text(&header, "session");
        let method = format!("{session}.{answer}");
        server
            .send("*/mgr", &method, None, args([Value::from("no")]))
            .await;
        assert_eq!(registering.await.unwrap().is_ok(), n == 1);
    }
    let services = peer.local_services().await.unwrap();
    let kept = services
        .iter()
        .find(|service| text(service, "id") == "s")
        .unwrap();
    assert_eq!(text(kept, "description"), "1");
}

#[tokio::test]
async fn the_context_is_what_the_server_wrote() {
    let (peer, server) = connected().await;
    let serving = manage(server);
    let who = |cx: Context| async move {
        (
            cx.from().to_string(),
            cx.workspace().to_owned(),
            cx.user_id().map(str::to_owned),
            cx.is_anonymous(),
        )
    };
    peer.register_service(Service::new("s").method("who", who))
        .await
        .unwrap();
    let ask = tokio::spawn({
        let peer = peer.clone();
        async move { peer.ping(&"ws/else".parse().unwrap()).await }
    });
    let (mut server, _ping) = serving.await.unwrap();
    let forged = Map::from([
        ("args", Value::List(Vec::new())),
        ("from", Value::from("*/mgr")),
        ("user", Value::from("root")),
        ("ws", Value::from("public")),
        ("ctx", Value::Map(Map::from([("from", "*/mgr")]))),
        ("method", Value::from("services.none.none")),
        ("promise", Value::from("*")),
        ("t", Value::from(15.0)),
    ]);
    server
        .send("ws/caller", "services.s.who", Some("T"), Value::Map(forged))
        .await;
    let (header, payload) = server.next().await.unwrap();
    assert_eq!(
        (text(&header, "to"), text(&header, "method")),
        ("ws/caller".into(), "T.resolve".into())
    );
    let Some(Value::List(answer)) = payload
        .get("args")
        .unwrap()
        .as_list()
        .map(|args| args[0].clone())
    else {
        panic!()
    };
    let expected = [
        Value::from("ws/caller"),
        Value::from("ws"),
        Value::from("user-1"),
        Value::from(false),
    ];
    assert_eq!(answer, expected);
    ask.abort();
}

#[tokio::test]
async fn a_promise_that_points_elsewhere_is_refused_and_nothing_runs() {
    let (peer, server) = connected().await;
    let serving = manage(server);
    let (ran, mut runs) = tokio::sync::mpsc::unbounded_channel();
    let service = Service::new("s").method("f", move || {
        ran.send(()).unwrap();
        async {}
    });
    peer.register_service(service).await.unwrap();
    let function = |target: &str, method: &str| {
        let map = Map::from([
            ("_rtype", Value::from("method")),
            ("_rtarget", Value::from(target)),
            ("_rmethod", Value::from(method)),
            ("_rpromise", Value::from(false)),
        ]);
        Value::Map(map)
    };
    let promise = |resolve: Value, reject: Value, heartbeat: Value| {
        let promise = Map::from([
            ("heartbeat", heartbeat),
            ("interval", Value::from(15.0)),
            ("resolve", resolve),
            ("reject", reject),
        ]);
        Value::Map(Map::from([
            ("args", Value::List(Vec::new())),
            ("promise", Value::Map(promise)),
        ]))
    };
    let honest = |name: &str| function("caller", &format!("T.{name}"));
    let ask = tokio::spawn({
        let peer = peer.clone();
        async move { peer.ping(&"ws/else".parse().unwrap()).await }
    });
    let (mut server, _ping) = serving.await.unwrap();
    for (payload, admitted) in [
        (
            promise(honest("resolve"), honest("reject"), honest("heartbeat")),
            true,
        ),
        (
            promise(
                function("ws/caller", "T.resolve"),
                honest("reject"),
                honest("heartbeat"),
            ),
            true,
        ),
        (
            promise(
                function("victim", "services.vault.open"),
                honest("reject"),
                honest("heartbeat"),
            ),
            false,
        ),
        (
            promise(
                function("caller", "services.vault.open"),
                honest("reject"),
                honest("heartbeat"),
            ),
            false,
        ),
        (
            promise(
                function("victim", "T.resolve"),
                honest("reject"),
                honest("heartbeat"),
            ),
            false,
        ),
        (
            promise(
                honest("resolve"),
                function("caller", "U.reject"),
                honest("heartbeat"),
            ),
            false,
        ),
        (
            promise(
                honest("resolve"),
                honest("reject"),
                function("else/caller", "T.heartbeat"),
            ),
            false,
        ),
        (
            promise(honest("reject"), honest("resolve"), honest("heartbeat")),
            false,
        ),
        (
            promise(Value::Null, honest("reject"), honest("heartbeat")),
            false,
        ),
    ] {
        server
            .send("ws/caller", "services.s.f", Some("T"), payload.clone())
            .await;
        let (header, answer) = server.next().await.unwrap();
        assert_eq!(
            text(&header, "to"),
            "ws/caller",
            "answers go to the caller and nobody else"
        );
        let expected = if admitted { "T.resolve" } else { "T.reject" };
        assert_eq!(text(&header, "method"), expected, "{payload:?} {answer:?}");
        assert_eq!(runs.try_recv().is_ok(), admitted);
    }
    ask.abort();
}

#[tokio::test(start_paused = true)]
async fn the_client_pings_refreshes_its_token_and_notices_silence() {
    let (peer, mut server) = connected().await;
    let mut tokens = peer.clone();
    let watching = tokio::spawn(async move {
        let reason = tokens.closed().await;
        tokens = tokens.clone();
        (reason, tokens.reconnection_token())
    });
    let started = tokio::time::Instant::now();
    let mut seen = Vec::new();
    while started.elapsed() < Duration::from_secs(50) {
        let Ok(Ok(Some(Frame::Text(text)))) =
            tokio::time::timeout(Duration::from_secs(20), server.rx.recv()).await
        else {
            continue;
        };
        seen.push((started.elapsed().as_secs(), text.clone()));
        if text.contains("refresh_token") {
            server
                .text(&format!(
                    r#"{{"type":"reconnection_token","reconnection_token":"at-{}"}}"#,
                    started.elapsed().as_secs()
                ))
                .await;
        } else {
            server.text(r#"{"type":"pong"}"#).await;
        }
    }
    // A life of 6 s makes it refresh every 4 s.
    assert_eq!(seen[0], (4, r#"{"type":"refresh_token"}"#.to_owned()));
    assert!(seen.contains(&(20, r#"{"type":"ping"}"#.to_owned())));
    let silent_from = started.elapsed();
    let (reason, token) = watching.await.unwrap();
    assert!(matches!(reason, ClosedReason::Silent), "{reason}");
    assert!((started.elapsed() - silent_from) <= Duration::from_secs(30));
    assert_eq!(token.unwrap().expose(), "at-52");
}

#[tokio::test]
async fn a_provider_that_leaves_fails_its_callers_at_once() {
    let (peer, mut server) = connected().await;
    let call = tokio::spawn({
        let peer = peer.clone();
        async move {
            peer.method_at(&"ws/provider".parse().unwrap(), "services.s.f")
                .await
        }
    });
    server.next().await.unwrap();
    let event = Map::from([
        ("type", Value::from("client_disconnected")),
        ("to", Value::from("*")),
        (
            "data",
            Value::Map(Map::from([("id", "provider"), ("workspace", "ws")])),
        ),
    ]);
    server
        .binary(hypha_codec::encode(&Value::Map(event)).unwrap())
        .await;
    let error = call.await.unwrap().unwrap_err();
    assert!(error.is_disconnected(), "{error}");
}

#[tokio::test]
async fn an_answer_in_several_frames_is_a_clear_error_at_both_ends() {
    let (peer, mut server) = connected().await;
    let call = tokio::spawn({
        let peer = peer.clone();
        async move {
            peer.method_at(&"ws/provider".parse().unwrap(), "services.s.f")
                .await
        }
    });
    let (header, _) = server.next().await.unwrap();
    let session = text(&header, "session");
    let create = |key: &str| args([Value::from(key), Value::from(true)]);
    for (from, key) in [("ws/stranger", &*session), ("ws/provider", "unknown")] {
        server
            .send(
                from,
                "services.built-in.message_cache.create",
                Some("T"),
                create(key),
            )
            .await;
        let (header, _) = server.next().await.unwrap();
        assert_eq!(text(&header, "method"), "T.reject");
        assert_eq!(peer.stats().await.unwrap().pending_calls, 1);
    }
    server
        .send(
            "ws/provider",
            "services.built-in.message_cache.create",
            Some("T"),
            create(&session),
        )
        .await;
    let (header, payload) = server.next().await.unwrap();
    assert_eq!(text(&header, "method"), "T.reject");
    assert!(
        format!("{payload:?}").contains("several frames"),
        "{payload:?}"
    );
    let error = call.await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::AnswerTooLarge { .. }), "{error}");
}

#[tokio::test]
async fn what_the_server_says_before_it_closes_explains_the_end() {
    let (peer, mut server) = connected().await;
    let call = tokio::spawn({
        let peer = peer.clone();
        async move {
            peer.method_at(&"ws/provider".parse().unwrap(), "services.s.f")
                .await
        }
    });
    server.next().await.unwrap();
    server
        .text(r#"{"type":"error","message":"Idle timeout (600s)"}"#)
        .await;
    server
        .tx
        .close(CloseReason::new(CloseReason::GOING_AWAY, "bye"))
        .await;
    let reason = peer.closed().await;
    assert!(
        matches!(&reason, ClosedReason::Server(text) if &**text == "Idle timeout (600s)"),
        "{reason}"
    );
    let error = call.await.unwrap().unwrap_err();
    assert!(
        error.to_string().contains("Idle timeout (600s)")
            && error.to_string().contains("may have run"),
        "{error}"
    );
}
