//! Layers of tower on both sides of a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use hypha_codec::Value;
use hypha_rpc_core::{
    Call, CallError, Context, Invocation, RemoteError, RemoteErrorKind, RemoteService, Reply,
    Service,
};
use tokio::sync::Semaphore;
use tower::filter::FilterLayer;
use tower::limit::ConcurrencyLimitLayer;
use tower::retry::{Policy, RetryLayer};
use tower::timeout::TimeoutLayer;
use tower::{BoxError, Layer, Service as TowerService};

use crate::pair::peers;

/// Counts what passes.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

#[derive(Clone)]
struct Counted<S>(S, Arc<AtomicUsize>);

impl<S> Layer<S> for Count {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted(inner, Arc::clone(&self.0))
    }
}

impl<R, S: TowerService<R>> TowerService<R> for Counted<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.call(request)
    }
}

/// Tries again what certainly did not run.
#[derive(Clone)]
struct RetrySafe;

impl Policy<Call, Reply, CallError> for RetrySafe {
    type Future = std::future::Ready<()>;

    fn retry(
        &mut self,
        _: &mut Call,
        result: &mut Result<Reply, CallError>,
    ) -> Option<Self::Future> {
        let again = result.as_ref().is_err_and(CallError::is_retryable);
        again.then(|| std::future::ready(()))
    }

    fn clone_request(&mut self, call: &Call) -> Option<Call> {
        Some(call.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_of_the_user_and_a_limit_on_each_side() {
    let (caller, provider) = peers();
    let gate = Arc::new(Semaphore::new(0));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (in_gate, in_running, in_most) = (gate.clone(), running.clone(), most.clone());
    let (sent, served) = (Count::default(), Count::default());
    let service = Service::new("s")
        .method("work", move |n: u32| {
            let (gate, running, most) = (in_gate.clone(), in_running.clone(), in_most.clone());
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                gate.acquire().await.unwrap().forget();
                running.fetch_sub(1, Ordering::SeqCst);
                n
            }
        })
        .layer(ConcurrencyLimitLayer::new(2))
        .layer(FilterLayer::new(|invocation: Invocation| match invocation
            .args
            .first()
            .and_then(Value::as_i64)
        {
            Some(13) => Err(BoxError::from("thirteen is not served")),
            _ => Ok(invocation),
        }))
        .layer(served.clone());
    provider.register_service(service).await.unwrap();

    let caller = caller
        .layer(ConcurrencyLimitLayer::new(5))
        .layer(sent.clone());
    let s = caller.get_remote_service("s").await.unwrap();
    let calls: Vec<_> = (0..10)
        .map(|n| {
            tokio::spawn({
                let s = s.clone();
                async move { s.call::<u32>("work", (n,)).await }
            })
        })
        .collect();
    // Five leave the caller, two of them run. Time only moves once nothing else can.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(running.load(Ordering::SeqCst), 2);
    assert_eq!(provider.stats().await.unwrap().running_calls, 5);
    gate.add_permits(10);
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap().unwrap() as usize, n);
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
    assert_eq!(
        (
            sent.0.load(Ordering::Relaxed),
            served.0.load(Ordering::Relaxed)
        ),
        (11, 10)
    );

    let error = s.call::<u32>("work", (13,)).await.unwrap_err();
    assert_eq!(error.remote().unwrap().message(), "thirteen is not served");
}

#[tokio::test(start_paused = true)]
async fn errors_of_layers_reach_the_caller() {
    let (caller, provider) = peers();
    let service = Service::new("s").method("hang", std::future::pending::<()>);
    provider.register_service(service).await.unwrap();
    let impatient = caller
        .clone()
        .layer(TimeoutLayer::new(Duration::from_secs(3)));
    let s = impatient.get_remote_service("s").await.unwrap();
    let error = s.call::<()>("hang", ()).await.unwrap_err();
    assert!(matches!(error, CallError::Layer(_)), "{error}");
    assert_eq!(
        caller.stats().await.unwrap().pending_calls,
        0,
        "the layer dropped the call"
    );

    let service = Service::new("t")
        .method("hang", std::future::pending::<()>)
        .layer(TimeoutLayer::new(Duration::from_secs(3)));
    provider.register_service(service).await.unwrap();
    let t = caller.get_remote_service("t").await.unwrap();
    let error = t.call::<()>("hang", ()).await.unwrap_err();
    assert_eq!(
        error.remote().unwrap().kind(),
        RemoteErrorKind::Application,
        "{error}"
    );
    assert!(error.to_string().contains("timed out"), "{error}");
}

const BUSY: &str = "Busy: too many calls are running here, try again later";

/// A method that passes on in its own way what another one said did run all the same.
#[tokio::test]
async fn what_inner_calls_were_refused_with_is_no_refusal_of_the_outer_one() {
    #[derive(Debug)]
    struct Own(CallError);
    impl std::fmt::Display for Own {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.fmt(f)
        }
    }
    impl std::error::Error for Own {}

    let (caller, provider) = peers();
    let service =
        Service::new("s").method("full", || async { Err::<(), _>(RemoteError::new(BUSY)) });
    provider.register_service(service).await.unwrap();
    let full = caller.get_remote_service("s").await.unwrap();
    let inner = |full: &RemoteService| {
        let full = full.clone();
        async move {
            let error = full.call::<()>("full", ()).await.unwrap_err();
            assert!(error.is_retryable(), "{error}");
            error
        }
    };
    let [a, b, c, d, e] = [(); 5].map(|()| full.clone());
    let service = Service::new("s")
        .method("call", move || {
            let error = inner(&a);
            async { Err::<(), CallError>(error.await) }
        })
        .method("remote", move || {
            let error = inner(&b);
            async { Err::<(), RemoteError>(error.await.remote().cloned().unwrap()) }
        })
        .method("own", move || {
            let error = inner(&c);
            async { Err::<(), Own>(Own(error.await)) }
        })
        .method("boxed", move || {
            let error = inner(&d);
            async { Err::<(), BoxError>(Own(error.await).into()) }
        })
        .method("text", move || {
            let error = inner(&e);
            async { Err::<(), String>(error.await.to_string()) }
        });
    caller.register_service(service).await.unwrap();
    let outer = provider.get_remote_service("s").await.unwrap();
    for method in ["call", "remote", "own", "boxed", "text"] {
        let error = outer.call::<()>(method, ()).await.unwrap_err();
        assert!(error.to_string().contains(BUSY), "{method}: {error}");
        assert!(!error.is_retryable(), "{method}: {error}");
    }
}

#[tokio::test]
async fn a_layer_can_retry_what_certainly_did_not_run() {
    let (caller, provider) = peers();
    let tries = Arc::new(AtomicUsize::new(0));
    let service = Service::new("s").method("third", {
        let tries = Arc::clone(&tries);
        move |n: u32| {
            let first = tries.fetch_add(1, Ordering::Relaxed) < 2;
            async move {
                if first {
                    Err(RemoteError::new(BUSY))
                } else {
                    Ok(n)
                }
            }
        }
    });
    provider.register_service(service).await.unwrap();
    let caller = caller.layer(RetryLayer::new(RetrySafe));
    let s = caller.get_remote_service("s").await.unwrap();
    assert_eq!(s.call::<u32>("third", (7,)).await.unwrap(), 7);
    assert_eq!(tries.load(Ordering::Relaxed), 3);
}

/// Layers log what passes them; what users say is no business of a log.
#[tokio::test]
async fn debug_output_on_both_sides_shows_nothing_of_the_arguments() {
    let seen: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let (calls, contexts) = (Arc::clone(&seen), Arc::clone(&seen));
    let (caller, provider) = peers();
    let service = Service::new("s").method("f", move |cx: Context, _: String| {
        contexts.lock().unwrap().push(format!("{cx:?}"));
        async {}
    });
    provider.register_service(service).await.unwrap();
    let log = FilterLayer::new(move |call: Call| {
        calls.lock().unwrap().push(format!("{call:?}"));
        Ok::<_, BoxError>(call)
    });
    let call = caller
        .layer(log)
        .method_at(provider.address(), "services.s.f");
    call.args(("my-password",)).await.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    for text in &*seen {
        assert!(text.contains("services.s.f"), "{text}");
        assert!(!text.contains("my-password"), "{text}");
    }
}
