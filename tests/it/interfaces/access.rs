//! Only the client that an interface was sent to may call it.

use hypha_client::{Client, RemoteObject, Service, ServiceQuery, Value, Visibility};
use hypha_tests::{HyphaServer, ServerOptions};

use crate::fixture::{Provider, connect, membership, until};
use crate::provider::RustProvider;
use crate::provider::functions::store;
use crate::raw::{Raw, payload};
use crate::sides::{AnyProvider, FromRust, JAVASCRIPT, PYTHON, RUST, from_client};

/// The receiver is in another workspace; a neighbour of the owner and a neighbour of the receiver are not the receiver.
/// The other clients let the whole workspace of the owner in.
async fn third_client(side: FromRust) {
    let store = store("scan");
    side.service
        .call::<()>("hold", (store.clone(),))
        .await
        .unwrap();
    let found: String = side.service.call("use_held", ("get", ["a"])).await.unwrap();
    assert_eq!(found, "scan: a");

    let receiver = match &side.provider {
        AnyProvider::Rust(provider) => membership(&provider.client).await,
        AnyProvider::Real(Provider { peer, .. }) => peer.membership().await.unwrap(),
    };
    let owner = membership(&side.client).await;
    let id = &store.service_ids()[0];
    for mut stranger in [
        Raw::join(&owner).await,
        Raw::join(&receiver).await,
        Raw::connect().await,
    ] {
        for name in ["get", "_dispose"] {
            let path = format!("services.{id}.{name}");
            let to = side.client.address().as_str();
            let refused = stranger.call(to, &path, payload(["a".into()])).await;
            let text = refused.rejected();
            assert!(text.contains("Permission denied"), "{name}: {text}");
        }
        // Nor is it a service for them to look up.
        let to = side.client.address().as_str();
        let get = payload([id.as_str().into()]);
        let missing = stranger
            .call(to, "services.built-in.get_service", get)
            .await;
        let text = missing.rejected();
        assert!(text.contains("Permission denied"), "{text}");
    }
    let found: String = side.service.call("use_held", ("get", ["b"])).await.unwrap();
    assert_eq!(found, "scan: b");
}

#[tokio::test]
async fn a8_03_only_the_receiver_may_call_rust_to_rust() {
    third_client(from_client(connect().await, RUST).await).await;
}

#[tokio::test]
async fn a8_03_only_the_receiver_may_call_rust_to_python() {
    third_client(from_client(connect().await, PYTHON).await).await;
}

#[tokio::test]
async fn a8_03_only_the_receiver_may_call_rust_to_javascript() {
    third_client(from_client(connect().await, JAVASCRIPT).await).await;
}

/// Whoever holds an interface can use it for others; that does not make it theirs.
#[tokio::test]
async fn a8_03_a_receiver_can_use_it_for_others_rust_to_rust() {
    let (owner, reader) = (RustProvider::start().await, connect().await);
    let service = reader.get_service(&owner.id("interop")).await.unwrap();
    let store: RemoteObject = service.call("open_store", ("scan",)).await.unwrap();
    let id = store.get("_rintf_service_id").and_then(Value::as_str);
    let path = format!("services.{}.get", id.unwrap());
    let for_others = Service::new("reader")
        .visibility(Visibility::Public)
        .method("read", move |key: String| {
            let store = store.clone();
            async move { store.call::<String>("get", (key,)).await }
        });
    let for_others = reader.register_service(for_others).await.unwrap().id;
    let third = connect().await;
    let for_others = third.get_service(&for_others).await.unwrap();
    let read: String = for_others.call("read", ("a",)).await.unwrap();
    assert_eq!(read, "scan: a");
    let target = owner.client.address();
    let call = third.peer().method_at(target, path.as_str()).args(("b",));
    let refused = call.await.unwrap_err().to_string();
    assert!(refused.contains("Permission denied"), "{refused}");
}

/// Also not when all that a client registered is registered again.
#[tokio::test]
async fn a8_07_an_interface_is_never_listed_rust_to_rust() {
    let mut server = HyphaServer::start(ServerOptions::default()).await.unwrap();
    let connect = async || Client::builder(server.url()).connect().await.unwrap();
    let (owner, reader) = (connect().await, RustProvider::new(connect().await).await);
    let plain = Service::new("plain").method("f", async || 1);
    let plain = owner.register_service(plain).await.unwrap().id;
    let service = owner.get_service(&reader.id("interop")).await.unwrap();
    let store = store("scan");
    service.call::<()>("hold", (store.clone(),)).await.unwrap();
    for _ in 0..3 {
        server.kill().unwrap();
        server.restart().await.unwrap();
        until("the new connections", async || {
            let found: Result<String, _> = service.call("use_held", ("get", ["a"])).await;
            found.is_ok_and(|found| found == "scan: a")
        })
        .await;
        until("the registrations", async || {
            let listed = owner.list_services(ServiceQuery::new()).await;
            let ids: Vec<String> = listed.into_iter().flatten().map(|info| info.id).collect();
            assert!(ids.iter().all(|id| !id.contains("_rintf_")), "{ids:?}");
            ids.contains(&plain)
        })
        .await;
        let own = owner.peer().local_services().await.unwrap();
        assert!(!format!("{own:?}").contains("_rintf_"), "{own:?}");
    }
    assert_eq!(store.service_ids().len(), 1);
}
