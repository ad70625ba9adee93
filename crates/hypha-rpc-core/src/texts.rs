//! Texts of errors that cross the wire. Other clients match on parts of them (protocol
//! sections 6.4 and 6.6), so they have one home.

use std::time::Duration;

use crate::address::Address;
use crate::engine::AssemblyError;

/// Too much runs here already.
pub(crate) const BUSY: &str = "Busy: too many calls are running here, try again later";

/// The server was started anew, and its former manager with all that it was told is gone.
pub(crate) const NEW_MANAGER: &str = "the server has a new manager";

/// Beginning of the text for a service that has as many calls as it may.
pub(crate) const SERVICE_BUSY: &str = "Busy: the service";

/// The provider is about to leave.
pub(crate) const SHUTTING_DOWN: &str = "Shutting down: this client takes no new calls";

/// A part of an answer for which nobody waits.
pub(crate) const NO_SESSION_FOR_MESSAGE: &str =
    "Session not found: nobody waits for this message any more";

/// The key of a message is absurd.
pub(crate) const LONG_MESSAGE_KEY: &str = "The key of the message is too long";

/// The method ran, and its answer finds no room among those that wait to be written.
pub(crate) const TOO_MANY_ANSWERS: &str =
    "The method ran, but its answer was dropped: too many answers wait for the network";

/// The method ran, and the functions inside its result cannot be kept.
pub(crate) const TOO_MANY_FUNCTIONS: &str = "The method ran, but the functions in its result cannot be kept: too many functions of earlier results are alive here";

/// The method ran, and nobody would ever end the interface in its result.
pub(crate) const CALLER_LEFT: &str = "The method ran, but the interface in its result was dropped: its caller lost its connection meanwhile";

/// To whoever waits for an item of a generator that is closed meanwhile: it is no end.
pub(crate) const STREAM_CLOSED: &str = "The generator was closed before its end";

pub(crate) fn interface_denied(method: &str, from: &Address) -> String {
    let method = clipped(method);
    format!("Permission denied for _rintf callback {method}: it was not given to {from}")
}

pub(crate) fn parent_closed(from: &Address, method: &str) -> String {
    let method = clipped(method);
    format!("Parent session was closed: {from}:{method}")
}

pub(crate) fn service_busy(service: &str) -> String {
    format!("{SERVICE_BUSY} `{service}` runs as many calls as it may, try again later")
}

/// Whether this is what a provider answers a call of ours with before it runs anything: the words
/// of a lookup that failed, with the caller and the path of the call.
pub(crate) fn is_failed_lookup(text: &str, caller: &Address, method: &str) -> bool {
    let lookups = [
        method_expired(caller, method),
        session_not_found(caller, method),
        invalid_method(caller, method),
    ];
    lookups.iter().any(|lookup| text == lookup)
        || text.starts_with(&format!(
            "Method not found: {caller}:{} at ",
            clipped(method)
        ))
}

pub(crate) fn method_expired(from: &Address, method: &str) -> String {
    let method = clipped(method);
    format!("Method expired or not found: {from}:{method}")
}

pub(crate) fn session_not_found(from: &Address, method: &str) -> String {
    let method = clipped(method);
    format!("Session not found: {from}:{method}")
}

pub(crate) fn method_not_found(from: &Address, method: &str, local: &Address) -> String {
    let method = clipped(method);
    format!("Method not found: {from}:{method} at {}", local.client_id())
}

pub(crate) fn invalid_method(from: &Address, method: &str) -> String {
    let method = clipped(method);
    format!("Invalid method: {from}:{method}")
}

pub(crate) fn access_denied(method: &str, from: &Address, target: &Address) -> String {
    let method = clipped(method);
    format!("Access denied for method call ({method}) from {from} to target {target}")
}

pub(crate) fn permission_denied(method: &str, own: &str, from: &str) -> String {
    let method = clipped(method);
    format!(
        "Permission denied for invoking protected method {method}, workspace mismatch: {own} != {from}"
    )
}

pub(crate) fn service_hidden(id: &str, workspace: &str) -> String {
    let id = clipped(id);
    format!(
        "Permission denied for getting protected service: {id}, workspace mismatch: {workspace}"
    )
}

pub(crate) fn service_not_found(id: &str) -> String {
    let id = clipped(id);
    format!("Service not found: {id}")
}

pub(crate) fn client_disconnected(peer: &Address) -> String {
    format!("Client disconnected: {peer}")
}

pub(crate) fn peer_not_connected(peer: &Address) -> String {
    format!("Target peer {peer} is not connected")
}

/// The server maps the first words to HTTP 504.
pub(crate) fn timed_out(target: &Address, method: &str, silence: Duration) -> String {
    format!(
        "TimeoutError: Method call timed out: {target}:{method}, no sign of life for {silence:?}"
    )
}

/// The payload of an encrypted call cannot be had. Other clients say nothing in this case.
pub(crate) fn decryption_failed(method: &str) -> String {
    let method = clipped(method);
    format!("Decryption failed for method {method}. Invalid key or tampered data.")
}

/// An encrypted call was taken off its place or came once more.
pub(crate) fn sealed_call_refused(method: &str, why: &str) -> String {
    let method = clipped(method);
    format!("Decryption failed for method {method}. Encrypted call refused: {why}")
}

pub(crate) fn encryption_off(method: &str) -> String {
    let method = clipped(method);
    format!("Decryption failed for method {method}. Encryption is off at this client.")
}

pub(crate) fn encryption_required(method: &str) -> String {
    let method = clipped(method);
    format!("Encryption required for method {method} (trusted_keys is set)")
}

pub(crate) fn untrusted_key(method: &str) -> String {
    let method = clipped(method);
    format!("Caller's public key is not in the trusted keys list for {method}")
}

/// The error of a method that ran, whose words would say that it did not. In one line: they must not begin another.
pub(crate) fn method_failed(error: &str) -> String {
    format!("the method failed: {}", error.replace(['\r', '\n'], " "))
}

pub(crate) fn malformed_call(reason: &str) -> String {
    format!("Malformed call: {reason}")
}

pub(crate) fn foreign_promise(part: &str) -> String {
    format!(
        "Access denied: the promise of this call sends its `{part}` to somebody else than the caller"
    )
}

/// Why a part of a message in several frames is not taken.
pub(crate) fn message_refused(error: AssemblyError) -> String {
    match error {
        AssemblyError::KeyTaken => String::from("A message with this key is under way already"),
        AssemblyError::UnknownKey => String::from("There is no message with this key"),
        AssemblyError::TooMany => String::from("Too many messages are under way, try again later"),
        AssemblyError::TooLong(limit) => {
            format!("The message is larger than the {limit} bytes that this client takes")
        }
        AssemblyError::NoRoom => {
            String::from("The messages under way take too much memory, try again later")
        }
        AssemblyError::TooEarly { index, missing } => {
            format!("Chunk {index} of the message came too early: chunk {missing} is missing")
        }
        AssemblyError::Incomplete(missing) => {
            format!("The message is not complete: chunk {missing} is missing")
        }
    }
}

pub(crate) fn answer_not_delivered(reason: &str) -> String {
    let reason = clipped(reason);
    format!("The method ran, but its answer could not be sent: {reason}")
}

pub(crate) fn panicked(what: &str) -> String {
    format!("The method panicked: {what}")
}

/// At most 512 bytes of a text that a peer chose: it must not choose the size of our answer.
fn clipped(text: &str) -> &str {
    let end = (0..=text.len().min(512))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}
