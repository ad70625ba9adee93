//! Clients that are not who they say, or want more than they may: they are told so, and nobody else notices.

use hypha_codec::{Map, Value};
use hypha_server::HyphaServer;
use hypha_transport::CloseReason;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::raw::{Raw, call, header, server, soon};
use crate::token::{FAR, SECRET, claims, sign, sign_with};

async fn server_with_tokens() -> HyphaServer {
    let builder = HyphaServer::builder().port(0).jwt_secret(SECRET);
    builder.start().await.unwrap()
}

/// Calls itself through the server.
async fn call_through(bystander: &mut Raw) {
    let own = bystander.address();
    bystander
        .send(call(&own, "services.x.y", None, Vec::new()))
        .await;
    let packet = bystander.packet().await;
    assert_eq!(packet.header().unwrap().from(), Some(&*own));
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let server = server_with_tokens().await;
    let mut bystander = Raw::anonymous(&server, "bystander").await;
    let good = claims("root", "ws:*#a wid:ws-user-root");
    let hs256 = json!({ "alg": "HS256", "typ": "JWT" });
    let with = |name: &str, value: Json| {
        let mut changed = good.clone();
        changed[name] = value;
        sign(&changed)
    };
    let without = |name: &str| {
        let mut changed = good.clone();
        changed.as_object_mut().unwrap().remove(name);
        sign(&changed)
    };
    let under = |header: Json| sign_with(SECRET, &header, &good);
    let unsigned = |header: Json| {
        let signed = under(header);
        let (head, _) = signed.rsplit_once('.').unwrap();
        format!("{head}.")
    };
    let swapped = {
        let (harmless, mighty) = (sign(&claims("u", "")), sign(&good));
        let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
        let (harmless, mighty) = (parts(&harmless), parts(&mighty));
        format!("{}.{}.{}", harmless[0], mighty[1], harmless[2])
    };
    let signature = "Signature verification failed.";
    for (token, wanted) in [
        (sign_with("another secret", &hs256, &good), signature),
        (sign_with("", &hs256, &good), signature),
        (swapped, signature),
        (unsigned(hs256), signature),
        (unsigned(json!({ "alg": "none" })), "Invalid algorithm"),
        (under(json!({ "alg": "none" })), "Invalid algorithm"),
        (under(json!({ "alg": "NONE" })), "Invalid algorithm"),
        (under(json!({ "alg": "HS512" })), "Invalid algorithm"),
        (
            under(json!({ "alg": "RS256", "kid": "x" })),
            "Invalid algorithm",
        ),
        (
            under(json!({ "typ": "JWT" })),
            "Error decoding token headers.",
        ),
        ("a.b.c".to_owned(), "Error decoding token headers."),
        ("root".to_owned(), "Error decoding token headers."),
        (
            with("exp", json!(1)),
            "The token has expired. Please fetch a new one",
        ),
        (with("nbf", json!(FAR)), "The token is not yet valid (nbf)"),
        (with("iss", json!("https://elsewhere/")), "Invalid issuer"),
        (with("aud", json!("elsewhere")), "Invalid audience"),
        (without("exp"), "Invalid token claims"),
        (without("sub"), "Invalid token claims"),
        (
            with("scope", json!("ws:w#everything")),
            "Invalid token claims",
        ),
        (
            with("x", json!("x".repeat(20_000))),
            "The token is too long",
        ),
    ] {
        for kind in ["token", "reconnection_token"] {
            let hello = json!({ "client_id": "intruder", kind: token });
            let mut refused = Raw::hello(server.url(), hello).await;
            let message = refused.info["message"].as_str();
            let wanted = format!("Authentication error: {wanted}");
            assert_eq!(message, Some(&*wanted), "{kind} {token:.200}");
            let reason = refused.end().await.unwrap().close_reason().cloned();
            assert_eq!(reason.map(|reason| reason.code()), Some(1008));
        }
    }
    call_through(&mut bystander).await;
}

#[tokio::test]
async fn tokens_are_for_their_clients_alone() {
    let server = server_with_tokens().await;
    let token = sign(&claims("u", "ws:ws-user-u#a cid:owner wid:ws-user-u"));
    let mut owner = Raw::with_token(&server, "owner", &token).await;
    for other in ["thief", "Owner", "owner ", ""] {
        let hello = json!({ "client_id": other, "token": token });
        let refused = Raw::hello(server.url(), hello).await;
        let words = refused.info["message"].as_str().unwrap();
        assert!(words.contains("Client id mismatch"), "{other}: {words}");
    }
    owner.ping().await;
}

#[tokio::test]
async fn server_23_names_lead_nowhere_but_where_they_say() {
    let server = server().await;
    let mut bystander = Raw::anonymous(&server, "bystander").await;
    let (home, _) = bystander
        .address()
        .split_once('/')
        .map(|(w, c)| (w.to_owned(), c.to_owned()))
        .unwrap();
    let long = "x".repeat(64 * 1024);
    let long_enough = "x".repeat(2000);
    for client_id in [
        "/",
        "a/b",
        "../x",
        "/etc",
        &format!("{home}/bystander"),
        &format!("../{home}/bystander"),
        "a\u{0}b",
        "a\nb",
        "\u{1b}[2J",
        "\u{85}",
        &long_enough,
    ] {
        let refused = Raw::hello(server.url(), json!({ "client_id": client_id })).await;
        let words = refused.info["message"].as_str().unwrap();
        assert!(
            words.starts_with("Failed to establish connection: "),
            "{client_id:?}: {words}"
        );
    }
    for client_id in [
        "..",
        ".",
        "*",
        "%2e%2e%2f",
        "a:b",
        "a@b",
        "bystander",
        "ü",
        "a b",
        "{}",
    ] {
        let mut client = Raw::anonymous(&server, client_id).await;
        let (workspace, id) = (&client.info["workspace"], &client.info["client_id"]);
        assert_eq!(id, client_id);
        assert_ne!(*workspace, *home);
        client.ping().await;
    }
    for workspace in [
        "*",
        "..",
        ".",
        "../x",
        "public",
        "public/..",
        "ws-user-root",
        &home,
        &format!("{home}/"),
        &format!("x/../{home}"),
        "a\u{0}b",
        "a\nb",
        " ",
        &long_enough,
    ] {
        let hello = json!({ "client_id": "bystander", "workspace": workspace });
        let refused = Raw::hello(server.url(), hello).await;
        let words = refused.info["message"].as_str().unwrap();
        assert!(
            words.starts_with("Failed to establish connection: "),
            "{workspace:?}: {words}"
        );
    }
    for key in ["client_id", "workspace", "token"] {
        let mut hello = json!({ "client_id": "c" });
        hello[key] = json!(long);
        let refused = Raw::hello(server.url(), hello).await;
        assert_eq!(
            refused.info["message"],
            "Failed to decode authentication information"
        );
    }
    call_through(&mut bystander).await;
}

#[tokio::test]
async fn server_22_a_name_cannot_bring_rights_into_a_token() {
    let server = server_with_tokens().await;
    for client_id in ["x ws:public#a", "x wid:public", "x\u{a0}ws:public#a"] {
        let mut client = Raw::anonymous(&server, client_id).await;
        assert_eq!(client.info["reconnection_token"], Json::Null);
        client.send(r#"{"type":"refresh_token"}"#.to_owned()).await;
        client.ping().await;
    }
}

#[tokio::test]
async fn events_stay_where_their_senders_may_send() {
    let server = server_with_tokens().await;
    let join = async |client_id: &str, permission: &str| {
        let scope = format!("ws:public#{permission} wid:public");
        let token = sign(&claims(client_id, &scope));
        Raw::with_token(&server, client_id, &token).await
    };
    let mut listener = join("listener", "rw").await;
    let mut reader = join("reader", "r").await;
    let mut writer = join("writer", "rw").await;
    let mut stranger = Raw::anonymous(&server, "stranger").await;
    let (answer, _) = listener.manage("subscribe", vec!["news".into()]).await;
    assert!(answer.ends_with(".resolve"), "{answer}");
    let news = |to: &str| {
        header([
            ("type", "news".into()),
            ("to", to.into()),
            ("data", 1.into()),
            ("session", "s".into()),
        ])
    };
    for (sender, targets, why) in [
        (&mut reader, vec!["*", "public/*"], "read-only"),
        (&mut stranger, vec!["public/*"], "workspace"),
    ] {
        for to in targets {
            sender.send(news(to)).await;
            let rejected = sender.packet().await;
            assert_eq!(rejected.header().unwrap().method(), Some("s.reject"));
            let words = format!("{:?}", crate::raw::payload(&rejected));
            assert!(words.contains(why), "{words}");
        }
    }
    stranger.send(news("*")).await;
    stranger.ping().await;
    // Had an event come, it would be here before the answer.
    listener.ping().await;
    writer.send(news("*")).await;
    assert_eq!(
        listener.packet().await.header().unwrap().kind(),
        Some("news")
    );
}

#[tokio::test]
async fn services_are_registered_by_their_own_clients() {
    let server = server_with_tokens().await;
    let token = sign(&claims("u", "ws:ws-user-u#a wid:ws-user-u"));
    let mut victim = Raw::with_token(&server, "victim", &token).await;
    let mut intruder = Raw::with_token(&server, "intruder", &token).await;
    let service = |id: &str, kind: &str| {
        let info = [
            ("id", Value::from(id)),
            ("type", kind.into()),
            ("name", id.into()),
        ];
        vec![Value::from(Map::from_iter(info))]
    };
    for client in [&mut victim, &mut intruder] {
        let id = format!("{}:built-in", client.info["client_id"].as_str().unwrap());
        let (answer, why) = client
            .manage("register_service", service(&id, "built-in"))
            .await;
        assert!(answer.ends_with(".resolve"), "{answer} {why:?}");
    }
    for id in [
        "victim:evil",
        "ws-user-u/victim:evil",
        "public/intruder:evil",
        "*:evil",
        "../victim:evil",
    ] {
        let (answer, words) = intruder
            .manage("register_service", service(id, "evil"))
            .await;
        assert!(answer.ends_with(".reject"), "{id}: {answer} {words:?}");
    }
    let (answer, _) = intruder
        .manage("register_service", service("intruder:mine", "good"))
        .await;
    assert!(answer.ends_with(".resolve"), "{answer}");
    for (id, outcome) in [
        ("intruder:mine", ".resolve"),
        ("victim:evil", ".reject"),
        ("*:evil", ".reject"),
        ("evil", ".reject"),
    ] {
        let (answer, found) = victim.manage("get_service_info", vec![id.into()]).await;
        assert!(answer.ends_with(outcome), "{id}: {answer} {found:?}");
    }
    victim.ping().await;
}

#[tokio::test]
async fn what_is_no_request_is_not_waited_for() {
    let server = server().await;
    let mut bystander = Raw::anonymous(&server, "bystander").await;
    let mut streams = Vec::new();
    let head = "GET /ws HTTP/1.1\r\nhost: h\r\n";
    for said in [
        // Slow: the rest never comes.
        head.as_bytes().to_vec(),
        b"G".to_vec(),
        // Garbage.
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        vec![0; 4096],
        b"\r\n\r\n\r\n\r\n".to_vec(),
        b"GET /ws HTTP/9.9\r\n\r\n".to_vec(),
        b"GET \xff\xfe HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(),
        // Without end.
        [head.as_bytes(), b"x: ", &[b'x'; 1024 * 1024]].concat(),
        [head.as_bytes(), "a: b\r\n".repeat(10_000).as_bytes()].concat(),
    ] {
        let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
        // The server may hang up before it has heard it all.
        drop(stream.write_all(&said).await);
        streams.push(stream);
    }
    call_through(&mut bystander).await;
    for mut stream in streams {
        let mut answer = Vec::new();
        let end = soon("the end", stream.read_to_end(&mut answer)).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(
            end.is_err() || !answer.starts_with("HTTP/1.1 2"),
            "{answer}"
        );
    }
    call_through(&mut bystander).await;
}

/// The text that a call of the manager was answered with.
fn text(payload: &Value) -> String {
    match payload.get("args") {
        Some(Value::List(args)) => args[0].as_str().unwrap().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn server_20_a_token_that_was_made_for_less_does_not_become_one_for_more() {
    let server = server_with_tokens().await;
    let token = sign(&claims("u", "ws:ws-user-u#a wid:ws-user-u"));
    let mut owner = Raw::with_token(&server, "owner", &token).await;
    let config = |permission: &str, workspace: &str| {
        let config = [
            ("permission", Value::from(permission)),
            ("workspace", workspace.into()),
        ];
        vec![Value::from(Map::from_iter(config))]
    };
    for permission in ["read", "read_write"] {
        let made = owner
            .manage("generate_token", config(permission, "ws-user-u"))
            .await;
        assert!(made.0.ends_with(".resolve"), "{made:?}");
        let mut guest = Raw::with_token(&server, permission, &text(&made.1)).await;
        assert_eq!(guest.info["user"]["parent"], "u");
        for workspace in ["ws-user-u", "public", "ws-user-root", "*"] {
            for wanted in ["read", "admin"] {
                let (answer, why) = guest
                    .manage("generate_token", config(wanted, workspace))
                    .await;
                assert!(answer.ends_with(".reject"), "{workspace}: {why:?}");
            }
        }
        let (answer, why) = guest
            .manage("delete_workspace", vec!["ws-user-u".into()])
            .await;
        assert!(answer.ends_with(".reject"), "{why:?}");
    }
    owner.ping().await;
}

#[tokio::test]
async fn server_21_revoked_tokens_are_refused() {
    let server = server_with_tokens().await;
    let token = sign(&claims("u", "ws:ws-user-u#a wid:ws-user-u"));
    let mut owner = Raw::with_token(&server, "owner", &token).await;
    let made = owner.manage("generate_token", Vec::new()).await;
    let made = text(&made.1);
    let mut guest = Raw::with_token(&server, "guest", &made).await;
    guest.ping().await;
    let (answer, why) = owner
        .manage("revoke_token", vec![made.as_str().into()])
        .await;
    assert!(answer.ends_with(".resolve"), "{why:?}");
    // Who is in by that token has to go, and does not come back.
    let end = guest.end().await.unwrap();
    assert_eq!(end.close_reason().map(CloseReason::code), Some(1008));
    let back = &guest.info["reconnection_token"];
    let hello = json!({ "client_id": "guest", "reconnection_token": back });
    let refused = Raw::hello(server.url(), hello).await;
    assert_eq!(refused.info["type"], "error", "{}", refused.info);
    for token in [made.clone(), format!("Bearer {made}"), format!("{made} ")] {
        let hello = json!({ "client_id": "guest", "token": token });
        let refused = Raw::hello(server.url(), hello).await;
        let words =
            "Failed to establish connection: Failed to authenticate user: Token has been revoked";
        assert_eq!(refused.info["message"], words);
    }
    owner.ping().await;
}

/// A second client with the id of one that does not answer pings: it waits to be let in until the first one is gone.
/// Returns the first one, and what the second one will hear.
async fn waiting_at_the_door(
    server: &HyphaServer,
    token: &str,
) -> (Raw, tokio::task::JoinHandle<Raw>) {
    let mut first = Raw::with_token(server, "twin", token).await;
    let hello = json!({ "client_id": "twin", "token": token });
    let url = server.url().to_owned();
    let second = tokio::spawn(async move { Raw::hello(&url, hello).await });
    // The ping that the first one is asked to answer.
    first.packet().await;
    (first, second)
}

#[tokio::test]
async fn who_comes_in_while_the_workspace_goes_does_not_inherit_it() {
    let server = server_with_tokens().await;
    let token = sign(&claims("u", "ws:ws-user-u#a wid:ws-user-u"));
    let mut owner = Raw::with_token(&server, "owner", &token).await;
    let lab = Value::from(Map::from([("id", "my-lab")]));
    let made = owner.manage("create_workspace", vec![lab]).await;
    assert!(made.0.ends_with(".resolve"), "{made:?}");
    let reader = sign(&claims("guest", "ws:my-lab#r wid:my-lab"));
    let (first, second) = waiting_at_the_door(&server, &reader).await;
    let (answer, why) = owner
        .manage("delete_workspace", vec!["my-lab".into()])
        .await;
    assert!(answer.ends_with(".resolve"), "{why:?}");
    drop(first);
    let second = soon("an answer", second).await.unwrap();
    assert_eq!(second.info["type"], "error", "{}", second.info);
    let (answer, there) = owner
        .manage("get_workspace_info", vec!["my-lab".into()])
        .await;
    assert!(answer.ends_with(".reject"), "{there:?}");
}

#[tokio::test]
async fn who_comes_in_while_the_token_is_revoked_stays_outside() {
    let server = server_with_tokens().await;
    let token = sign(&claims("u", "ws:ws-user-u#a wid:ws-user-u"));
    let mut owner = Raw::with_token(&server, "owner", &token).await;
    let made = owner.manage("generate_token", Vec::new()).await;
    let made = text(&made.1);
    let (first, second) = waiting_at_the_door(&server, &made).await;
    let (answer, why) = owner
        .manage("revoke_token", vec![made.as_str().into()])
        .await;
    assert!(answer.ends_with(".resolve"), "{why:?}");
    drop(first);
    let second = soon("an answer", second).await.unwrap();
    assert_eq!(second.info["type"], "error", "{}", second.info);
    let (_, clients) = owner.manage("list_clients", Vec::new()).await;
    let clients = clients.get("args").and_then(|args| args.as_list()?.first());
    assert_eq!(clients.unwrap().as_list().unwrap().len(), 1, "{clients:?}");
}
