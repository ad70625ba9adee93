//! Frames between clients: who they are said to be from, where they go, and what happens if they cannot.

use hypha_codec::Value;
use serde_json::json;

use crate::raw::{Raw, call, header, payload, server};

#[tokio::test]
async fn the_server_says_who_sends() {
    let server = server().await;
    let mut sender = Raw::anonymous(&server, "sender").await;
    let mut receiver = Raw::anonymous(&server, "receiver").await;
    let forged = header([
        ("type", "method".into()),
        ("from", "somebody/else".into()),
        ("ws", "elsewhere".into()),
        ("user", Value::from("root")),
        ("to", receiver.address().into()),
        ("method", "services.x.y".into()),
        ("kept", 7.into()),
    ]);
    sender.send(forged).await;
    let packet = receiver.packet().await;
    let seen = packet.header().unwrap();
    assert_eq!(seen.from(), Some(&*sender.address()));
    assert_eq!(seen.ws(), sender.info["workspace"].as_str());
    assert_eq!(packet.field("kept").unwrap(), Some(7.into()));
    let user = packet.field("user").unwrap().unwrap();
    assert_eq!(
        user.get("id").and_then(Value::as_str),
        sender.info["user"]["id"].as_str()
    );
    let keys: Vec<String> = match packet.header_value().unwrap() {
        Value::Map(map) => map.iter().map(|(key, _)| format!("{key:?}")).collect(),
        other => panic!("{other:?}"),
    };
    let mut unique = keys.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(keys.len(), unique.len(), "{keys:?}");
}

#[tokio::test]
async fn relative_targets_are_of_the_own_workspace() {
    let server = server().await;
    let mut one = Raw::anonymous(&server, "one").await;
    let own = one.address();
    one.send(call("one", "services.x.y", None, vec![1.into()]))
        .await;
    let packet = one.packet().await;
    assert_eq!(packet.header().unwrap().to(), Some(&*own));
    assert_eq!(
        payload(&packet).get("args"),
        Some(&Value::from(vec![Value::from(1)]))
    );
}

#[tokio::test]
async fn server_32_calls_to_nobody_are_rejected_at_once() {
    let server = server().await;
    let mut one = Raw::anonymous(&server, "one").await;
    let address = one.address();
    let to = "nowhere/nobody";
    let frame = header([
        ("type", "method".into()),
        ("from", address.clone().into()),
        ("to", to.into()),
        ("method", "services.x.y".into()),
        ("session", "s1".into()),
    ]);
    one.send(frame).await;
    let packet = one.packet().await;
    let seen = packet.header().unwrap();
    assert_eq!(seen.method(), Some("s1.reject"));
    assert_eq!((seen.from(), seen.to()), (Some(to), Some(&*address)));
    assert_eq!((seen.ws(), seen.user_bytes()), (None, None));
    let text = format!("{:?}", payload(&packet));
    assert!(
        text.contains("Target peer nowhere/nobody is not connected"),
        "{text}"
    );
    // Without a session nobody waits for an answer.
    one.send(call(to, "services.x.y", None, Vec::new())).await;
    one.ping().await;
}

#[tokio::test]
async fn what_is_no_frame_is_ignored() {
    let server = server().await;
    let mut one = Raw::anonymous(&server, "one").await;
    for bytes in [
        &b""[..],
        b"\xc1",
        b"\x01",
        b"\x90",
        b"\x81\xa4type",
        b"\x81\x01\x02",
        b"\xdf\xff\xff\xff\xff",
    ] {
        one.send(bytes.to_vec()).await;
    }
    for to in ["", "/", "a/b/c", "/a", "a/", "*/*"] {
        one.send(call(to, "services.x.y", Some("s"), Vec::new()))
            .await;
    }
    one.ping().await;
    for to in [None, Some(Value::Null), Some(5.into())] {
        let to = to.map(|to| ("to", to));
        let fields = [("type", "method".into()), ("session", "s".into())];
        one.send(header(fields.into_iter().chain(to))).await;
        let packet = one.packet().await;
        assert_eq!(packet.header().unwrap().method(), Some("s.reject"));
    }
}

#[tokio::test]
async fn old_ids_of_the_manager_are_answered_from_there() {
    let server = server().await;
    let mut one = Raw::anonymous(&server, "one").await;
    for to in ["*/of-an-earlier-life".to_owned(), one.manager()] {
        let echo = call(
            &to,
            "services.default.echo",
            Some("s"),
            vec![json!(3).as_i64().into()],
        );
        one.send(echo).await;
        let packet = one.packet().await;
        let seen = packet.header().unwrap();
        assert_eq!(
            (seen.from(), seen.method()),
            (Some(&*to), Some("s.resolve"))
        );
    }
}

#[tokio::test]
async fn refused_duplicates_leave_the_first_client_unharmed() {
    let server = server().await;
    let mut first = Raw::anonymous(&server, "first").await;
    let address = first.address();
    // Another anonymous user has another workspace: the address is taken only there.
    let same = Raw::anonymous(&server, "first").await;
    assert_ne!(same.address(), address);
    first.ping().await;
}
