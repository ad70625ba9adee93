//! Answers in JSON, most of which say no.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// How much of a path is told back, in characters.
const MAX_PATH: usize = 256;

/// An answer with this body.
pub(super) fn answer(status: StatusCode, body: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}

/// A failure as clients of the HTTP side expect it (protocol section 13).
pub(super) fn failure(status: StatusCode, detail: &str) -> Response {
    answer(status, &json!({ "success": false, "detail": detail }))
}

/// There is nothing at this path, and no WebSocket either.
pub(super) async fn not_found(request: Request) -> Response {
    if asks_for_websocket(request.headers()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    let path: String = path.chars().take(MAX_PATH).collect();
    failure(StatusCode::NOT_FOUND, &format!("File not found: {path}"))
}

/// There is something at this path, but not for this method.
pub(super) async fn method_not_allowed(request: Request) -> Response {
    if asks_for_websocket(request.headers()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    failure(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}

fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE);
    upgrade.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
}
