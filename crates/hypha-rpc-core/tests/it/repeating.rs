//! Calls that are made again: feature A5.21 as it should be (A2-16, A2-17).

use std::time::Duration;

use hypha_codec::{Map, Method, Value};
use hypha_rpc_core::{CallError, Closure, Peer, RemoteService};
use tokio::task::JoinHandle;

use crate::relay::connected;
use crate::server::{Server, args, error_value, text};

const SECOND: Duration = Duration::from_secs(1);

fn description(provider: &str, path: &str) -> Value {
    Value::Map(Map::from([
        ("id", Value::from(format!("ws/{provider}:s"))),
        (
            "f",
            Value::from(Method::new(format!("ws/{provider}"), path)),
        ),
    ]))
}

/// The next call: who it is for, its path and its session.
async fn next(server: &mut Server) -> (String, String, String) {
    let (header, _) = server.next().await.unwrap();
    (
        text(&header, "to"),
        text(&header, "method"),
        text(&header, "session"),
    )
}

/// A service that was found at its provider.
async fn found(peer: &Peer, server: &mut Server) -> RemoteService {
    let finding = tokio::spawn({
        let peer = peer.clone();
        async move { peer.get_remote_service("p:s").await }
    });
    describe(server, "services.s.f").await;
    finding.await.unwrap().unwrap()
}

async fn describe(server: &mut Server, path: &str) {
    let (to, method, session) = next(server).await;
    assert_eq!((&*to, &*method), ("ws/p", "services.built-in.get_service"));
    let resolve = format!("{session}.resolve");
    server
        .send("ws/p", &resolve, None, args([description("p", path)]))
        .await;
}

fn call(service: &RemoteService) -> JoinHandle<Result<Value, CallError>> {
    tokio::spawn(service.method("f").into_future())
}

async fn reject(server: &mut Server, session: &str, text: &str) {
    server
        .send(
            "ws/p",
            &format!("{session}.reject"),
            None,
            args([error_value(text)]),
        )
        .await;
}

/// The server's own reject: it has no `ws`.
async fn undelivered(server: &mut Server, session: &str) {
    let header = Map::from([
        ("type", "method"),
        ("from", "ws/p"),
        ("to", "ws/me"),
        ("method", &*format!("{session}.reject")),
    ]);
    let mut frame = hypha_codec::encode(&Value::Map(header)).unwrap().to_vec();
    let error = args([error_value("Target peer ws/p is not connected")]);
    frame.extend_from_slice(&hypha_codec::encode(&error).unwrap());
    server.binary(frame).await;
}

async fn resolve(server: &mut Server, session: &str, value: i32) {
    server
        .send(
            "ws/p",
            &format!("{session}.resolve"),
            None,
            args([Value::from(value)]),
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_service_whose_provider_came_back_is_looked_up_again_and_the_call_repeated() {
    for words in [
        "Method expired or not found: ws/me:services.s.f",
        "Error: Method expired or not found: ws/me:services.s.f",
        "Error: Invalid method: ws/me:services.s.f",
        "Session not found: ws/me:services.s.f",
        "",
    ] {
        let (peer, _relay, mut server) = connected().await;
        let service = found(&peer, &mut server).await;
        let calling = call(&service);
        let (_, _, session) = next(&mut server).await;
        match words {
            "" => undelivered(&mut server, &session).await,
            words => reject(&mut server, &session, words).await,
        }
        describe(&mut server, "services.s.again").await;
        let (_, path, session) = next(&mut server).await;
        assert_eq!(path, "services.s.again", "{words}");
        resolve(&mut server, &session, 1).await;
        assert_eq!(calling.await.unwrap().unwrap(), Value::from(1));
        // The next call uses what was found.
        let calling = call(&service);
        assert_eq!(next(&mut server).await.1, "services.s.again");
        calling.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn one_call_is_repeated_once() {
    let (peer, _relay, mut server) = connected().await;
    let service = found(&peer, &mut server).await;
    let calling = call(&service);
    for round in 0..2 {
        let (_, _, session) = next(&mut server).await;
        undelivered(&mut server, &session).await;
        if round == 0 {
            describe(&mut server, "services.s.f").await;
        }
    }
    let error = calling.await.unwrap().unwrap_err();
    assert!(error.is_disconnected() && error.is_retryable(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_stays_away_leaves_the_error_as_it_was() {
    let (peer, _relay, mut server) = connected().await;
    let service = found(&peer, &mut server).await;
    let calling = call(&service);
    for _ in 0..2 {
        let (_, _, session) = next(&mut server).await;
        undelivered(&mut server, &session).await;
    }
    let error = calling.await.unwrap().unwrap_err();
    assert!(
        error.to_string().contains("ws/p is not connected"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_that_may_have_come_from_the_method_itself_repeats_nothing() {
    for words in [
        "Method expired or not found: ws/p:services.other.g",
        "Method expired or not found: ws/me:services.s.g",
        "Session not found: ws/p:abc.def",
        "Target peer ws/q is not connected",
        "Peer review failed",
        "Connection is closed",
        "while working: Method expired or not found: ws/me:services.s.f",
    ] {
        let (peer, _relay, mut server) = connected().await;
        let service = found(&peer, &mut server).await;
        let calling = call(&service);
        let (_, _, session) = next(&mut server).await;
        reject(&mut server, &session, words).await;
        let error = calling.await.unwrap().unwrap_err();
        assert!(error.is_remote(), "{words}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn many_calls_look_once() {
    let (peer, _relay, mut server) = connected().await;
    let service = found(&peer, &mut server).await;
    let calls: Vec<_> = (0..50).map(|_| call(&service)).collect();
    for _ in 0..50 {
        let (_, _, session) = next(&mut server).await;
        undelivered(&mut server, &session).await;
    }
    describe(&mut server, "services.s.again").await;
    for _ in 0..50 {
        let (_, path, session) = next(&mut server).await;
        assert_eq!(path, "services.s.again");
        resolve(&mut server, &session, 2).await;
    }
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), Value::from(2));
    }
}

/// Tells the client that its provider is gone.
async fn departed(server: &mut Server) {
    let data = Map::from([("id", "p"), ("workspace", "ws")]);
    let event = Map::from([
        ("type", Value::from("client_disconnected")),
        ("data", Value::Map(data)),
    ]);
    server
        .binary(hypha_codec::encode(&Value::Map(event)).unwrap())
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_have_run_is_repeated_only_if_it_is_idempotent() {
    for idempotent in [false, true] {
        let (peer, _relay, mut server) = connected().await;
        let call = peer.method_at(&"ws/p".parse().unwrap(), "services.s.f");
        let call = if idempotent { call.idempotent() } else { call };
        let calling = tokio::spawn(call.into_future());
        let (_, _, first) = next(&mut server).await;
        departed(&mut server).await;
        if !idempotent {
            let error = calling.await.unwrap().unwrap_err();
            assert!(matches!(error, CallError::PeerGone { .. }), "{error}");
            continue;
        }
        let (_, _, second) = next(&mut server).await;
        assert_ne!(first, second);
        undelivered(&mut server, &second).await;
        let (_, _, third) = next(&mut server).await;
        // A late answer to a former try is not taken for that of the last.
        resolve(&mut server, &first, 1).await;
        resolve(&mut server, &third, 3).await;
        assert_eq!(calling.await.unwrap().unwrap(), Value::from(3));
    }
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_call_does_not_wait_for_an_answer_that_may_be_lost() {
    let (peer, mut relay, mut server) = connected().await;
    let call = peer
        .method_at(&"ws/p".parse().unwrap(), "services.s.f")
        .idempotent();
    let calling = tokio::spawn(call.into_future());
    next(&mut server).await;
    drop(server);
    let (mut server, _) = relay.set_up(0).await;
    let (_, _, session) = next(&mut server).await;
    resolve(&mut server, &session, 8).await;
    assert_eq!(calling.await.unwrap().unwrap(), Value::from(8));
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_call_gives_up_in_its_time() {
    let began = tokio::time::Instant::now();
    let (peer, _relay, mut server) = connected().await;
    let call = peer.method_at(&"ws/p".parse().unwrap(), "services.s.f");
    let calling = tokio::spawn(call.idempotent().timeout(10 * SECOND).into_future());
    let refuse = async {
        loop {
            let (_, _, session) = next(&mut server).await;
            undelivered(&mut server, &session).await;
        }
    };
    let error = tokio::select! {
        result = calling => result.unwrap().unwrap_err(),
        () = refuse => unreachable!(),
    };
    assert!(error.is_disconnected(), "{error}");
    assert!(began.elapsed() <= 10 * SECOND && began.elapsed() >= 4 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_call_with_functions_in_it_is_made_once() {
    let (peer, _relay, mut server) = connected().await;
    let service = found(&peer, &mut server).await;
    let callback = Closure::new(|| async { 1 });
    let calling = tokio::spawn(
        service
            .method("f")
            .idempotent()
            .args((callback,))
            .into_future(),
    );
    let (_, _, session) = next(&mut server).await;
    undelivered(&mut server, &session).await;
    assert!(calling.await.unwrap().unwrap_err().is_disconnected());
}
