//! Who is let in, and what the others are told: as recorded from the Python server.

use hypha_transport::{Frame, FrameRx as _, FrameTx as _};
use hypha_transport_ws::{ClientStream, WsConnector, WsRx};
use serde_json::{Value as Json, json};

use crate::raw::{Raw, server, soon};
use crate::token::{SECRET, claims, sign};

/// Vectors that tests of their own look at: they need credentials, or a second client, or differ on purpose.
const ELSEWHERE: [&str; 7] = [
    "handshake/client_id_number",
    "handshake/duplicate_client_id",
    "handshake/other_path",
    "handshake/reconnect_while_connected",
    "handshake/reconnection_token_as_token",
    "handshake/reconnection_token_other_client",
    "handshake/reconnection_token_other_workspace",
];

fn vectors() -> Vec<Json> {
    let text = include_str!("../../../../tests/vectors/server_replies.json");
    let all: Vec<Json> = serde_json::from_str(text).unwrap();
    all.into_iter()
        .filter(|vector| {
            let name = vector["name"].as_str().unwrap();
            name.starts_with("handshake/") && !ELSEWHERE.contains(&name)
        })
        .collect()
}

/// Names of anonymous users are random.
fn without_names(text: &str) -> String {
    const PREFIX: &str = "anonymouz-";
    let mut parts = text.split(PREFIX);
    let mut clean = parts.next().unwrap().to_owned();
    for part in parts {
        clean.push_str(PREFIX);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        clean.push_str(part.trim_start_matches(is_name));
    }
    clean
}

/// The next text frame, or the code and reason of the close.
async fn next(rx: &mut WsRx<ClientStream>) -> Result<Json, (u16, String)> {
    match soon("an answer", rx.recv()).await {
        Ok(Some(Frame::Text(text))) => Ok(serde_json::from_str(&text).unwrap()),
        Ok(Some(Frame::Binary(_))) => panic!("a binary frame"),
        Ok(None) => Err((1000, String::new())),
        Err(error) => Err(error
            .close_reason()
            .map_or((1006, String::new()), |reason| {
                (reason.code(), without_names(reason.text()))
            })),
    }
}

#[tokio::test]
async fn first_messages_are_answered_as_recorded() {
    let server = server().await;
    let vectors = vectors();
    assert!(vectors.len() >= 20, "{}", vectors.len());
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        let suffix = vector["path_suffix"].as_str().unwrap_or_default();
        let url = format!("{}/ws{suffix}", server.url().replace("http", "ws"));
        let (mut tx, mut rx) = Raw::dial(&url).await;
        let sent = match &vector["sent"] {
            Json::Null => None,
            Json::String(text) => Some(Frame::Text(text.clone())),
            binary => {
                assert_eq!(binary, &json!({ "$b": "80" }), "{name}");
                Some(Frame::from(vec![0x80]))
            }
        };
        if let Some(frame) = sent {
            tx.feed(frame).await.unwrap();
            tx.flush().await.unwrap();
        }
        for wanted in vector["received"].as_array().unwrap() {
            let got = next(&mut rx).await;
            let got = got.unwrap_or_else(|close| panic!("{name}: {close:?}"));
            if wanted["text"] == "connection_info" {
                assert_eq!(got["type"], "connection_info", "{name}: {got}");
                assert_eq!(got["client_id"], wanted["client_id"], "{name}");
                let own = got["workspace"].as_str().unwrap();
                let wanted = wanted["workspace"].as_str().unwrap();
                assert_eq!(without_names(own), without_names(wanted), "{name}");
            } else {
                let wanted = wanted["text"].as_str().unwrap();
                let wanted: Json = serde_json::from_str(&without_names(wanted)).unwrap();
                let got: Json = serde_json::from_str(&without_names(&got.to_string())).unwrap();
                assert_eq!(got, wanted, "{name}");
            }
        }
        if vector["closed"].is_null() {
            tx.feed(Frame::Text(r#"{"type":"ping"}"#.to_owned()))
                .await
                .unwrap();
            tx.flush().await.unwrap();
            assert_eq!(next(&mut rx).await.unwrap()["type"], "pong", "{name}");
        } else {
            let (code, reason) = next(&mut rx).await.unwrap_err();
            assert_eq!(code, vector["closed"]["code"], "{name}");
            let wanted = without_names(vector["closed"]["reason"].as_str().unwrap());
            assert_eq!(reason, wanted, "{name}");
        }
    }
}

#[tokio::test]
async fn clients_are_told_who_they_are() {
    let server = server().await;
    let client = Raw::anonymous(&server, "c").await;
    let info = &client.info;
    let workspace = info["workspace"].as_str().unwrap();
    let id = info["user"]["id"].as_str().unwrap();
    assert!(id.starts_with("anonymouz-"));
    assert_eq!(workspace, format!("ws-user-{id}"));
    assert!(info["user"]["expires_at"].is_f64());
    let wanted = json!({
        "type": "connection_info",
        "hypha_version": env!("CARGO_PKG_VERSION"),
        "public_base_url": server.url(),
        "local_base_url": server.url(),
        "manager_id": info["manager_id"],
        "workspace": workspace,
        "client_id": "c",
        "user": {
            "id": id,
            "roles": ["anonymous"],
            "is_anonymous": true,
            "scope": {
                "current_workspace": workspace,
                "workspaces": { workspace: "a" },
                "client_id": "c",
                "extra_scopes": null,
            },
            "email": null,
            "parent": null,
            "expires_at": info["user"]["expires_at"],
            "current_workspace": null,
        },
        "limits": {
            "messages_per_second": null,
            "burst": null,
            "max_frame": 64 * 1024 * 1024,
            "idle_timeout": null,
            "connections_per_user": null,
            "clients_per_workspace": null,
            "services_per_client": 1000,
        },
        "reconnection_token": info["reconnection_token"],
        "reconnection_token_life_time": 172_800.0,
    });
    assert_eq!(*info, wanted);
    assert!(info["reconnection_token"].is_string());
}

#[tokio::test]
async fn other_paths_have_no_websocket() {
    let server = server().await;
    for path in ["/x", "/", "/ws/", "/ws/x", "//ws"] {
        let url = format!("{}{path}", server.url().replace("http", "ws"));
        let connector = WsConnector::new(&url).unwrap();
        let context = hypha_transport::ConnectContext::new();
        let error = hypha_transport::Connector::connect(&connector, context)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("403"), "{path}: {error}");
    }
}

#[tokio::test]
async fn a_client_that_comes_back_takes_its_place() {
    let server = server().await;
    let mut old = Raw::anonymous(&server, "c").await;
    let refresh = json!({ "type": "refresh_token" }).to_string();
    old.send(refresh).await;
    let answer = next(&mut old.rx).await.unwrap();
    assert_eq!(answer["type"], "reconnection_token");
    for token in [
        old.info["reconnection_token"].clone(),
        answer["reconnection_token"].clone(),
    ] {
        let hello =
            json!({ "client_id": "c", "reconnection_token": token, "token": "not looked at" });
        let mut new = Raw::hello(server.url(), hello).await;
        assert_eq!(new.info["workspace"], old.info["workspace"], "{}", new.info);
        assert_eq!(new.info["user"]["id"], old.info["user"]["id"]);
        let (code, _) = next(&mut old.rx).await.unwrap_err();
        assert_eq!(code, 1006);
        new.ping().await;
        old = new;
    }
}

#[tokio::test]
async fn reconnection_tokens_are_bound_to_client_and_workspace() {
    let server = server().await;
    let owner = Raw::anonymous(&server, "tok-owner").await;
    let own = owner.info["workspace"].as_str().unwrap();
    let token = &owner.info["reconnection_token"];
    let prefix = "Failed to establish connection: Failed to authenticate user: ";
    for (hello, wanted) in [
        (
            json!({ "client_id": "someone-else", "reconnection_token": token }),
            "Client id mismatch, disconnecting".to_owned(),
        ),
        (
            json!({ "client_id": "someone-else", "token": token }),
            "Client id mismatch: this token is restricted to client with client_id='tok-owner'"
                .to_owned(),
        ),
        (
            json!({ "client_id": "tok-owner", "workspace": "w", "reconnection_token": token }),
            format!("Invalid scope, workspace mismatch: w != {own}"),
        ),
        (
            json!({ "client_id": "tok-owner", "workspace": "w", "token": token }),
            format!(
                "Current workspace encoded in the token ({own}) does not match the specified workspace (w)"
            ),
        ),
    ] {
        let mut refused = Raw::hello(server.url(), hello).await;
        assert_eq!(refused.info["message"], format!("{prefix}{wanted}"));
        let (code, _) = next(&mut refused.rx).await.unwrap_err();
        assert_eq!(code, 1001);
    }
}

#[tokio::test]
async fn tokens_lead_to_their_workspaces() {
    let server = hypha_server::HyphaServer::builder()
        .port(0)
        .jwt_secret(SECRET)
        .root_token("the-root-token")
        .start()
        .await
        .unwrap();
    let scoped = |scope: &str| sign(&claims("u", scope));
    let admin = |scope: &str| {
        let mut claims = claims("boss", scope);
        claims["https://amun.ai/roles"] = json!(["admin"]);
        sign(&claims)
    };
    let denied = "Failed to establish connection: Permission denied for workspace: ";
    for (token, asked, wanted) in [
        (scoped(""), None, Ok("ws-user-u")),
        (scoped(""), Some("ws-user-u"), Ok("ws-user-u")),
        (scoped(""), Some("public"), Ok("ws-user-u")),
        (scoped("ws:public#r wid:public"), None, Ok("public")),
        (scoped("ws:public#r wid:public"), Some("public"), Ok("public")),
        (scoped("wid:public"), None, Err(format!("{denied}public"))),
        (scoped("ws:public#a"), Some("ws-user-root"), Err(format!("{denied}ws-user-root"))),
        (admin("wid:public"), None, Ok("public")),
        (admin(""), Some("public"), Ok("ws-user-boss")),
        (admin(""), Some("ws-user-root"), Ok("ws-user-root")),
        ("the-root-token".to_owned(), None, Ok("ws-user-root")),
        ("the-root-token".to_owned(), Some("public"), Ok("public")),
        (
            scoped("ws:nope#a wid:nope"),
            None,
            Err("Failed to establish connection: 'Workspace nope does not exist or is not accessible'".to_owned()),
        ),
        (
            scoped("ws:ws-user-u#a wid:ws-user-u file:download openid"),
            None,
            Err("Failed to establish connection: Failed to authenticate user: Specialized token with scopes \
                 [file:download] cannot be used for general workspace access. This token can only be used for its \
                 intended purpose.".to_owned()),
        ),
    ] {
        let hello = json!({ "client_id": "c", "workspace": asked, "token": token });
        let client = Raw::hello(server.url(), hello).await;
        match wanted {
            Ok(workspace) => {
                assert_eq!(client.info["workspace"], workspace, "{}", client.info);
                assert_eq!(client.info["user"]["scope"]["current_workspace"], workspace);
                client.tx.close(hypha_transport::CloseReason::normal()).await;
            }
            Err(words) => assert_eq!(client.info["message"], words),
        }
    }
}

#[tokio::test]
async fn tokens_of_the_reconnection_outlive_the_server() {
    let builder = || {
        hypha_server::HyphaServer::builder()
            .port(0)
            .jwt_secret(SECRET)
    };
    let first = builder().start().await.unwrap();
    let client = Raw::anonymous(&first, "c").await;
    let hello =
        json!({ "client_id": "c", "reconnection_token": client.info["reconnection_token"] });
    drop(first);
    let second = builder().start().await.unwrap();
    let back = Raw::hello(second.url(), hello.clone()).await;
    assert_eq!(
        back.info["workspace"], client.info["workspace"],
        "{}",
        back.info
    );
    let other = server().await;
    let refused = Raw::hello(other.url(), hello).await;
    let words = "Authentication error: Signature verification failed.";
    assert_eq!(refused.info["message"], words);
}
