//! Registering, listing and taking back services: features A11.01 to A11.05, A11.10, A11.12 and A11.17 to A11.20.

use hypha_client::{Client, ErrorKind, Service, ServiceQuery, Value, Visibility};
use hypha_tests::{Feature, Peer, notation};
use serde_json::{Value as Json, json};

use crate::fixture::{BOTH, Provider, caller, connect, join, membership, server, soon};
use crate::provider::RustProvider;

fn named(id: &str, name: &'static str) -> Service {
    Service::new(id.to_owned()).method("whose", move || async move { name })
}

async fn ids(client: &Client, query: impl Into<ServiceQuery>) -> Vec<String> {
    let services = client.list_services(query).await.unwrap();
    let mut ids: Vec<String> = services.into_iter().map(|service| service.id).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a11_01_a11_02_a11_12_what_is_registered_is_what_was_said_python_and_javascript_to_rust() {
    let client = connect().await;
    let service = named("full", "x")
        .name("A name")
        .description("What it is for")
        .docs("How it works")
        .kind("special")
        .visibility(Visibility::Public)
        .config("free", json!({ "key": [1, 2] }));
    let registered = client.register_service(service).await.unwrap();
    assert_eq!(registered.id, format!("{}:full", client.address()));
    let info = client.get_service_info("full", None).await.unwrap();
    assert_eq!(info.id, registered.id);
    let told = (
        info.name.as_str(),
        info.kind.as_str(),
        info.description.as_deref(),
        info.docs.as_deref(),
    );
    assert_eq!(
        told,
        (
            "A name",
            "special",
            Some("What it is for"),
            Some("How it works")
        )
    );
    assert_eq!(
        (info.visibility(), info.workspace()),
        (Some("public"), Some(client.workspace()))
    );
    assert_eq!(
        info.config.get("free").map(notation::of),
        Some(json!({ "key": [1, 2] }))
    );
    assert!(
        info.service_schema.contains_key("whose"),
        "{:?}",
        info.service_schema
    );

    for language in BOTH {
        let theirs = caller(language)
            .await
            .get_service(&registered.id)
            .await
            .unwrap();
        for (key, value) in [
            ("name", "A name"),
            ("description", "What it is for"),
            ("docs", "How it works"),
            ("type", "special"),
        ] {
            assert_eq!(theirs[key], value, "{language:?}");
        }
    }
}

#[tokio::test]
async fn a11_02_the_fields_of_a_service_rust_to_python_and_javascript() {
    let client = connect().await;
    for language in BOTH {
        let provider = Provider::shared(language).await;
        let service = client.get_service(provider.id("interop")).await.unwrap();
        let field = |name: &str| service.get(name).and_then(Value::as_str).map(str::to_owned);
        let fields = ["name", "description", "docs", "type"].map(field);
        let expected = [
            "Interop",
            "Every kind of method and value",
            "A service for tests",
            "generic",
        ];
        assert_eq!(fields.map(Option::unwrap), expected, "{language:?}");
        let visibility = service.get("config.visibility").and_then(Value::as_str);
        assert_eq!(visibility, Some("public"), "{language:?}");
    }
}

#[tokio::test]
async fn a9_06_the_manager_finds_a_protected_service_for_those_who_may_have_it() {
    let provider = connect().await;
    let service = named("closed", "x").visibility(Visibility::Protected);
    let id = provider.register_service(service).await.unwrap().id;
    // The manager, which is in no workspace, asks the provider for the description.
    let inside = join(&membership(&provider).await).await;
    let found = inside.get_service(&id).await.unwrap();
    assert_eq!(found.call::<String>("whose", ()).await.unwrap(), "x");
    let outside = connect().await;
    let error = outside.get_service(&id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:#}");
}

#[tokio::test]
async fn a11_10_lists_python_and_javascript_to_rust() {
    let provider = RustProvider::start().await;
    provider
        .guard(Service::new("hidden").visibility(Visibility::Unlisted))
        .await;
    provider.guard(Service::new("closed").kind("rare")).await;
    let client = &provider.client;
    let (workspace, me) = (client.workspace(), client.client_id());
    let full =
        |names: &[&str]| -> Vec<String> { names.iter().map(|name| provider.id(name)).collect() };

    assert_eq!(
        ids(client, ServiceQuery::new()).await,
        full(&["built-in", "closed", "interop"])
    );
    assert_eq!(
        ids(client, ServiceQuery::new().include_unlisted(true)).await,
        full(&["built-in", "closed", "hidden", "interop"])
    );
    assert_eq!(
        ids(client, ServiceQuery::new().kind("rare")).await,
        full(&["closed"])
    );
    assert_eq!(
        ids(client, ServiceQuery::new().service_id("interop")).await,
        full(&["interop"])
    );
    assert_eq!(
        ids(
            client,
            ServiceQuery::new()
                .client_id(me)
                .visibility(Visibility::Protected)
        )
        .await,
        full(&["closed"])
    );
    assert_eq!(
        ids(client, format!("{workspace}/interop")).await,
        full(&["interop"])
    );
    assert_eq!(
        ids(client, format!("{me}:interop")).await,
        full(&["interop"])
    );

    // From outside only the public ones are seen.
    let outside = connect().await;
    let seen = ids(&outside, workspace).await;
    assert!(
        seen.contains(&provider.id("interop")) && !seen.contains(&provider.id("closed")),
        "{seen:?}"
    );
    assert!(!seen.contains(&provider.id("hidden")), "{seen:?}");
    for language in BOTH {
        let listed = caller(language)
            .await
            .manager("list_services", json!([workspace]))
            .await
            .unwrap();
        let theirs: Vec<&Json> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|info| &info["id"])
            .collect();
        assert!(
            theirs.contains(&&json!(provider.id("interop"))),
            "{language:?}: {theirs:?}"
        );
    }
}

#[tokio::test]
async fn a11_05_a_service_that_was_taken_back_is_gone() {
    let provider = RustProvider::start().await;
    let other = join(&membership(&provider.client).await).await;
    // The same bare id at another client: only ours goes.
    other
        .register_service(named("twin", "other"))
        .await
        .unwrap();
    provider
        .client
        .register_service(named("twin", "ours"))
        .await
        .unwrap();
    let found = other.get_service(&provider.id("twin")).await.unwrap();
    assert_eq!(found.call::<String>("whose", ()).await.unwrap(), "ours");

    provider.client.unregister_service("twin").await.unwrap();
    let error = found.call::<Value>("whose", ()).await.unwrap_err();
    assert!(
        error
            .remote()
            .unwrap()
            .message()
            .starts_with("Method expired or not found"),
        "{error}"
    );
    let error = other.get_service(&provider.id("twin")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:#}");
    assert_eq!(
        ids(&other, ServiceQuery::new().service_id("twin")).await,
        [format!("{}:twin", other.address())]
    );

    let error = provider
        .client
        .unregister_service("twin")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:#}");
    provider
        .client
        .unregister_service(&provider.id("interop"))
        .await
        .unwrap();
    assert!(other.get_service(&provider.id("interop")).await.is_err());
}

#[tokio::test]
async fn a11_04_a_second_service_of_one_id() {
    let client = connect().await;
    let name = async || {
        client
            .get_service("s")
            .await
            .unwrap()
            .call::<String>("whose", ())
            .await
            .unwrap()
    };
    client.register_service(named("s", "first")).await.unwrap();
    let error = client
        .register_service(named("s", "second"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error:#}");
    assert_eq!(name().await, "first");
    client.replace_service(named("s", "third")).await.unwrap();
    assert_eq!(name().await, "third");
    assert_eq!(
        ids(&client, ServiceQuery::new().service_id("s"))
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn a11_03_a_singleton_is_alone_in_its_workspace() {
    let first = connect().await;
    let second = join(&membership(&first).await).await;
    first
        .register_service(named("only", "first").singleton())
        .await
        .unwrap();
    let error = second
        .register_service(named("only", "second"))
        .await
        .unwrap_err();
    assert!(format!("{error:#}").contains("singleton"), "{error:#}");
    let found = second.get_service("only").await.unwrap();
    assert_eq!(found.call::<String>("whose", ()).await.unwrap(), "first");
    // What was refused is not there either for those who ask the client itself.
    let asked = first
        .get_remote_service(&format!("{}:only", second.address()), None)
        .await;
    assert_eq!(asked.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a11_17_what_a_client_exports_python_and_javascript_and_rust_to_rust() {
    let client = connect().await;
    let set_up = std::sync::Arc::new(tokio::sync::Notify::new());
    let notify = set_up.clone();
    client
        .export(|app| {
            app.method("whose", async || "first")
                .method("setup", move || {
                    notify.notify_one();
                    async {}
                })
        })
        .await
        .unwrap();
    soon("the call of setup", set_up.notified()).await;
    client
        .export(|app| app.method("whose", async || "second"))
        .await
        .unwrap();
    let membership = membership(&client).await;
    for language in BOTH {
        let peer = Peer::of(language, server().await).member(&membership);
        let peer = peer.start().await.unwrap();
        let id = format!("{}:default", client.address());
        let whose = peer.call(&id, "whose", json!([])).await.unwrap();
        assert_eq!(whose, json!("second"), "{language:?}");
        peer.disconnect().await.unwrap();
    }
    let caller = join(&membership).await;
    let app = caller.get_app(client.client_id()).await.unwrap();
    assert_eq!(app.call::<String>("whose", ()).await.unwrap(), "second");
    let apps: Vec<String> = caller
        .list_apps(None)
        .await
        .unwrap()
        .into_iter()
        .map(|app| app.id)
        .collect();
    assert_eq!(apps, [format!("{}:default", client.address())]);
}

#[tokio::test]
async fn a11_17_what_a_client_exports_rust_to_python_and_javascript() {
    for language in BOTH {
        let peer = Peer::of(language, server().await).start().await.unwrap();
        peer.command("export", json!({})).await.unwrap();
        let client = join(&peer.membership().await.unwrap()).await;
        let app = client.get_app(peer.client_id()).await.unwrap();
        let echoed: i64 = app.call("echo", (1,)).await.unwrap();
        assert_eq!(echoed, 1, "{language:?}");
        let apps = client.list_apps(None).await.unwrap();
        assert!(
            apps.iter().any(|app| app.id.ends_with(":default")),
            "{language:?}: {apps:?}"
        );
    }
}

#[tokio::test]
async fn a11_18_server_15_probes_answer_over_http() {
    let client = connect().await;
    client
        .register_probes(|probes| {
            probes.method("readiness", async || json!({ "status": "ok" }).to_string())
        })
        .await
        .unwrap();
    let path = format!(
        "/{}/services/{}:probes/readiness",
        client.workspace(),
        client.client_id()
    );
    let answer = server().await.http_get(&path).await.unwrap();
    if !server().await.has(Feature::ServicesOverHttp) {
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        return;
    }
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("status"),
        "{answer}"
    );
}

#[tokio::test]
async fn a11_20_every_client_has_its_built_in_service_rust_to_python_and_javascript_and_python_and_javascript_to_rust()
 {
    let rust = connect().await;
    let stranger = connect().await;
    stranger.peer().ping(rust.address()).await.unwrap();
    for language in BOTH {
        let peer = caller(language).await;
        let address = format!("{}/{}", peer.workspace(), peer.client_id())
            .parse()
            .unwrap();
        stranger.peer().ping(&address).await.unwrap();
        let built_in = format!("{}:built-in", rust.address());
        assert_eq!(
            peer.call(&built_in, "ping", json!(["ping"])).await.unwrap(),
            json!("pong"),
            "{language:?}"
        );
        let service = peer.get_service(&built_in).await.unwrap();
        assert_eq!(service["config"]["api_version"], 3);
    }
}
