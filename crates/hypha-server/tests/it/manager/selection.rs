//! Which of several services of a name a client gets.

use std::collections::BTreeSet;

use hypha_client::{Client, Service, Visibility};
use hypha_server::HyphaServer;
use serde_json::json;

use super::{colleague, error, guest, ok, server};

/// A service that tells whose it is and how much it has to do; without a number it does not say.
async fn offer(client: &Client, load: Option<i64>) {
    let name = client.client_id().to_owned();
    let mut service = Service::new("s")
        .visibility(Visibility::Public)
        .method("whose", move || std::future::ready(name.clone()));
    if let Some(load) = load {
        service = service.method("load", move || std::future::ready(load));
    }
    client.register_service(service).await.unwrap();
}

/// Three providers in one workspace, the first to register first.
async fn three(server: &HyphaServer) -> [Client; 3] {
    let a = guest(server, "a").await;
    let b = colleague(server, &a, "b__rlb", "read_write").await;
    let c = colleague(server, &a, "c__rlb", "read_write").await;
    offer(&b, Some(5)).await;
    offer(&a, None).await;
    offer(&c, Some(2)).await;
    [a, b, c]
}

/// The client whose service is selected.
async fn selected(client: &Client, id: &str, mode: &str) -> String {
    let description = client.peer().manager_method("get_service");
    let description = description.args((id, json!({ "mode": mode })));
    let description: hypha_codec::Value = description.await.unwrap();
    let id = description.get("id").unwrap().as_str().unwrap();
    let (_, id) = id.split_once('/').unwrap();
    id.strip_suffix(":s").unwrap().to_owned()
}

#[tokio::test]
async fn by_order_and_by_answers() {
    let server = server().await;
    let [a, _b, _c] = three(&server).await;
    for (mode, client) in [
        ("first", "b__rlb"),
        ("last", "c__rlb"),
        ("select:min:load", "c__rlb"),
        ("select:max:load", "b__rlb"),
        ("select:first_success:load", "b__rlb"),
        ("select:first_success:whose", "b__rlb"),
    ] {
        assert_eq!(selected(&a, "s", mode).await, client, "{mode}");
    }
    for mode in [
        "random",
        "native:random",
        "select:min:nothing",
        "select:min:whose",
    ] {
        let client = selected(&a, "s", mode).await;
        assert!(["a", "b__rlb", "c__rlb"].contains(&&*client), "{mode}");
    }
    // A client that is named is the only one to select.
    for mode in ["exact", "min_load", "select:max:load"] {
        assert_eq!(selected(&a, "a:s", mode).await, "a", "{mode}");
    }
}

#[tokio::test]
async fn by_load() {
    let server = server().await;
    let [a, b, c] = three(&server).await;
    a.unregister_service("s").await.unwrap();
    for (busy, idle) in [(&b, &c), (&c, &b)] {
        for _ in 0..300 {
            ok(busy, "echo", [json!(1)]).await;
        }
        assert_eq!(selected(&a, "s", "min_load").await, idle.client_id());
    }
}

#[tokio::test]
async fn at_random_all_have_their_turn() {
    let server = server().await;
    let [a, _b, _c] = three(&server).await;
    let mut seen = BTreeSet::new();
    // Never in a lifetime does one of three stay out so often.
    for _ in 0..300 {
        seen.insert(selected(&a, "s", "random").await);
        if seen.len() == 3 {
            return;
        }
    }
    panic!("only {seen:?}");
}

#[tokio::test]
async fn server_31_several_are_an_error_unless_a_mode_is_named() {
    let server = server().await;
    let [a, _b, _c] = three(&server).await;
    for args in [
        vec![json!("s")],
        vec![json!("s"), json!({ "mode": "exact" })],
    ] {
        let said = error(&a, "get_service", args).await;
        assert!(
            said.starts_with("AssertionError: Multiple services found for "),
            "{said}"
        );
    }
    for (mode, text) in [
        (
            "bogus",
            "ValueError: Invalid mode: bogus. Mode must be 'random', 'first', 'last', 'exact', 'min_load', 'native:random', or 'select:criteria:function' format (e.g., 'select:min:get_load')",
        ),
        (
            "select:min",
            "ValueError: Invalid select mode format: select:min. Expected 'select:criteria:function'",
        ),
        (
            "select:min:a:b",
            "ValueError: Invalid select mode format: select:min:a:b. Expected 'select:criteria:function'",
        ),
        (
            "select:min:message_cache.create",
            "ValueError: Invalid select mode format: select:min:message_cache.create. Expected 'select:criteria:function'",
        ),
        (
            "select:zz:load",
            "ValueError: Unknown selection criteria: zz",
        ),
    ] {
        let config = json!({ "mode": mode });
        assert_eq!(error(&a, "get_service", [json!("s"), config]).await, text);
    }
}

#[tokio::test]
async fn server_27_guests_do_not_borrow_the_name_of_the_server() {
    let server = server().await;
    let provider = guest(&server, "a").await;
    let other = colleague(&server, &provider, "b", "read_write").await;
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    for client in [&provider, &other] {
        let told = told.clone();
        let who = move |cx: hypha_client::Context| {
            told.send(cx.from().to_string()).unwrap();
            std::future::ready(1)
        };
        let service = Service::new("s").visibility(Visibility::Public);
        client
            .register_service(service.method("who", who))
            .await
            .unwrap();
    }
    let stranger = guest(&server, "g").await;
    let id = format!("{}/s", provider.workspace());
    selected(&stranger, &id, "select:min:who").await;
    assert!(hears.try_recv().is_err());
    selected(&provider, "s", "select:min:who").await;
    let manager = provider.peer().manager().unwrap().to_string();
    assert_eq!(hears.try_recv(), Ok(manager));
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_not_waited_for_longer_than_asked() {
    let server = server().await;
    let mut provider = crate::raw::Raw::anonymous(&server, "mute").await;
    let id = format!("{}:s", provider.address());
    for id in [format!("{}:built-in", provider.address()), id.clone()] {
        let info = hypha_codec::to_value(&json!({
            "id": id, "type": "built-in", "config": { "visibility": "public" }
        }));
        let (answer, _) = provider
            .manage("register_service", vec![info.unwrap()])
            .await;
        assert_eq!(answer, "managed.resolve");
    }
    let client = guest(&server, "c").await;
    let config = json!({ "timeout": 0.05 });
    let said = crate::raw::soon(
        "an error",
        error(&client, "get_service", [json!(id), config]),
    )
    .await;
    assert!(
        said.contains("did not end within its deadline") || said.contains("no sign of life"),
        "{said}"
    );
}
