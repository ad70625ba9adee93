//! Functions as arguments and results.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hypha_codec::Value;
use hypha_rpc_core::{CallError, Callback, Closure, Context, Method, RemoteErrorKind, Service};
use serde::{Deserialize, Serialize};

use crate::pair::{address, serve};

#[derive(Deserialize)]
struct Options {
    steps: u32,
    report: Option<Callback<(u32,), ()>>,
}

#[derive(Serialize)]
struct SentOptions {
    steps: u32,
    report: Option<Closure>,
}

#[tokio::test]
async fn a_callback_anywhere_in_the_arguments_is_called_in_order() {
    let service = Service::new("s")
        .method("train", |options: Options| async move {
            if let Some(report) = &options.report {
                for step in 0..options.steps {
                    report.call((step,)).await?;
                }
            }
            Ok::<_, CallError>(options.steps)
        })
        .method(
            "first",
            |list: Vec<(String, Callback<(), u32>)>| async move { list[0].1.call(()).await },
        );
    let (remote, caller, _provider) = serve(service).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let report = Closure::new(move |step: u32| {
        record.lock().unwrap().push(step);
        // Whatever it returns is dropped by a callback without a result.
        async { "thanks" }
    });
    for report in [Some(report), None] {
        let steps: u32 = remote
            .call("train", (SentOptions { steps: 3, report },))
            .await
            .unwrap();
        assert_eq!(steps, 3);
    }
    assert_eq!(*seen.lock().unwrap(), [0, 1, 2]);

    let answer = Closure::new(|| async { 7_u32 });
    let seven: u32 = remote.call("first", (vec![("a", answer)],)).await.unwrap();
    assert_eq!(seven, 7);
    assert_eq!(caller.stats().await.unwrap().sessions, 0);
}

#[tokio::test]
async fn callbacks_fail_like_methods() {
    let service = Service::new("s").method("run", |f: Callback<(i32,), i32>| async move {
        f.call((1,)).await
    });
    let (remote, _caller, _provider) = serve(service).await;
    let raising = Closure::new(|_: i32| async { Err::<i32, _>("not today") });
    let error = remote.call::<i32>("run", (raising,)).await.unwrap_err();
    assert!(error.to_string().contains("not today"), "{error}");

    let panicking = Closure::new(|_: i32| async { panic!("oh") as i32 });
    let error = remote.call::<i32>("run", (panicking,)).await.unwrap_err();
    assert_eq!(error.remote().unwrap().kind(), RemoteErrorKind::Panic);

    let picky = Closure::new(|_: String| async { 1 });
    let error = remote.call::<i32>("run", (picky,)).await.unwrap_err();
    assert_eq!(
        error.remote().unwrap().kind(),
        RemoteErrorKind::InvalidArguments
    );

    let blocking = Closure::blocking(|n: i32| n + 1);
    assert_eq!(remote.call::<i32>("run", (blocking,)).await.unwrap(), 2);
}

#[tokio::test]
async fn a_kept_callback_fails_at_once_after_the_call() {
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let service = Service::new("s").method("keep", move |f: Callback<(), ()>| {
        *keep.lock().unwrap() = Some(f);
        async {}
    });
    let (remote, caller, _provider) = serve(service).await;
    remote
        .call::<()>("keep", (Closure::new(|| async {}),))
        .await
        .unwrap();
    let callback = kept.lock().unwrap().take().unwrap();
    let error = callback.call(()).await.unwrap_err();
    assert_eq!(
        error.remote().unwrap().kind(),
        RemoteErrorKind::SessionNotFound
    );
    assert_eq!(callback.target().unwrap(), *caller.address());
}

#[tokio::test]
async fn three_levels_of_callbacks_and_a_callback_that_returns_one() {
    let service = Service::new("s").method(
        "run",
        |f: Callback<(Closure,), Callback<(u32,), u32>>| async move {
            let inner = Closure::new(|innermost: Callback<(u32,), u32>| async move {
                innermost.call((10,)).await
            });
            let returned = f.call((inner,)).await?;
            returned.call((5,)).await
        },
    );
    let (remote, caller, provider) = serve(service).await;
    let outer = Closure::new(|inner: Callback<(Closure,), u32>| async move {
        let ten = inner
            .call((Closure::new(|n: u32| async move { n }),))
            .await?;
        Ok::<_, CallError>(Closure::new(move |n: u32| async move { ten + n }))
    });
    let result: u32 = remote.call("run", (outer,)).await.unwrap();
    assert_eq!(result, 15);
    let (caller, provider) = (
        caller.stats().await.unwrap(),
        provider.stats().await.unwrap(),
    );
    // The function inside the result of the callback lives until nobody has used it for long.
    assert_eq!((caller.sessions, provider.sessions), (1, 0));
}

#[tokio::test]
async fn functions_in_results_work_after_the_call_and_take_named_arguments() {
    let service = Service::new("s").method("adder", |n: u32| async move {
        Closure::new(
            Method::new(move |a: u32, b: u32| async move { n + a + b })
                .name("add")
                .doc("Adds.")
                .params(["a", "b"]),
        )
    });
    let (remote, _caller, _provider) = serve(service).await;
    let add: Callback<(u32, u32), u32> = remote.call("adder", (1,)).await.unwrap();
    assert_eq!(add.call((2, 3)).await.unwrap(), 6);
    let six: u32 = add
        .invoke()
        .kwarg("b", 3)
        .kwarg("a", 2)
        .returns()
        .await
        .unwrap();
    assert_eq!(six, 6);
    assert_eq!(add.descriptor().name.as_deref(), Some("add"));
    assert_eq!(add.descriptor().doc.as_deref(), Some("Adds."));
}

#[tokio::test]
async fn callbacks_know_their_caller() {
    let service =
        Service::new("s").method(
            "run",
            |f: Callback<(), String>| async move { f.call(()).await },
        );
    let (remote, _caller, _provider) = serve(service).await;
    let whoami = Closure::new(|cx: Context| async move { cx.from().to_string() });
    assert_eq!(
        remote.call::<String>("run", (whoami,)).await.unwrap(),
        "ws/right"
    );
}

#[tokio::test]
async fn what_a_callback_holds_is_dropped_when_its_call_ends() {
    struct Held(Arc<AtomicUsize>);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
            panic!("a destructor that panics harms nobody");
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let service = Service::new("s").method("run", |_: Callback| async {});
    let (remote, caller, _provider) = serve(service).await;
    let held = Held(Arc::clone(&dropped));
    let closure = Closure::new(move || {
        let _ = &held;
        async {}
    });
    remote.call::<()>("run", (closure,)).await.unwrap();
    // Dropping happens in order with the calls that come next.
    caller
        .register_service(Service::new("t").method("f", || async {}))
        .await
        .unwrap();
    let back = _provider.get_remote_service("t").await.unwrap();
    back.call::<()>("f", ()).await.unwrap();
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_function_that_leads_out_of_the_senders_workspace_cannot_be_called() {
    let foreign = hypha_codec::Method::new("elsewhere/victim", "services.safe.open");
    let refusing = Method::new(|f: Callback<(), Value>| async move {
        assert!(f.target().is_err());
        f.call(()).await
    });
    let trusting =
        Method::new(
            |f: Callback<(), Value>| async move { f.target().map(|target| target.to_string()) },
        )
        .accept_foreign_functions();
    let service = Service::new("s")
        .method("refusing", refusing)
        .method("trusting", trusting);
    let (remote, caller, _provider) = serve(service).await;
    assert_eq!(*caller.address(), address("ws/left"));
    let error = remote
        .call::<Value>("refusing", (foreign.clone(),))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("elsewhere/victim"), "{error}");
    let target: String = remote.call("trusting", (foreign,)).await.unwrap();
    assert_eq!(target, "elsewhere/victim");
}

#[tokio::test]
async fn a_function_that_is_passed_on_over_another_connection_is_reached_through_the_one_between() {
    let service =
        Service::new("far").method("apply", |f: Callback<(u32,), u32>, n: u32| async move {
            assert_eq!(f.target().unwrap(), address("ws/left"));
            f.call((n,)).await
        });
    let (far, between, _far_end) = serve(service).await;
    let service = Service::new("near").method("relay", move |f: Callback<(u32,), u32>, n: u32| {
        let far = far.clone();
        async move { far.call::<u32>("apply", (f, n)).await }
    });
    let (near, caller, _near_end) = serve(service).await;
    let double = Closure::new(Method::new(|n: u32| async move { n * 2 }).doc("Doubles."));
    assert_eq!(near.call::<u32>("relay", (double, 21)).await.unwrap(), 42);
    assert_eq!(caller.stats().await.unwrap().sessions, 0);
    assert_eq!(between.stats().await.unwrap().sessions, 0);
}
