//! Serving until the program is asked to end. One test: signals reach the whole process.

use std::process::Command;
use std::time::Duration;

use hypha_client::{Served, Service};
use serde_json::json;
use tokio::time::timeout;

use crate::server::Server;

fn terminate() {
    let pid = std::process::id().to_string();
    let status = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn sigterm_unlists_services_and_closes() {
    let server = Server::start(|_| Ok(json!(null)));
    let client = server.client().await;
    client
        .register_service(Service::new("s").method("f", || async { 1 }))
        .await
        .unwrap();
    let serving = client.serve_until_shutdown(Duration::from_secs(30));
    let mut serving = std::pin::pin!(serving);
    // The first poll listens to the signals.
    assert!(timeout(Duration::ZERO, &mut serving).await.is_err());
    terminate();
    let served = serving.await.unwrap();
    assert!(matches!(served, Served::Left { cut_off: 0 }), "{served:?}");
    let unlisted: Vec<_> = server
        .calls()
        .into_iter()
        .filter(|call| call.name() == "unregister_service")
        .map(|call| call.args)
        .collect();
    let id = format!("{}:s", client.address());
    assert_eq!(unlisted, [json!([id])]);

    let served = client.serve_until_shutdown(Duration::from_secs(30)).await;
    assert!(matches!(served, Ok(Served::Closed(_))), "{served:?}");
}
