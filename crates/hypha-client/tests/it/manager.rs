//! The manager's methods: what they send, and that what the real server answered can be read.

use std::time::Duration;

use hypha_client::{
    Bookmark, Client, ErrorKind, EventQuery, Map, Permission, SelectMode, ServiceQuery,
    ServiceSearch, ServiceTypeInfo, TokenOptions, Value, Visibility, WorkspaceOptions,
    WorkspaceQuery,
};
use serde_json::{Value as Json, json};

use crate::server::{Answer, MANAGER, Recorded, Server};

/// What the real server returned for each method (`manager_api.json` of the recorded vectors, shortened).
fn observed(call: &Recorded) -> Answer {
    let user = json!({
        "id": "u", "roles": ["anonymous"], "is_anonymous": true,
        "scope": { "current_workspace": "ws", "workspaces": { "ws": "a" }, "client_id": "c", "extra_scopes": null },
        "email": null, "parent": null, "expires_at": 1_795_429_321.0, "current_workspace": "ws",
    });
    let service = json!({
        "config": { "visibility": "public", "workspace": "ws", "flags": [], "singleton": false, "authorized_workspaces": null },
        "id": "ws/c:x1", "name": "X1", "type": "tt", "description": "dd", "docs": null, "app_id": "*",
        "service_schema": { "f": { "type": "function", "function": { "name": "f" } } },
        "_rtype": "pydantic-model",
    });
    let service_type = json!({
        "id": "t1", "name": "T1", "definition": { "f": { "type": "function" } },
        "description": null, "config": {}, "docs": null, "_rtype": "pydantic-model",
    });
    Ok(match call.name() {
        "echo" => call.args[0].clone(),
        "get_events" => json!([{
            "id": 5, "event_type": "my_event", "workspace": "ws", "user_id": "u",
            "timestamp": "2026-11-23T10:12:01.405073", "data": { "x": 1 },
        }]),
        "get_event_stats" => json!([{ "event_type": "log", "count": 1 }]),
        "list_services" => json!([service]),
        "search_services" => json!({ "items": [service], "total": 1, "offset": 0, "limit": 5 }),
        "get_service_info" => service,
        "list_clients" => json!([{ "id": "ws/c", "user": user }]),
        "ping" if call.args[0] == "nobody" => json!("Failed to ping client ws/nobody: "),
        "ping" => json!("pong"),
        "register_service_type" | "get_service_type" => service_type,
        "list_service_types" => json!([service_type]),
        "generate_token" => json!("a.b.c"),
        "parse_token" => user,
        "list_workspaces" => json!([{
            "id": "ws", "name": "ws", "description": "d", "read_only": true, "persistent": false, "owners": ["u"],
        }]),
        "create_workspace" | "get_workspace_info" => json!({
            "type": "workspace", "id": "ws", "name": "ws", "description": "d", "persistent": false, "owners": ["u"],
            "read_only": true, "icon": null, "covers": null, "docs": null,
            "service_types": { "t1": service_type }, "config": { "bookmarks": [] }, "status": { "ready": true },
        }),
        "get_summary" => json!({
            "name": "ws", "description": "d", "client_count": 1, "clients": ["ws/c"], "service_count": 1,
            "services": [{ "id": "ws/c:x1", "name": "X1", "type": "tt", "description": "dd", "config": {} }],
        }),
        "check_status" => json!({ "status": "ready", "errors": null, "user_permission": "a" }),
        "cleanup" => json!({ "removed_clients": ["ws/dead"] }),
        "get_env" if call.args == json!([]) => json!({ "K": "V" }),
        "get_env" => json!("V"),
        "log" | "log_event" | "revoke_token" | "delete_workspace" | "bookmark" | "unbookmark"
        | "set_env" => Json::Null,
        _ => return Err("no such method"),
    })
}

async fn client() -> (Server, Client) {
    let server = Server::start(observed);
    let client = server.client().await;
    (server, client)
}

/// That the last call was this one, to the manager.
#[track_caller]
fn asked(server: &Server, name: &str, args: Json, kwargs: Json) {
    let call = server.last_call();
    let expected = Recorded {
        to: MANAGER.into(),
        method: format!("services.default.{name}"),
        args,
        kwargs,
    };
    assert_eq!(call, expected);
}

#[tokio::test]
async fn services_are_listed_searched_and_described() {
    let (server, client) = client().await;
    let all = client.list_services(ServiceQuery::new()).await.unwrap();
    asked(&server, "list_services", json!([]), json!({}));
    assert_eq!(
        (&*all[0].id, &*all[0].kind, all[0].visibility()),
        ("ws/c:x1", "tt", Some("public"))
    );
    assert!(all[0].service_schema.contains_key("f"));

    client.list_services("*/x1").await.unwrap();
    asked(&server, "list_services", json!(["*/x1"]), json!({}));

    let query = ServiceQuery::new()
        .visibility(Visibility::Public)
        .workspace("w")
        .client_id("c")
        .service_id("s")
        .kind("t")
        .app_id("a")
        .include_unlisted(true)
        .include_app_services(true)
        .prioritize_running_services(true);
    client.list_services(query).await.unwrap();
    asked(
        &server,
        "list_services",
        json!([{ "visibility": "public", "workspace": "w", "client_id": "c", "service_id": "s", "type": "t", "app_id": "a" }]),
        json!({ "include_unlisted": true, "include_app_services": true, "prioritize_running_services": true }),
    );

    let search = ServiceSearch::new()
        .text("images")
        .limit(2)
        .offset(1)
        .order_by("name")
        .return_fields(["id"]);
    let page = client
        .search_services(search.filters(Map::from([("type", "t")])))
        .await
        .unwrap();
    asked(
        &server,
        "search_services",
        json!([]),
        json!({
            "query": "images", "filters": { "type": "t" }, "limit": 2, "offset": 1,
            "return_fields": ["id"], "order_by": "name", "pagination": true,
        }),
    );
    assert_eq!((page.total, page.items.len()), (Some(1), 1));

    let info = client
        .get_service_info("x1", Some(SelectMode::First))
        .await
        .unwrap();
    asked(
        &server,
        "get_service_info",
        json!(["x1"]),
        json!({ "config": { "mode": "first" } }),
    );
    assert_eq!(info.id, "ws/c:x1");
}

#[tokio::test]
async fn clients_are_listed_and_pinged() {
    let (server, client) = client().await;
    let clients = client.list_clients(Some("w")).await.unwrap();
    asked(
        &server,
        "list_clients",
        json!([]),
        json!({ "workspace": "w" }),
    );
    let user = clients[0].user.as_ref().unwrap();
    assert_eq!(
        (&*clients[0].id, &*user.id, user.is_anonymous),
        ("ws/c", "u", true)
    );
    let scope = user.scope.as_ref().unwrap();
    assert_eq!(
        scope.workspaces.get("ws").and_then(Value::as_str),
        Some("a")
    );
    assert!(scope.extra_scopes.is_empty());

    client.ping("ws/c", None).await.unwrap();
    asked(&server, "ping", json!(["ws/c"]), json!({}));
    let error = client
        .ping("nobody", Some(Duration::from_secs(1)))
        .await
        .unwrap_err();
    asked(
        &server,
        "ping",
        json!(["nobody"]),
        json!({ "timeout": 1.0 }),
    );
    assert_eq!(error.kind(), ErrorKind::Remote);
    assert!(error.to_string().contains("Failed to ping"), "{error}");
}

#[tokio::test]
async fn tokens_are_made_read_and_revoked() {
    let (server, client) = client().await;
    let token = client.generate_token(TokenOptions::new()).await.unwrap();
    asked(
        &server,
        "generate_token",
        json!([{ "permission": "read_write" }]),
        json!({}),
    );
    assert_eq!(token.expose(), "a.b.c");

    let options = TokenOptions::new()
        .permission(Permission::Read)
        .expires_in(Duration::from_millis(60_900))
        .workspace("w")
        .client_id("c")
        .extra_scope("s")
        .email("a@b.org");
    client.generate_token(options).await.unwrap();
    let config = json!({
        "expires_in": 60, "workspace": "w", "permission": "read", "extra_scopes": ["s"], "client_id": "c", "email": "a@b.org",
    });
    asked(&server, "generate_token", json!([config]), json!({}));

    assert_eq!(
        client.parse_token(&token).await.unwrap().expires_at,
        Some(1_795_429_321.0)
    );
    asked(&server, "parse_token", json!(["a.b.c"]), json!({}));
    client.revoke_token(&token).await.unwrap();
    asked(&server, "revoke_token", json!(["a.b.c"]), json!({}));
}

#[tokio::test]
async fn workspaces_are_made_described_and_cleaned() {
    let (server, client) = client().await;
    let query = WorkspaceQuery::new()
        .matching(Map::from([("id", "ws")]))
        .offset(1)
        .limit(2);
    let list = client.list_workspaces(query).await.unwrap();
    asked(
        &server,
        "list_workspaces",
        json!([]),
        json!({ "match": { "id": "ws" }, "offset": 1, "limit": 2 }),
    );
    assert!(list[0].read_only);

    let options = WorkspaceOptions::new("ws")
        .description("d")
        .persistent(true)
        .owner("u")
        .overwrite(true);
    let made = client
        .create_workspace(options.config(Map::from([("k", 1)])))
        .await
        .unwrap();
    let config = json!({ "name": "ws", "description": "d", "persistent": true, "owners": ["u"], "config": { "k": 1 } });
    asked(
        &server,
        "create_workspace",
        json!([config]),
        json!({ "overwrite": true }),
    );
    assert_eq!(made.service_types["t1"].name, "T1");
    assert!(made.extra.contains_key("icon"));

    client.get_workspace_info(Some("ws")).await.unwrap();
    asked(
        &server,
        "get_workspace_info",
        json!([]),
        json!({ "workspace": "ws" }),
    );
    let summary = client.get_summary().await.unwrap();
    assert_eq!(
        (summary.client_count, &*summary.services[0].kind),
        (1, "tt")
    );
    assert_eq!(client.check_status().await.unwrap().status, "ready");
    let report = client
        .cleanup(Some("ws"), Some(Duration::from_secs(2)))
        .await
        .unwrap();
    asked(
        &server,
        "cleanup",
        json!([]),
        json!({ "workspace": "ws", "timeout": 2.0 }),
    );
    assert_eq!(report.removed_clients, ["ws/dead"]);
    client.delete_workspace("ws").await.unwrap();
    asked(&server, "delete_workspace", json!(["ws"]), json!({}));

    client.bookmark(&Bookmark::service("x1")).await.unwrap();
    asked(
        &server,
        "bookmark",
        json!([{ "bookmark_type": "service", "id": "x1" }]),
        json!({}),
    );
    client.unbookmark(&Bookmark::workspace("ws")).await.unwrap();
    asked(
        &server,
        "unbookmark",
        json!([{ "bookmark_type": "workspace", "id": "ws" }]),
        json!({}),
    );
}

#[tokio::test]
async fn events_variables_and_types() {
    let (server, client) = client().await;
    client.log("hello").await.unwrap();
    asked(&server, "log", json!(["hello"]), json!({}));
    client
        .log_event("my_event", json!({ "x": 1 }))
        .await
        .unwrap();
    asked(
        &server,
        "log_event",
        json!(["my_event", { "x": 1 }]),
        json!({}),
    );
    let query = || {
        EventQuery::new()
            .event_type("e")
            .start_time("2026-01-01")
            .end_time("2026-12-31")
    };
    let events = client.get_events(query()).await.unwrap();
    let times = json!({ "event_type": "e", "start_time": "2026-01-01", "end_time": "2026-12-31" });
    asked(&server, "get_events", json!([]), times.clone());
    assert_eq!(
        (events[0].id, events[0].data.get("x")),
        (Some(5), Some(&Value::from(1)))
    );
    assert_eq!(
        events[0].timestamp.as_str(),
        Some("2026-11-23T10:12:01.405073")
    );
    assert_eq!(client.get_event_stats(query()).await.unwrap()[0].count, 1);
    asked(&server, "get_event_stats", json!([]), times);

    client.set_env("K", "V").await.unwrap();
    asked(&server, "set_env", json!(["K", "V"]), json!({}));
    assert_eq!(client.get_env("K").await.unwrap(), "V");
    assert_eq!(client.get_all_env().await.unwrap()["K"], "V");
    asked(&server, "get_env", json!([]), json!({}));

    let service_type = ServiceTypeInfo::new("t1", "T1", Map::from([("f", Value::Null)]));
    client.register_service_type(&service_type).await.unwrap();
    let sent = json!({ "id": "t1", "name": "T1", "definition": { "f": null }, "description": null, "config": {}, "docs": null });
    asked(&server, "register_service_type", json!([sent]), json!({}));
    assert!(
        client
            .get_service_type("t1")
            .await
            .unwrap()
            .definition
            .contains_key("f")
    );
    assert_eq!(client.list_service_types(Some("w")).await.unwrap().len(), 1);
    asked(
        &server,
        "list_service_types",
        json!([]),
        json!({ "workspace": "w" }),
    );
}

#[tokio::test]
async fn all_other_methods_go_by_their_names() {
    let (server, client) = client().await;
    assert_eq!(client.echo(&vec![1, 2]).await.unwrap(), [1, 2]);
    let answer: Vec<u8> = client.manager().call("echo", (vec![3],)).await.unwrap();
    assert_eq!(answer, [3]);
    let error = client
        .manager()
        .method("brand_new")
        .kwarg("k", 1)
        .await
        .unwrap_err();
    asked(&server, "brand_new", json!([]), json!({ "k": 1 }));
    assert_eq!(error.remote().unwrap().message(), "no such method");
}
