//! From HTTP to WebSocket.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use hypha_transport_ws::{WsOptions, WsTransport, upgrade_response};

use crate::client;
use crate::hub::Hub;
use crate::listener::CountedStream;

/// Answers the request for a WebSocket, and serves the client once it is one.
pub(super) async fn websocket(State(hub): State<Arc<Hub>>, mut request: Request) -> Response {
    let response = match upgrade_response(&request) {
        Ok(response) => response,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let tasks = hub.tasks().clone();
    tasks.spawn(async move {
        // A client that left meanwhile is not missed.
        if let Ok(upgraded) = upgrade.await {
            serve(hub, upgraded).await;
        }
    });
    response.map(|()| Body::empty())
}

async fn serve(hub: Arc<Hub>, upgraded: Upgraded) {
    let Ok(parts) = upgraded.downcast::<TokioIo<CountedStream>>() else {
        return tracing::error!("a WebSocket on a stream that is none of ours");
    };
    if !parts.read_buf.is_empty() {
        return tracing::debug!("a client spoke before it was answered");
    }
    let stream = parts.io.into_inner();
    let drained = stream.written();
    let options = WsOptions::new().with_max_frame(hub.settings().max_frame);
    let transport = WsTransport::from_upgraded(stream, options).await;
    // In a box: what went before needs less memory than what comes now, and is kept as long.
    Box::pin(client::serve(hub, transport, drained)).await;
}
