//! What protects a provider: bounds of calls at once, and leaving without cutting anybody off.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hypha_rpc_core::{
    ClosedReason, Members, Peer, PeerConfig, RemoteErrorKind, RemoteService, Service,
};
use hypha_transport::CloseReason;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::pair::{peers_with, serve};

/// Methods that run until they are let go, and how many do.
#[derive(Clone)]
struct Gate {
    open: Arc<Semaphore>,
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Gate {
    fn new() -> Self {
        Self {
            open: Arc::new(Semaphore::new(0)),
            running: Arc::default(),
            most: Arc::default(),
        }
    }

    async fn pass(self, number: usize) -> usize {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        self.open.acquire().await.unwrap().forget();
        self.running.fetch_sub(1, Ordering::SeqCst);
        number
    }

    fn service(&self) -> Service {
        let (a, b) = (self.clone(), self.clone());
        Service::new("gate")
            .concurrency(2)
            .queue(3)
            .method("pass", move |number: usize| a.clone().pass(number))
            .nested(
                "inner",
                Members::new().method("pass", move |number: usize| b.clone().pass(number)),
            )
            .blocking("block", |number: usize| number)
    }
}

fn call(
    service: &RemoteService,
    method: &'static str,
    number: usize,
) -> JoinHandle<Result<usize, hypha_rpc_core::CallError>> {
    let service = service.clone();
    tokio::spawn(async move { service.call(method, (number,)).await })
}

/// Waits until nothing happens any more.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn so_many_calls_run_so_many_wait_in_order_and_the_rest_is_refused_at_once() {
    let gate = Gate::new();
    let (service, _caller, _provider) = serve(gate.service()).await;
    let mut calls = Vec::new();
    for number in 0..8 {
        let method = ["pass", "inner.pass", "block"][number % 3];
        calls.push(call(&service, method, number));
        settle().await;
    }
    assert_eq!(gate.running.load(Ordering::SeqCst), 2);
    for refused in calls.drain(5..) {
        let error = refused.await.unwrap().unwrap_err();
        assert_eq!(error.remote().unwrap().kind(), RemoteErrorKind::Busy);
        assert!(error.is_retryable());
        assert_eq!(
            error.remote().unwrap().message(),
            "Busy: the service `gate` runs as many calls as it may, try again later"
        );
    }
    // 2 is the blocking method: it is next, and needs no gate.
    gate.open.add_permits(1);
    settle().await;
    let mut done: Vec<bool> = calls.iter().map(JoinHandle::is_finished).collect();
    while !done[2] {
        settle().await;
        done = calls.iter().map(JoinHandle::is_finished).collect();
    }
    assert!(done[0] != done[1] && !done[4], "{done:?}");
    // There is room again.
    calls.push(call(&service, "pass", 8));
    gate.open.add_permits(10);
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap().unwrap());
    }
    assert_eq!(answers, [0, 1, 2, 3, 4, 8]);
    assert_eq!(gate.most.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn callers_that_wait_for_their_turn_get_heartbeats() {
    let gate = Gate::new();
    let config = PeerConfig::default();
    let mut impatient = PeerConfig::default();
    impatient.method_timeout = Duration::from_secs(2);
    let (caller, provider) = peers_with(impatient, config);
    provider.register_service(gate.service()).await.unwrap();
    let service = caller.get_remote_service("gate").await.unwrap();
    let calls: Vec<_> = (0..5)
        .map(|number| call(&service, "pass", number))
        .collect();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(calls.iter().all(|call| !call.is_finished()));
    gate.open.add_permits(5);
    for (number, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap().unwrap(), number);
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_of_none_refuses_what_cannot_run_at_once() {
    let gate = Gate::new();
    let (service, _caller, _provider) = serve(gate.service().queue(0)).await;
    let running = [call(&service, "pass", 0), call(&service, "pass", 1)];
    let error = call(&service, "pass", 2).await.unwrap().unwrap_err();
    assert_eq!(error.remote().unwrap().kind(), RemoteErrorKind::Busy);
    gate.open.add_permits(2);
    for call in running {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn draining_answers_what_runs_refuses_what_comes_and_closes() {
    let gate = Gate::new();
    let (service, caller, provider) = serve(gate.service()).await;
    let running: Vec<_> = (0..4)
        .map(|number| call(&service, "pass", number))
        .collect();
    settle().await;
    let draining = drain(&provider, Duration::from_secs(60));
    settle().await;
    let error = call(&service, "pass", 9).await.unwrap().unwrap_err();
    assert_eq!(
        error.remote().unwrap().kind(),
        RemoteErrorKind::ShuttingDown
    );
    assert!(error.is_retryable(), "{error}");
    caller.ping(provider.address()).await.unwrap();
    assert!(!draining.is_finished());
    gate.open.add_permits(4);
    for (number, call) in running.into_iter().enumerate() {
        assert_eq!(call.await.unwrap().unwrap(), number);
    }
    assert_eq!(draining.await.unwrap(), 0);
    assert!(matches!(provider.closed().await, ClosedReason::Local));
    let ClosedReason::Remote(reason) = caller.closed().await else {
        panic!("no close")
    };
    assert_eq!(reason.code(), CloseReason::normal().code());
}

#[tokio::test(start_paused = true)]
async fn draining_ends_at_its_time_and_counts_whom_it_cut_off() {
    let gate = Gate::new();
    let (service, _caller, provider) = serve(gate.service()).await;
    let running: Vec<_> = (0..3)
        .map(|number| call(&service, "pass", number))
        .collect();
    settle().await;
    let began = tokio::time::Instant::now();
    assert_eq!(provider.drain(Duration::from_secs(5)).await, 3);
    assert!(began.elapsed() < Duration::from_secs(6));
    for call in running {
        let error = call.await.unwrap().unwrap_err();
        assert!(error.is_disconnected() && !error.is_retryable(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn draining_with_nothing_to_do_is_immediate() {
    let (_service, _caller, provider) = serve(Gate::new().service()).await;
    let began = tokio::time::Instant::now();
    assert_eq!(provider.drain(Duration::from_secs(60)).await, 0);
    assert!(began.elapsed() < Duration::from_secs(1));
    // A second time, nothing is left to do.
    assert_eq!(provider.drain(Duration::from_secs(60)).await, 0);
}

fn drain(peer: &Peer, timeout: Duration) -> JoinHandle<usize> {
    let peer = peer.clone();
    tokio::spawn(async move { peer.drain(timeout).await })
}

/// Counts the events of one thread that say something.
struct Heard {
    words: &'static str,
    count: Arc<AtomicUsize>,
}

impl tracing::Subscriber for Heard {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Find<'a>(&'a str, bool);
        impl tracing::field::Visit for Find<'_> {
            fn record_debug(&mut self, _: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.1 |= format!("{value:?}").contains(self.0);
            }
        }
        let mut find = Find(self.words, false);
        event.record(&mut find);
        self.count.fetch_add(usize::from(find.1), Ordering::SeqCst);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn a_handler_that_holds_up_others_is_told_of() {
    let count = Arc::new(AtomicUsize::new(0));
    let heard = || Heard {
        words: "held up other calls",
        count: Arc::clone(&count),
    };
    // With a single subscriber, `tracing` asks that of the thread that comes to an event first, which
    // may be another test's and have none; it then takes the event for unwanted everywhere.
    let _second = tracing::Dispatch::new(heard());
    let _listening = tracing::subscriber::set_default(heard());
    let compute = |milliseconds: u64| {
        let until = std::time::Instant::now() + Duration::from_millis(milliseconds);
        async move { while std::time::Instant::now() < until {} }
    };
    let service = Service::new("s").method("compute", compute);
    let (s, _caller, _provider) = serve(service).await;
    s.call::<()>("compute", (150,)).await.unwrap();
    assert!(count.load(Ordering::SeqCst) > 0);
}
