//! Subscriptions, the events of the server, and the log of a workspace.

use hypha_client::{Client, Service};
use hypha_rpc_core::protocol::event;
use serde_json::{Value as Json, json};

use super::{colleague, error, guest, ok, server};
use crate::raw::soon;

#[tokio::test]
async fn clients_hear_of_services_and_of_each_other() {
    let server = server().await;
    let host = guest(&server, "host").await;
    let ws = host.workspace().to_owned();
    let names = [
        event::CLIENT_CONNECTED,
        event::CLIENT_UPDATED,
        event::CLIENT_DISCONNECTED,
        event::SERVICE_ADDED,
        event::SERVICE_REMOVED,
        event::WORKSPACE_CHANGED,
    ];
    let mut heard = names.map(|name| (name, host.on::<Json>(name)));
    ok(&host, "subscribe", [json!(names)]).await;
    let mut next = async |name: &str| {
        let (_, events) = heard.iter_mut().find(|(other, _)| *other == name).unwrap();
        soon(name, events.next()).await.unwrap().unwrap().data
    };
    let stranger = guest(&server, "stranger").await;
    let guest = colleague(&server, &host, "guest", "read_write").await;
    let address = format!("{ws}/guest");
    let joined = json!({ "id": address, "workspace": ws });
    assert_eq!(next(event::CLIENT_CONNECTED).await, joined);

    let service = || Service::new("s").method("f", async || 1);
    stranger.register_service(service()).await.unwrap();
    guest.register_service(service()).await.unwrap();
    let added = next(event::SERVICE_ADDED).await;
    assert_eq!(added["id"], json!(format!("{address}:s")));
    let listed = ok(&host, "list_services", [json!({ "id": "s" })]).await;
    assert_eq!(added, listed[0]);
    guest.replace_service(service()).await.unwrap();
    assert_eq!(next(event::SERVICE_REMOVED).await, added);
    assert_eq!(next(event::SERVICE_ADDED).await, added);
    guest.unregister_service("s").await.unwrap();
    assert_eq!(next(event::SERVICE_REMOVED).await, added);

    let built_in = ok(&guest, "get_service_info", [json!("guest:built-in")]).await;
    ok(&guest, "register_service", [built_in]).await;
    assert_eq!(next(event::CLIENT_UPDATED).await, joined);
    ok(&guest, "set_env", [json!("KEY"), json!("secret")]).await;
    let changed = next(event::WORKSPACE_CHANGED).await;
    assert_eq!(changed["id"], json!(ws));
    assert!(!changed.to_string().contains("secret"));
    guest.disconnect().await;
    let left = json!({ "id": "guest", "workspace": ws });
    assert_eq!(next(event::CLIENT_DISCONNECTED).await, left);
}

#[tokio::test]
async fn who_unsubscribed_hears_no_more() {
    let server = server().await;
    let client = guest(&server, "c").await;
    let (mut first, mut second) = (client.on::<Json>("first"), client.on::<Json>("second"));
    ok(&client, "subscribe", [json!(["first", "second"])]).await;
    ok(&client, "unsubscribe", [json!("first")]).await;
    for name in ["first", "second"] {
        let event = client.peer().event(name).data(&1);
        event.send().await.unwrap();
    }
    assert_eq!(
        soon("an event", second.next()).await.unwrap().unwrap().data,
        1
    );
    // It was sent before the second one, and did not come.
    assert!(futures_util::FutureExt::now_or_never(first.next()).is_none());
}

#[tokio::test]
async fn nobody_subscribes_to_what_is_not_theirs() {
    let server = server().await;
    let client = guest(&server, "c").await;
    let ws = client.workspace();
    for name in ["other-ws/event", "ws-user-other", "ws-user-other:event", ""] {
        // All or nothing.
        let names = json!(["mine", name]);
        let said = error(&client, "subscribe", [names]).await;
        assert!(said.starts_with("ValueError: "), "{name}: {said}");
    }
    for name in [
        format!("{ws}/event"),
        ws.to_owned(),
        "mine:event".to_owned(),
    ] {
        assert_eq!(ok(&client, "subscribe", [json!(name)]).await, true);
    }
    let many: Vec<_> = (0..2000).map(|number| format!("e{number}")).collect();
    let said = error(&client, "subscribe", [json!(many)]).await;
    assert!(said.starts_with("RuntimeError: "), "{said}");
    let long = json!("x".repeat(10_000));
    let said = error(&client, "subscribe", [long]).await;
    assert!(said.starts_with("ValueError: "), "{said}");
}

/// The types of the events that a client finds.
async fn types(client: &Client, args: Vec<Json>) -> Vec<String> {
    let events = ok(client, "get_events", args).await;
    let events = events.as_array().unwrap().iter();
    events
        .map(|event| event["event_type"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn users_find_what_they_logged() {
    let server = server().await;
    let client = guest(&server, "c").await;
    let other = colleague(&server, &client, "other", "read_write").await;
    ok(&client, "log", [json!("hello")]).await;
    ok(
        &client,
        "log_event",
        [json!("one"), json!({ "x": [1, null] })],
    )
    .await;
    ok(&client, "log_event", [json!("one")]).await;
    ok(&other, "log_event", [json!("two")]).await;
    assert_eq!(types(&client, vec![]).await, ["log", "one", "one"]);
    assert_eq!(types(&client, vec![json!("one")]).await, ["one", "one"]);
    assert_eq!(types(&other, vec![]).await, ["two"]);
    let events = ok(&client, "get_events", []).await;
    assert_eq!(events[0]["data"], "hello");
    assert_eq!(events[1]["data"], json!({ "x": [1, null] }));
    assert_eq!(events[1]["user_id"], json!(client.user().unwrap().id));
    assert_eq!(events[1]["workspace"], json!(client.workspace()));
    let time = &events[1]["timestamp"];
    let from = vec![json!(null), time.clone()];
    assert!(types(&client, from).await.contains(&"one".to_owned()));
    let after = vec![json!(null), json!("2999-01-01T00:00:00")];
    assert!(types(&client, after).await.is_empty());
    let stats = ok(&client, "get_event_stats", []).await;
    let wanted = json!([{ "event_type": "log", "count": 1 }, { "event_type": "one", "count": 2 }]);
    assert_eq!(stats, wanted);
    for (args, text) in [
        (
            vec![json!("two words")],
            "AssertionError: Event type must not contain spaces",
        ),
        (
            vec![json!("x".repeat(300))],
            "ValueError: An event has at most",
        ),
        (
            vec![json!("large"), json!("x".repeat(100_000))],
            "ValueError: An event has at most",
        ),
    ] {
        let said = error(&client, "log_event", args).await;
        assert!(said.starts_with(text), "{said}");
    }
    let reader = colleague(&server, &client, "reader", "read").await;
    let said = error(&reader, "log_event", [json!("one")]).await;
    assert!(
        said.starts_with("PermissionError: Permission denied for workspace"),
        "{said}"
    );
}
