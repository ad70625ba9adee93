//! From HTTP to WebSocket.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use hyper::upgrade::{Parts, Upgraded};
use hyper_util::rt::TokioIo;
use hypha_transport::{CloseReason, FrameTx as _, Transport as _};
use hypha_transport_ws::{WsOptions, WsTransport, upgrade_response};

use super::answer::failure;
use crate::client;
use crate::hub::Hub;
use crate::listener::CountedStream;

/// Parameters by which clients of long ago said who they were.
const CREDENTIALS: [&str; 4] = ["workspace", "client_id", "token", "reconnection_token"];

/// Clients that nobody knows yet get no room for more, in bytes. It is more than they need to say who they are, so that
/// whoever says a little too much is told so in words.
const MAX_FIRST: usize = 128 * 1024;

/// What those are told (protocol section 1.5).
const LEGACY: &str = "Connection rejected, please  upgrade to `hypha-rpc` which pass the authentication information in the first message";

/// Answers the request for a WebSocket, and serves the client once it is one.
pub(super) async fn websocket(State(hub): State<Arc<Hub>>, mut request: Request) -> Response {
    let response = match upgrade_response(&request) {
        Ok(response) => response,
        Err(error) => return failure(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let is_legacy = has_credentials(request.uri());
    let upgrade = hyper::upgrade::on(&mut request);
    let tasks = hub.tasks().clone();
    tasks.spawn(async move {
        // A client that left meanwhile is not missed.
        let Ok(upgraded) = upgrade.await else { return };
        // In a box, which is gone while the client is served.
        if let Some(serving) = Box::pin(open(hub, upgraded, is_legacy)).await {
            serving.await;
        }
    });
    response.map(|()| Body::empty())
}

/// What serves the client, if it can be served.
async fn open(
    hub: Arc<Hub>,
    upgraded: Upgraded,
    is_legacy: bool,
) -> Option<impl Future<Output = ()> + Send> {
    let stream = match upgraded.downcast::<TokioIo<CountedStream>>() {
        // The rest, a buffer above all, is not kept for as long as the client stays.
        Ok(Parts { io, read_buf, .. }) if read_buf.is_empty() => io.into_inner(),
        Ok(_) => {
            tracing::debug!("a client spoke before it was answered");
            return None;
        }
        Err(_) => {
            tracing::error!("a WebSocket on a stream that is none of ours");
            return None;
        }
    };
    let drained = stream.written();
    let options = WsOptions::new()
        .with_max_frame(hub.settings().max_frame)
        .with_max_first(MAX_FIRST);
    let transport = WsTransport::from_upgraded(stream, options).await;
    if is_legacy {
        let reason = CloseReason::new(CloseReason::POLICY, LEGACY);
        transport.split().0.close(reason).await;
        return None;
    }
    Some(client::serve(hub, transport, drained))
}

fn has_credentials(uri: &Uri) -> bool {
    let parameters = Query::<Vec<(String, String)>>::try_from_uri(uri);
    parameters.is_ok_and(|Query(all)| {
        all.iter()
            .any(|(name, value)| CREDENTIALS.contains(&name.as_str()) && !value.is_empty())
    })
}
