//! What the server is told again on each connection, and registrations that meet a loss.

use hypha_codec::Value;
use hypha_rpc_core::{ConnectionEvent, Peer, RegisterError, Service, ServiceInfo};
use tokio::task::JoinHandle;

use super::{SECOND, call, is_connected, is_lost};
use crate::relay::{Relay, connected, id_of};
use crate::server::{Server, error_value, text};

fn register(peer: &Peer, id: &str) -> JoinHandle<Result<ServiceInfo, RegisterError>> {
    let (peer, service) = (peer.clone(), Service::new(id).method("f", || async { 1 }));
    tokio::spawn(async move { peer.register_service(service).await })
}

/// Takes a call of the manager, and says what it names.
async fn take(
    relay: &Relay,
    server: &mut Server,
    method: &str,
    answer: &str,
    value: Value,
) -> Value {
    let (header, payload) = server.next().await.unwrap();
    assert_eq!(
        text(&header, "method"),
        format!("services.default.{method}")
    );
    relay.answer(server, &header, answer, value).await;
    payload.get("args").unwrap().as_list().unwrap()[0].clone()
}

async fn with_services(ids: &[&str]) -> (Peer, Relay, Server) {
    let (peer, relay, mut server) = connected().await;
    for id in ids {
        let registering = register(&peer, id);
        take(
            &relay,
            &mut server,
            "register_service",
            "resolve",
            Value::Null,
        )
        .await;
        registering.await.unwrap().unwrap();
    }
    (peer, relay, server)
}

async fn ids(peer: &Peer) -> Vec<String> {
    let mut ids: Vec<String> = peer
        .local_services()
        .await
        .unwrap()
        .iter()
        .map(|service| text(service, "id"))
        .collect();
    ids.sort();
    ids
}

#[tokio::test(start_paused = true)]
async fn services_are_registered_again_as_they_were_and_before_anything_else() {
    let (peer, mut relay, mut server) = connected().await;
    let service = Service::new("whole")
        .name("Whole")
        .description("all of it")
        .config("custom", 7)
        .method("f", || async {});
    let registering = tokio::spawn({
        let peer = peer.clone();
        async move { peer.register_service(service).await }
    });
    let first = take(
        &relay,
        &mut server,
        "register_service",
        "resolve",
        Value::Null,
    )
    .await;
    registering.await.unwrap().unwrap();
    for id in ["b", "a"] {
        let registering = register(&peer, id);
        take(
            &relay,
            &mut server,
            "register_service",
            "resolve",
            Value::Null,
        )
        .await;
        registering.await.unwrap().unwrap();
    }
    for round in 0..3 {
        drop(server);
        is_lost(&peer).await;
        let waiting = call(&peer, "f");
        let (mut next, _) = relay.admit().await;
        let mut order = Vec::new();
        let mut subscriptions = 0;
        while order.len() < 4 || subscriptions == 0 {
            let (header, payload) = next.next().await.unwrap();
            match &*text(&header, "method") {
                "services.default.register_service" => {
                    let info = payload.get("args").unwrap().as_list().unwrap()[0].clone();
                    if id_of(&payload) == "whole" {
                        assert_eq!(info, first, "round {round}");
                    }
                    order.push(id_of(&payload));
                }
                "services.default.subscribe" => subscriptions += 1,
                other => panic!("{other} before the services"),
            }
            relay
                .answer(&mut next, &header, "resolve", Value::Null)
                .await;
        }
        assert_eq!(order, ["built-in", "whole", "b", "a"]);
        // Nothing piles up: one subscription each time, and then the call that waited.
        let (header, _) = next.next().await.unwrap();
        assert_eq!(text(&header, "method"), "services.s.f");
        waiting.abort();
        server = next;
    }
    assert_eq!(ids(&peer).await, ["a", "b", "built-in", "whole"]);
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_is_refused_the_second_time_is_tried_until_it_is_taken() {
    let (peer, mut relay, server) = with_services(&["good", "bad"]).await;
    let mut events = peer.connection_events();
    drop(server);
    let (mut server, _) = relay.admit().await;
    let mut waits = Vec::new();
    let mut last = tokio::time::Instant::now();
    let mut refused = 0;
    while refused < 4 {
        let (header, payload) = server.next().await.unwrap();
        let is_bad =
            text(&header, "method").ends_with("register_service") && id_of(&payload) == "bad";
        let (name, value) = if is_bad {
            refused += 1;
            waits.push(last.elapsed());
            last = tokio::time::Instant::now();
            ("reject", error_value("the database is down"))
        } else {
            ("resolve", Value::Null)
        };
        relay.answer(&mut server, &header, name, value).await;
    }
    // The client is connected meanwhile, and says what is missing.
    is_connected(&peer).await;
    for (wait, longest) in waits[1..].iter().zip([1, 2, 4]) {
        assert!(*wait <= longest * SECOND && !wait.is_zero(), "{waits:?}");
    }
    let missing = loop {
        if let ConnectionEvent::ServicesRegistered { total, failed, .. } =
            events.recv().await.unwrap()
        {
            break (total, failed);
        }
    };
    assert_eq!(missing, (3, vec!["bad".into()]));
    let info = take(
        &relay,
        &mut server,
        "register_service",
        "resolve",
        Value::Null,
    )
    .await;
    assert_eq!(text(info.as_map().unwrap(), "id"), "ws/me:bad");
}

#[tokio::test(start_paused = true)]
async fn without_its_built_in_service_a_client_registers_no_others_and_tries_again() {
    let (peer, mut relay, server) = with_services(&["s"]).await;
    let mut events = peer.connection_events();
    drop(server);
    let (mut server, _) = relay.admit().await;
    for _ in 0..2 {
        let (header, _) = server.next().await.unwrap();
        let refuse = text(&header, "method").ends_with("register_service");
        let (name, value) = match refuse {
            true => ("reject", error_value("not now")),
            false => ("resolve", Value::Null),
        };
        relay.answer(&mut server, &header, name, value).await;
    }
    is_connected(&peer).await;
    let failed = loop {
        if let ConnectionEvent::ServicesRegistrationFailed { error, total, .. } =
            events.recv().await.unwrap()
        {
            break (error, total);
        }
    };
    assert!(failed.0.contains("not now") && failed.1 == 2, "{failed:?}");
    for expected in ["built-in", "s"] {
        let info = take(
            &relay,
            &mut server,
            "register_service",
            "resolve",
            Value::Null,
        )
        .await;
        assert_eq!(
            text(info.as_map().unwrap(), "id"),
            format!("ws/me:{expected}")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_loss_in_the_middle_begins_the_whole_again() {
    let (peer, mut relay, server) = with_services(&["a", "b"]).await;
    drop(server);
    for taken in 0..4 {
        let (mut server, _) = relay.admit().await;
        for _ in 0..taken {
            let (header, _) = server.next().await.unwrap();
            relay
                .answer(&mut server, &header, "resolve", Value::Null)
                .await;
        }
    }
    let (_server, ids) = relay.set_up(2).await;
    assert_eq!(ids, ["built-in", "a", "b"]);
    is_connected(&peer).await;
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_meets_a_loss_is_made_once_on_the_next_connection() {
    // Asked before the loss, and while there is no connection.
    for asked in [true, false] {
        let (peer, mut relay, mut server) = connected().await;
        let registering = if asked {
            let registering = register(&peer, "s");
            server.next().await.unwrap();
            drop(server);
            registering
        } else {
            drop(server);
            is_lost(&peer).await;
            register(&peer, "s")
        };
        let (mut server, ids) = relay.set_up(1).await;
        assert_eq!(ids, ["built-in", "s"]);
        assert_eq!(registering.await.unwrap().unwrap().id(), "ws/me:s");
        let next = call(&peer, "f");
        let (header, _) = server.next().await.unwrap();
        assert_eq!(
            text(&header, "method"),
            "services.s.f",
            "asked {asked}: nothing twice"
        );
        next.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_registration_finds_no_connection_for_as_long_as_a_call_would_wait() {
    let (peer, mut relay, server) = connected().await;
    drop(server);
    is_lost(&peer).await;
    let began = tokio::time::Instant::now();
    let registering = register(&peer, "s");
    // Servers that let nobody in.
    let serve = async {
        loop {
            drop(relay.accept().await);
        }
    };
    let error = tokio::select! {
        result = registering => result.unwrap().unwrap_err(),
        () = serve => unreachable!(),
    };
    assert!(matches!(error, RegisterError::Server(_)), "{error}");
    assert_eq!(began.elapsed().as_secs(), 30);
    assert_eq!(ids(&peer).await, ["built-in"]);
    let (_server, ids) = relay.set_up(0).await;
    assert_eq!(ids, ["built-in"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_whose_registration_was_dropped_half_way_is_registered() {
    let (peer, relay, mut server) = connected().await;
    let registering = register(&peer, "s");
    let (header, _) = server.next().await.unwrap();
    registering.abort();
    assert!(registering.await.is_err());
    relay
        .answer(&mut server, &header, "resolve", Value::Null)
        .await;
    assert_eq!(ids(&peer).await, ["built-in", "s"]);
    // The server knows it too: it is taken back there.
    let leaving = tokio::spawn({
        let peer = peer.clone();
        async move { peer.unregister_service("s").await }
    });
    let id = take(
        &relay,
        &mut server,
        "unregister_service",
        "resolve",
        Value::Null,
    )
    .await;
    assert_eq!(id, Value::from("ws/me:s"));
    leaving.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_service_that_was_taken_back_while_there_was_no_connection_is_not_registered_again() {
    let (peer, mut relay, server) = with_services(&["gone", "kept"]).await;
    drop(server);
    is_lost(&peer).await;
    let leaving = tokio::spawn({
        let peer = peer.clone();
        async move { peer.unregister_service("gone").await }
    });
    tokio::task::yield_now().await;
    // A call after it shows that it was taken.
    assert_eq!(ids(&peer).await.len(), 2);
    let (mut server, ids) = relay.set_up(1).await;
    assert_eq!(ids, ["built-in", "kept"]);
    // The server of a new connection has never heard of it.
    let unknown = error_value("KeyError: 'Service not found: ws/me:gone@*'");
    take(&relay, &mut server, "unregister_service", "reject", unknown).await;
    leaving.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_meets_a_loss_and_is_then_refused_leaves_the_service_as_it_was() {
    let (peer, mut relay, mut server) = with_services(&["s"]).await;
    let replacing = tokio::spawn({
        let peer = peer.clone();
        async move {
            peer.replace_service(
                Service::new("s")
                    .description("new")
                    .method("f", || async {}),
            )
            .await
        }
    });
    server.next().await.unwrap();
    drop(server);
    let (mut server, _) = relay.admit().await;
    let mut described = Vec::new();
    while described.len() < 2 {
        let (header, payload) = server.next().await.unwrap();
        let is_ours =
            text(&header, "method").ends_with("register_service") && id_of(&payload) == "s";
        let refuse = is_ours && described.is_empty();
        if is_ours {
            let info = payload.get("args").unwrap().as_list().unwrap()[0].clone();
            described.push(text(info.as_map().unwrap(), "description"));
        }
        let (name, value) = match refuse {
            true => ("reject", error_value("no")),
            false => ("resolve", Value::Null),
        };
        relay.answer(&mut server, &header, name, value).await;
    }
    assert_eq!(described, ["new", ""]);
    replacing.await.unwrap().unwrap_err();
    let services = peer.local_services().await.unwrap();
    let kept = services
        .iter()
        .find(|service| text(service, "id") == "s")
        .unwrap();
    assert_eq!(text(kept, "description"), "");
}

#[tokio::test(start_paused = true)]
async fn subscriptions_of_the_user_are_renewed_and_those_taken_back_are_not() {
    let (peer, mut relay, mut server) = connected().await;
    let subscribing = tokio::spawn({
        let peer = peer.clone();
        async move {
            peer.subscribe(["news", "sport"]).await.unwrap();
            peer.unsubscribe(["sport"]).await
        }
    });
    take(
        &relay,
        &mut server,
        "subscribe",
        "resolve",
        Value::Bool(true),
    )
    .await;
    take(
        &relay,
        &mut server,
        "unsubscribe",
        "resolve",
        Value::Bool(true),
    )
    .await;
    subscribing.await.unwrap().unwrap();
    for _ in 0..3 {
        drop(server);
        let (mut next, _) = relay.admit().await;
        let mut topics = Vec::new();
        while topics.len() < 2 {
            let (header, payload) = next.next().await.unwrap();
            if text(&header, "method").ends_with("subscribe") {
                topics.push(payload.get("args").unwrap().as_list().unwrap()[0].clone());
            }
            relay
                .answer(&mut next, &header, "resolve", Value::Null)
                .await;
        }
        let list = |topic: &str| Value::List(vec![Value::from(topic)]);
        assert_eq!(topics, [list("client_disconnected"), list("news")]);
        is_connected(&peer).await;
        server = next;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_at_another_url_is_named_in_what_is_described() {
    let (peer, mut relay, server) = with_services(&["s"]).await;
    drop(server);
    let mut server = relay.accept().await;
    server.hello().await;
    let moved = relay.info().replace("http://server", "http://moved");
    server.text(&moved).await;
    relay.register(&mut server, 1).await;
    is_connected(&peer).await;
    let services = peer.local_services().await.unwrap();
    let service = services
        .iter()
        .find(|service| text(service, "id") == "s")
        .unwrap();
    let Some(Value::Method(method)) = service.get("f") else {
        panic!("no method")
    };
    assert_eq!(method.server.as_deref(), Some("http://moved"));
}
