//! Who may call a function that went out in a message: its receiver, while the session of the message lives.

use hypha_client::{Callback, Closure, Service, Value, Visibility};
use tokio::sync::mpsc;

use super::Seen;
use crate::fixture::{connect, membership, soon};
use crate::provider::RustProvider;
use crate::raw::{Answer, Raw, frame, header, payload, session};

/// The client whose functions are called without a right, and a member of its workspace that tries.
async fn try_from_everywhere(victim: &hypha_client::Client, path: &str) {
    let neighbour = Raw::join(&membership(victim).await).await;
    for mut stranger in [neighbour, Raw::connect().await] {
        let refused = stranger
            .call(victim.address().as_str(), path, payload([1.into()]))
            .await
            .rejected();
        assert!(refused.contains("Access denied"), "{refused}");
    }
}

#[tokio::test]
async fn a6_04_a_third_client_cannot_call_a_callback_rust_to_rust() {
    let (caller, provider) = (connect().await, RustProvider::start().await);
    let (tell, mut told) = mpsc::channel::<Callback<(i64,), i64>>(1);
    let (go, wait) = tokio::sync::watch::channel(());
    let service = Service::new("waiting")
        .visibility(Visibility::Public)
        .method("wait", move |callback: Callback<(i64,), i64>| {
            let (tell, mut wait) = (tell.clone(), wait.clone());
            async move {
                tell.send(callback.clone()).await.unwrap();
                wait.changed().await.unwrap();
                callback.call((4,)).await
            }
        });
    provider.client.register_service(service).await.unwrap();
    let service = caller.get_service(&provider.id("waiting")).await.unwrap();
    let seen = Seen::default();
    let call = service.call::<i64>("wait", (seen.callback(),));
    let attack = async {
        let callback = soon("the call", told.recv()).await.unwrap();
        try_from_everywhere(&caller, &callback.descriptor().method).await;
        assert!(seen.take().is_empty());
        go.send(()).unwrap();
    };
    let (result, ()) = tokio::join!(call, attack);
    assert_eq!((result.unwrap(), seen.take()), (40, vec![4]));
}

#[tokio::test]
async fn a6_04_a_third_client_cannot_call_a_returned_function_rust_to_rust() {
    let (caller, provider) = (connect().await, RustProvider::start().await);
    let service = caller.get_service(&provider.id("interop")).await.unwrap();
    let adder: Callback<(i64,), i64> = service.call("adder", (1,)).await.unwrap();
    try_from_everywhere(&provider.client, &adder.descriptor().method).await;
    assert_eq!(adder.call((1,)).await.unwrap(), 2);
}

/// A client that was given a function, written by hand.
#[tokio::test]
async fn a6_05_calls_of_a_closed_parent_session_are_refused() {
    let caller = connect().await;
    let mut provider = Raw::connect().await;
    let seen = Seen::default();
    let target = provider.address().parse().unwrap();
    let call = caller
        .peer()
        .method_at(&target, "services.any.method")
        .args((seen.callback(),))
        .returns::<String>();
    let provide = async {
        let incoming = provider.next_call().await;
        assert_eq!(incoming.method, "services.any.method");
        let Value::Method(function) = &incoming.args[0] else {
            panic!("{incoming:?}")
        };
        let answer = async |provider: &mut Raw, parent: Option<&str>, path: &str| -> Answer {
            let own = session();
            let mut header = header(&incoming.from, path, &own);
            if let Some(parent) = parent {
                header.insert("parent", parent);
            }
            provider.send(frame(header, payload([3.into()]))).await;
            provider.answer(&own).await
        };
        let path = function.method.as_str();
        for parent in [None, Some(incoming.session.as_str())] {
            let answer = answer(&mut provider, parent, path).await;
            assert_eq!(answer, Answer::Resolved(30.into()), "{parent:?}");
        }
        for parent in ["gone", "", "gone.gone"] {
            let refused = answer(&mut provider, Some(parent), path).await.rejected();
            assert!(refused.contains("Parent session was closed"), "{refused}");
        }
        let missing = format!("{}.other", incoming.session);
        let refused = answer(&mut provider, None, &missing).await.rejected();
        assert!(refused.contains("Method expired or not found"), "{refused}");
        provider.resolve(&incoming, "done".into()).await;
        let refused = answer(&mut provider, None, path).await.rejected();
        assert!(refused.contains("Session not found"), "{refused}");
    };
    let (result, ()) = tokio::join!(call, provide);
    assert_eq!(
        (result.unwrap(), seen.take()),
        ("done".to_owned(), vec![3, 3])
    );
}

/// A peer that leaves in the middle of its call leaves no callback behind.
#[tokio::test]
async fn a6_04_callbacks_of_a_call_that_is_dropped_are_gone() {
    let caller = connect().await;
    let mut provider = Raw::connect().await;
    let target = provider.address().parse().unwrap();
    let callback = Closure::new(async |x: i64| x);
    let call = caller
        .peer()
        .method_at(&target, "services.any.method")
        .args((callback,))
        .returns::<Value>();
    let incoming = tokio::select! {
        result = call => panic!("{result:?}"),
        incoming = provider.next_call() => incoming,
    };
    let Value::Method(function) = &incoming.args[0] else {
        panic!("{incoming:?}")
    };
    let refused = provider
        .call(&incoming.from, &function.method, payload([3.into()]))
        .await
        .rejected();
    assert!(refused.contains("Session not found"), "{refused}");
    assert_eq!(caller.peer().stats().await.unwrap().sessions, 0);
}
