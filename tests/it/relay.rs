//! The relay of the tests, which measurements are made over.

use std::sync::Arc;
use std::time::Duration;

use hypha_client::{Binary, Client, Pacing, Service, Value};
use hypha_tests::{Relay, notation};

use crate::fixture::soon;

async fn client(relay: &Relay) -> Client {
    Client::builder(relay.url())
        .pacing(Pacing::Off)
        .connect()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_small_and_large_go_through_the_relay() {
    let relay = Relay::start().await.unwrap();
    let (provider, caller) = (client(&relay).await, client(&relay).await);
    let echo = Service::new("s").method("echo", async |value: Value| value);
    provider.register_service(echo).await.unwrap();
    let id = format!("{}:s", provider.peer().address());
    let service = caller.peer().get_remote_service(&id).await.unwrap();
    assert_eq!(service.call::<u64>("echo", (7,)).await.unwrap(), 7);
    let sent = Binary::from(notation::count(8 << 20));
    let large = tokio::spawn({
        let (service, sent) = (service.clone(), sent.clone());
        async move { service.call::<Value>("echo", (sent,)).await }
    });
    let mut beside = 0;
    while !large.is_finished() {
        assert_eq!(
            service.call::<u64>("echo", (beside,)).await.unwrap(),
            beside
        );
        beside += 1;
    }
    let back = large.await.unwrap().unwrap();
    assert!(back.as_bytes().is_some_and(|back| *back == sent[..]));
    assert!(
        beside > 1,
        "no small call came through beside the large one"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_relay_tells_who_is_gone_and_who_never_was() {
    let relay = Relay::start().await.unwrap();
    let (provider, caller) = (client(&relay).await, client(&relay).await);
    let begun = Arc::new(tokio::sync::Notify::new());
    let told = Arc::clone(&begun);
    let hang = Service::new("s").method("hang", move || {
        told.notify_one();
        std::future::pending::<()>()
    });
    provider.register_service(hang).await.unwrap();
    let id = format!("{}:s", provider.peer().address());
    let service = caller.peer().get_remote_service(&id).await.unwrap();
    let call = tokio::spawn(async move { service.call::<()>("hang", ()).await });
    soon("the call", begun.notified()).await;
    provider.disconnect().await;
    let error = soon("the end of the call", call)
        .await
        .unwrap()
        .unwrap_err();
    assert!(error.is_disconnected(), "{error}");
    let nobody = caller.peer().get_remote_service("nobody:s");
    let error = tokio::time::timeout(Duration::from_secs(20), nobody).await;
    let error = error.unwrap().unwrap_err();
    assert!(error.is_disconnected(), "{error}");
}
