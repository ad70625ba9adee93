//! What ends when, and that nothing is left behind.

use std::sync::Arc;
use std::time::Duration;

use hypha_rpc_core::{CallError, ClosedReason, Peer, PeerConfig, PeerIdentity, Service, State};
use hypha_transport::memory::{self, MemoryConfig};
use hypha_transport::{FrameRx, Transport};
use tokio::sync::mpsc;

use crate::pair::{address, peers, serve};

/// Reports when it is dropped.
struct Dropped(mpsc::UnboundedSender<&'static str>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

#[tokio::test]
async fn a_dropped_call_frees_its_session() {
    let service = Service::new("s").method("hang", std::future::pending::<()>);
    let (s, caller, provider) = serve(service).await;
    {
        let call = s.call::<()>("hang", ());
        tokio::pin!(call);
        let mut running = 0;
        while running == 0 {
            tokio::select! {
                biased;
                _ = &mut call => panic!("it hangs"),
                stats = provider.stats() => running = stats.unwrap().running_calls,
            }
        }
        assert_eq!(caller.stats().await.unwrap().pending_calls, 1);
    }
    assert_eq!(caller.stats().await.unwrap().pending_calls, 0);
}

#[tokio::test]
async fn disconnect_rejects_what_is_pending_and_stops_what_runs() {
    let (events, mut seen) = mpsc::unbounded_channel();
    let service = Service::new("s").method("hang", move || {
        let guard = Dropped(events.clone());
        async move {
            let _ = guard.0.send("started");
            std::future::pending::<()>().await;
            drop(guard);
        }
    });
    let (s, caller, provider) = serve(service).await;
    let call = tokio::spawn(async move { s.call::<()>("hang", ()).await });
    assert_eq!(seen.recv().await, Some("started"));
    caller.disconnect().await;
    caller.disconnect().await;
    let error = call.await.unwrap().unwrap_err();
    assert!(
        matches!(
            error,
            CallError::Disconnected {
                maybe_ran: true,
                ..
            }
        ) && error.is_disconnected(),
        "{error}"
    );
    assert!(matches!(caller.state(), State::Closed(ClosedReason::Local)));
    assert!(matches!(provider.closed().await, ClosedReason::Remote(_)));
    assert_eq!(
        seen.recv().await,
        Some("dropped"),
        "the running handler was stopped"
    );
    let error = caller.ping(provider.address()).await.unwrap_err();
    assert!(
        matches!(
            error,
            CallError::Disconnected {
                maybe_ran: false,
                ..
            }
        ) && error.is_retryable(),
        "{error}"
    );
}

#[tokio::test]
async fn the_last_handle_closes_the_link_and_drops_the_services() {
    let (events, mut seen) = mpsc::unbounded_channel();
    let guard = Arc::new(Dropped(events));
    let service = Service::new("s").method("f", move || {
        let guard = Arc::clone(&guard);
        async move { drop(guard) }
    });
    let (left, right) = peers();
    left.register_service(service).await.unwrap();
    let clone = left.clone();
    drop(left);
    clone.ping(right.address()).await.unwrap();
    drop(clone);
    assert!(matches!(right.closed().await, ClosedReason::Remote(reason) if reason.is_normal()));
    assert_eq!(seen.recv().await, Some("dropped"));
    assert_eq!(seen.recv().await, None);
}

#[tokio::test]
async fn a_remote_service_keeps_the_link_open() {
    let service = Service::new("s").method("f", || async { 1 });
    let (s, caller, _provider) = serve(service).await;
    drop(caller);
    assert_eq!(s.call::<i32>("f", ()).await.unwrap(), 1);
}

#[tokio::test]
async fn gauges_return_to_where_they_began() {
    let service = Service::new("s")
        .method("echo", |n: u32| async move { n })
        .method("fail", || async { Err::<(), _>("no") })
        .method("later", |n: u32| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            n
        });
    let (s, caller, provider) = serve(service).await;
    let before = (
        caller.stats().await.unwrap(),
        provider.stats().await.unwrap(),
    );
    let calls = (0..300_u32).map(|n| {
        let s = s.clone();
        tokio::spawn(async move {
            match n % 3 {
                0 => assert_eq!(s.call::<u32>("echo", (n,)).await.unwrap(), n),
                1 => assert_eq!(s.call::<u32>("later", (n,)).await.unwrap(), n),
                _ => assert!(s.call::<u32>("fail", ()).await.is_err()),
            }
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    assert_eq!(
        (
            caller.stats().await.unwrap(),
            provider.stats().await.unwrap()
        ),
        before
    );
}

#[tokio::test]
async fn what_was_handed_over_before_a_disconnect_is_sent() {
    let (left, right) = memory::pair(MemoryConfig::default());
    let (here, there) = (address("ws/left"), address("ws/right"));
    let identity = PeerIdentity::new(here, there.clone());
    let caller = Peer::direct(left, identity, PeerConfig::default()).unwrap();
    let calls: Vec<_> = (0..200)
        .map(|n| {
            let call = caller.method_at(&there, "services.s.f").args((n,)).send();
            tokio::spawn(call)
        })
        .collect();
    while caller.stats().await.unwrap().pending_calls < 200 {}
    let (_tx, mut rx) = right.split();
    let count = async {
        let mut frames = 0;
        while rx.recv().await.unwrap().is_some() {
            frames += 1;
        }
        frames
    };
    assert_eq!(tokio::join!(caller.disconnect(), count).1, 200);
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert!(
            matches!(
                error,
                CallError::Disconnected {
                    maybe_ran: true,
                    ..
                }
            ),
            "{error}"
        );
    }
}
