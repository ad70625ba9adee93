//! Registering services, finding them, and listing them.

use hypha_client::{Client, Service, Visibility};
use serde_json::{Value as Json, json};

use super::{colleague, error, guest, ids, ok, server};

fn named(id: &str) -> Service {
    Service::new(id.to_owned()).method("whose", async || "mine")
}

async fn register(client: &Client, service: Service) {
    client.register_service(service).await.unwrap();
}

/// What a client would tell the manager of a service.
fn told(client: &Client, id: &str, config: &Json) -> Json {
    json!({ "id": format!("{}:{id}", client.address()), "config": config })
}

#[tokio::test]
async fn every_form_of_an_id_finds_its_service() {
    let server = server().await;
    let provider = guest(&server, "p").await;
    register(&provider, named("s")).await;
    register(&provider, named("app-service").app_id("app")).await;
    let ws = provider.workspace();
    for (id, service) in [
        ("s".to_owned(), "s"),
        ("p:s".to_owned(), "s"),
        ("*:s".to_owned(), "s"),
        (format!("{ws}/s"), "s"),
        (format!("{ws}/p:s"), "s"),
        (format!("{ws}/p:s@*"), "s"),
        ("app-service".to_owned(), "app-service"),
        ("app-service@app".to_owned(), "app-service"),
    ] {
        let found = provider.get_service(&id).await.unwrap();
        assert_eq!(found.id(), format!("{ws}/p:{service}"), "{id}");
        let whose: String = found.call("whose", ()).await.unwrap();
        assert_eq!(whose, "mine");
        let info = ok(&provider, "get_service_info", [json!(id)]).await;
        assert_eq!(info["id"], json!(found.id()));
    }
    let manager = provider.get_service("~").await.unwrap();
    let echoed: u32 = manager.call("echo", (5,)).await.unwrap();
    assert_eq!(echoed, 5);
}

#[tokio::test]
async fn server_25_ids_are_only_what_they_look_like() {
    let server = server().await;
    let provider = guest(&server, "p").await;
    register(&provider, named("secret")).await;
    let ws = provider.workspace();
    for (id, text) in [
        (
            "*",
            "AssertionError: Invalid service id: *, it cannot be a wildcard.",
        ),
        ("*/secret", "AssertionError: You must specify a workspace"),
        (
            "a/b/c",
            "AssertionError: Service id must contain at most one '/'",
        ),
        (
            "a:b:c",
            "AssertionError: Service id must contain at most one ':'",
        ),
        (
            "a@b@c",
            "AssertionError: Service id must contain at most one '@'",
        ),
        ("", "AssertionError: Invalid service id"),
        ("/secret", "AssertionError: Invalid service id"),
        ("sec*", "KeyError: 'Service not found: WS/*:sec*@*'"),
        ("s?cret", "KeyError: 'Service not found: WS/*:s?cret@*'"),
        ("[s]ecret", "KeyError: 'Service not found: WS/*:[s]ecret@*'"),
        ("../secret", "KeyError: 'Service not found: ../*:secret@*'"),
        (
            "%2e/secret",
            "KeyError: 'Service not found: %2e/*:secret@*'",
        ),
        ("p*:secret", "KeyError: 'Service not found: WS/p*:secret@*'"),
        (
            "secret@other",
            "KeyError: 'Service not found: WS/*:secret@other'",
        ),
        ("secret\n", "KeyError: 'Service not found: WS/*:secret\n@*'"),
    ] {
        for method in ["get_service", "get_service_info"] {
            let said = error(&provider, method, [json!(id)]).await;
            let said = said.replace(ws, "WS");
            assert!(said.starts_with(text), "{id:?}: {said}");
        }
    }
}

#[tokio::test]
async fn server_24_services_are_registered_by_their_own_clients_only() {
    let server = server().await;
    let victim = guest(&server, "victim").await;
    register(&victim, named("s")).await;
    let rival = colleague(&server, &victim, "rival", "read_write").await;
    let stranger = guest(&server, "victim").await;
    let ws = victim.workspace();
    for (client, id, text) in [
        (
            &rival,
            format!("{ws}/victim:s"),
            "does not belong to the client 'rival'",
        ),
        (
            &rival,
            "victim:s".to_owned(),
            "does not belong to the client 'rival'",
        ),
        (
            &rival,
            format!("{ws}/rival2:s"),
            "does not belong to the client 'rival'",
        ),
        (
            &stranger,
            format!("{ws}/victim:s"),
            "Cannot register services in other workspaces.",
        ),
        (
            &rival,
            "s".to_owned(),
            "AssertionError: Service id info must contain ':'",
        ),
        (
            &rival,
            "rival:a:b".to_owned(),
            "ValueError: Invalid service id: a:b",
        ),
        (
            &rival,
            "rival:*".to_owned(),
            "ValueError: Invalid service id: *",
        ),
        (
            &rival,
            "rival:~".to_owned(),
            "ValueError: Invalid service id: ~",
        ),
        (
            &rival,
            "rival:".to_owned(),
            "ValueError: Invalid service id: ",
        ),
        (
            &rival,
            format!("rival:{}", "x".repeat(257)),
            "ValueError: Invalid service id",
        ),
    ] {
        let info = json!({ "id": id, "name": "forged" });
        let said = error(client, "register_service", [info]).await;
        assert!(said.contains(text), "{id}: {said}");
    }
    let info = ok(&victim, "get_service_info", [json!("s")]).await;
    assert_eq!(info["name"], "s");
}

#[tokio::test]
async fn descriptions_that_make_no_sense_are_refused() {
    let server = server().await;
    let client = guest(&server, "c").await;
    let id = "c:s";
    for (info, text) in [
        (json!({}), "ValueError: Invalid service info: 'id'"),
        (json!({ "id": 5 }), "ValueError: Invalid service info: 'id'"),
        (
            json!({ "id": id, "config": 5 }),
            "ValueError: Invalid service info: 'config'",
        ),
        (
            json!({ "id": id, "config": { "visibility": "secret" } }),
            "ValueError: Invalid visibility: secret",
        ),
        (
            json!({ "id": id, "config": { "visibility": "public", "authorized_workspaces": ["w"] } }),
            "ValueError: authorized_workspaces can only be set when visibility is 'protected', got visibility='public'",
        ),
        (
            json!({ "id": id, "config": { "authorized_workspaces": "w" } }),
            "ValueError: Invalid service info: 'authorized_workspaces'",
        ),
        (
            json!({ "id": id, "description": "x".repeat(1025) }),
            "ValueError: The description of a service has at most 1024 characters",
        ),
        (
            json!({ "id": id, "app_id": "a/b" }),
            "AssertionError: App id info must not contain '/'",
        ),
        (
            json!({ "id": id, "service_schema": [] }),
            "ValueError: Invalid service info: 'service_schema'",
        ),
    ] {
        let said = error(&client, "register_service", [info.clone()]).await;
        assert!(said.starts_with(text), "{info}: {said}");
    }
    assert_eq!(ids(&ok(&client, "list_services", []).await), ["c:built-in"]);
}

#[tokio::test]
async fn what_never_leaves_its_client_is_ignored() {
    let server = server().await;
    let client = guest(&server, "c").await;
    for (id, config) in [
        ("_rintf_1", json!({})),
        ("s", json!({ "_local_only": true })),
    ] {
        ok(&client, "register_service", [told(&client, id, &config)]).await;
    }
    assert_eq!(ids(&ok(&client, "list_services", []).await), ["c:built-in"]);
}

#[tokio::test]
async fn configuration_is_kept_and_completed() {
    let server = server().await;
    let client = guest(&server, "c").await;
    let config = json!({ "flags": ["f"], "mine": { "a": [1] }, "workspace": "other", "created_by": { "id": "root" } });
    ok(&client, "register_service", [told(&client, "s", &config)]).await;
    let info = ok(&client, "get_service_info", [json!("s")]).await;
    let user = &client.user().unwrap().id;
    assert_eq!(info["config"]["mine"], json!({ "a": [1] }));
    assert_eq!(info["config"]["flags"], json!(["f"]));
    assert_eq!(info["config"]["workspace"], client.workspace());
    assert_eq!(info["config"]["created_by"], json!({ "id": user }));
    assert_eq!(
        (&info["type"], &info["app_id"]),
        (&json!("generic"), &json!("*"))
    );
    let built_in = ok(&client, "get_service_info", [json!("built-in")]).await;
    let created_by = &built_in["config"]["created_by"];
    assert_eq!(created_by["id"], json!(user));
    assert_eq!(created_by["scope"]["workspaces"][client.workspace()], "a");
}

#[tokio::test]
async fn server_26_guests_find_what_is_meant_for_them() {
    let server = server().await;
    let provider = guest(&server, "p").await;
    let guest = guest(&server, "g").await;
    let ws = provider.workspace();
    let visible = |id: &str, visibility| named(id).visibility(visibility);
    register(&provider, visible("public", Visibility::Public)).await;
    register(&provider, visible("unlisted", Visibility::Unlisted)).await;
    register(&provider, named("protected")).await;
    register(
        &provider,
        named("authorized").authorized_workspaces([guest.workspace()]),
    )
    .await;
    for (id, is_for_guests) in [
        ("public", true),
        ("unlisted", true),
        ("authorized", true),
        ("protected", false),
    ] {
        let id = format!("{ws}/{id}");
        if is_for_guests {
            let service = guest.get_service(&id).await.unwrap();
            let whose: String = service.call("whose", ()).await.unwrap();
            assert_eq!(whose, "mine");
        } else {
            let denied = format!(
                "PermissionError: Permission denied for non-public service in workspace {ws}"
            );
            assert_eq!(error(&guest, "get_service", [json!(id)]).await, denied);
            assert_eq!(error(&guest, "get_service_info", [json!(id)]).await, denied);
        }
    }
    let listed = ok(&guest, "list_services", [json!(ws)]).await;
    assert_eq!(ids(&listed), ["p:authorized", "p:built-in", "p:public"]);
    // Who else is let in is nobody's business.
    assert!(!listed.to_string().contains(guest.workspace()));
    let info = ok(
        &guest,
        "get_service_info",
        [json!(format!("{ws}/authorized"))],
    )
    .await;
    assert!(info["config"].get("authorized_workspaces").is_none());
    let info = ok(&provider, "get_service_info", [json!("authorized")]).await;
    assert_eq!(
        info["config"]["authorized_workspaces"],
        json!([guest.workspace()])
    );
    let unlisted = [json!(ws), json!(true)];
    let denied = error(&guest, "list_services", unlisted).await;
    assert!(
        denied.starts_with("PermissionError: Cannot include unlisted services"),
        "{denied}"
    );
}

#[tokio::test]
async fn lists_hold_what_is_asked_for() {
    let server = server().await;
    let provider = guest(&server, "p").await;
    register(
        &provider,
        named("a").kind("t").visibility(Visibility::Public),
    )
    .await;
    register(&provider, named("b").app_id("app")).await;
    register(&provider, named("c").visibility(Visibility::Unlisted)).await;
    let ws = provider.workspace();
    let own = ["p:a", "p:b", "p:built-in"];
    for (query, wanted) in [
        (json!(null), &own[..]),
        (json!({}), &own),
        (json!(ws), &own),
        (json!({ "type": "t" }), &["p:a"]),
        (json!({ "id": "a" }), &["p:a"]),
        (json!({ "service_id": "a" }), &["p:a"]),
        (json!({ "service_id": "b*" }), &["p:b", "p:built-in"]),
        (json!({ "visibility": "public" }), &["p:a", "p:built-in"]),
        (json!({ "visibility": "unlisted" }), &[]),
        (json!({ "app_id": "app" }), &["p:b"]),
        (json!("b@app"), &[]),
        (json!("p:b@app"), &["p:b"]),
        (json!("p:b@other"), &[]),
        (json!({ "client_id": "q" }), &[]),
        (json!({ "workspace": "nowhere" }), &[]),
        (json!({ "workspace": "*", "service_id": "b" }), &["p:b"]),
        (json!("*/b"), &[]),
        (json!("*/a"), &["p:a"]),
    ] as [(Json, &[&str]); 18]
    {
        let listed = ok(&provider, "list_services", [query.clone()]).await;
        assert_eq!(ids(&listed), wanted, "{query}");
    }
    let all = ok(&provider, "list_services", [json!(null), json!(true)]).await;
    assert_eq!(ids(&all), ["p:a", "p:b", "p:built-in", "p:c"]);
    let guest = guest(&server, "g").await;
    let public = ok(&guest, "list_services", [json!("*/a")]).await;
    assert_eq!(ids(&public), ["p:a"]);
}

#[tokio::test]
async fn services_are_searched_by_their_words() {
    let server = server().await;
    let provider = guest(&server, "p").await;
    let weather = named("weather").description("Forecasts for cities");
    register(&provider, weather.visibility(Visibility::Public)).await;
    register(
        &provider,
        named("cities").docs("All that is known of weather."),
    )
    .await;
    register(&provider, named("other").visibility(Visibility::Public)).await;
    let found = |found: Json| {
        let found = found.as_array().unwrap().clone();
        let names = found
            .iter()
            .map(|service| service["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let search = async |client: &Client, query: &str| {
        found(ok(client, "search_services", [json!(query)]).await)
    };
    assert_eq!(search(&provider, "weather").await, ["weather", "cities"]);
    assert_eq!(
        search(&provider, "weather CITIES").await,
        ["weather", "cities"]
    );
    assert_eq!(search(&provider, "weather forecasts").await, ["weather"]);
    assert!(search(&provider, "snow").await.is_empty());
    let guest = guest(&server, "g").await;
    assert_eq!(search(&guest, "weather").await, ["weather"]);
    let page = [
        json!(""),
        json!({ "type": "generic" }),
        json!(1),
        json!(1),
        json!(["name"]),
        json!("name"),
        json!(true),
    ];
    let page = ok(&provider, "search_services", page).await;
    assert_eq!(page["total"], 3);
    let id = format!("{}:other", provider.address());
    assert_eq!(page["items"], json!([{ "id": id, "name": "other" }]));
}

#[tokio::test]
async fn services_go_when_they_are_unregistered() {
    let server = server().await;
    let first = guest(&server, "first").await;
    let second = colleague(&server, &first, "second", "read_write").await;
    let reader = colleague(&server, &first, "reader", "read").await;
    for client in [&first, &second] {
        register(client, named("s")).await;
    }
    let denied = error(&reader, "unregister_service", [json!("first:s")]).await;
    assert!(
        denied.starts_with("PermissionError: Permission denied for workspace"),
        "{denied}"
    );
    // Whoever names no client means its own service.
    ok(&second, "unregister_service", [json!("s")]).await;
    let left = ok(&first, "list_services", [json!({ "id": "s" })]).await;
    assert_eq!(ids(&left), ["first:s"]);
    ok(&second, "unregister_service", [json!("first:s")]).await;
    let gone = error(&first, "unregister_service", [json!("s")]).await;
    let wanted = format!("KeyError: 'Service not found: {}/*:s@*'", first.workspace());
    assert_eq!(gone, wanted);
}

#[tokio::test]
async fn a_workspace_has_one_singleton_of_a_name() {
    let server = server().await;
    let first = guest(&server, "first").await;
    let second = colleague(&server, &first, "second", "read_write").await;
    let alone = json!({ "singleton": true });
    ok(&first, "register_service", [told(&first, "s", &alone)]).await;
    ok(&first, "register_service", [told(&first, "s", &alone)]).await;
    for config in [alone, json!({})] {
        let said = error(&second, "register_service", [told(&second, "s", &config)]).await;
        let ws = first.workspace();
        let wanted = format!(
            "ValueError: A singleton service with the same name (s) already exists in the workspace ({ws}), please remove it first or use a different name."
        );
        assert_eq!(said, wanted);
    }
}

#[tokio::test]
async fn a_default_service_is_set_up() {
    let server = server().await;
    let client = guest(&server, "c").await;
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let app = Service::new("default").method("setup", move || {
        told.send(()).unwrap();
        async {}
    });
    register(&client, app).await;
    // It is done before the registration is answered.
    assert_eq!(hears.try_recv(), Ok(()));
    let app = client.get_app("c").await.unwrap();
    assert_eq!(app.id(), format!("{}:default", client.address()));
}

#[tokio::test]
async fn names_come_in_the_case_that_is_asked_for() {
    let server = server().await;
    let client = guest(&server, "c").await;
    register(
        &client,
        Service::new("s").method("do_it", async |a: i32| a + 1),
    )
    .await;
    let call = client.peer().manager_method("get_service");
    let call = call.args(("s", json!({ "case_conversion": "camel" })));
    let service: hypha_codec::Value = call.await.unwrap();
    assert!(service.get("doIt").is_some() && service.get("do_it").is_none());
    assert_eq!(
        service
            .get("config")
            .and_then(|config| config.get("workspace"))
            .and_then(hypha_codec::Value::as_str),
        Some(client.workspace())
    );
    let odd = json!({ "case_conversion": "loud" });
    let said = error(&client, "get_service", [json!("s"), odd]).await;
    assert!(
        said.starts_with("ValueError: Invalid case_conversion: loud"),
        "{said}"
    );
}
