//! Ends of providers, callers and servers: features A5.12, A5.13 and A11.24.

use std::time::Duration;

use hypha_client::{
    CallError, Client, ClosedReason, ErrorKind, ReconnectPolicy, RemoteClientDisconnected, State,
    Value, event,
};
use hypha_tests::{HyphaServer, ServerOptions};
use serde_json::json;
use tokio::time::Instant;

use crate::fixture::{BOTH, Provider, connect, join, membership, server, soon, until};
use crate::provider::RustProvider;

/// Much less than the time-out of a call.
const AT_ONCE: Duration = Duration::from_secs(5);

#[track_caller]
fn gone(error: &CallError, since: Instant) {
    assert!(error.is_disconnected(), "{error:?}");
    assert!(since.elapsed() < AT_ONCE, "{:?}", since.elapsed());
}

#[tokio::test]
async fn a5_12_a_killed_provider_fails_its_caller_rust_to_python_and_javascript() {
    for language in BOTH {
        let provider = Provider::start(language).await;
        let client = join(&provider.peer.membership().await.unwrap()).await;
        let service = client.get_service(provider.id("interop")).await.unwrap();
        let kill = async {
            assert_eq!(provider.peer.event("started").await.unwrap(), json!("hang"));
            provider.peer.kill();
            Instant::now()
        };
        let (error, since) = tokio::join!(service.call::<Value>("hang", ()), kill);
        let error = error.unwrap_err();
        gone(&error, since);
        assert!(
            matches!(&error, CallError::PeerGone { .. }),
            "{language:?}: {error:?}"
        );

        // The server knows for a while who is gone, and says so.
        let since = Instant::now();
        let error = service.call::<Value>("echo", (1,)).await.unwrap_err();
        gone(&error, since);
        assert!(error.is_retryable(), "it was not delivered: {error:?}");
    }
}

#[tokio::test]
async fn a5_12_a_provider_that_is_gone_fails_its_callers_python_and_javascript_and_rust_to_rust() {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (ready, starting) = tokio::sync::oneshot::channel();
    // A runtime of its own, to take it away like the process it stands for.
    let process = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut provider = RustProvider::start().await;
            let told = (membership(&provider.client).await, provider.id("interop"));
            assert!(ready.send(told).is_ok());
            for _ in 0..3 {
                provider.event("started").await;
            }
            stopped.await.unwrap();
            // Nothing of the provider is dropped before its runtime.
            std::mem::forget(provider);
        });
        runtime.shutdown_background();
    });
    let (membership, id) = starting.await.unwrap();
    let client = join(&membership).await;
    let service = client.get_service(&id).await.unwrap();
    let mut peers = Vec::new();
    for language in BOTH {
        let peer = hypha_tests::Peer::of(language, server().await).member(&membership);
        peers.push(peer.start().await.unwrap());
    }
    let calls = async {
        tokio::join!(
            service.call::<Value>("hang", ()),
            peers[0].call(&id, "hang", json!([])),
            peers[1].call(&id, "hang", json!([])),
        )
    };
    let kill = async {
        // All three have arrived when the provider asks to be stopped.
        stop.send(()).unwrap();
        tokio::task::spawn_blocking(move || process.join().unwrap())
            .await
            .unwrap();
        Instant::now()
    };
    let ((ours, python, javascript), since) = tokio::join!(calls, kill);
    gone(&ours.unwrap_err(), since);
    for error in [python.unwrap_err(), javascript.unwrap_err()] {
        assert!(error.message().contains("disconnected"), "{error}");
    }
}

#[tokio::test]
async fn a5_12_a_provider_that_leaves_fails_its_callers_rust_to_rust() {
    // One that says goodbye, and one that is merely dropped.
    for disconnects in [true, false] {
        let mut provider = RustProvider::start().await;
        let client = join(&membership(&provider.client).await).await;
        let service = client.get_service(&provider.id("interop")).await.unwrap();
        let leave = async {
            provider.event("started").await;
            if disconnects {
                provider.client.disconnect().await;
            }
            drop(provider);
            Instant::now()
        };
        let (error, since) = tokio::join!(service.call::<Value>("hang", ()), leave);
        gone(&error.unwrap_err(), since);
    }
}

#[tokio::test]
async fn a5_14_what_is_kept_of_a_caller_goes_with_it_python_and_javascript_to_rust() {
    let mut provider = RustProvider::start().await;
    let id = provider.id("interop");
    let mut departures = provider
        .client
        .on::<RemoteClientDisconnected>(event::REMOTE_CLIENT_DISCONNECTED);
    for language in BOTH {
        let membership = membership(&provider.client).await;
        let peer = hypha_tests::Peer::of(language, server().await).member(&membership);
        let peer = peer.start().await.unwrap();
        let address = format!("{}/{}", peer.workspace(), peer.client_id());
        let kill = async {
            provider.event("started").await;
            peer.kill();
        };
        let (outcome, ()) = tokio::join!(peer.call(&id, "slow", json!([3600.0])), kill);
        assert!(outcome.is_err(), "{outcome:?}");
        // The answer of its call is wanted by nobody any more.
        let departure = soon("its departure", departures.next()).await;
        let departure = departure.unwrap().unwrap().data;
        assert_eq!(
            (departure.client_id, departure.sessions_cleaned),
            (address, 1),
            "{language:?}"
        );
    }
}

#[tokio::test]
async fn a5_13_a_caller_that_disconnects_fails_its_own_calls() {
    let mut provider = RustProvider::start().await;
    let caller = join(&membership(&provider.client).await).await;
    let service = caller.get_service(&provider.id("interop")).await.unwrap();
    let leave = async {
        provider.event("started").await;
        caller.disconnect().await;
        Instant::now()
    };
    let (error, since) = tokio::join!(service.call::<Value>("hang", ()), leave);
    let error = error.unwrap_err();
    gone(&error, since);
    assert!(
        matches!(
            &error,
            CallError::Disconnected {
                maybe_ran: true,
                ..
            }
        ),
        "{error:?}"
    );
    let error = service.call::<Value>("echo", (1,)).await.unwrap_err();
    assert!(
        matches!(
            &error,
            CallError::Disconnected {
                maybe_ran: false,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a5_13_a_server_that_dies_fails_what_is_pending() {
    let mut server = HyphaServer::start(ServerOptions::default()).await.unwrap();
    for kill in [true, false] {
        if !kill {
            server.restart().await.unwrap();
        }
        let once = || Client::builder(server.url()).reconnect(ReconnectPolicy::off());
        let mut provider = RustProvider::new(once().connect().await.unwrap()).await;
        let caller = once().connect().await.unwrap();
        let service = caller.get_service(&provider.id("interop")).await.unwrap();
        let end = async {
            provider.event("started").await;
            if kill {
                server.kill().unwrap()
            } else {
                server.stop().unwrap()
            }
            Instant::now()
        };
        let (error, since) = tokio::join!(service.call::<Value>("hang", ()), end);
        gone(&error.unwrap_err(), since);
        for client in [&caller, &provider.client] {
            let reason = soon("the end of the connection", client.closed()).await;
            assert!(!matches!(reason, ClosedReason::Local), "{reason}");
            assert!(matches!(client.state(), State::Closed(_)));
        }
        let error = caller.get_service("x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:#}");
        caller.disconnect().await;
    }
    let error = Client::builder(server.url()).connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error:#}");
    assert!(error.is_retryable());
}

async fn is_listed(witness: &Client, address: &str) -> bool {
    let clients = witness.list_clients(None).await.unwrap();
    clients.iter().any(|entry| entry.id == address)
}

#[tokio::test]
async fn a11_24_a_client_that_disconnects_is_gone() {
    let witness = connect().await;
    let client = join(&membership(&witness).await).await;
    let address = client.address().as_str().to_owned();
    assert!(is_listed(&witness, &address).await);
    client.disconnect().await;
    client.disconnect().await;
    assert!(matches!(client.closed().await, ClosedReason::Local));
    until("the end of the client", async || {
        !is_listed(&witness, &address).await
    })
    .await;
    let error = client.echo(&1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:#}");
}

#[tokio::test]
async fn a1_29_the_last_handle_takes_the_connection_along() {
    let witness = connect().await;
    let client = join(&membership(&witness).await).await;
    let address = client.address().as_str().to_owned();
    let service = client.get_service("~").await.unwrap();
    drop(client);
    assert_eq!(
        service.call::<i64>("echo", (1,)).await.unwrap(),
        1,
        "a service is a handle as well"
    );
    assert!(is_listed(&witness, &address).await);
    drop(service);
    until("the end of the client", async || {
        !is_listed(&witness, &address).await
    })
    .await;
}
