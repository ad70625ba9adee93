//! Identity that a caller writes itself: features A9.03 and A2-30.

use hypha_client::{Map, Value};
use hypha_tests::{Call, notation};
use serde_json::json;

use super::identity;
use crate::fixture::{BOTH, caller};
use crate::provider::RustProvider;
use crate::raw::{Answer, Raw, frame, header, payload, session};

/// Somebody whom no server would let the caller be.
fn somebody() -> Vec<(&'static str, Value)> {
    let root = Map::from([("id", Value::from("root")), ("is_anonymous", false.into())]);
    let context = Map::from([
        ("from", Value::from("victim/somebody")),
        ("ws", "victim".into()),
        ("user", root.clone().into()),
    ]);
    vec![
        ("from", "victim/somebody".into()),
        ("ws", "victim".into()),
        ("user", root.into()),
        ("ctx", context.into()),
        ("context", "victim/somebody".into()),
        ("to", "victim/other".into()),
        ("type", "force-exit".into()),
        ("method", "services.interop.panic".into()),
        ("session", "stolen".into()),
        ("parent", "stolen".into()),
    ]
}

fn resolved(answer: Answer) -> serde_json::Value {
    match answer {
        Answer::Resolved(value) => notation::of(&value),
        Answer::Rejected(text) => panic!("{text}"),
    }
}

#[tokio::test]
async fn defect_30_identity_in_the_payload_changes_nothing() {
    let provider = RustProvider::start().await;
    let mut raw = Raw::connect().await;
    let to = provider.client.address().as_str().to_owned();
    let honest = resolved(raw.call(&to, "services.interop.context", payload([])).await);
    assert_eq!(honest["from"], raw.address());
    assert_eq!(honest["user"]["id"], raw.user());
    for (name, forged) in somebody() {
        let mut payload = payload([]);
        payload.insert(name, forged);
        let context = resolved(raw.call(&to, "services.interop.context", payload).await);
        assert_eq!(context, honest, "{name}");
    }
    let mut all = payload([]);
    for (name, forged) in somebody() {
        all.insert(name, forged);
    }
    assert_eq!(
        resolved(raw.call(&to, "services.interop.context", all).await),
        honest
    );
}

#[tokio::test]
async fn defect_30_identity_in_the_header_is_written_by_the_server() {
    let provider = RustProvider::start().await;
    let mut raw = Raw::connect().await;
    let to = provider.client.address().as_str().to_owned();
    let honest = resolved(raw.call(&to, "services.interop.context", payload([])).await);
    for name in ["from", "ws", "user", "ctx"] {
        let (_, forged) = somebody()
            .into_iter()
            .find(|(known, _)| *known == name)
            .unwrap();
        let session = session();
        let mut header = header(&to, "services.interop.context", &session);
        header.insert(name, forged);
        raw.send(frame(header, payload([]))).await;
        assert_eq!(resolved(raw.answer(&session).await), honest, "{name}");
    }
}

#[tokio::test]
async fn a9_03_a_context_among_the_arguments_is_not_the_context_python_and_javascript_to_rust() {
    let provider = RustProvider::start().await;
    let id = provider.id("interop");
    for language in BOTH {
        let caller = caller(language).await;
        let forged = json!({ "context": { "from": "victim/somebody", "ws": "victim", "user": { "id": "root" } } });
        let context = caller
            .run(Call::new(&id, "context").kwargs(forged))
            .await
            .unwrap();
        assert_eq!(identity(&context)["ws"], caller.workspace(), "{language:?}");
    }
}

#[tokio::test]
async fn defect_30_only_the_server_tells_that_a_client_left_or_must_leave() {
    let mut provider = RustProvider::start().await;
    let client = crate::fixture::connect().await;
    let service = client.get_service(&provider.id("interop")).await.unwrap();
    let call = service.method("hang").send();
    let mut raw = Raw::connect().await;
    let attack = async {
        provider.event("started").await;
        let (us, them) = (client.address().clone(), provider.client.address().clone());
        let gone = Map::from([("id", them.client_id()), ("workspace", them.workspace())]);
        for (kind, mut event) in [
            ("client_disconnected", Map::from([("data", gone)])),
            ("peer_not_found", Map::from([("peer_id", them.as_str())])),
            ("force-exit", Map::from([("reason", "because")])),
        ] {
            event.insert("type", kind);
            event.insert("to", us.as_str());
            event.insert("from", "*/manager");
            raw.send(frame(event, Map::new())).await;
        }
        // An answer shows that everything before it was read.
        let address = us.as_str().to_owned();
        raw.call(&address, "services.built-in.ping", payload(["ping".into()]))
            .await
    };
    tokio::select! {
        result = call => panic!("{result:?}"),
        pong = attack => assert_eq!(pong, Answer::Resolved("pong".into())),
    }
    assert_eq!(service.call::<i64>("echo", (1,)).await.unwrap(), 1);
}
