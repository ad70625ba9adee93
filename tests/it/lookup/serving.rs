//! What a client that serves does beside answering calls of clients: features A11.19, A11.21 and A11.23.

use hypha_client::{ClosedReason, Service};
use hypha_tests::Feature;

use crate::fixture::{connect, server, soon};
use crate::provider::RustProvider;

#[tokio::test]
async fn a11_19_serving_ends_with_the_connection() {
    let client = connect().await;
    let serving = tokio::spawn({
        let client = client.clone();
        async move { client.serve().await }
    });
    client.disconnect().await;
    let reason = soon("the end", serving).await.unwrap();
    assert!(matches!(reason, ClosedReason::Local), "{reason}");
}

#[tokio::test]
async fn a11_21_the_layer_below_knows_its_services_and_gauges() {
    let (client, other) = (connect().await, connect().await);
    client
        .register_service(Service::new("mine").method("f", || async {}))
        .await
        .unwrap();
    let services = client.peer().local_services().await.unwrap();
    let mut ids: Vec<&str> = services
        .iter()
        .filter_map(|service| service.get("id")?.as_str())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, ["built-in", "mine"]);
    let stats = client.peer().stats().await.unwrap();
    assert_eq!((stats.services, stats.pending_calls), (2, 0));
    client.peer().ping(other.address()).await.unwrap();
    other.disconnect().await;
    assert!(client.peer().ping(other.address()).await.is_err());
}

#[tokio::test]
async fn a11_23_server_15_a_method_is_called_over_http() {
    let provider = RustProvider::start().await;
    let (workspace, client) = (provider.client.workspace(), provider.client.client_id());
    for (query, sum) in [("a=1&b=2", "3"), ("a=1", "11")] {
        let path = format!("/{workspace}/services/{client}:interop/add?{query}");
        let answer = server().await.http_get(&path).await.unwrap();
        if !server().await.has(Feature::ServicesOverHttp) {
            assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
            return;
        }
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.ends_with(&format!("\r\n{sum}")), "{answer}");
    }
    let path = format!("/{workspace}/services/{client}:interop/add?c=1");
    let answer = server().await.http_get(&path).await.unwrap();
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("Invalid arguments"), "{answer}");
}
