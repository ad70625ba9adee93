//! What comes back with a connection: features A12.05 to A12.08.

use std::time::Duration;

use hypha_client::{Client, ServiceQuery};
use tokio::time::Instant;

use super::{is_back, is_lost, options, restart, server};
use crate::provider::RustProvider;

#[tokio::test]
async fn a12_05_a12_06_a_server_that_was_killed_or_stopped_is_found_again_by_the_same_client() {
    let mut server = server().await;
    let client = options(&server).connect().await.unwrap();
    let address = client.address().clone();
    for kill in [true, false] {
        match kill {
            true => server.kill().unwrap(),
            false => server.stop().unwrap(),
        }
        is_lost(&client).await;
        server.restart().await.unwrap();
        let ready = Instant::now();
        is_back(&client).await;
        assert!(
            ready.elapsed() < Duration::from_secs(3),
            "{:?}",
            ready.elapsed()
        );
        assert_eq!(client.echo(&7).await.unwrap(), 7);
        assert_eq!(client.address(), &address);
        let listed = client.list_clients(None).await.unwrap();
        assert!(listed.iter().any(|entry| entry.id == address.as_str()));
    }
}

async fn listed(client: &Client) -> Vec<String> {
    let services = client.list_services(ServiceQuery::new()).await.unwrap();
    let mut listed: Vec<String> = services
        .into_iter()
        .map(|mut service| {
            // It names the token, and that is another one.
            service.config.remove("created_by");
            format!("{service:?}")
        })
        .collect();
    listed.sort();
    listed
}

#[tokio::test]
async fn a12_07_services_are_listed_as_before() {
    let mut server = server().await;
    let client = options(&server).connect().await.unwrap();
    let provider = RustProvider::new(client).await;
    let before = listed(&provider.client).await;
    assert_eq!(before.len(), 2);
    restart(&mut server, &[&provider.client]).await;
    assert_eq!(listed(&provider.client).await, before);
}

#[tokio::test]
async fn a12_08_the_manager_of_the_new_server_serves_every_handle_there_was() {
    let mut server = server().await;
    let client = options(&server).connect().await.unwrap();
    let manager = client.manager();
    let found = client.get_service("~").await.unwrap();
    for _ in 0..2 {
        let before = client.peer().manager().unwrap();
        restart(&mut server, &[&client]).await;
        assert_ne!(client.peer().manager().unwrap(), before);
        let echo: i64 = manager.call("echo", (3,)).await.unwrap();
        let found: i64 = found.call("echo", (4,)).await.unwrap();
        assert_eq!((echo, found, client.echo(&5).await.unwrap()), (3, 4, 5));
        let own = format!("{}:built-in", client.address());
        assert_eq!(client.get_service(&own).await.unwrap().id(), own);
    }
}
