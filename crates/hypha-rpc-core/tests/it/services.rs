//! Registering services, looking them up, and what is refused.

use hypha_codec::Value;
use hypha_rpc_core::{
    CallError, Context, InvalidService, Member, Members, Method, RegisterError, RemoteErrorKind,
    Service, Visibility,
};

use crate::pair::{peers, serve};

#[tokio::test]
async fn nested_members_are_found_by_their_path() {
    let service = Service::new("s")
        .value("version", 3)
        .value(
            "table",
            [("a", 1), ("b", 2)]
                .into_iter()
                .collect::<std::collections::BTreeMap<_, _>>(),
        )
        .nested(
            "stage",
            Members::new()
                .method("move", |x: f64| async move { x * 2.0 })
                .nested(
                    "deep",
                    Members::new()
                        .method("er", || async { "deeper" })
                        .value("constant", "c"),
                ),
        )
        .list(
            "channels",
            [
                Member::method(|| async { "zero" }),
                Member::value(1),
                Member::method(|| async { "two" }),
            ],
        );
    let (s, _caller, _provider) = serve(service).await;
    assert_eq!(s.get("version").and_then(Value::as_i64), Some(3));
    assert_eq!(s.get("table.b").and_then(Value::as_i64), Some(2));
    assert_eq!(
        s.get("stage.deep.constant").and_then(Value::as_str),
        Some("c")
    );
    assert_eq!(s.call::<f64>("stage.move", (2,)).await.unwrap(), 4.0);
    assert_eq!(
        s.call::<String>("stage.deep.er", ()).await.unwrap(),
        "deeper"
    );
    assert_eq!(s.call::<String>("channels.0", ()).await.unwrap(), "zero");
    assert_eq!(s.call::<String>("channels.2", ()).await.unwrap(), "two");
    for missing in [
        "version",
        "stage",
        "channels.1",
        "channels.7",
        "stage.none",
        "",
    ] {
        assert!(
            matches!(
                s.call::<Value>(missing, ()).await,
                Err(CallError::NoSuchMethod { .. })
            ),
            "{missing}"
        );
    }
}

#[tokio::test]
async fn a_description_tells_what_other_clients_read() {
    let service = Service::new("s")
        .name("A name")
        .description("What it does")
        .kind("my-type")
        .docs("Long docs")
        .visibility(Visibility::Public)
        .config("custom", [1, 2])
        .method("who", |cx: Context| async move { cx.method().to_owned() })
        .method(
            "add",
            Method::new(|a: f64, b: f64| async move { a + b })
                .param("a")
                .param_default("b", 1)
                .doc("Adds."),
        );
    let (s, _caller, provider) = serve(service).await;
    assert_eq!((s.id(), s.name()), ("s", "A name"));
    assert_eq!(s.get("type").and_then(Value::as_str), Some("my-type"));
    assert_eq!(
        s.get("config.visibility").and_then(Value::as_str),
        Some("public")
    );
    assert_eq!(
        s.get("config.require_context.0").and_then(Value::as_str),
        Some("who")
    );
    assert_eq!(s.get("config.custom.1").and_then(Value::as_i64), Some(2));
    let Some(Value::Method(add)) = s.get("add") else {
        panic!("no descriptor")
    };
    assert_eq!((&*add.target, &*add.method), ("ws/right", "services.s.add"));
    assert_eq!(add.doc.as_deref(), Some("Adds."));
    assert_eq!(s.call::<String>("who", ()).await.unwrap(), "services.s.who");
    assert_eq!(provider.local_services().await.unwrap().len(), 2);
}

#[tokio::test]
async fn ids_are_taken_once() {
    let (caller, provider) = peers();
    let service = |n: i32| Service::new("s").method("n", move || async move { n });
    provider.register_service(service(1)).await.unwrap();
    assert!(
        matches!(provider.register_service(service(2)).await, Err(RegisterError::Exists(id)) if id == "s")
    );
    let s = caller.get_remote_service("s").await.unwrap();
    assert_eq!(s.call::<i32>("n", ()).await.unwrap(), 1);
    provider.replace_service(service(3)).await.unwrap();
    assert_eq!(s.call::<i32>("n", ()).await.unwrap(), 3);
    provider.unregister_service("ws/right:s").await.unwrap();
    assert!(matches!(
        provider.unregister_service("s").await,
        Err(RegisterError::Unknown(_))
    ));
    assert!(matches!(
        provider.unregister_service("built-in").await,
        Err(RegisterError::Unknown(_))
    ));
    let error = s.call::<i32>("n", ()).await.unwrap_err();
    assert_eq!(
        error.remote().unwrap().kind(),
        RemoteErrorKind::MethodNotFound
    );
    let error = caller.get_remote_service("s").await.unwrap_err();
    assert_eq!(
        error.remote().unwrap().kind(),
        RemoteErrorKind::ServiceNotFound
    );
}

#[tokio::test]
async fn services_that_do_not_hold_together_are_refused() {
    let (peer, _other) = peers();
    let f = || async {};
    for (service, expected) in [
        (Service::new("a.b"), InvalidService::Id("a.b".into())),
        (Service::new(""), InvalidService::Id(String::new())),
        (
            Service::new("s").method("a.b", f),
            InvalidService::Member("a.b".into()),
        ),
        (
            Service::new("s").method("_hidden", f),
            InvalidService::Member("_hidden".into()),
        ),
        (
            Service::new("s").method("config", f),
            InvalidService::Member("config".into()),
        ),
        (
            Service::new("s").method("f", f).value("f", 1),
            InvalidService::DuplicateMember("f".into()),
        ),
        (
            Service::new("s")
                .visibility(Visibility::Public)
                .authorized_workspaces(["w"]),
            InvalidService::AuthorizedWorkspaces,
        ),
        (
            Service::new("s").description("x".repeat(1025)),
            InvalidService::DescriptionLength(1025),
        ),
        (
            Service::new("s")
                .require_context(false)
                .method("f", |_: Context| async {}),
            InvalidService::ContextDenied("f".into()),
        ),
        (
            Service::new("s")
                .require_context(["g"])
                .method("f", |_: Context| async {}),
            InvalidService::ContextDenied("f".into()),
        ),
    ] {
        let error = peer.register_service(service).await.unwrap_err();
        assert!(
            matches!(&error, RegisterError::Invalid(problem) if *problem == expected),
            "{error}"
        );
    }
    let unserializable =
        Service::new("s").value("v", std::collections::BTreeMap::from([(vec![1], 1)]));
    assert!(matches!(
        peer.register_service(unserializable).await,
        Err(RegisterError::Invalid(InvalidService::Value(..)))
    ));
    peer.register_service(
        Service::new("s")
            .require_context(["f", "g"])
            .method("f", |_: Context| async {})
            .method("g", f),
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn protected_services_hide_from_other_workspaces() {
    use hypha_rpc_core::{Peer, PeerConfig, PeerIdentity};
    use hypha_transport::memory::{self, MemoryConfig};

    use crate::pair::address;

    let (left, right) = memory::pair(MemoryConfig::default());
    let caller_identity = PeerIdentity::new(address("else/caller"), address("ws/provider"));
    let provider_identity = PeerIdentity::new(address("ws/provider"), address("else/caller"));
    let caller = Peer::direct(left, caller_identity, PeerConfig::default()).unwrap();
    let provider = Peer::direct(
        right,
        provider_identity.with_user(Value::from("u")),
        PeerConfig::default(),
    )
    .unwrap();
    let who = |cx: Context| async move {
        (
            cx.from().to_string(),
            cx.workspace().to_owned(),
            cx.user().cloned(),
        )
    };
    provider
        .register_service(Service::new("protected").method("who", who))
        .await
        .unwrap();
    provider
        .register_service(
            Service::new("public")
                .visibility(Visibility::Public)
                .method("who", who),
        )
        .await
        .unwrap();
    provider
        .register_service(
            Service::new("shared")
                .authorized_workspaces(["else"])
                .method("who", who),
        )
        .await
        .unwrap();

    let error = caller.get_remote_service("protected").await.unwrap_err();
    assert_eq!(
        error.remote().unwrap().kind(),
        RemoteErrorKind::PermissionDenied,
        "{error}"
    );
    let error = caller
        .method_at(provider.address(), "services.protected.who")
        .await
        .unwrap_err();
    assert_eq!(
        error.remote().unwrap().kind(),
        RemoteErrorKind::PermissionDenied,
        "{error}"
    );
    for id in ["public", "shared"] {
        let service = caller.get_remote_service(id).await.unwrap();
        let (from, workspace, user): (String, String, Value) =
            service.call("who", ()).await.unwrap();
        assert_eq!(
            (&*from, &*workspace, user.as_str()),
            ("else/caller", "else", Some("u"))
        );
    }
}
