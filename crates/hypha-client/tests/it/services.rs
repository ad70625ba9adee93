//! Registering and finding services, as the manager and providers see it.

use std::time::Duration;

use hypha_client::{
    CaseConversion, ConnectOptions, ErrorKind, Members, Method, SelectCriterion, SelectMode,
    Service, Visibility, get_remote_service,
};
use serde_json::json;

use crate::server::{MANAGER, Server, described, nothing};

#[tokio::test]
async fn registrations_have_the_shape_that_servers_know() {
    let server = Server::start(nothing);
    let client = server.client().await;
    let service = Service::new("reg")
        .name("N")
        .description("D")
        .kind("my-type")
        .docs("docs")
        .authorized_workspaces(["other-ws"])
        .config("custom", json!({ "x": 1 }))
        .method(
            "add",
            Method::new(|a: f64, b: f64| async move { a + b }).params(["a", "b"]),
        )
        .value("value", 5)
        .nested("deep", Members::new().value("text", "t"));
    let info = client.register_service(service).await.unwrap();
    let call = server.last_call();
    assert_eq!(
        (&*call.to, &*call.method),
        (MANAGER, "services.default.register_service")
    );
    let function = json!({
        "name": "add",
        "description": "",
        "parameters": { "type": "object", "properties": { "a": {}, "b": {} }, "required": ["a", "b"] },
    });
    let payload = json!({
        "config": {
            "custom": { "x": 1 },
            "visibility": "protected",
            "authorized_workspaces": ["other-ws"],
            "require_context": false,
            "workspace": "ws",
        },
        "id": "ws/me:reg",
        "name": "N",
        "description": "D",
        "type": "my-type",
        "docs": "docs",
        "app_id": "*",
        "service_schema": {
            "add": { "type": "function", "function": function },
            "value": { "type": "number" },
            "deep": { "text": { "type": "string" } },
        },
    });
    assert_eq!(call.args, json!([payload]));
    assert_eq!(
        (&*info.id, &*info.kind, info.workspace(), info.visibility()),
        ("ws/me:reg", "my-type", Some("ws"), Some("protected"))
    );
}

#[tokio::test]
async fn a_taken_id_needs_a_replacement() {
    let server = Server::start(nothing);
    let client = server.client().await;
    let service = || Service::new("s").value("x", 1);
    client.register_service(service()).await.unwrap();
    let error = client.register_service(service()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    client.replace_service(service()).await.unwrap();
    let error = client
        .register_service(Service::new("a.b"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidService);

    client.unregister_service("ws/me:s").await.unwrap();
    assert_eq!(server.last_call().args, json!(["ws/me:s"]));
    let error = client.unregister_service("s").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn searches_carry_what_was_said_of_them() {
    let server = Server::start(|_| Ok(described("ws/p:s", "ws/p", &[])));
    let client = server.client().await;
    for id in [
        "s",
        "p:s",
        "ws/s",
        "ws/p:s",
        "ws/p:s@app",
        "s@*",
        "~",
        "ws/~",
    ] {
        assert_eq!(client.get_service(id).await.unwrap().id(), "ws/p:s");
        let call = server.last_call();
        assert_eq!(
            (&*call.to, call.name(), &call.args),
            (MANAGER, "get_service", &json!([id]))
        );
        assert_eq!(
            call.kwargs,
            json!({ "config": {} }),
            "what the other clients send"
        );
    }
    let search = client
        .get_service("s")
        .mode(SelectMode::select(SelectCriterion::Min, "get_load"))
        .timeout(Duration::from_secs(5))
        .select_timeout(Duration::from_millis(500))
        .case_conversion(CaseConversion::Camel);
    search.await.unwrap();
    let config = json!({ "mode": "select:min:get_load", "timeout": 5.0, "select_timeout": 0.5 });
    assert_eq!(server.last_call().kwargs, json!({ "config": config }));

    let asked = server.calls().len();
    for bad in ["", "a//b", "a:b:c", "s@"] {
        assert_eq!(
            client.get_service(bad).await.unwrap_err().kind(),
            ErrorKind::InvalidOption,
            "{bad}"
        );
    }
    assert_eq!(
        server.calls().len(),
        asked,
        "what cannot be an id is not sent"
    );
}

#[tokio::test]
async fn what_is_not_found_says_so_in_the_words_of_the_server() {
    let server = Server::start(|_| Err("KeyError: 'Service not found: ws/*:x@*'"));
    let error = server.client().await.get_service("x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error.to_string().contains("Service not found: ws/*:x@*"),
        "{error}"
    );

    let server = Server::start(|_| Ok(json!("no service")));
    let error = server.client().await.get_service("x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data, "{error}");
}

#[tokio::test]
async fn members_are_called_by_their_converted_names_and_sent_by_their_own() {
    let server = Server::start(|call| match call.name() {
        "get_service" => Ok(described("ws/p:s", "ws/p", &["get_value"])),
        _ => Ok(json!(7)),
    });
    let client = server.client().await;
    let by_manager = client
        .get_service("s")
        .case_conversion(CaseConversion::Camel)
        .await
        .unwrap();
    let direct = client
        .get_remote_service("p:s", Some(CaseConversion::Both))
        .await
        .unwrap();
    for service in [by_manager, direct] {
        assert_eq!(service.id(), "ws/p:s");
        assert_eq!(service.call::<u8>("getValue", ()).await.unwrap(), 7);
        let call = server.last_call();
        assert_eq!((&*call.to, &*call.method), ("ws/p", "services.s.get_value"));
    }
}

#[tokio::test]
async fn direct_lookups_ask_the_provider() {
    let server = Server::start(|_| Ok(described("s", "ws/p", &[])));
    let client = server.client().await;
    for (id, to, full) in [
        ("p:s", "ws/p", "ws/p:s"),
        ("ws/p:s", "ws/p", "ws/p:s"),
        ("other/p:s", "other/p", "other/p:s"),
        ("s", "ws/me", "ws/me:s"),
    ] {
        assert_eq!(
            client.get_remote_service(id, None).await.unwrap().id(),
            full
        );
        let call = server.last_call();
        assert_eq!(
            (&*call.to, &*call.method),
            (to, "services.built-in.get_service")
        );
        assert_eq!(call.args, json!(["s"]));
    }
}

#[tokio::test]
async fn services_are_found_by_their_url() {
    let server = Server::start(|call| match call.name() {
        "get_service" => Ok(described("ws/p:s", "ws/p", &["f"])),
        _ => Ok(json!(7)),
    });
    let options = || ConnectOptions::default().connector(server.connector());
    let url = "http://server/ws/services/p:s@app";
    let service = get_remote_service(url, options()).await.unwrap();
    assert_eq!(server.last_call().args, json!(["ws/p:s@app"]));
    assert_eq!(
        service.call::<u8>("f", ()).await.unwrap(),
        7,
        "the service holds the connection"
    );
    drop(service);
    server.ended(1).await;

    for (url, options) in [
        (url, options().server_url("http://elsewhere")),
        ("http://server", options()),
    ] {
        let error = get_remote_service(url, options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption, "{error}");
    }
}

#[tokio::test]
async fn applications_and_probes_have_their_ids() {
    let server = Server::start(|call| match call.name() {
        "list_services" => Ok(json!([])),
        _ => Ok(described("ws/p:default", "ws/p", &[])),
    });
    let client = server
        .options()
        .description("my application")
        .connect()
        .await
        .unwrap();
    for _ in 0..2 {
        client
            .export(|app| app.method("f", || async { 1 }))
            .await
            .unwrap();
    }
    let registered = server.last_call().args[0].clone();
    assert_eq!(
        (&registered["id"], &registered["description"]),
        (&json!("ws/me:default"), &json!("my application"))
    );

    client
        .register_probes(|probes| probes.method("liveness", || async { true }))
        .await
        .unwrap();
    let registered = server.last_call().args[0].clone();
    assert_eq!(
        (&registered["id"], &registered["type"]),
        (&json!("ws/me:probes"), &json!("probes"))
    );
    assert_eq!(
        registered["config"]["visibility"],
        Visibility::Public.as_str()
    );

    for (id, asked) in [("p", "ws/p:default"), ("other/p", "other/p:default")] {
        client.get_app(id).await.unwrap();
        assert_eq!(server.last_call().args, json!([asked]));
    }
    for (workspace, asked) in [(None, "ws"), (Some("other"), "other")] {
        assert_eq!(client.list_apps(workspace).await.unwrap(), []);
        assert_eq!(
            server.last_call().args,
            json!([{ "workspace": asked, "service_id": "default" }])
        );
    }
}
