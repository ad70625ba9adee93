//! Who may find and call a service: features A9.04 to A9.06 and A9.08.

use hypha_client::{Client, ErrorKind, Service, Visibility};
use hypha_tests::{Language, Peer};
use serde_json::json;

use crate::fixture::{BOTH, connect, join, membership, server};
use crate::provider::RustProvider;
use crate::raw::{Answer, Raw, payload};

/// The services, and who gets through: a client of the workspace, one of the authorized workspace, one of any other.
const RULES: [(&str, [bool; 3]); 4] = [
    ("interop-protected", [true, false, false]),
    ("interop-authorized", [true, true, false]),
    ("interop-public", [true, true, true]),
    ("interop-unlisted", [true, true, true]),
];

async fn guarded(authorized: &str) -> RustProvider {
    let provider = RustProvider::start().await;
    for service in [
        Service::new("interop-protected"),
        Service::new("interop-authorized").authorized_workspaces([authorized]),
        Service::new("interop-public").visibility(Visibility::Public),
        Service::new("interop-unlisted").visibility(Visibility::Unlisted),
    ] {
        provider.guard(service).await;
    }
    provider
}

#[tokio::test]
async fn a9_04_a9_05_who_may_call_python_and_javascript_to_rust() {
    for language in BOTH {
        let start = async || Peer::of(language, server().await).start().await.unwrap();
        let (authorized, outside) = (start().await, start().await);
        let provider = guarded(authorized.workspace()).await;
        let inside = member(language, &provider.client).await;
        let mut through = 0;
        for (service, allowed) in RULES {
            for (peer, allowed) in [&inside, &authorized, &outside].into_iter().zip(allowed) {
                let result = peer.call(&provider.id(service), "touch", json!([])).await;
                assert_eq!(
                    result.is_ok(),
                    allowed,
                    "{language:?} {service}: {result:?}"
                );
                through += usize::from(allowed);
                if let Err(error) = result {
                    assert!(
                        error.message().contains("Permission denied"),
                        "{service}: {error}"
                    );
                }
                assert_eq!(provider.touched(), through);
            }
        }
    }
}

#[tokio::test]
async fn a9_04_a9_05_who_may_call_rust_to_python_and_javascript() {
    for language in BOTH {
        let (authorized, outside) = (connect().await, connect().await);
        let provider = Peer::of(language, server().await).start().await.unwrap();
        let arguments = json!({ "authorized_workspaces": [authorized.workspace()] });
        let services = provider.register_with(arguments).await.unwrap();
        let inside = join(&provider.membership().await.unwrap()).await;
        check_rust_callers(&inside, &authorized, &outside, |service| {
            services.get(service).cloned()
        })
        .await;
    }
}

#[tokio::test]
async fn a9_04_a9_05_who_may_call_rust_to_rust() {
    let (authorized, outside) = (connect().await, connect().await);
    let provider = guarded(authorized.workspace()).await;
    let inside = join(&membership(&provider.client).await).await;
    check_rust_callers(&inside, &authorized, &outside, |service| {
        Some(provider.id(service))
    })
    .await;
    assert_eq!(
        provider.touched(),
        1 + 2 + 3 + 3,
        "each call that was let in, and no other"
    );
}

async fn check_rust_callers(
    inside: &Client,
    authorized: &Client,
    outside: &Client,
    id: impl Fn(&str) -> Option<String>,
) {
    for (service, allowed) in RULES {
        let Some(id) = id(service) else { continue };
        for (client, allowed) in [inside, authorized, outside].into_iter().zip(allowed) {
            match client.get_service(&id).await {
                Ok(found) => {
                    assert!(allowed, "{service} was found");
                    found.call::<i64>("touch", ()).await.unwrap();
                }
                Err(error) => {
                    assert!(!allowed, "{service}: {error:#}");
                    assert_eq!(
                        error.kind(),
                        ErrorKind::PermissionDenied,
                        "{service}: {error:#}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a9_08_a_method_is_guarded_too() {
    let authorized = Raw::connect().await;
    let provider = guarded(authorized.address().split_once('/').unwrap().0).await;
    let inside = Raw::join(&membership(&provider.client).await).await;
    let (to, own) = (
        provider.client.address().as_str(),
        provider.client.workspace(),
    );
    for (caller, mut raw) in [inside, authorized, Raw::connect().await]
        .into_iter()
        .enumerate()
    {
        let from = raw.address();
        let workspace = from.split_once('/').unwrap().0;
        for (service, allowed) in RULES {
            let path = format!("services.{service}.touch");
            let denied = format!(
                "Permission denied for invoking protected method {path}, workspace mismatch: {own} != {workspace}"
            );
            match raw.call(to, &path, payload([])).await {
                Answer::Resolved(_) => assert!(allowed[caller], "{from} called {path}"),
                Answer::Rejected(text) => {
                    assert!(!allowed[caller], "{from} {path}: {text}");
                    assert!(text.contains(&denied), "{text}");
                }
            }
        }
    }
}

async fn member(language: Language, client: &Client) -> Peer {
    let membership = membership(client).await;
    Peer::of(language, server().await)
        .member(&membership)
        .start()
        .await
        .unwrap()
}
