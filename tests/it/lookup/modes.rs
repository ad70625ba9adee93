//! Forms of ids and modes of selection: features A11.06 to A11.08 and A1.34.

use std::collections::HashSet;

use hypha_client::{
    CaseConversion, Client, ErrorKind, RemoteService, SelectCriterion, SelectMode, Service, Value,
    Visibility, get_remote_service,
};
use hypha_tests::{Language, Peer};
use serde_json::json;

use crate::fixture::{BOTH, Provider, caller, connect, join, membership, server};
use crate::provider::RustProvider;

async fn adds(service: &RemoteService) {
    assert_eq!(service.call::<i64>("add", (1, 2)).await.unwrap(), 3);
}

#[tokio::test]
async fn a11_06_every_form_of_an_id_rust_to_python_and_javascript() {
    for language in BOTH {
        every_form(language).await;
    }
}

async fn every_form(language: Language) {
    let provider = Provider::start(language).await;
    let (workspace, client) = (provider.peer.workspace(), provider.peer.client_id());
    let inside = join(&provider.peer.membership().await.unwrap()).await;
    for id in [
        "interop".to_owned(),
        format!("{client}:interop"),
        format!("{workspace}/interop"),
        format!("{workspace}/{client}:interop"),
        format!("{workspace}/*:interop"),
        "interop@*".to_owned(),
        format!("{workspace}/{client}:interop@*"),
    ] {
        let service = inside.get_service(&id).await.unwrap();
        assert_eq!(service.id(), provider.full_id("interop"), "{id}");
        adds(&service).await;
    }
    let outside = connect().await;
    for id in [
        format!("{workspace}/interop"),
        format!("{workspace}/{client}:interop"),
    ] {
        adds(&outside.get_service(&id).await.unwrap()).await;
    }
    for id in [
        "interop".to_owned(),
        format!("{workspace}/nothing"),
        "interop@no-app".to_owned(),
    ] {
        let error = outside.get_service(&id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{id}: {error:#}");
        assert!(error.to_string().contains("not found"), "{id}: {error:#}");
    }
    for id in ["a/b/c", "a:b:c", "a@b@c", ""] {
        let error = outside.get_service(id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption, "{id}: {error:#}");
    }
}

#[tokio::test]
async fn a11_06_every_form_of_an_id_python_and_javascript_to_rust() {
    let provider = RustProvider::start().await;
    let (workspace, client) = (provider.client.workspace(), provider.client.client_id());
    for language in BOTH {
        let membership = membership(&provider.client).await;
        let inside = Peer::of(language, server().await).member(&membership);
        let inside = inside.start().await.unwrap();
        for id in [
            "interop".to_owned(),
            format!("{client}:interop"),
            format!("{workspace}/interop"),
            format!("{workspace}/{client}:interop"),
            "interop@*".to_owned(),
        ] {
            let sum = inside.call(&id, "add", json!([1, 2])).await.unwrap();
            assert_eq!(sum, json!(3), "{language:?} {id}");
        }
        let outside = caller(language).await;
        let id = format!("{workspace}/{client}:interop");
        let sum = outside.call(&id, "add", json!([1, 2])).await.unwrap();
        assert_eq!(sum, json!(3), "{language:?}");
        let error = outside.get_service("interop").await.unwrap_err();
        assert!(error.message().contains("not found"), "{error}");
    }
}

#[tokio::test]
async fn a11_06_the_application_of_a_service() {
    let options = Client::builder(server().await.url()).app_id("my-app");
    let provider = options.connect().await.unwrap();
    provider
        .register_service(Service::new("tool").method("whose", async || "of the app"))
        .await
        .unwrap();
    let caller = join(&membership(&provider).await).await;
    let found = caller.get_service("tool@my-app").await.unwrap();
    assert_eq!(
        found.call::<String>("whose", ()).await.unwrap(),
        "of the app"
    );
    assert!(caller.get_service("tool@another-app").await.is_err());
}

#[tokio::test]
async fn a11_06_a_tilde_is_the_manager() {
    let client = connect().await;
    for id in ["~".to_owned(), format!("{}/~", client.workspace())] {
        let manager = client.get_service(&id).await.unwrap();
        assert_eq!(
            manager.call::<String>("echo", ("hello",)).await.unwrap(),
            "hello",
            "{id}"
        );
    }
}

#[tokio::test]
async fn a11_06_a_service_straight_from_its_provider_rust_to_python_and_javascript_and_rust() {
    let client = connect().await;
    let rust = RustProvider::start().await;
    let mut ids = vec![rust.id("interop")];
    for language in BOTH {
        ids.push(Provider::shared(language).await.full_id("interop"));
    }
    for id in ids {
        adds(&client.get_remote_service(&id, None).await.unwrap()).await;
        let missing = id.replace(":interop", ":nothing");
        let error = client.get_remote_service(&missing, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{missing}: {error:#}");
        let protected = id.replace(":interop", ":interop-protected");
        assert!(
            client.get_remote_service(&protected, None).await.is_err(),
            "{protected}"
        );
    }
}

#[tokio::test]
async fn a1_34_a_service_by_its_url_rust_to_python() {
    let provider = Provider::shared(Language::Python).await;
    let (workspace, client) = (provider.peer.workspace(), provider.peer.client_id());
    let base = server().await.url();
    for url in [
        format!("{base}/{workspace}/services/interop"),
        format!("{base}/{workspace}/services/{client}:interop"),
        format!("{base}/{workspace}/services/{client}:interop/"),
    ] {
        adds(&get_remote_service(&url, "").await.unwrap()).await;
    }
    let found = connect()
        .await
        .get_service(&provider.full_id("interop"))
        .await
        .unwrap();
    let url = found
        .get("config.url")
        .and_then(Value::as_str)
        .unwrap()
        .to_owned();
    adds(&get_remote_service(&url, "").await.unwrap()).await;
}

/// A client with the service `worker`, which tells whose it is and how much there is to do.
async fn worker(boss: &Client, client_id: &str, load: f64) -> Client {
    let membership = membership(boss).await;
    let worker = Client::builder(server().await.url())
        .workspace(&membership.workspace)
        .token(membership.token.as_str())
        .client_id(client_id)
        .connect()
        .await
        .unwrap();
    let name = client_id.to_owned();
    let service = Service::new("worker")
        .visibility(Visibility::Public)
        .method("whose", move || {
            let name = name.clone();
            async move { name }
        })
        .method("get_load", move || async move { load })
        .method("broken", move || async move {
            if load > 0.5 { Err("no") } else { Ok(load) }
        });
    worker.register_service(service).await.unwrap();
    worker
}

async fn found(client: &Client, mode: SelectMode) -> String {
    let service = client.get_service("worker").mode(mode.clone()).await;
    service
        .unwrap_or_else(|error| panic!("{mode}: {error:#}"))
        .call("whose", ())
        .await
        .unwrap()
}

#[tokio::test]
async fn a11_07_every_mode_of_selection_rust_to_rust() {
    let boss = connect().await;
    let _busy = worker(&boss, "busy__rlb", 0.9).await;
    let _idle = worker(&boss, "idle__rlb", 0.1).await;

    let error = boss.get_service("worker").await.unwrap_err();
    assert!(
        error.to_string().contains("Multiple services found"),
        "{error:#}"
    );
    let error = boss
        .get_service("worker")
        .mode(SelectMode::Exact)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("Multiple services found"),
        "{error:#}"
    );

    let ends: HashSet<_> = [
        found(&boss, SelectMode::First).await,
        found(&boss, SelectMode::Last).await,
    ]
    .into();
    let both = HashSet::from(["busy__rlb".to_owned(), "idle__rlb".to_owned()]);
    assert_eq!(ends, both);
    for mode in [SelectMode::Random, SelectMode::NativeRandom] {
        assert!(both.contains(&found(&boss, mode).await));
    }
    let mut random = HashSet::new();
    while random.len() < 2 {
        random.insert(found(&boss, SelectMode::Random).await);
    }

    let by = |criterion, function: &str| SelectMode::select(criterion, function);
    assert_eq!(
        found(&boss, by(SelectCriterion::Min, "get_load")).await,
        "idle__rlb"
    );
    assert_eq!(
        found(&boss, by(SelectCriterion::Max, "get_load")).await,
        "busy__rlb"
    );
    assert_eq!(
        found(&boss, by(SelectCriterion::FirstSuccess, "broken")).await,
        "idle__rlb"
    );
}

#[tokio::test]
async fn a11_07_every_mode_of_selection_python_and_javascript_to_rust() {
    let boss = connect().await;
    let _busy = worker(&boss, "busy__rlb", 0.9).await;
    let _idle = worker(&boss, "idle__rlb", 0.1).await;
    for language in BOTH {
        let membership = membership(&boss).await;
        let peer = Peer::of(language, server().await).member(&membership);
        let peer = peer.start().await.unwrap();
        let whose = async |mode: &str| {
            let arguments = json!({ "service": "worker", "config": { "mode": mode } });
            let found = peer.command("get_service", arguments).await?;
            let id = found["id"].as_str().unwrap().to_owned();
            peer.call(&id, "whose", json!([])).await
        };
        let error = whose("exact").await.unwrap_err();
        assert!(
            error.message().contains("Multiple services found"),
            "{error}"
        );
        for (mode, expected) in [
            ("select:min:get_load", "idle__rlb"),
            ("select:max:get_load", "busy__rlb"),
            ("select:first_success:broken", "idle__rlb"),
        ] {
            let found = whose(mode).await.unwrap();
            assert_eq!(found, json!(expected), "{language:?} {mode}");
        }
        let (first, last) = (whose("first").await.unwrap(), whose("last").await.unwrap());
        assert_ne!(first, last, "{language:?}");
        assert!(whose("random").await.is_ok(), "{language:?}");
    }
}

#[tokio::test]
async fn a11_07_the_client_with_the_least_to_do_rust_to_rust() {
    let boss = connect().await;
    let busy = worker(&boss, "busy__rlb", 0.0).await;
    let _idle = worker(&boss, "idle__rlb", 0.0).await;
    let service = boss
        .get_service(&format!("{}:worker", busy.address()))
        .await
        .unwrap();
    for _ in 0..200 {
        service.call::<String>("whose", ()).await.unwrap();
    }
    assert_eq!(found(&boss, SelectMode::MinLoad).await, "idle__rlb");
}

#[tokio::test]
async fn a11_08_names_of_members_in_another_case_rust_to_python() {
    let provider = Provider::shared(Language::Python).await;
    let client = connect().await;
    let id = provider.full_id("interop");
    for (conversion, there, not_there) in [
        (
            CaseConversion::Camel,
            &["echoAsync", "sampleNames"][..],
            &["echo_async"][..],
        ),
        (
            CaseConversion::Snake,
            &["echo_async", "sample_names"],
            &["echoAsync"],
        ),
        (CaseConversion::Both, &["echo_async", "echoAsync"], &[]),
    ] {
        let service = client
            .get_service(&id)
            .case_conversion(conversion)
            .await
            .unwrap();
        for name in there {
            assert!(service.get(name).is_some(), "{conversion:?} {name}");
        }
        for name in not_there {
            assert!(service.get(name).is_none(), "{conversion:?} {name}");
        }
        let echoed: Value = service
            .call(there[0], (json!([1]).to_string(),))
            .await
            .unwrap();
        assert_eq!(
            echoed,
            Value::from("[1]"),
            "it still calls the method of the provider"
        );
    }
}
