//! The HTTP side of a server: health, and the door to the WebSocket.

mod upgrade;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get};
use tower_http::cors::CorsLayer;

use crate::hub::Hub;

/// Path of the WebSocket endpoint.
pub(crate) const WEBSOCKET: &str = "/ws";

/// Everything that is answered over HTTP.
pub(crate) fn service(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/health/liveness", get(async || "OK"))
        .route("/health/readiness", get(async || "OK"))
        .route(WEBSOCKET, any(upgrade::websocket))
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(CorsLayer::permissive())
        .with_state(hub)
}
