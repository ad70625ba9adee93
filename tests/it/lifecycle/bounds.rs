//! What protects a Rust provider, as Python and JavaScript callers see it.

use std::sync::Arc;

use hypha_client::{Service, Visibility};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::fixture::{BOTH, caller, connect, soon};

#[tokio::test]
async fn a_service_with_all_its_places_taken_tells_python_and_javascript_at_once() {
    for language in BOTH {
        let client = connect().await;
        let (gate, entered) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let wait = {
            let (gate, entered) = (gate.clone(), entered.clone());
            move || {
                let (gate, entered) = (gate.clone(), entered.clone());
                async move {
                    entered.add_permits(1);
                    gate.acquire().await.unwrap().forget();
                    "served"
                }
            }
        };
        let service = Service::new("narrow")
            .visibility(Visibility::Public)
            .concurrency(1)
            .queue(0)
            .method("wait", wait);
        let id = client.register_service(service).await.unwrap().id;
        let caller = caller(language).await;
        let first = caller.call(&id, "wait", json!([]));
        let second = async {
            soon("the first call", entered.acquire())
                .await
                .unwrap()
                .forget();
            let refused = caller.call(&id, "wait", json!([])).await.unwrap_err();
            gate.add_permits(1);
            refused
        };
        let (served, refused) = tokio::join!(first, second);
        assert_eq!(served.unwrap(), json!("served"), "{language:?}");
        assert!(
            refused.message().contains("Busy: the service `narrow`"),
            "{language:?}: {refused}"
        );
    }
}
