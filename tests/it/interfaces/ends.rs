//! How an interface ends: the receiver gives it back or leaves, or the owner takes it back.

use hypha_client::{ErrorKind, RemoteClientDisconnected, RemoteObject, Value, event};
use hypha_tests::{Language, notation};
use serde_json::json;
use tokio::sync::mpsc;

use crate::fixture::{soon, until};
use crate::provider::functions::store;
use crate::sides::{
    FromRust, JAVASCRIPT, PYTHON, RUST, ToRust, Who, from_rust_to, to_rust_from,
    to_rust_from_neighbour,
};

/// What a receiver gets once the interface has ended.
const GONE: &str = "Method expired or not found";

async fn given_back_to_rust(side: FromRust) {
    let FromRust { service, .. } = &side;
    let (tell, mut told) = mpsc::unbounded_channel();
    let store = store("scan").on_dispose(move || tell.send(()).unwrap());
    service.call::<()>("hold", (store.clone(),)).await.unwrap();
    let none: Value = service
        .call("use_held", ("_dispose", [(); 0]))
        .await
        .unwrap();
    assert!(none.is_null());
    soon("the end", told.recv()).await.unwrap();
    for path in ["get", "_dispose"] {
        let outcome: Value = service.call("catch_held", (path, ["a"])).await.unwrap();
        let raised = outcome.get("raised").and_then(Value::as_str).unwrap();
        assert!(raised.contains(GONE), "{path}: {raised}");
    }
    assert!(store.service_ids().is_empty());
    assert_eq!(side.client.peer().stats().await.unwrap().interfaces, 0);
    assert!(told.try_recv().is_err(), "it ends once");
}

#[tokio::test]
async fn a8_04_the_receiver_gives_it_back_rust_to_rust() {
    given_back_to_rust(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a8_04_the_receiver_gives_it_back_rust_to_python() {
    given_back_to_rust(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a8_04_the_receiver_gives_it_back_rust_to_javascript() {
    given_back_to_rust(from_rust_to(JAVASCRIPT).await).await;
}

async fn given_back_by_rust(side: FromRust) {
    let store: RemoteObject = side.service.call("open_store", ("scan",)).await.unwrap();
    let again = store.clone();
    store.dispose().await.unwrap();
    let error = again.call::<Value>("get", ("a",)).await.unwrap_err();
    assert!(error.to_string().contains(GONE), "{error}");
}

#[tokio::test]
async fn a8_04_rust_gives_a_result_back_rust_to_rust() {
    given_back_by_rust(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a8_04_rust_gives_a_result_back_rust_to_python() {
    given_back_by_rust(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a8_04_rust_gives_a_result_back_rust_to_javascript() {
    given_back_by_rust(from_rust_to(JAVASCRIPT).await).await;
}

/// An argument of Python and JavaScript that Rust holds, and a result of Rust that they hold.
async fn given_back_by_and_to(mut side: ToRust) {
    let store = json!([{ "$make": { "store": "scan" } }]);
    side.call("hold", store).await.unwrap();
    let dispose = json!(["_dispose", []]);
    side.call("use_held", dispose).await.unwrap();
    let outcome = side.call("catch_held", json!(["get", ["a"]])).await;
    let outcome = outcome.unwrap();
    let raised = outcome["raised"].as_str().unwrap();
    assert!(raised.contains(GONE), "{raised}");

    let name = json!(["scan"]);
    side.reduced("open_store", name, "held").await.unwrap();
    side.use_held("_dispose", json!([])).await.unwrap();
    assert_eq!(side.provider.event("disposed").await, "scan".into());
    let error = side.use_held("get", json!(["a"])).await.unwrap_err();
    assert!(error.message().contains(GONE), "{error}");
}

#[tokio::test]
async fn a8_04_the_receiver_gives_it_back_python_to_rust() {
    given_back_by_and_to(to_rust_from(Language::Python).await).await;
}

#[tokio::test]
async fn a8_04_the_receiver_gives_it_back_javascript_to_rust() {
    given_back_by_and_to(to_rust_from(Language::JavaScript).await).await;
}

/// Everything that the receiver alone could call goes with it, and an event says how much that was.
async fn the_receiver_leaves(who: Who) {
    let (owner, leave): (_, Leave) = match who {
        Who::Rust => {
            let owner = crate::provider::RustProvider::start().await;
            let membership = crate::fixture::membership(&owner.client).await;
            let receiver = crate::fixture::join(&membership).await;
            let service = receiver.get_service(&owner.id("interop")).await.unwrap();
            let stores: Vec<RemoteObject> = vec![
                service.call("open_store", ("a",)).await.unwrap(),
                service.call("open_store", ("b",)).await.unwrap(),
            ];
            let adder: Value = service.call("adder", (1,)).await.unwrap();
            (owner, Leave::Rust(receiver, stores, adder))
        }
        Who::Real(language) => {
            let side = to_rust_from_neighbour(language).await;
            for (method, args) in [
                ("open_store", json!(["a"])),
                ("open_store", json!(["b"])),
                ("adder", json!([1])),
            ] {
                side.reduced(method, args, "held").await.unwrap();
            }
            (side.provider, Leave::Real(side.caller))
        }
    };
    let (client, mut owner) = (owner.client.clone(), owner);
    let stats = client.peer().stats().await.unwrap();
    assert_eq!((stats.interfaces, stats.sessions), (2, 1));
    let mut left = client.on::<RemoteClientDisconnected>(event::REMOTE_CLIENT_DISCONNECTED);
    let address = leave.address();
    leave.go().await;
    let told = soon("the event", left.next()).await.unwrap().unwrap().data;
    assert_eq!(told.client_id, address);
    assert_eq!((told.rintf_cleaned, told.sessions_cleaned), (2, 1));
    let mut disposed = Vec::new();
    for _ in 0..2 {
        disposed.push(notation::of(&owner.event("disposed").await));
    }
    disposed.sort_by_key(ToString::to_string);
    assert_eq!(disposed, [json!("a"), json!("b")]);
    until("the end of all", async || {
        let stats = client.peer().stats().await.unwrap();
        (stats.interfaces, stats.sessions) == (0, 0)
    })
    .await;
}

/// A receiver of interfaces.
enum Leave {
    Rust(hypha_client::Client, Vec<RemoteObject>, Value),
    Real(hypha_tests::Peer),
}

impl Leave {
    fn address(&self) -> String {
        match self {
            Self::Rust(client, ..) => client.address().to_string(),
            Self::Real(peer) => format!("{}/{}", peer.workspace(), peer.client_id()),
        }
    }

    async fn go(self) {
        match self {
            Self::Rust(client, stores, adder) => {
                client.disconnect().await;
                drop((stores, adder));
            }
            Self::Real(peer) => peer.kill(),
        }
    }
}

#[tokio::test]
async fn a8_05_it_goes_when_the_receiver_leaves_rust_to_rust() {
    the_receiver_leaves(RUST).await;
}

#[tokio::test]
async fn a8_05_it_goes_when_the_receiver_leaves_python_to_rust() {
    the_receiver_leaves(PYTHON).await;
}

#[tokio::test]
async fn a8_05_it_goes_when_the_receiver_leaves_javascript_to_rust() {
    the_receiver_leaves(JAVASCRIPT).await;
}

async fn taken_back(side: FromRust) {
    let FromRust {
        client, service, ..
    } = &side;
    let store = store("scan");
    for _ in 0..2 {
        service.call::<()>("hold", (store.clone(),)).await.unwrap();
    }
    let ids = store.service_ids();
    assert_eq!(ids.len(), 2);
    client.unregister_service(&ids[1]).await.unwrap();
    let outcome: Value = service.call("catch_held", ("get", ["a"])).await.unwrap();
    let raised = outcome.get("raised").and_then(Value::as_str).unwrap();
    assert!(raised.contains(GONE), "{raised}");
    let unknown = client.unregister_service(&ids[1]).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    assert_eq!(store.service_ids(), ids[..1]);
    let stats = client.peer().stats().await.unwrap();
    assert_eq!(stats.interfaces, 1);
}

#[tokio::test]
async fn a8_06_the_owner_takes_it_back_rust_to_rust() {
    taken_back(from_rust_to(RUST).await).await;
}

#[tokio::test]
async fn a8_06_the_owner_takes_it_back_rust_to_python() {
    taken_back(from_rust_to(PYTHON).await).await;
}

#[tokio::test]
async fn a8_06_the_owner_takes_it_back_rust_to_javascript() {
    taken_back(from_rust_to(JAVASCRIPT).await).await;
}
