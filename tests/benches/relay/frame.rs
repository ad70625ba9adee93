//! The header of a frame that the server hands on, and what it does with it.

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use hypha_codec::{HeaderEdits, Map, OutgoingHeader, Packet, Value, encode, encode_frame};

/// As the server looks no further for the end of a header.
const HEADER_LIMIT: usize = 64 * 1024;

const FRAME: usize = 280;

const FROM: &str = "ws-user-anonymouz-1234567/client-a";
const TO: &str = "ws-user-anonymouz-1234567/client-b";
const WORKSPACE: &str = "ws-user-anonymouz-1234567";

/// Reads where a frame goes, and puts in who it is from.
pub(crate) fn rewrite(frame: Bytes, user: &[u8]) -> Result<Bytes> {
    let packet = Packet::parse_within(frame, HEADER_LIMIT)?;
    let header = packet.header()?;
    let to = header.to().context("it goes nowhere")?;
    ensure!(to == TO, "it goes to {to}");
    let edits = HeaderEdits::new()
        .from(FROM)
        .to(to)
        .ws(WORKSPACE)
        .user(user);
    Ok(packet.rewrite(&edits)?)
}

/// A call, filled up with a text among its arguments.
pub(crate) fn frame() -> Result<Bytes> {
    let frame = |filling: &str| -> Result<Bytes> {
        let args = vec![Value::from(7), Value::from(filling)];
        let payload = encode(&Value::Map(Map::from([
            ("args", Value::from(args)),
            ("promise", Value::from("*")),
            ("t", Value::from(15.0)),
        ])))?;
        let header = OutgoingHeader::call(TO, "services.bench.echo")
            .from(FROM)
            .session(Some("HLwgX43ffjDdg54YWwznpy"));
        Ok(encode_frame(&header, payload.into()).into_bytes())
    };
    let least = frame(&"x".repeat(32))?.len() - 32;
    let filling = FRAME.checked_sub(least).context("the frame is too long")?;
    let frame = frame(&"x".repeat(filling))?;
    ensure!(frame.len() == FRAME, "the frame has {} bytes", frame.len());
    Ok(frame)
}

/// A description of an anonymous user, as the server has it.
pub(crate) fn user() -> Result<Bytes> {
    let scope = Map::from([
        ("current_workspace", Value::from(WORKSPACE)),
        ("workspaces", Value::Map(Map::from([(WORKSPACE, "a")]))),
        ("client_id", Value::Null),
        ("extra_scopes", Value::from(Vec::<Value>::new())),
    ]);
    Ok(encode(&Value::Map(Map::from([
        ("id", Value::from("anonymouz-1234567")),
        ("parent", Value::Null),
        ("email", Value::Null),
        ("is_anonymous", Value::from(true)),
        ("roles", Value::from(vec![Value::from("anonymous")])),
        ("scope", Value::Map(scope)),
        ("expires_at", Value::from(1_790_000_000.0)),
    ])))?)
}
