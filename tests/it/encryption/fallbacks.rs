//! What the references answer with silence or do in clear is an error here.

use hypha_client::{CallError, EncryptionError, ErrorKind, SecretKey};
use hypha_tests::{Call, Language};
use serde_json::json;

use super::{SECRET, sealing, tapped};
use crate::fixture::{BOTH, connect, soon};
use crate::provider::RustProvider;

/// A2-05: the references send in clear.
#[tokio::test]
async fn a13_04_a_key_without_encryption_is_an_error_rust_to_python() {
    let (peer, key) = sealing(Language::Python).await;
    let services = peer.register().await.unwrap();
    let client = connect().await;
    let get = client
        .get_service(&services["interop"])
        .encryption_public_key(key);
    assert_eq!(get.await.unwrap_err().kind(), ErrorKind::Encryption);
    let service = client
        .get_service(&services["interop"])
        .await
        .unwrap()
        .encrypted_for(key);
    let error = service.call::<String>("echo", (SECRET,)).await.unwrap_err();
    assert!(
        matches!(error, CallError::Encryption(EncryptionError::Off(_))),
        "{error}"
    );
}

/// The references let the caller wait until its time is over.
#[tokio::test]
async fn a13_07_the_wrong_key_is_told_at_once_python_and_javascript_to_rust() {
    let (client, _) = tapped().await;
    let provider = RustProvider::new(client).await;
    let wrong = SecretKey::generate().unwrap().public_key().to_string();
    let config = json!({ "encryption_public_key": wrong });
    for language in BOTH {
        let (peer, _) = sealing(language).await;
        let call = Call::new(&provider.id("interop"), "echo").args(json!([SECRET]));
        let refused = soon("the refusal", peer.run(call.config(config.clone()))).await;
        let refused = refused.unwrap_err();
        assert!(
            refused.message().contains(
                "Decryption failed for method services.interop.echo. Invalid key or tampered data."
            ),
            "{language:?} {refused}"
        );
    }
}

#[tokio::test]
async fn a13_07_the_wrong_key_is_told_at_once_rust_to_rust() {
    let (provider, _) = tapped().await;
    let provider = RustProvider::new(provider).await;
    let (client, _) = tapped().await;
    let wrong = SecretKey::generate().unwrap().public_key();
    let get = client
        .get_service(&provider.id("interop"))
        .encryption_public_key(wrong);
    let error = get
        .await
        .unwrap()
        .call::<String>("echo", (SECRET,))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("Decryption failed for method"),
        "{error}"
    );
    assert_eq!(
        hypha_client::Error::from(error).kind(),
        ErrorKind::Encryption
    );
}

/// A provider without encryption sees a call without arguments and without a promise, and says nothing.
#[tokio::test]
async fn a13_07_a_provider_without_encryption_is_told_apart_python_and_javascript_to_rust() {
    let provider = RustProvider::start().await;
    let key = SecretKey::generate().unwrap().public_key().to_string();
    let config = json!({ "encryption_public_key": key });
    for language in BOTH {
        let (peer, _) = sealing(language).await;
        let call = Call::new(&provider.id("interop"), "echo").args(json!([SECRET]));
        let refused = soon("the refusal", peer.run(call.config(config.clone()))).await;
        let refused = refused.unwrap_err();
        assert!(
            refused
                .message()
                .contains("Encryption is off at this client"),
            "{refused}"
        );
    }
}
