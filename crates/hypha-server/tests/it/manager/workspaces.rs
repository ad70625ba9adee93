//! Workspaces, and what is kept in them.

use hypha_client::Client;
use hypha_rpc_core::protocol::event;
use hypha_server::HyphaServer;
use serde_json::{Value as Json, json};

use super::{ROOT, colleague, error, guest, ok, server};
use crate::raw::soon;

async fn root(server: &HyphaServer) -> Client {
    let options = Client::builder(server.url()).token(ROOT).client_id("root");
    options.connect().await.unwrap()
}

/// Somebody with a name of their own, in the workspace of the root user.
async fn user(server: &HyphaServer, client_id: &str) -> Client {
    let root = root(server).await;
    let token = ok(
        &root,
        "generate_token",
        [json!({ "permission": "read_write" })],
    )
    .await;
    root.disconnect().await;
    let options = Client::builder(server.url()).token(token.as_str().unwrap());
    options.client_id(client_id).connect().await.unwrap()
}

fn names(workspaces: &Json) -> Vec<&str> {
    let all = workspaces.as_array().unwrap().iter();
    all.map(|workspace| workspace["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn server_28_workspaces_are_created_listed_and_deleted() {
    let server = server().await;
    let user = user(&server, "u").await;
    let id = &user.user().unwrap().id;
    let mut deleted = user.on::<Json>(event::WORKSPACE_DELETED);
    let mut loaded = user.on::<Json>(event::WORKSPACE_LOADED);
    let names_of_events = json!([event::WORKSPACE_LOADED, event::WORKSPACE_DELETED]);
    ok(&user, "subscribe", [names_of_events]).await;
    let config = json!({
        "id": "my-lab", "name": "My lab", "description": "d", "persistent": true,
        "owners": ["a@example.org"], "icon": "i", "config": { "a": 1 }, "unknown": 5
    });
    let created = ok(&user, "create_workspace", [config.clone()]).await;
    let wanted = json!({
        "type": "workspace", "id": "my-lab", "name": "My lab", "description": "d",
        "persistent": true, "owners": ["a@example.org", id], "read_only": false, "icon": "i",
        "covers": null, "docs": null, "service_types": {}, "config": { "a": 1 },
        "status": { "ready": true }
    });
    assert_eq!(created, wanted);
    let told = soon("an event", loaded.next()).await.unwrap().unwrap().data;
    assert_eq!(told, wanted);
    assert_eq!(
        ok(&user, "get_workspace_info", [json!("my-lab")]).await,
        wanted
    );
    let listed = ok(&user, "list_workspaces", []).await;
    assert!(names(&listed).contains(&"my-lab"), "{listed}");
    let matching = ok(&user, "list_workspaces", [json!({ "id": "my-lab" })]).await;
    assert_eq!(names(&matching), ["my-lab"]);
    let paged = [json!({ "id": "my-lab" }), json!(1)];
    assert!(names(&ok(&user, "list_workspaces", paged).await).is_empty());

    let again = error(&user, "create_workspace", [config.clone()]).await;
    assert_eq!(again, "RuntimeError: Workspace already exists: my-lab");
    ok(&user, "create_workspace", [config, json!(true)]).await;
    let stranger = self::user(&server, "stranger").await;
    let own = ok(&stranger, "list_workspaces", []).await;
    assert!(!names(&own).contains(&"my-lab"), "{own}");
    for (method, args, text) in [
        (
            "create_workspace",
            vec![json!({ "id": "my-lab" }), json!(true)],
            "cannot overwrite workspace my-lab",
        ),
        (
            "delete_workspace",
            vec![json!("my-lab")],
            "Permission denied for workspace my-lab",
        ),
        (
            "get_workspace_info",
            vec![json!("my-lab")],
            "Permission denied for workspace my-lab",
        ),
        (
            "list_clients",
            vec![json!("my-lab")],
            "Permission denied for workspace my-lab",
        ),
        (
            "list_service_types",
            vec![json!("my-lab")],
            "Permission denied for workspace my-lab",
        ),
        (
            "cleanup",
            vec![json!("my-lab")],
            "Permission denied for workspace",
        ),
        (
            "bookmark",
            vec![json!({ "bookmark_type": "workspace", "id": "my-lab" })],
            "Permission denied for workspace my-lab",
        ),
    ] {
        let said = error(&stranger, method, args).await;
        assert!(
            said.starts_with("PermissionError: ") && said.contains(text),
            "{method}: {said}"
        );
    }
    ok(&user, "delete_workspace", [json!("my-lab")]).await;
    let told = soon("an event", deleted.next())
        .await
        .unwrap()
        .unwrap()
        .data;
    assert_eq!(told["id"], "my-lab");
    let gone = error(&user, "get_workspace_info", [json!("my-lab")]).await;
    assert_eq!(gone, "KeyError: 'Workspace not found: my-lab'");
}

#[tokio::test]
async fn a_name_alone_is_the_id_of_a_workspace() {
    let server = server().await;
    let user = user(&server, "u").await;
    let made = ok(&user, "create_workspace", [json!({ "name": "my-lab" })]).await;
    assert_eq!(made["id"], "my-lab");
    assert_eq!(made["name"], "my-lab");
}

#[tokio::test]
async fn names_of_workspaces_are_plain_and_nobody_elses() {
    let server = server().await;
    let user = user(&server, "u").await;
    for (config, text) in [
        (
            json!({ "description": "of nobody" }),
            "AssertionError: Workspace id must be provided.",
        ),
        (
            json!({ "id": "" }),
            "ValueError: Workspace name must not be empty.",
        ),
        (
            json!({ "id": "lab" }),
            "ValueError: Workspace name must contain at least one hyphen",
        ),
        (
            json!({ "id": "My-lab" }),
            "ValueError: Invalid workspace name: My-lab",
        ),
        (
            json!({ "id": "my-lab/x" }),
            "ValueError: Invalid workspace name",
        ),
        (
            json!({ "id": "my-lab *" }),
            "ValueError: Invalid workspace name",
        ),
        (
            json!({ "id": format!("a-{}", "x".repeat(200)) }),
            "ValueError: Invalid workspace name",
        ),
        (
            json!({ "id": "ws-user-bob" }),
            "PermissionError: Permission denied for workspace ws-user-bob",
        ),
        (
            json!({ "id": "my-lab", "owners": "me" }),
            "ValueError: Invalid workspace info: 'owners'",
        ),
        (
            json!({ "id": "my-lab", "persistent": "yes" }),
            "ValueError: Invalid workspace info: 'persistent'",
        ),
        (
            json!({ "id": "my-lab", "docs": "x".repeat(5_000_000) }),
            "RuntimeError: Workspace quota exceeded",
        ),
    ] {
        let said = error(&user, "create_workspace", [config]).await;
        assert!(said.starts_with(text), "{said}");
    }
    let guest = guest(&server, "g").await;
    let said = error(&guest, "create_workspace", [json!({ "id": "my-lab" })]).await;
    assert_eq!(
        said,
        "Exception: Only registered user can create workspace."
    );
    let root = root(&server).await;
    for id in ["public", "ws-user-root"] {
        let said = error(&root, "delete_workspace", [json!(id)]).await;
        assert_eq!(
            said,
            format!("PermissionError: Permission denied for workspace {id}")
        );
    }
}

#[tokio::test]
async fn server_30_clients_leave_a_workspace_that_is_deleted() {
    let server = server().await;
    let root = root(&server).await;
    ok(&root, "create_workspace", [json!({ "id": "lab" })]).await;
    let config = json!({ "workspace": "lab" });
    let token = ok(&root, "generate_token", [config]).await;
    let member = Client::builder(server.url())
        .workspace("lab")
        .token(token.as_str().unwrap());
    let member = member
        .client_id("m")
        .reconnect(hypha_client::ReconnectPolicy::off());
    let member = member.connect().await.unwrap();
    ok(&root, "delete_workspace", [json!("lab")]).await;
    soon("the end of the connection", member.closed()).await;
    let again = Client::builder(server.url())
        .workspace("lab")
        .token(token.as_str().unwrap());
    assert!(again.connect().await.is_err());
}

#[tokio::test]
async fn workspaces_of_guests_go_with_their_last_client() {
    let server = server().await;
    let root = root(&server).await;
    let guest = guest(&server, "g").await;
    let ws = guest.workspace().to_owned();
    let second = colleague(&server, &guest, "second", "read_write").await;
    ok(&guest, "set_env", [json!("K"), json!("V")]).await;
    let mut gone = second.on::<Json>(event::CLIENT_DISCONNECTED);
    ok(&second, "subscribe", [json!(event::CLIENT_DISCONNECTED)]).await;
    guest.disconnect().await;
    soon("an event", gone.next()).await.unwrap().unwrap();
    assert_eq!(ok(&second, "get_env", [json!("K")]).await, "V");
    second.disconnect().await;
    soon("the end of the workspace", async {
        while names(&ok(&root, "list_workspaces", []).await).contains(&&*ws) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn variables_are_for_those_who_may_write() {
    let server = server().await;
    let owner = guest(&server, "owner").await;
    let writer = colleague(&server, &owner, "writer", "read_write").await;
    let reader = colleague(&server, &owner, "reader", "read").await;
    ok(&writer, "set_env", [json!("KEY"), json!("secret")]).await;
    assert_eq!(ok(&owner, "get_env", [json!("KEY")]).await, "secret");
    assert_eq!(ok(&owner, "get_env", []).await, json!({ "KEY": "secret" }));
    let ws = owner.workspace();
    let denied = format!("PermissionError: Permission denied for workspace {ws}");
    assert_eq!(error(&reader, "get_env", []).await, denied);
    assert_eq!(
        error(&reader, "set_env", [json!("KEY"), json!("x")]).await,
        denied
    );
    let info = ok(&reader, "get_workspace_info", []).await;
    assert!(!info.to_string().contains("secret"));
    ok(&writer, "set_env", [json!("KEY"), json!(null)]).await;
    let missing = error(&owner, "get_env", [json!("KEY")]).await;
    let wanted = format!("KeyError: \"Environment variable 'KEY' not found in workspace {ws}\"");
    assert_eq!(missing, wanted);
    for number in 0..1000 {
        ok(&owner, "set_env", [json!(number.to_string()), json!("x")]).await;
    }
    let full = error(&owner, "set_env", [json!("more"), json!("x")]).await;
    assert!(
        full.starts_with("RuntimeError: Workspace quota exceeded"),
        "{full}"
    );
    ok(&owner, "set_env", [json!("7"), json!("y")]).await;
}

#[tokio::test]
async fn server_29_service_types_belong_to_workspaces() {
    let server = server().await;
    let owner = guest(&server, "owner").await;
    let stranger = guest(&server, "stranger").await;
    let ws = owner.workspace();
    let kind = |id: &str, config: Json| json!({ "id": id, "name": "T", "definition": { "f": {} }, "config": config });
    ok(&owner, "register_service_type", [kind("t", json!({}))]).await;
    let public = json!({ "visibility": "public" });
    ok(
        &owner,
        "register_service_type",
        [kind(&format!("{ws}/open"), public)],
    )
    .await;
    let taken = error(&owner, "register_service_type", [kind("t", json!({}))]).await;
    assert_eq!(taken, "KeyError: 'Service type already exists: t'");
    let foreign = error(
        &stranger,
        "register_service_type",
        [kind(&format!("{ws}/x"), json!({}))],
    )
    .await;
    assert!(
        foreign.starts_with("AssertionError: Workspace mismatch: "),
        "{foreign}"
    );
    let odd = error(&owner, "register_service_type", [json!({ "id": "x" })]).await;
    assert!(
        odd.starts_with("ValueError: Invalid service type: "),
        "{odd}"
    );
    let listed = ok(&owner, "list_service_types", []).await;
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let found = ok(&owner, "get_service_type", [json!("t")]).await;
    assert_eq!(found["id"], json!(format!("{ws}/t")));
    let found = ok(&stranger, "get_service_type", [json!(format!("{ws}/open"))]).await;
    assert_eq!(found["definition"], json!({ "f": {} }));
    for id in ["t", "nothing"] {
        let said = error(&stranger, "get_service_type", [json!(format!("{ws}/{id}"))]).await;
        assert_eq!(
            said,
            format!("PermissionError: Permission denied for workspace {ws}")
        );
    }
    let said = error(&owner, "get_service_type", [json!("nothing")]).await;
    assert_eq!(said, "KeyError: 'Service type not found: nothing'");
}

#[tokio::test]
async fn dead_clients_are_cleaned_up() {
    let server = server().await;
    let owner = guest(&server, "owner").await;
    let token = ok(&owner, "generate_token", []).await;
    // A client that takes what it is sent, and answers nothing.
    let hello = json!({ "client_id": "mute", "token": token });
    let mut mute = crate::raw::Raw::hello(server.url(), hello).await;
    let reading =
        async { while let Ok(Some(_)) = hypha_transport::FrameRx::recv(&mut mute.rx).await {} };
    let cleaning = async {
        let clients = ok(&owner, "list_clients", []).await;
        assert_eq!(names(&clients).len(), 2);
        let failed = ok(&owner, "ping", [json!("mute"), json!(0.2)]).await;
        let ws = owner.workspace();
        let wanted = format!("Failed to ping client {ws}/mute: ");
        assert!(failed.as_str().unwrap().starts_with(&wanted), "{failed}");
        let cleaned = ok(&owner, "cleanup", [json!(null), json!(1)]).await;
        assert_eq!(
            cleaned,
            json!({ "removed_clients": [format!("{ws}/mute")] })
        );
        soon("the client to be gone", async {
            while names(&ok(&owner, "list_clients", []).await).len() > 1 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert_eq!(ok(&owner, "cleanup", []).await, json!({}));
        assert_eq!(ok(&owner, "ping", [json!("owner")]).await, "pong");
    };
    tokio::join!(reading, cleaning);
    let root = root(&server).await;
    ok(&root, "create_workspace", [json!({ "id": "empty" })]).await;
    let removed = ok(&root, "cleanup", [json!("empty")]).await;
    assert_eq!(
        removed,
        json!({ "removed_workspace": "empty", "removed_clients": [] })
    );
}

#[tokio::test]
async fn users_remember_services_and_workspaces() {
    let server = server().await;
    let owner = guest(&server, "owner").await;
    let service = hypha_client::Service::new("s").method("f", async || 1);
    owner.register_service(service).await.unwrap();
    for item in [
        json!({ "bookmark_type": "service", "id": "s" }),
        json!({ "bookmark_type": "workspace", "id": "public" }),
        json!({ "bookmark_type": "service", "id": "s" }),
    ] {
        ok(&owner, "bookmark", [item]).await;
    }
    let bookmarks = async || {
        let info = ok(&owner, "get_workspace_info", []).await;
        let all = info["config"]["bookmarks"].as_array().cloned();
        let all = all.unwrap_or_default().into_iter();
        all.map(|bookmark| bookmark["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let id = format!("{}:s", owner.address());
    assert_eq!(bookmarks().await, ["public", &id]);
    ok(
        &owner,
        "unbookmark",
        [json!({ "bookmark_type": "service", "id": id })],
    )
    .await;
    assert_eq!(bookmarks().await, ["public"]);
    for (item, text) in [
        (
            json!({ "id": "s" }),
            "AssertionError: Bookmark type must be provided.",
        ),
        (
            json!({ "bookmark_type": "x", "id": "s" }),
            "ValueError: Invalid bookmark type: x",
        ),
        (json!({ "bookmark_type": "service" }), "KeyError: 'id'"),
        (
            json!({ "bookmark_type": "service", "id": "x" }),
            "KeyError: 'Service not found: ",
        ),
        (
            json!({ "bookmark_type": "workspace", "id": "x" }),
            "KeyError: 'Workspace not found: x'",
        ),
    ] {
        let said = error(&owner, "bookmark", [item]).await;
        assert!(said.starts_with(text), "{said}");
    }
}

#[tokio::test]
async fn what_nobody_can_come_back_to_goes_with_the_last_client_of_its_user() {
    let server = server().await;
    let (root, owner) = (root(&server).await, guest(&server, "owner").await);
    let mut left = owner.on::<Json>(event::CLIENT_DISCONNECTED);
    ok(&owner, "subscribe", [json!(event::CLIENT_DISCONNECTED)]).await;
    let writer = colleague(&server, &owner, "writer", "read_write").await;
    let item = json!({ "bookmark_type": "workspace", "id": "public" });
    ok(&writer, "bookmark", [item]).await;
    let own = json!(format!("ws-user-{}", writer.user().unwrap().id));
    ok(&root, "get_workspace_info", [own.clone()]).await;
    writer.disconnect().await;
    soon("an event", left.next()).await.unwrap().unwrap();
    let said = error(&root, "get_workspace_info", [own]).await;
    assert!(said.contains("Workspace not found"), "{said}");
}

#[tokio::test]
async fn colleagues_do_not_hear_of_workspaces_that_are_none_of_theirs() {
    let server = server().await;
    let (user, root) = (user(&server, "u").await, root(&server).await);
    let mut heard = root.on::<Json>(event::WORKSPACE_LOADED);
    ok(&root, "subscribe", [json!(event::WORKSPACE_LOADED)]).await;
    ok(&user, "create_workspace", [json!({ "id": "not-yours" })]).await;
    ok(&root, "create_workspace", [json!({ "id": "mine-too" })]).await;
    let first = soon("an event", heard.next()).await.unwrap().unwrap().data;
    assert_eq!(first["id"], "mine-too");
}
