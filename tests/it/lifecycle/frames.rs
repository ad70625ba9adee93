//! What a call costs on the wire.

use hypha_tests::Language;
use serde_json::json;

use crate::fixture::{Provider, caller, connect, server};
use crate::provider::RustProvider;
use crate::tap::Direction::{In, Out};
use crate::tap::Tap;

const ECHO: &str = "services.interop.echo";

/// A call and its answer, as a caller sees them.
fn call_and_answer() -> Vec<(crate::tap::Direction, String)> {
    vec![(Out, ECHO.to_owned()), (In, "resolve".to_owned())]
}

#[tokio::test]
async fn defect_02_a_short_call_takes_two_frames_rust_to_python_and_javascript() {
    for language in crate::fixture::BOTH {
        let provider = Provider::shared(language).await;
        let tap = Tap::default();
        let client = tap.options(server().await).connect().await.unwrap();
        let service = client.get_service(provider.id("interop")).await.unwrap();
        assert_eq!(service.call::<i64>("echo", (1,)).await.unwrap(), 1);
        // Heartbeats that were sent before an answer come before it; another round trip shows those sent after it.
        assert_eq!(service.call::<i64>("add", (1,)).await.unwrap(), 11);
        assert_eq!(tap.conversation(ECHO), call_and_answer(), "{language:?}");
    }
}

#[tokio::test]
async fn defect_02_a_short_call_takes_two_frames_rust_to_rust() {
    let (there, here) = (Tap::default(), Tap::default());
    let provider = RustProvider::new(there.options(server().await).connect().await.unwrap()).await;
    let client = here.options(server().await).connect().await.unwrap();
    let service = client.get_service(&provider.id("interop")).await.unwrap();
    assert_eq!(service.call::<i64>("echo", (1,)).await.unwrap(), 1);
    assert_eq!(service.call::<i64>("add", (1,)).await.unwrap(), 11);
    assert_eq!(here.conversation(ECHO), call_and_answer());
    assert_eq!(
        there.conversation(ECHO),
        [(In, ECHO.to_owned()), (Out, "resolve".to_owned())]
    );
}

#[tokio::test]
async fn defect_02_rust_answers_with_one_frame() {
    let tap = Tap::default();
    let provider = RustProvider::new(tap.options(server().await).connect().await.unwrap()).await;
    let id = provider.id("interop");
    for language in [Language::Python, Language::JavaScript] {
        assert_eq!(
            caller(language)
                .await
                .call(&id, "echo", json!([1]))
                .await
                .unwrap(),
            json!(1)
        );
    }
    let one = [(In, ECHO.to_owned()), (Out, "resolve".to_owned())];
    assert_eq!(tap.conversation(ECHO), [one.clone(), one].concat());
}

#[tokio::test]
async fn defect_32_no_heartbeat_follows_a_reject() {
    let tap = Tap::default();
    let provider = RustProvider::new(tap.options(server().await).connect().await.unwrap()).await;
    let client = connect().await;
    let nothing = client
        .peer()
        .method_at(provider.client.address(), "services.interop.nothing");
    // Heartbeats would come every 50 ms.
    let timeout = std::time::Duration::from_millis(100);
    assert!(nothing.timeout(timeout * 10).await.unwrap_err().is_remote());
    let slow = client
        .peer()
        .method_at(provider.client.address(), "services.interop.slow");
    slow.args((1.0,)).timeout(timeout * 10).await.unwrap();
    let passed = tap.conversation("services.interop.nothing");
    assert_eq!(
        passed,
        [
            (In, "services.interop.nothing".to_owned()),
            (Out, "reject".to_owned())
        ]
    );
    let heartbeats = tap.conversation("services.interop.slow");
    assert!(
        heartbeats.contains(&(Out, "heartbeat".to_owned())),
        "{heartbeats:?}"
    );
}
