//! Tokens and refusals: features A1.03 to A1.06, A1.31, A2.07 and A2.08.

use std::time::Duration;

use hypha_client::{
    Client, ConnectOptions, Error, ErrorKind, Permission, Secret, Service, TokenOptions,
};
use tokio::time::Instant;

use crate::fixture::{connect, server, soon};

async fn options() -> ConnectOptions {
    Client::builder(server().await.url())
}

/// Connects, which must fail soon with these words of the server.
async fn refused(options: ConnectOptions, words: &str) {
    let since = Instant::now();
    let error = options.connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error:#}");
    assert!(error.to_string().contains(words), "{error:#}");
    assert!(!error.is_retryable(), "{error:#}");
    assert!(
        since.elapsed() < Duration::from_secs(3),
        "{:?}",
        since.elapsed()
    );
}

#[tokio::test]
async fn login_07_a_token_joins_the_workspace() {
    let host = connect().await;
    let token = host.generate_token(TokenOptions::new()).await.unwrap();
    let guest = options()
        .await
        .token(token.clone())
        .connect()
        .await
        .unwrap();
    assert_eq!(guest.workspace(), host.workspace());
    guest.register_service(Service::new("s")).await.unwrap();

    let user = host.parse_token(&token).await.unwrap();
    let scope = user.scope.unwrap();
    assert_eq!(
        scope
            .workspaces
            .get(host.workspace())
            .and_then(hypha_client::Value::as_str),
        Some("rw")
    );

    let admin = TokenOptions::new()
        .permission(Permission::Admin)
        .expires_in(Duration::from_secs(60));
    let admin = host.generate_token(admin).await.unwrap();
    let admin = options().await.token(admin).connect().await.unwrap();
    admin.generate_token(TokenOptions::new()).await.unwrap();
}

#[tokio::test]
async fn login_07_a_token_to_read_registers_nothing() {
    let host = connect().await;
    host.register_service(Service::new("s").method("whose", async || "host"))
        .await
        .unwrap();
    let read = host
        .generate_token(TokenOptions::new().permission(Permission::Read))
        .await
        .unwrap();
    let reader = options().await.token(read).connect().await.unwrap();
    let error = reader
        .register_service(Service::new("mine"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:#}");
    let service = reader.get_service("s").await.unwrap();
    assert_eq!(service.call::<String>("whose", ()).await.unwrap(), "host");
}

#[tokio::test]
async fn login_07_a_token_of_one_client_id() {
    let host = connect().await;
    let token = host
        .generate_token(TokenOptions::new().client_id("the-one"))
        .await
        .unwrap();
    refused(
        options().await.token(token.clone()).client_id("another"),
        "the-one",
    )
    .await;
    let client = options()
        .await
        .token(token)
        .client_id("the-one")
        .connect()
        .await
        .unwrap();
    assert_eq!(client.client_id(), "the-one");
}

#[tokio::test]
async fn login_08_a_revoked_token_is_refused() {
    let host = connect().await;
    let token = host.generate_token(TokenOptions::new()).await.unwrap();
    options()
        .await
        .token(token.clone())
        .connect()
        .await
        .unwrap();
    host.revoke_token(&token).await.unwrap();
    refused(options().await.token(token), "revoked").await;
}

#[tokio::test]
async fn a1_31_an_expired_token_is_refused() {
    let host = connect().await;
    let token = host
        .generate_token(TokenOptions::new().expires_in(Duration::from_secs(1)))
        .await
        .unwrap();
    soon("the end of the token", async {
        while options()
            .await
            .token(token.clone())
            .silent(true)
            .connect()
            .await
            .is_ok()
        {}
    })
    .await;
    refused(options().await.token(token), "expired").await;
}

#[tokio::test]
async fn a1_31_a_bad_token_is_refused() {
    refused(
        options().await.token("no.token.atall"),
        "Authentication error",
    )
    .await;
    refused(options().await.token("x"), "Authentication error").await;
}

#[tokio::test]
async fn a1_03_a_foreign_workspace_is_refused() {
    let host = connect().await;
    refused(
        options().await.workspace(host.workspace()),
        "Permission denied for workspace",
    )
    .await;
    refused(
        options().await.workspace("no-such-workspace"),
        "no-such-workspace",
    )
    .await;
    let token = host.generate_token(TokenOptions::new()).await.unwrap();
    let other = connect().await;
    refused(
        options().await.workspace(other.workspace()).token(token),
        other.workspace(),
    )
    .await;
}

#[tokio::test]
async fn a1_05_a_client_id_in_use_is_refused() {
    let host = connect().await;
    let token = host.generate_token(TokenOptions::new()).await.unwrap();
    let twin = options().await.token(token).client_id(host.client_id());
    refused(twin, "already exists").await;
}

#[tokio::test]
async fn a1_05_ids_that_would_make_a_client_unreachable_are_not_even_tried() {
    for id in ["a/b", "a:b", "a@b", "a b", "*", "a.b", ""] {
        let error = options().await.client_id(id).connect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption, "{id}: {error:#}");
    }
}

#[tokio::test]
async fn a1_06_a_reconnection_token_brings_the_same_client_back() {
    let first = connect().await;
    let (id, workspace) = (first.client_id().to_owned(), first.workspace().to_owned());
    let token: Secret = first.reconnection_token().unwrap();
    first.disconnect().await;
    let again: Result<Client, Error> = options()
        .await
        .client_id(&id)
        .workspace(&workspace)
        .reconnection_token(token)
        .connect()
        .await;
    let again = again.unwrap();
    assert_eq!(
        (again.client_id(), again.workspace()),
        (id.as_str(), workspace.as_str())
    );
    again.register_service(Service::new("s")).await.unwrap();
}

#[tokio::test]
async fn a1_30_what_the_server_says_of_the_connection() {
    let client = connect().await;
    let info = client.connection_info();
    assert_eq!(
        (info.workspace.as_str(), info.client_id.as_str()),
        (client.workspace(), client.client_id())
    );
    assert!(info.hypha_version.is_some());
    assert_eq!(info.public_base_url, Some(server().await.url()));
    assert!(info.local_base_url.is_some() && !info.manager_id.is_empty());
    assert_eq!(info.reconnection_token_life_time, Some(172_800.0));
    let user = client.user().unwrap();
    assert!(user.is_anonymous);
    assert_eq!(client.workspace(), format!("ws-user-{}", user.id));
}
