//! Tokens that clients have the manager make.

use hypha_client::Client;
use serde_json::json;

use super::{ROOT, colleague, error, guest, ok, server};

#[tokio::test]
async fn tokens_are_made_read_and_revoked() {
    let server = server().await;
    let owner = guest(&server, "owner").await;
    let ws = owner.workspace();
    let config = json!({ "permission": "read", "expires_in": 60, "client_id": "only" });
    let token = ok(&owner, "generate_token", [config]).await;
    let user = ok(&owner, "parse_token", [token.clone()]).await;
    assert_eq!(user["scope"]["workspaces"][ws], "r");
    assert_eq!(user["scope"]["client_id"], "only");
    assert_eq!(user["parent"], json!(owner.user().unwrap().id));
    let with = |token: &str| {
        let options = Client::builder(server.url()).client_id("only").token(token);
        options.silent(true).connect()
    };
    let token = token.as_str().unwrap();
    let guest = with(token).await.unwrap();
    assert_eq!(guest.workspace(), ws);
    guest.disconnect().await;
    ok(&owner, "revoke_token", [json!(token)]).await;
    let refused = with(token).await.unwrap_err().to_string();
    assert!(refused.contains("revoked"), "{refused}");
    let said = error(&owner, "parse_token", [json!(token)]).await;
    assert!(said.contains("revoked"), "{said}");
}

#[tokio::test]
async fn nobody_gives_away_more_than_they_have() {
    let server = server().await;
    let owner = guest(&server, "owner").await;
    let writer = colleague(&server, &owner, "writer", "read_write").await;
    let reader = colleague(&server, &owner, "reader", "read").await;
    let admin = colleague(&server, &owner, "admin", "admin").await;
    let stranger = guest(&server, "stranger").await;
    let ws = owner.workspace();
    let here = json!({ "workspace": ws });
    for client in [&owner, &admin] {
        ok(client, "generate_token", [here.clone()]).await;
    }
    for client in [&writer, &reader] {
        let said = error(client, "generate_token", [here.clone()]).await;
        assert_eq!(said, "PermissionError: Only admin can generate token.");
    }
    let said = error(&stranger, "generate_token", [here]).await;
    let wanted = format!("PermissionError: You do not have any permission for workspace: {ws}");
    assert_eq!(said, wanted);
    for (config, text) in [
        (
            json!({ "permission": "all" }),
            "ValueError: Invalid permission: all",
        ),
        (
            json!({ "expires_in": -1 }),
            "ValueError: Invalid expires_in: -1",
        ),
        (
            json!({ "email": "root@example.org" }),
            "PermissionError: Only callers with the 'admin' role may set TokenConfig.email",
        ),
        (
            json!({ "client_id": "x ws:other#a" }),
            "ValueError: Invalid token: ",
        ),
        (
            json!({ "extra_scopes": ["ws:other#a"] }),
            "ValueError: Invalid token: ",
        ),
    ] {
        let said = error(&owner, "generate_token", [config]).await;
        assert!(said.starts_with(text), "{said}");
    }
}

#[tokio::test]
async fn tokens_of_others_workspaces_need_their_permission() {
    let server = server().await;
    let root = Client::builder(server.url()).token(ROOT).client_id("root");
    let root = root.connect().await.unwrap();
    ok(&root, "create_workspace", [json!({ "id": "lab" })]).await;
    let config = json!({ "workspace": "lab", "permission": "read_write" });
    let token = ok(&root, "generate_token", [config.clone()]).await;
    let member = Client::builder(server.url()).client_id("member");
    let member = member.workspace("lab").token(token.as_str().unwrap());
    let member = member.connect().await.unwrap();
    assert_eq!(member.workspace(), "lab");
    let said = error(&member, "generate_token", [config]).await;
    assert_eq!(said, "PermissionError: Only admin can generate token.");
    let said = error(&member, "revoke_token", [token]).await;
    assert_eq!(said, "PermissionError: Permission denied for workspace lab");
    let said = error(&root, "revoke_token", [json!(ROOT)]).await;
    assert!(said.starts_with("ValueError: Invalid token: "), "{said}");
}
