//! Calls that wait, and calls that are made again: features A12.11 and A5.21.

use hypha_client::CallError;
use hypha_tests::{HyphaServer, Language, Peer, ServerOptions};
use serde_json::json;

use super::{is_back, is_lost, options, server};
use crate::fixture::{BOTH, join, membership, soon};
use crate::provider::RustProvider;

#[tokio::test]
async fn a12_11_what_is_sent_meanwhile_waits_rust_to_rust() {
    let mut server = server().await;
    let provider = RustProvider::new(options(&server).connect().await.unwrap()).await;
    let token = membership(&provider.client).await.token;
    let caller = options(&server)
        .workspace(provider.client.workspace())
        .token(token)
        .connect()
        .await
        .unwrap();
    server.kill().unwrap();
    is_lost(&caller).await;
    let manager_calls: Vec<_> = (0..50)
        .map(|number| {
            let manager = caller.manager();
            tokio::spawn(async move { manager.call::<i64>("echo", (number,)).await })
        })
        .collect();
    server.restart().await.unwrap();
    for (number, call) in manager_calls.into_iter().enumerate() {
        let answer = soon("an answer", call).await.unwrap();
        assert_eq!(answer.unwrap(), number as i64);
    }
    is_back(&provider.client).await;
    let service = caller.get_service(&provider.id("interop")).await.unwrap();
    assert_eq!(service.call::<i64>("add", (1, 2)).await.unwrap(), 3);
}

#[tokio::test]
async fn a5_21_a_provider_that_came_back_is_called_on_rust_to_rust() {
    let first = RustProvider::start().await;
    let membership = membership(&first.client).await;
    let caller = join(&membership).await;
    let service = caller.get_service(&first.id("interop")).await.unwrap();
    let direct = caller
        .get_remote_service(&first.id("interop"), None)
        .await
        .unwrap();
    let id = first.client.client_id().to_owned();
    first.client.disconnect().await;
    let error = service.call::<i64>("add", (1, 2)).await.unwrap_err();
    assert!(error.is_disconnected(), "{error:?}");
    let again = hypha_client::Client::builder(HyphaServer::shared().await.unwrap().url())
        .workspace(&membership.workspace)
        .token(membership.token.as_str())
        .client_id(id)
        .connect()
        .await
        .unwrap();
    let _again = RustProvider::new(again).await;
    for service in [service, direct] {
        assert_eq!(service.call::<i64>("add", (1, 2)).await.unwrap(), 3);
    }
}

#[tokio::test]
async fn a5_21_a_provider_that_was_killed_and_started_again_is_called_on_rust_to_python_and_javascript()
 {
    let server = HyphaServer::start(ServerOptions::default()).await.unwrap();
    let caller = options(&server).connect().await.unwrap();
    let membership = membership(&caller).await;
    for language in BOTH {
        let name = match language {
            Language::Python => "snake",
            Language::JavaScript => "script",
        };
        let start = async || {
            let peer = Peer::of(language, &server).member(&membership);
            let peer = peer.option("client_id", json!(name)).start().await.unwrap();
            let services = peer.register().await.unwrap();
            (peer, services)
        };
        let (peer, services) = start().await;
        let service = caller.get_service(&services["interop"]).await.unwrap();
        assert_eq!(service.call::<i64>("add", (1, 2)).await.unwrap(), 3);
        peer.kill();
        // Until the server knows, and from then on, the call fails and has not run.
        let error = soon("the end of the provider", async {
            loop {
                match service.call::<i64>("add", (1, 2)).await {
                    Ok(_) => {}
                    Err(error) => return error,
                }
            }
        })
        .await;
        assert!(
            error.is_retryable() || matches!(error, CallError::PeerGone { .. }),
            "{language:?}: {error:?}"
        );
        let (_peer, _) = start().await;
        let sum = service
            .method("add")
            .args((1, 2))
            .idempotent()
            .returns::<i64>();
        assert_eq!(sum.await.unwrap(), 3, "{language:?}");
    }
}
