//! Events that the server sends, and what clients make up in its name.

use std::time::Duration;

use hypha_client::{
    ClientEvent, Event, Events, RemoteClientDisconnected, Service, ServiceInfo, Value, event,
};
use hypha_tests::notation;
use serde_json::json;

use super::{companion, neighbour, next};
use crate::fixture::{BOTH, connect, server, soon};
use crate::tap::Tap;

/// The next event about this client; those about others are passed over.
async fn about(events: &mut Events<ClientEvent>, address: &str) -> Event<ClientEvent> {
    soon("an event about the client", async {
        loop {
            let event = events.next().await.unwrap().unwrap();
            if event.data.client.as_str() == address {
                return event;
            }
        }
    })
    .await
}

#[tokio::test]
async fn a12_03_services_that_come_and_go_python_and_javascript_to_rust() {
    let client = connect().await;
    let mut added = client.on::<ServiceInfo>(event::SERVICE_ADDED);
    let mut removed = client.on::<ServiceInfo>(event::SERVICE_REMOVED);
    let names = [event::SERVICE_ADDED, event::SERVICE_REMOVED];
    client.subscribe(names).await.unwrap();
    for language in BOTH {
        let peer = neighbour(language, &client).await;
        let only = json!({ "only": ["interop"] });
        let services = peer.register_with(only).await.unwrap();
        let id = &services["interop"];
        let interop = next(&mut added).await;
        assert_eq!(interop.data.id, *id, "{language:?}");
        assert_eq!(interop.from, None, "{language:?}");
        assert!(interop.data.service_schema.contains_key("echo"));
        peer.unregister("interop").await.unwrap();
        assert_eq!(next(&mut removed).await.data.id, *id, "{language:?}");
    }
}

#[tokio::test]
async fn a12_03_services_that_come_and_go_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in BOTH {
        let peer = neighbour(language, &client).await;
        let names = [event::SERVICE_ADDED, event::SERVICE_REMOVED];
        peer.listen(&names, true).await.unwrap();
        let service = Service::new("news").method("f", || async {});
        let info = client.register_service(service).await.unwrap();
        client.unregister_service("news").await.unwrap();
        for name in names {
            let heard = peer.event("heard").await.unwrap();
            assert_eq!(heard["type"], name, "{language:?}");
            assert_eq!(heard["data"]["id"], info.id, "{language:?}");
        }
    }
}

#[tokio::test]
async fn a12_03_clients_that_come_and_go_python_and_javascript_to_rust() {
    let client = connect().await;
    let mut come = client.on::<ClientEvent>(event::CLIENT_CONNECTED);
    let mut gone = client.on::<ClientEvent>(event::CLIENT_DISCONNECTED);
    let mut cleaned = client.on::<RemoteClientDisconnected>(event::REMOTE_CLIENT_DISCONNECTED);
    client.subscribe([event::CLIENT_CONNECTED]).await.unwrap();
    for language in BOTH {
        let peer = neighbour(language, &client).await;
        let address = format!("{}/{}", peer.workspace(), peer.client_id());
        about(&mut come, &address).await;
        peer.kill();
        about(&mut gone, &address).await;
        // What belonged to it was cleaned up, as the client tells itself.
        soon("the cleaning up", async {
            while next(&mut cleaned).await.data.client_id != address {}
        })
        .await;
    }
    let other = companion(&client).await;
    about(&mut come, other.address().as_str()).await;
    other.disconnect().await;
    about(&mut gone, other.address().as_str()).await;
}

#[tokio::test]
async fn a12_04_events_in_the_name_of_the_server_are_dropped_python_and_javascript_to_rust() {
    let client = connect().await;
    let names = [
        event::CLIENT_DISCONNECTED,
        event::CLIENT_CONNECTED,
        event::SERVICE_REMOVED,
        event::WORKSPACE_UNLOADED,
        event::PEER_NOT_FOUND,
        event::FORCE_EXIT,
        event::ERROR,
        event::CONNECTED,
        event::DISCONNECTED,
        event::SERVICES_REGISTERED,
        event::MANAGER_REFRESHED,
        event::REMOTE_CLIENT_DISCONNECTED,
    ];
    let mut streams: Vec<Events<Value>> = names.iter().map(|name| client.on(name)).collect();
    let mut last = client.on::<()>("last");
    for language in BOTH {
        // From outside the workspace, where nobody joins or leaves meanwhile.
        let peer = crate::fixture::caller(language).await;
        let to = client.address().as_str();
        let data = json!({ "id": client.client_id(), "workspace": client.workspace() });
        for name in names {
            let forged =
                json!({ "type": name, "to": to, "from": "*/manager", "data": data, "reason": "x" });
            peer.emit(forged).await.unwrap();
        }
        peer.emit(json!({ "type": "last", "to": to }))
            .await
            .unwrap();
        next(&mut last).await;
    }
    for stream in &mut streams {
        let nothing = tokio::time::timeout(Duration::ZERO, stream.next()).await;
        assert!(nothing.is_err(), "{nothing:?}");
    }
    let forged = client.peer().stats().await.unwrap().malformed_frames;
    assert_eq!(forged, 2 * names.len() as u64);
}

#[tokio::test]
async fn a12_04_what_a_client_tells_itself_of_its_connection() {
    let tap = Tap::default();
    let client = tap.options(server().await).connect().await.unwrap();
    let service = Service::new("news").method("f", || async {});
    client.register_service(service).await.unwrap();
    let [mut lost, mut manager, mut registered, mut back] = [
        event::DISCONNECTED,
        event::MANAGER_REFRESHED,
        event::SERVICES_REGISTERED,
        event::CONNECTED,
    ]
    .map(|name| client.on::<Value>(name));
    tap.cut();
    let told = notation::of(&next(&mut lost).await.data);
    assert_eq!(told["reconnecting"], true, "{told}");
    let told = notation::of(&next(&mut manager).await.data);
    assert_eq!(told["manager"], client.peer().manager().unwrap().as_str());
    let told = notation::of(&next(&mut registered).await.data);
    assert_eq!(told, json!({ "total": 2, "registered": 2, "failed": [] }));
    let told = notation::of(&next(&mut back).await.data);
    assert_eq!(told["client_id"], client.client_id());
    client.disconnect().await;
    let told = notation::of(&next(&mut lost).await.data);
    assert_eq!(told["reconnecting"], false, "{told}");
}

#[tokio::test]
async fn a12_14_defect_20_subscriptions_are_renewed_each_once_python_and_javascript_to_rust() {
    let tap = Tap::default();
    let client = tap.options(server().await).connect().await.unwrap();
    let mut gone = client.on::<ClientEvent>(event::CLIENT_DISCONNECTED);
    let mut come = client.on::<ClientEvent>(event::CLIENT_CONNECTED);
    let mut news = client.on::<u32>("news");
    let mut back = client.on::<Value>(event::CONNECTED);
    client
        .subscribe([event::CLIENT_CONNECTED, "news"])
        .await
        .unwrap();
    let companion = companion(&client).await;
    about(&mut come, companion.address().as_str()).await;
    for _ in 0..5 {
        tap.cut();
        next(&mut back).await;
    }
    // The server says that this very client left, as often as it did; what counts comes after.
    for language in BOTH {
        let peer = neighbour(language, &client).await;
        let address = format!("{}/{}", peer.workspace(), peer.client_id());
        about(&mut come, &address).await;
        for n in 0..2 {
            let message = json!({ "type": "news", "to": "*", "data": n });
            peer.emit(message).await.unwrap();
        }
        // Each once, or the second would not be the next.
        for n in 0..2 {
            assert_eq!(next(&mut news).await.data, n, "{language:?}");
        }
        peer.kill();
        about(&mut gone, &address).await;
    }
    let message = hypha_client::EventTarget::from(client.address());
    companion.emit("news", message, &7).await.unwrap();
    assert_eq!(next(&mut news).await.data, 7);
    let twice = tokio::time::timeout(Duration::ZERO, async {
        loop {
            let event = gone.next().await.unwrap().unwrap();
            assert!(event.data.client == *client.address(), "{event:?}");
        }
    });
    assert!(twice.await.is_err());
}
