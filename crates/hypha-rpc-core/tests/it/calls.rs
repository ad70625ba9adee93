//! Outcomes of calls: results, errors, silence, deadlines.

use std::time::Duration;

use hypha_codec::{Binary, Value};
use hypha_rpc_core::{CallError, CallOptions, RemoteError, RemoteErrorKind, Returns, Service};
use tokio::sync::mpsc;

use crate::pair::serve;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn results_of_every_kind() {
    let service = Service::new("s")
        .method("echo", |value: Value| async move { value })
        .method("fallible", |ok: bool| async move {
            if ok { Ok(1) } else { Err("no") }
        })
        .method("option", |some: bool| async move { some.then_some("x") })
        .method(
            "bytes",
            |n: usize| async move { bytes::Bytes::from(vec![7; n]) },
        )
        .method("map", || async {
            std::collections::BTreeMap::from([("a", 1)])
        })
        .method("wrapped", || async { Returns([1.5, 2.5]) });
    let (s, _caller, _provider) = serve(service).await;
    for value in [
        Value::Null,
        Value::from(true),
        Value::from(-5),
        Value::from(1.5),
        Value::from("text"),
    ] {
        assert_eq!(
            s.call::<Value>("echo", (value.clone(),)).await.unwrap(),
            value
        );
    }
    assert_eq!(s.call::<i32>("fallible", (true,)).await.unwrap(), 1);
    assert_eq!(
        s.call::<Option<String>>("option", (false,)).await.unwrap(),
        None
    );
    assert_eq!(
        s.call::<Binary>("bytes", (300_000,)).await.unwrap().len(),
        300_000
    );
    assert_eq!(
        s.call::<Value>("map", ())
            .await
            .unwrap()
            .get("a")
            .and_then(Value::as_i64),
        Some(1)
    );
    assert_eq!(s.call::<[f64; 2]>("wrapped", ()).await.unwrap(), [1.5, 2.5]);
}

#[tokio::test]
async fn errors_keep_message_type_and_trace() {
    let service = Service::new("s")
        .method("text", || async { Err::<(), _>("plain text") })
        .method("io", || async {
            Err::<(), _>(std::io::Error::other("disk"))
        })
        .method("remote", || async {
            Err::<(), _>(RemoteError::new("ValueError: bad").with_trace("line 3"))
        })
        .method("number", || async { Returns(f64::NAN) });
    let (s, _caller, _provider) = serve(service).await;
    let error = |name: &'static str| {
        let s = s.clone();
        async move {
            s.call::<Value>(name, ())
                .await
                .unwrap_err()
                .remote()
                .cloned()
                .unwrap()
        }
    };
    assert_eq!(error("text").await.message(), "plain text");
    assert_eq!(error("io").await.message(), "disk");
    let remote = error("remote").await;
    assert_eq!(
        (remote.type_name(), remote.message(), remote.trace()),
        (Some("ValueError"), "bad", Some("line 3"))
    );

    let wrong_type = s.call::<String>("number", ()).await.unwrap_err();
    assert!(
        matches!(wrong_type, CallError::Result { .. }),
        "{wrong_type}"
    );
    let missing = s.call::<Value>("nothing", ()).await.unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("it has text, io, remote, number"),
        "{missing}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_long_call_lives_by_its_heartbeats() {
    let service = Service::new("s").method("slow", |seconds: u64| async move {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        seconds
    });
    let (s, _caller, _provider) = serve(service).await;
    let started = tokio::time::Instant::now();
    let slow = s.with_options(CallOptions::new().timeout(4 * SECOND));
    assert_eq!(slow.call::<u64>("slow", (60,)).await.unwrap(), 60);
    assert_eq!(started.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_blocking_handler_gives_signs_of_life_too() {
    let (entered, mut wait_entered) = mpsc::unbounded_channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let service = Service::new("s").blocking("block", move || {
        entered.send(()).unwrap();
        released.lock().unwrap().recv().unwrap();
        "done"
    });
    let (s, _caller, _provider) = serve(service).await;
    let call = tokio::spawn({
        let s = s.with_options(CallOptions::new().timeout(4 * SECOND));
        async move { s.call::<String>("block", ()).await }
    });
    wait_entered.recv().await.unwrap();
    // Time stands still while a blocking task runs; a minute passes by hand.
    for _ in 0..60 {
        tokio::time::advance(SECOND).await;
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    assert_eq!(call.await.unwrap().unwrap(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_call_that_still_shows_life() {
    let service = Service::new("s").method("slow", || async {
        tokio::time::sleep(1000 * SECOND).await;
    });
    let (s, caller, _provider) = serve(service).await;
    let started = tokio::time::Instant::now();
    let error = s.method("slow").deadline(45 * SECOND).await.unwrap_err();
    assert!(
        matches!(error, CallError::Deadline { .. }) && error.is_timeout(),
        "{error}"
    );
    assert_eq!(started.elapsed().as_secs(), 45);
    assert_eq!(caller.stats().await.unwrap().pending_calls, 0);
}

#[tokio::test]
async fn a_panic_rejects_its_own_call_and_nothing_else() {
    let service = Service::new("s")
        .method("echo", |n: u32| async move { n })
        .method("panic", |at_once: bool| {
            assert!(!at_once, "before the future");
            async move {
                tokio::task::yield_now().await;
                assert!(at_once, "inside the future");
            }
        })
        .blocking("panic_blocking", || -> u32 { panic!("on the pool") });
    let (s, _caller, _provider) = serve(service).await;
    for (call, words) in [
        (s.method("panic").args((true,)), "before the future"),
        (s.method("panic").args((false,)), "inside the future"),
        (s.method("panic_blocking"), "on the pool"),
    ] {
        let error = call.await.unwrap_err();
        assert_eq!(
            error.remote().unwrap().kind(),
            RemoteErrorKind::Panic,
            "{error}"
        );
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(s.call::<u32>("echo", (5,)).await.unwrap(), 5);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_computes_without_a_pause_does_not_stop_the_link() {
    let (entered, mut wait_entered) = mpsc::unbounded_channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Arc::new(std::sync::Mutex::new(released));
    let service = Service::new("s").method("compute", move || {
        let (entered, released) = (entered.clone(), released.clone());
        async move {
            entered.send(()).unwrap();
            let _ = released.lock().unwrap().recv();
            "computed"
        }
    });
    let (s, caller, provider) = serve(service).await;
    let call = tokio::spawn(async move { s.call::<String>("compute", ()).await });
    wait_entered.recv().await.unwrap();
    // The handler holds its thread: the link still answers, and still sends calls of its own.
    caller.ping(provider.address()).await.unwrap();
    provider.ping(caller.address()).await.unwrap();
    assert!(caller.get_remote_service("s").await.is_ok());
    release.send(()).unwrap();
    assert_eq!(call.await.unwrap().unwrap(), "computed");
}
