//! Whether the server is up, for those who watch over it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::answer::answer;
use crate::client::STOPPING;
use crate::hub::Hub;

/// The server answers, so it lives.
pub(super) async fn liveness() -> Response {
    let up = json!({ "status": "OK", "detail": { "store": "ready" } });
    answer(StatusCode::OK, &up)
}

/// Whether the server takes clients.
pub(super) async fn readiness(State(hub): State<Arc<Hub>>) -> Response {
    if !hub.stopping().is_cancelled() {
        return liveness().await;
    }
    let down = json!({ "status": "DOWN", "detail": STOPPING });
    answer(StatusCode::SERVICE_UNAVAILABLE, &down)
}
