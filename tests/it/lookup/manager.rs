//! The manager's methods: features A11.11 to A11.16 and A5.22.

use std::time::Duration;

use hypha_client::{
    Bookmark, Client, ErrorKind, EventQuery, Map, Service, ServiceSearch, ServiceTypeInfo, Value,
    WorkspaceOptions, WorkspaceQuery,
};
use hypha_tests::{Feature, Language, Peer, ROOT_TOKEN};
use serde_json::json;

use crate::fixture::{BOTH, Provider, connect, join, membership, server};

#[tokio::test]
async fn a5_22_echo_and_log() {
    let client = connect().await;
    assert_eq!(client.echo(&vec![1, 2]).await.unwrap(), [1, 2]);
    client.log("a word").await.unwrap();
}

#[tokio::test]
async fn a11_15_a_sign_of_life_python_and_javascript_to_rust() {
    let client = connect().await;
    for language in BOTH {
        let membership = membership(&client).await;
        let peer = Peer::of(language, server().await).member(&membership);
        let peer = peer.start().await.unwrap();
        let pong = peer.manager("ping", json!([client.client_id()])).await;
        assert_eq!(pong.unwrap(), json!("pong"), "{language:?}");
        let address = format!("{}/{}", peer.workspace(), peer.client_id());
        client.ping(&address, None).await.unwrap();
        client.peer().ping(&address.parse().unwrap()).await.unwrap();
        let listed = client.list_clients(None).await.unwrap();
        assert!(
            listed.iter().any(|entry| entry.id == address),
            "{language:?}: {listed:?}"
        );
    }
}

#[tokio::test]
async fn a11_15_clients() {
    let client = connect().await;
    let other = join(&membership(&client).await).await;
    let listed = client.list_clients(None).await.unwrap();
    let mut ids: Vec<&str> = listed.iter().map(|entry| entry.id.as_str()).collect();
    ids.sort_unstable();
    let mut expected = [client.address().as_str(), other.address().as_str()];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    let of_other = listed
        .iter()
        .find(|entry| entry.id == other.address().as_str())
        .unwrap();
    assert_eq!(
        of_other.user.as_ref().map(|user| &user.id),
        other.user().map(|user| &user.id)
    );

    client.ping(other.client_id(), None).await.unwrap();
    let python = Provider::start(Language::Python).await;
    let member = join(&python.peer.membership().await.unwrap()).await;
    member
        .ping(python.peer.client_id(), Some(Duration::from_secs(5)))
        .await
        .unwrap();
    let error = client
        .ping("nobody", Some(Duration::from_secs(1)))
        .await
        .unwrap_err();
    assert!(error.is_remote(), "{error:#}");
}

#[tokio::test]
async fn a11_13_workspaces() {
    let client = connect().await;
    let own = client.workspace();
    let info = client.get_workspace_info(None).await.unwrap();
    assert_eq!((info.id.as_str(), info.persistent), (own, false));
    let listed = client.list_workspaces(WorkspaceQuery::new()).await.unwrap();
    assert!(
        listed.iter().any(|workspace| workspace.id == own),
        "{listed:?}"
    );
    let summary = client.get_summary().await.unwrap();
    assert_eq!((summary.name.as_str(), summary.client_count), (own, 1));
    assert_eq!(summary.clients, [client.address().as_str()]);
    let status = client.check_status().await.unwrap();
    assert_eq!(
        (status.status.as_str(), status.user_permission.as_deref()),
        ("ready", Some("a"))
    );
    assert!(
        client
            .cleanup(None, Some(Duration::from_secs(2)))
            .await
            .unwrap()
            .removed_clients
            .is_empty()
    );

    let error = client
        .create_workspace(WorkspaceOptions::new("mine"))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("Only registered user can create workspace"),
        "{error:#}"
    );
    let error = client
        .get_workspace_info(Some("no-such-workspace"))
        .await
        .unwrap_err();
    assert!(error.is_remote(), "{error:#}");
}

#[tokio::test]
async fn a11_13_a_workspace_is_made_and_deleted() {
    let root = Client::builder(server().await.url())
        .token(ROOT_TOKEN)
        .connect()
        .await
        .unwrap();
    assert_eq!(root.user().map(|user| user.id.as_str()), Some("root"));
    let options = WorkspaceOptions::new("made-by-a-test").description("for a moment");
    let made = root.create_workspace(options.clone()).await.unwrap();
    assert_eq!(
        (made.id.as_str(), made.description.as_deref()),
        ("made-by-a-test", Some("for a moment"))
    );
    let error = root.create_workspace(options.clone()).await.unwrap_err();
    assert!(error.to_string().contains("exist"), "{error:#}");
    root.create_workspace(options.overwrite(true))
        .await
        .unwrap();
    root.delete_workspace("made-by-a-test").await.unwrap();
    assert!(
        root.get_workspace_info(Some("made-by-a-test"))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a11_13_bookmarks() {
    let client = connect().await;
    client.register_service(Service::new("s")).await.unwrap();
    let full = format!("{}:s", client.address());
    client.bookmark(&Bookmark::service("s")).await.unwrap();
    let bookmarked = async || {
        let info = client.get_workspace_info(None).await.unwrap();
        format!("{info:?}").contains(&full)
    };
    assert!(bookmarked().await);
    client
        .unbookmark(&Bookmark::service(full.as_str()))
        .await
        .unwrap();
    assert!(!bookmarked().await);
}

#[tokio::test]
async fn a11_14_environment() {
    let client = connect().await;
    assert!(client.get_all_env().await.unwrap().is_empty());
    client.set_env("KEY", "value").await.unwrap();
    assert_eq!(client.get_env("KEY").await.unwrap(), "value");
    assert_eq!(
        client.get_all_env().await.unwrap(),
        [("KEY".to_owned(), "value".to_owned())].into()
    );
    assert!(client.get_env("OTHER").await.unwrap_err().is_remote());
}

#[tokio::test]
async fn a11_16_event_log() {
    let client = connect().await;
    client
        .log_event("measured", json!({ "x": 1 }).to_string())
        .await
        .unwrap();
    client
        .log_event("measured", Map::from([("y", 2)]))
        .await
        .unwrap();
    let query = || EventQuery::new().event_type("measured");
    let events = client.get_events(query()).await.unwrap();
    assert_eq!(events.len(), 2);
    assert!(
        events
            .iter()
            .all(|event| event.event_type == "measured" && event.workspace == client.workspace())
    );
    assert!(
        events
            .iter()
            .any(|event| event.data.get("y") == Some(&Value::from(2))),
        "{events:?}"
    );
    let stats = client.get_event_stats(query()).await.unwrap();
    assert_eq!(
        stats
            .iter()
            .map(|stat| (stat.event_type.as_str(), stat.count))
            .collect::<Vec<_>>(),
        [("measured", 2)]
    );
}

#[tokio::test]
async fn a10_service_types() {
    let client = connect().await;
    let function = Map::from([("type", "function")]);
    let definition = Map::from([("run", function)]);
    let service_type = ServiceTypeInfo::new("runner", "Runner", definition);
    let registered = client.register_service_type(&service_type).await.unwrap();
    assert_eq!(registered.id, "runner");
    let found = client.get_service_type("runner").await.unwrap();
    assert_eq!(
        (found.name.as_str(), &found.definition),
        ("Runner", &service_type.definition)
    );
    let listed = client.list_service_types(None).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(
        client
            .get_service_type("nothing")
            .await
            .unwrap_err()
            .is_remote()
    );
}

#[tokio::test]
async fn server_18_a_search_by_words_finds_services_or_is_an_error() {
    let client = connect().await;
    for (id, description) in [("a", "Segments images"), ("b", "Stores tables")] {
        let service = Service::new(id).description(description);
        client.register_service(service).await.unwrap();
    }
    let found = client
        .search_services(ServiceSearch::new().text("images"))
        .await;
    if !server().await.has(Feature::TextSearch) {
        // It has no database of vectors.
        let error = found.unwrap_err();
        assert!(error.is_remote(), "{error:#}");
        return;
    }
    let found = found.unwrap().items;
    let ids: Vec<String> = found.into_iter().map(|info| info.id).collect();
    assert_eq!(ids, [format!("{}:a", client.address())]);
}

#[tokio::test]
async fn methods_without_a_type_of_their_own_are_reached_by_name() {
    let client = connect().await;
    let summary: Map = client.manager().call("get_summary", ()).await.unwrap();
    assert_eq!(
        summary.get("name").and_then(Value::as_str),
        Some(client.workspace())
    );
    let error = client
        .manager()
        .call::<Value>("no_such_method", ())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:#}");
}
