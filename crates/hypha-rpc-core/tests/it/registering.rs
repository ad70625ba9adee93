//! Registering services with a server that the test plays, and what it refuses.

use hypha_codec::{Map, Value};
use hypha_rpc_core::{InvalidService, Method, RegisterError, Service};

use crate::pair::serve;
use crate::server::{args, connected, manage, text};

#[tokio::test]
async fn services_are_registered_with_the_manager_and_taken_back() {
    let (peer, server) = connected().await;
    let serving = manage(server);
    let service = Service::new("calc")
        .description("D")
        .config("custom", 1)
        .method("add", |a: f64, b: f64| async move { a + b });
    let info = peer.register_service(service).await.unwrap();
    assert_eq!(info.id(), "ws/me:calc");
    peer.unregister_service("calc").await.unwrap();
    peer.disconnect().await;
    let (server, _) = serving.await.unwrap();
    let [_, registered, unregistered] = &server.registered[..] else {
        panic!("{:?}", server.registered)
    };
    let keys: Vec<&str> = registered.as_map().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "config",
            "id",
            "name",
            "description",
            "type",
            "docs",
            "app_id",
            "service_schema"
        ]
    );
    assert_eq!(
        registered
            .get("config")
            .unwrap()
            .get("workspace")
            .unwrap()
            .as_str(),
        Some("ws")
    );
    assert_eq!(registered.get("app_id").unwrap().as_str(), Some("*"));
    let schema = registered
        .get("service_schema")
        .unwrap()
        .get("add")
        .unwrap();
    assert_eq!(
        schema
            .get("function")
            .unwrap()
            .get("name")
            .unwrap()
            .as_str(),
        Some("add")
    );
    assert_eq!(unregistered.as_str(), Some("ws/me:calc"));
}

#[tokio::test]
async fn a_stated_schema_is_told_in_all_its_forms() {
    let parameters = Map::from([(
        "properties",
        Map::from([("n", Map::from([("type", "integer")]))]),
    )]);
    let function = || {
        Map::from([
            ("name", Value::from("else")),
            ("description", Value::from("From the schema")),
            ("parameters", Value::Map(parameters.clone())),
        ])
    };
    let whole = Map::from([
        ("type", Value::from("function")),
        ("function", Value::Map(function())),
    ]);
    let method = || Method::new(|n: u32| async move { n }).doc("From the docs");
    let service = Service::new("s")
        .method("whole", method().schema(&whole))
        .method("bare", method().schema(function()))
        .method("parameters", method().schema(&parameters));
    let (remote, _caller, provider) = serve(service).await;
    for (name, description) in [
        ("whole", "From the schema"),
        ("bare", "From the schema"),
        ("parameters", "From the docs"),
    ] {
        let Some(Value::Method(descriptor)) = remote.get(name) else {
            panic!("{name} is no method")
        };
        let schema = descriptor.schema.as_ref().unwrap();
        assert_eq!(schema.get("name"), Some(&Value::from(name)));
        assert_eq!(schema.get("description"), Some(&Value::from(description)));
        let told = schema.get("parameters").unwrap();
        assert_eq!(told, &Value::Map(parameters.clone()), "{name}");
    }

    let wrong = method().invalid("the default of `n` is no integer");
    let problem = provider.register_service(Service::new("t").method("f", wrong));
    let problem = problem.await.unwrap_err();
    assert!(
        matches!(&problem, RegisterError::Invalid(InvalidService::Method(..))),
        "{problem:?}"
    );
    assert_eq!(
        problem.to_string(),
        "method `f`: the default of `n` is no integer"
    );
}

#[tokio::test]
async fn a_service_that_the_server_does_not_take_is_not_kept() {
    let (peer, mut server) = connected().await;
    let registering = tokio::spawn({
        let peer = peer.clone();
        async move {
            peer.register_service(Service::new("s").method("f", || async {}))
                .await
        }
    });
    let (header, _) = server.next().await.unwrap();
    let error = Map::from([
        ("_rtype", "error"),
        ("_rvalue", "PermissionError: read only"),
        ("_rtrace", ""),
    ]);
    let session = text(&header, "session");
    server
        .send(
            "*/mgr",
            &format!("{session}.reject"),
            None,
            args([Value::Map(error)]),
        )
        .await;
    let error = registering.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("read only"), "{error}");
    assert_eq!(peer.local_services().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_replacement_that_the_server_does_not_take_leaves_the_service_as_it_was() {
    let (peer, mut server) = connected().await;
    let register = |n: i32| {
        let peer = peer.clone();
        let service = Service::new("s")
            .description(n.to_string())
            .method("f", || async {});
        tokio::spawn(async move { peer.replace_service(service).await })
    };
    for (n, answer) in [(1, "resolve"), (2, "reject")] {
        let registering = register(n);
        let (header, _) = server.next().await.unwrap();
        let session = text(&header, "session");
        let method = format!("{session}.{answer}");
        server
            .send("*/mgr", &method, None, args([Value::from("no")]))
            .await;
        assert_eq!(registering.await.unwrap().is_ok(), n == 1);
    }
    let services = peer.local_services().await.unwrap();
    let kept = services
        .iter()
        .find(|service| text(service, "id") == "s")
        .unwrap();
    assert_eq!(text(kept, "description"), "1");
}
