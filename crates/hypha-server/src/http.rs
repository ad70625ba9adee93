//! The HTTP side of a server: health, and the door to the WebSocket.

mod answer;
mod cors;
mod health;
mod upgrade;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get};

use crate::hub::Hub;

/// Path of the WebSocket endpoint.
pub(crate) const WEBSOCKET: &str = "/ws";

/// Everything that is answered over HTTP.
pub(crate) fn service(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/health/liveness", get(health::liveness))
        .route("/health/readiness", get(health::readiness))
        .fallback(answer::not_found)
        .method_not_allowed_fallback(answer::method_not_allowed)
        .layer(cors::layer())
        // Browsers do not ask before they open a WebSocket.
        .route(WEBSOCKET, any(upgrade::websocket))
        .with_state(hub)
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::request::Builder;
    use axum::http::{Request, StatusCode};
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    use super::*;
    use crate::registry::MemoryRegistry;
    use crate::settings::Settings;

    fn hub() -> Arc<Hub> {
        let registry = Arc::new(MemoryRegistry::default());
        let (url, id) = ("http://h".to_owned(), "m".to_owned());
        let hub = Hub::new(Settings::default(), &"secret".into(), url, id, registry);
        Arc::new(hub)
    }

    async fn get(hub: &Arc<Hub>, path: &str) -> (StatusCode, Value) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = service(Arc::clone(hub)).oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 64 * 1024).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn server_34_a_server_that_stops_lives_but_is_not_ready() {
        let hub = hub();
        let ready = json!({ "status": "OK", "detail": { "store": "ready" } });
        for path in ["/health/liveness", "/health/readiness"] {
            assert_eq!(get(&hub, path).await, (StatusCode::OK, ready.clone()));
        }
        hub.stopping().cancel();
        assert_eq!(get(&hub, "/health/liveness").await.0, StatusCode::OK);
        let (status, body) = get(&hub, "/health/readiness").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            body,
            json!({ "status": "DOWN", "detail": "Server is stopping" })
        );
    }

    #[tokio::test]
    async fn what_is_not_there_is_said_so() {
        let hub = hub();
        let (status, body) = get(&hub, "/a/../b?c").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(
            body,
            json!({ "success": false, "detail": "File not found: a/../b" })
        );
        let long = format!("/{}", "x".repeat(10_000));
        let (_, body) = get(&hub, &long).await;
        assert!(body["detail"].as_str().unwrap().len() < 400);
        let (status, body) = get(&hub, "/ws").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(body["success"], false);
    }

    #[tokio::test]
    async fn pages_of_every_origin_may_ask() {
        let origin = "https://page.example";
        let asked = async |request: Builder| {
            let request = request
                .header("origin", origin)
                .body(Body::empty())
                .unwrap();
            let response = service(hub()).oneshot(request).await.unwrap();
            let said = |name: &str| {
                let value = response.headers().get(name);
                value.map(|value| value.to_str().unwrap().to_owned())
            };
            let allowed = said("access-control-allow-origin");
            assert_eq!(allowed.as_deref(), Some(origin));
            let credentials = said("access-control-allow-credentials");
            assert_eq!(credentials.as_deref(), Some("true"));
            let names = ["methods", "headers"];
            names.map(|name| said(&format!("access-control-allow-{name}")).unwrap_or_default())
        };
        for path in ["/health/readiness", "/nowhere"] {
            asked(Request::get(path)).await;
        }
        let preflight = Request::options("/health/readiness")
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", "authorization");
        let [methods, headers] = asked(preflight).await;
        assert!(methods.contains("PUT"), "{methods}");
        assert!(headers.contains("authorization"), "{headers}");
    }
}
