//! A provider that leaves without cutting anybody off.

use std::time::Duration;

use hypha_client::ErrorKind;
use hypha_tests::Call;
use serde_json::json;

use crate::fixture::{BOTH, caller, connect};
use crate::provider::RustProvider;

#[tokio::test]
async fn a_rust_provider_that_drains_answers_python_and_javascript_first() {
    for language in BOTH {
        let mut provider = RustProvider::start().await;
        let id = provider.id("interop");
        let caller = caller(language).await;
        let late = connect().await;
        let known = late.get_service(&id).await.unwrap();
        let slow = caller.run(Call::new(&id, "slow").args(json!([1.5])));
        let drain = async {
            provider.event("started").await;
            provider.client.drain(Duration::from_secs(30)).await
        };
        let refused = async {
            // Until the server has unlisted the service, calls still run.
            loop {
                match known.call::<i64>("echo", (1,)).await {
                    Ok(_) => tokio::task::yield_now().await,
                    Err(error) => return error,
                }
            }
        };
        let (slept, cut_off, error) = tokio::join!(slow, drain, refused);
        assert_eq!(slept.unwrap(), json!("slept"), "{language:?}");
        assert_eq!(cut_off, 0);
        assert!(error.is_retryable(), "{language:?}: {error:?}");
        assert!(error.to_string().contains("Shutting down"), "{error}");
        let error = late.get_service(&id).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Disconnected),
            "{error:?}"
        );
    }
}
