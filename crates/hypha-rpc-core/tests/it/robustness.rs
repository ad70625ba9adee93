//! Ways in which peers, users and slow networks once broke a connection, each as a test.

mod panics;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hypha_codec::{Map, Promised, Value};
use hypha_rpc_core::{
    CallError, CallOptions, Credentials, Peer, PeerConfig, PeerIdentity, RelayOptions,
    RemoteService, Service, State,
};
use hypha_transport::memory::{self, MemoryConfig, MemoryRx, MemoryTx};
use hypha_transport::{Frame, FrameRx, FrameTx, Transport};

use crate::pair::{address, peers, serve};
use crate::server;

fn call_frame(method: &str, session: Option<&str>, payload: impl Into<Value>) -> Bytes {
    let payload = payload.into();
    let mut header = Map::from([("type", "method"), ("to", "ws/victim"), ("method", method)]);
    if let Some(session) = session {
        header.push("session", session);
    }
    let mut frame = hypha_codec::encode(&Value::Map(header)).unwrap().to_vec();
    if !payload.is_null() {
        frame.extend_from_slice(&hypha_codec::encode(&payload).unwrap());
    }
    frame.into()
}

fn victim(config: PeerConfig, memory: MemoryConfig) -> (Peer, MemoryTx, MemoryRx) {
    let (left, right) = memory::pair(memory);
    let identity = PeerIdentity::new(address("ws/victim"), address("ws/attacker"));
    let peer = Peer::direct(left, identity, config).unwrap();
    let (tx, rx) = right.split();
    (peer, tx, rx)
}

/// `now + interval` panics in the link task.
#[tokio::test(start_paused = true)]
async fn an_absurd_heartbeat_interval_of_a_peer_does_not_end_the_link() {
    let (peer, mut tx, mut rx) = victim(PeerConfig::default(), MemoryConfig::default());
    peer.register_service(Service::new("s").method("hang", std::future::pending::<()>))
        .await
        .unwrap();
    let payload = Value::Map(Map::from([
        ("promise", Value::from("*")),
        ("t", Value::from(1.2e19)),
    ]));
    tx.feed(Frame::Binary(call_frame(
        "services.s.hang",
        Some("T"),
        payload,
    )))
    .await
    .unwrap();
    tx.feed(Frame::Binary(call_frame(
        "services.built-in.ping",
        Some("T"),
        Value::Null,
    )))
    .await
    .unwrap();
    tx.flush().await.unwrap();
    assert!(matches!(rx.recv().await, Ok(Some(_))), "ping is answered");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(peer.stats().await.unwrap().running_calls, 1);
}

/// the same by the user's own hand; `PeerConfig` says "any value is fine".
#[tokio::test(start_paused = true)]
async fn an_endless_timeout_does_not_end_the_link() {
    let service = Service::new("s").method("f", || async { 1 });
    let (s, caller, _provider) = serve(service).await;
    let s = s.with_options(CallOptions::new().timeout(Duration::MAX));
    let result = s.call::<i32>("f", ()).await;
    assert!(matches!(result, Ok(1)), "{result:?}");
    assert!(matches!(caller.state(), State::Connected));
}

/// whatever ends the link task, the state must not say `Connected` afterwards.
#[tokio::test(start_paused = true)]
async fn state_is_closed_once_closed_returns() {
    let service = Service::new("s").method("f", || async { 1 });
    let (s, caller, _provider) = serve(service).await;
    let s = s.with_options(CallOptions::new().timeout(Duration::MAX));
    if s.call::<i32>("f", ()).await.is_err() {
        caller.closed().await;
        assert!(
            matches!(caller.state(), State::Closed(_)),
            "{:?}",
            caller.state()
        );
    }
}

/// a provider that the manager knows hands out functions that lead elsewhere.
#[tokio::test]
async fn a_provider_cannot_point_its_functions_elsewhere_by_way_of_the_manager() {
    let (peer, _server) = server::connected().await;
    for target in ["*/mgr", "ws/victim", "third/client"] {
        let method = hypha_codec::Method::new(target, "services.default.delete_workspace");
        let description = Value::Map(Map::from([
            ("id", Value::from("evil/provider:tools")),
            ("run", Value::from(method)),
        ]));
        let error = RemoteService::from_manager(&peer, description);
        assert!(
            matches!(error, Err(CallError::ForeignFunction { .. })),
            "{target}: {error:?}"
        );
    }
    // What is honest passes: the provider itself, the server's own services, the manager itself.
    for (id, target) in [
        ("evil/provider:tools", "evil/provider"),
        ("public/server-1:hypha-login", "public/server-1"),
        ("*/mgr:default", "*/mgr"),
    ] {
        let method = hypha_codec::Method::new(target, "services.default.f");
        let description = Value::Map(Map::from([
            ("id", Value::from(id)),
            ("run", Value::from(method)),
        ]));
        RemoteService::from_manager(&peer, description).unwrap();
    }
}

/// an answer of a handler that passes on what happened to a call of its own is not "did not run".
#[tokio::test]
async fn an_error_that_a_handler_returned_is_not_retryable() {
    let ran = Arc::new(AtomicUsize::new(0));
    let service = Service::new("s").method("f", {
        let ran = Arc::clone(&ran);
        move || {
            ran.fetch_add(1, Ordering::Relaxed);
            // What `Err(error)?` of a nested call gives.
            async { Err::<(), _>("Target peer ws/third is not connected") }
        }
    });
    let (s, _caller, _provider) = serve(service).await;
    let error = s.call::<()>("f", ()).await.unwrap_err();
    assert_eq!(ran.load(Ordering::Relaxed), 1);
    assert!(!error.is_retryable(), "it ran: {error}");
}

/// a peer that stops reading hangs every later call for ever (no keepalive on a direct link).
#[tokio::test(start_paused = true)]
async fn a_call_behind_a_peer_that_does_not_read_ends() {
    let small = MemoryConfig::new().with_capacity(1, 1024);
    let (peer, _tx, _rx) = victim(PeerConfig::default(), small);
    let call = |size: usize| {
        peer.method_at(&address("ws/attacker"), "services.s.f")
            .args((hypha_codec::Binary::from(vec![0_u8; size]),))
            .send()
    };
    let first = tokio::spawn(call(250_000));
    let second = tokio::spawn(call(250_000));
    let third = tokio::spawn(call(250_000));
    for (n, call) in [first, second, third].into_iter().enumerate() {
        let hour = Duration::from_secs(3600);
        let ended = tokio::time::timeout(hour, call).await;
        assert!(ended.is_ok(), "call {n} has no outcome after an hour");
    }
}

/// answers pile up beyond `max_running_bytes`.
#[tokio::test]
async fn answers_that_wait_are_bounded_by_their_bytes() {
    let mut config = PeerConfig::default();
    config.max_running_bytes = 1 << 20;
    let small = MemoryConfig::new().with_capacity(1, 1024);
    let (peer, mut tx, mut rx) = victim(config, small);
    let made = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let service = Service::new("s").method("big", {
        let (made, gate) = (Arc::clone(&made), Arc::clone(&gate));
        move || {
            let (made, gate) = (Arc::clone(&made), Arc::clone(&gate));
            async move {
                gate.acquire().await.unwrap().forget();
                let text = "x".repeat(250_000);
                made.fetch_add(text.len(), Ordering::SeqCst);
                text
            }
        }
    });
    peer.register_service(service).await.unwrap();
    for _ in 0..200 {
        tx.feed(Frame::Binary(call_frame(
            "services.s.big",
            Some("T"),
            Value::Null,
        )))
        .await
        .unwrap();
        tx.flush().await.unwrap();
    }
    while peer.stats().await.unwrap().running_calls < 200 {}
    gate.add_permits(200);
    while made.load(Ordering::SeqCst) < 200 * 250_000 {
        tokio::task::yield_now().await;
    }
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    // All of them waited for a peer that read nothing: 80 MB against a limit of 1 MiB.
    let (mut answers, mut bytes) = (0, 0);
    while answers < 200 {
        let Ok(Some(frame)) = rx.recv().await else {
            panic!("after {answers} answers")
        };
        answers += 1;
        bytes += frame.len();
    }
    assert!(bytes <= 4 << 20, "{bytes} bytes of answers waited");
}

/// two tries of one `Call` share one session when its promise is written out.
#[tokio::test]
async fn a_layer_that_hedges_a_written_promise_gets_two_outcomes() {
    use hypha_rpc_core::{Call, CallService, Reply};
    use tower::{Layer, ServiceExt as _};

    #[derive(Clone)]
    struct Hedge;
    #[derive(Clone)]
    struct Hedged(CallService);
    impl Layer<CallService> for Hedge {
        type Service = Hedged;
        fn layer(&self, inner: CallService) -> Hedged {
            Hedged(inner)
        }
    }
    impl tower::Service<Call> for Hedged {
        type Response = Reply;
        type Error = CallError;
        type Future = std::pin::Pin<Box<dyn Future<Output = Result<Reply, CallError>> + Send>>;
        fn poll_ready(
            &mut self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), CallError>> {
            self.0.poll_ready(cx)
        }
        fn call(&mut self, call: Call) -> Self::Future {
            let (mut first, second) = (self.0.clone(), self.0.clone());
            let one = first.call(call.clone());
            Box::pin(async move {
                let two = second.oneshot(call);
                let (one, two) = tokio::join!(one, two);
                one.and(two)
            })
        }
    }

    let (caller, provider) = peers();
    provider
        .register_service(Service::new("s").method("f", || async { 7 }))
        .await
        .unwrap();
    let mut method = hypha_codec::Method::new("ws/right", "services.s.f");
    method.promise = Promised::Written;
    let description = Value::Map(Map::from([
        ("id", Value::from("ws/right:s")),
        ("f", Value::from(method)),
    ]));
    let hedged = caller.clone().layer(Hedge);
    let s = RemoteService::from_manager(&hedged, description).unwrap();
    let result = s.call::<i32>("f", ()).await;
    assert!(matches!(result, Ok(7)), "{result:?}");
}

/// the built-in service can be replaced.
#[tokio::test]
async fn the_built_in_service_cannot_be_replaced() {
    let (left, right) = peers();
    let service = Service::new("built-in").method("f", || async { 1 });
    let replaced = left.replace_service(service).await;
    assert!(replaced.is_err(), "{replaced:?}");
    right.ping(left.address()).await.unwrap();
}

/// the full id of somebody else's service takes back ours of the same name.
#[tokio::test]
async fn the_full_id_of_another_clients_service_does_not_take_back_ours() {
    let (left, right) = peers();
    left.register_service(Service::new("s").method("f", || async { 1 }))
        .await
        .unwrap();
    let result = left.unregister_service("elsewhere/somebody:s").await;
    assert!(result.is_err(), "{result:?}");
    right.get_remote_service("s").await.unwrap();
}

/// a refused `unregister_service` can never be tried again.
#[tokio::test]
async fn a_refused_unregistration_can_be_tried_again() {
    let (peer, mut server) = server::connected().await;
    let play = async {
        for outcome in ["resolve", "reject", "resolve"] {
            let (header, _) = server.next().await.unwrap();
            let session = server::text(&header, "session");
            let answer = server::args([Value::Null]);
            server
                .send("*/mgr", &format!("{session}.{outcome}"), None, answer)
                .await;
        }
    };
    let work = async {
        peer.register_service(Service::new("s").method("f", || async { 1 }))
            .await
            .unwrap();
        peer.unregister_service("s").await.unwrap_err();
        let again = peer.unregister_service("s").await;
        assert!(again.is_ok(), "{again:?}");
    };
    tokio::select! {
        () = async { tokio::join!(play, work); } => {}
        () = tokio::time::sleep(Duration::from_secs(5)) => panic!("it never asked the server again"),
    }
}

/// a direct peer's words about the connection are believed.
#[tokio::test]
async fn a_direct_peer_cannot_speak_as_the_server() {
    let (peer, mut tx, _rx) = victim(PeerConfig::default(), MemoryConfig::default());
    let token = r#"{"type":"reconnection_token","reconnection_token":"forged"}"#;
    let error = r#"{"type":"error","message":"Your licence expired"}"#;
    for text in [token, error] {
        tx.feed(Frame::Text(text.to_owned())).await.unwrap();
    }
    tx.flush().await.unwrap();
    tx.close(hypha_transport::CloseReason::normal()).await;
    let reason = peer.closed().await;
    assert!(peer.reconnection_token().is_none());
    assert!(!reason.to_string().contains("licence"), "{reason}");
}

/// `t` must be above zero.
#[tokio::test]
async fn a_call_of_no_time_at_all_does_not_tell_its_provider_to_send_heartbeats_without_pause() {
    let (peer, _tx, mut rx) = victim(PeerConfig::default(), MemoryConfig::default());
    let call = peer
        .method_at(&address("ws/attacker"), "services.s.f")
        .timeout(Duration::ZERO)
        .send();
    let task = tokio::spawn(call);
    let Ok(Some(Frame::Binary(frame))) = rx.recv().await else {
        panic!("no call")
    };
    let packet = hypha_codec::Packet::parse(frame).unwrap();
    let payload = hypha_codec::decode(packet.payload()).unwrap();
    let t = payload.get("t").unwrap().as_f64().unwrap();
    assert!(t > 0.0, "t = {t} (protocol section 3.3: must be > 0)");
    drop(task);
}

/// the keepalive takes a slow but living link for dead: the ping waits behind frames that are
/// being written, and its time runs already.
#[tokio::test(start_paused = true)]
async fn a_slow_upload_is_not_taken_for_a_dead_link() {
    let (client, server) = memory::pair(MemoryConfig::new().with_capacity(1, 1024));
    let client = std::sync::Mutex::new(Some(client));
    let connector = hypha_transport::connector_fn(move |_| {
        std::future::ready(Ok(client.lock().unwrap().take().unwrap()))
    });
    let mut options = RelayOptions::new(Credentials::new("me"));
    options.silent = true;
    // In one frame each.
    options.config.chunk_size = 480_000;
    let (mut tx, mut rx) = server.split();
    let info = r#"{"type":"connection_info","manager_id":"mgr","workspace":"ws","client_id":"me"}"#;
    let greet = async {
        rx.recv().await.unwrap();
        tx.feed(Frame::Text(info.to_owned())).await.unwrap();
        tx.flush().await.unwrap();
    };
    let (connected, ()) = tokio::join!(Peer::connect(connector, options), greet);
    let (peer, _) = connected.unwrap();
    // 400 kB for each 8 s: 50 kB/s.
    let server = async {
        loop {
            tokio::time::sleep(Duration::from_secs(8)).await;
            match rx.recv().await {
                Ok(Some(Frame::Text(_))) => {
                    let pong = r#"{"type":"pong"}"#.to_owned();
                    drop(tx.feed(Frame::Text(pong)).await);
                    drop(tx.flush().await);
                }
                Ok(Some(Frame::Binary(_))) => {}
                _ => break,
            }
        }
    };
    let upload = async {
        for _ in 0..3 {
            let mut method = hypha_codec::Method::new("ws/store", "services.s.put");
            method.promise = Promised::Never;
            let description = Value::Map(Map::from([
                ("id", Value::from("ws/store:s")),
                ("put", Value::from(method)),
            ]));
            let s = RemoteService::from_manager(&peer, description).unwrap();
            let bytes = hypha_codec::Binary::from(vec![0_u8; 400_000]);
            s.call::<()>("put", (bytes,)).await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(
            matches!(peer.state(), State::Connected),
            "{:?}",
            peer.state()
        );
    };
    tokio::select! {
        () = server => panic!("the link ended: {:?}", peer.closed().await),
        () = upload => {}
    }
}

/// a flood of calls starves our own: answers always go first, and a call that is not handed
/// over has no time-out.
#[tokio::test(start_paused = true)]
async fn our_calls_get_out_while_a_peer_floods_us() {
    let small = MemoryConfig::new().with_capacity(1, 1024);
    let (peer, mut tx, mut rx) = victim(PeerConfig::default(), small);
    let mut calls = Vec::new();
    let flood = tokio::spawn(async move {
        loop {
            let frame = call_frame("services.none.f", Some("T"), Value::Null);
            if tx.feed(Frame::Binary(frame)).await.is_err() || tx.flush().await.is_err() {
                return;
            }
        }
    });
    // It reads less than it makes us answer.
    while peer.stats().await.unwrap().pending_calls == 0 {
        for _ in 0..5000 {
            tokio::task::yield_now().await;
        }
        if calls.is_empty() {
            let method = peer.method_at(&address("ws/attacker"), "services.s.f");
            calls.push(tokio::spawn(method.send()));
        }
    }
    let mut before = 0_u32;
    while before < 1500 {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        let Ok(Some(Frame::Binary(frame))) = rx.recv().await else {
            panic!("the link ended")
        };
        let packet = hypha_codec::Packet::parse(frame).unwrap();
        if packet.header().unwrap().method() == Some("services.s.f") {
            break;
        }
        before += 1;
    }
    assert!(before < 1500, "{before} rejects went first");
    flood.abort();
}
