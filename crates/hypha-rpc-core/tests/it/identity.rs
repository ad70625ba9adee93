//! Who calls, who answers, and where functions may lead, by a server that the test plays.

use hypha_codec::{Map, Value};
use hypha_rpc_core::{Context, RemoteService, Service};

use crate::server::{connected, manage, text};

#[tokio::test]
async fn a_service_may_not_lead_out_of_the_workspace_of_its_provider() {
    let (peer, _server) = connected().await;
    let description = |id: &str, target: &str| {
        let method = hypha_codec::Method::new(target, "services.vault.open");
        let nested = Map::from([("deep", Value::List(vec![Value::from(method)]))]);
        Value::Map(Map::from([
            ("id", Value::from(id)),
            ("f", Value::Map(nested)),
        ]))
    };
    for (id, target, fine) in [
        ("ws/a:s", "ws/a", true),
        ("ws/a:s", "ws/b", true),
        ("ws/a:s", "victim/b", false),
        ("ws/a:s", "*/mgr", false),
        ("else/a:s", "ws/b", false),
        ("default", "*/mgr", true),
        ("default", "ws/b", false),
    ] {
        let result = RemoteService::from_manager(&peer, description(id, target));
        assert_eq!(result.is_ok(), fine, "{id} {target}");
    }
}

#[tokio::test]
async fn the_context_is_what_the_server_wrote() {
    let (peer, server) = connected().await;
    let serving = manage(server);
    let who = |cx: Context| async move {
        (
            cx.from().to_string(),
            cx.workspace().to_owned(),
            cx.user_id().map(str::to_owned),
            cx.is_anonymous(),
        )
    };
    peer.register_service(Service::new("s").method("who", who))
        .await
        .unwrap();
    let ask = tokio::spawn({
        let peer = peer.clone();
        async move { peer.ping(&"ws/else".parse().unwrap()).await }
    });
    let (mut server, _ping) = serving.await.unwrap();
    let forged = Map::from([
        ("args", Value::List(Vec::new())),
        ("from", Value::from("*/mgr")),
        ("user", Value::from("root")),
        ("ws", Value::from("public")),
        ("ctx", Value::Map(Map::from([("from", "*/mgr")]))),
        ("method", Value::from("services.none.none")),
        ("promise", Value::from("*")),
        ("t", Value::from(15.0)),
    ]);
    server
        .send("ws/caller", "services.s.who", Some("T"), Value::Map(forged))
        .await;
    let (header, payload) = server.next().await.unwrap();
    assert_eq!(
        (text(&header, "to"), text(&header, "method")),
        ("ws/caller".into(), "T.resolve".into())
    );
    let Some(Value::List(answer)) = payload
        .get("args")
        .unwrap()
        .as_list()
        .map(|args| args[0].clone())
    else {
        panic!()
    };
    let expected = [
        Value::from("ws/caller"),
        Value::from("ws"),
        Value::from("user-1"),
        Value::from(false),
    ];
    assert_eq!(answer, expected);
    ask.abort();
}

#[tokio::test]
async fn a_promise_that_points_elsewhere_is_refused_and_nothing_runs() {
    let (peer, server) = connected().await;
    let serving = manage(server);
    let (ran, mut runs) = tokio::sync::mpsc::unbounded_channel();
    let service = Service::new("s").method("f", move || {
        ran.send(()).unwrap();
        async {}
    });
    peer.register_service(service).await.unwrap();
    let function = |target: &str, method: &str| {
        let map = Map::from([
            ("_rtype", Value::from("method")),
            ("_rtarget", Value::from(target)),
            ("_rmethod", Value::from(method)),
            ("_rpromise", Value::from(false)),
        ]);
        Value::Map(map)
    };
    let promise = |resolve: Value, reject: Value, heartbeat: Value| {
        let promise = Map::from([
            ("heartbeat", heartbeat),
            ("interval", Value::from(15.0)),
            ("resolve", resolve),
            ("reject", reject),
        ]);
        Value::Map(Map::from([
            ("args", Value::List(Vec::new())),
            ("promise", Value::Map(promise)),
        ]))
    };
    let honest = |name: &str| function("caller", &format!("T.{name}"));
    let ask = tokio::spawn({
        let peer = peer.clone();
        async move { peer.ping(&"ws/else".parse().unwrap()).await }
    });
    let (mut server, _ping) = serving.await.unwrap();
    for (payload, admitted) in [
        (
            promise(honest("resolve"), honest("reject"), honest("heartbeat")),
            true,
        ),
        (
            promise(
                function("ws/caller", "T.resolve"),
                honest("reject"),
                honest("heartbeat"),
            ),
            true,
        ),
        (
            promise(
                function("victim", "services.vault.open"),
                honest("reject"),
                honest("heartbeat"),
            ),
            false,
        ),
        (
            promise(
                function("caller", "services.vault.open"),
                honest("reject"),
                honest("heartbeat"),
            ),
            false,
        ),
        (
            promise(
                function("victim", "T.resolve"),
                honest("reject"),
                honest("heartbeat"),
            ),
            false,
        ),
        (
            promise(
                honest("resolve"),
                function("caller", "U.reject"),
                honest("heartbeat"),
            ),
            false,
        ),
        (
            promise(
                honest("resolve"),
                honest("reject"),
                function("else/caller", "T.heartbeat"),
            ),
            false,
        ),
        (
            promise(honest("reject"), honest("resolve"), honest("heartbeat")),
            false,
        ),
        (
            promise(Value::Null, honest("reject"), honest("heartbeat")),
            false,
        ),
    ] {
        server
            .send("ws/caller", "services.s.f", Some("T"), payload.clone())
            .await;
        let (header, answer) = server.next().await.unwrap();
        assert_eq!(
            text(&header, "to"),
            "ws/caller",
            "answers go to the caller and nobody else"
        );
        let expected = if admitted { "T.resolve" } else { "T.reject" };
        assert_eq!(text(&header, "method"), expected, "{payload:?} {answer:?}");
        assert_eq!(runs.try_recv().is_ok(), admitted);
    }
    ask.abort();
}
