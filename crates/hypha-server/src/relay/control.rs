//! Text frames after the handshake: pings and requests for a token (protocol section 1.3).

use std::sync::Arc;

use hypha_transport::{CloseReason, Frame};
use serde_json::{Value, json};

use super::connection::{Connection, End};
use super::outbound::{NotTaken, SERVER};
use crate::admission::reconnection_token;
use crate::hub::Hub;

/// Longer text frames are ignored, in characters.
const MAX_TEXT: usize = 1000;

/// Answers a control message; the end of the connection, if it has to end for it.
pub(crate) fn answer(hub: &Arc<Hub>, connection: &Arc<Connection>, text: &str) -> Option<End> {
    if text.len() > MAX_TEXT && text.chars().count() > MAX_TEXT {
        return None;
    }
    let message: Value = serde_json::from_str(text).ok()?;
    let Some(message) = message.as_object() else {
        let words = format!("Client {} disconnected", connection.address());
        return Some(End::Told(CloseReason::new(CloseReason::GOING_AWAY, words)));
    };
    let answer = match message.get("type").and_then(Value::as_str)? {
        "ping" => json!({ "type": "pong" }).to_string(),
        "refresh_token" => reconnection_token(hub, connection.user())?,
        _ => return None,
    };
    match connection.outbound().push(SERVER, Frame::Text(answer)) {
        // It asks without end and reads nothing.
        Err(NotTaken::Full(_)) => Some(End::Cut),
        Ok(()) | Err(NotTaken::Ended) => None,
    }
}
