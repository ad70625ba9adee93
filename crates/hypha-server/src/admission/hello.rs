use serde_json::{Map, Value};

use hypha_transport::CloseReason;

use super::Refusal;

/// Longer first messages are not looked at, in bytes.
const MAX_HELLO: usize = 64 * 1024;

/// Longer names of clients and workspaces are none, in bytes.
const MAX_NAME: usize = 1024;

/// What a client says of itself in its first message. Empty texts are as good as none.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Hello {
    pub(super) client_id: Option<String>,
    pub(super) workspace: Option<String>,
    pub(super) token: Option<String>,
    pub(super) reconnection_token: Option<String>,
}

impl Hello {
    /// Reads the first message of a client.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let undecoded = || {
            Refusal::new(
                CloseReason::UNSUPPORTED_DATA,
                "Failed to decode authentication information",
            )
        };
        if text.len() > MAX_HELLO {
            return Err(undecoded());
        }
        match serde_json::from_str(text) {
            Ok(Value::Object(mut members)) => Ok(Self {
                client_id: name(&mut members, "client_id")?,
                workspace: name(&mut members, "workspace")?,
                token: member(&mut members, "token")?,
                reconnection_token: member(&mut members, "reconnection_token")?,
            }),
            Ok(_) => Err(Refusal::silent()),
            Err(_) => Err(undecoded()),
        }
    }
}

fn member(members: &mut Map<String, Value>, key: &str) -> Result<Option<String>, Refusal> {
    match members.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok((!text.is_empty()).then_some(text)),
        Some(_) => Err(Refusal::setup(format_args!("{key} is not a text"))),
    }
}

/// Names stand in logs, addresses and events.
fn name(members: &mut Map<String, Value>, key: &str) -> Result<Option<String>, Refusal> {
    let name = member(members, key)?;
    let is_good = |name: &String| name.len() <= MAX_NAME && !name.contains(char::is_control);
    if name.as_ref().is_some_and(|name| !is_good(name)) {
        return Err(Refusal::setup(format_args!(
            "{key} is longer than {MAX_NAME} bytes or holds control characters"
        )));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_says_of_itself() {
        let all =
            r#"{"client_id":"c","workspace":"w","token":"t","reconnection_token":"r","x":[]}"#;
        let wanted = Hello {
            client_id: Some("c".to_owned()),
            workspace: Some("w".to_owned()),
            token: Some("t".to_owned()),
            reconnection_token: Some("r".to_owned()),
        };
        assert_eq!(Hello::parse(all).unwrap(), wanted);
        for nothing in ["{}", r#"{"client_id":"","token":null,"workspace":""}"#] {
            assert_eq!(Hello::parse(nothing).unwrap(), Hello::default());
        }
    }

    #[test]
    fn what_is_no_first_message() {
        let code = |text: &str| Hello::parse(text).unwrap_err().close.code();
        for text in ["[]", "\"x\"", "null", "1"] {
            assert_eq!(Hello::parse(text).unwrap_err(), Refusal::silent(), "{text}");
        }
        for text in [
            "",
            "hello",
            "{",
            "{}x",
            &"[".repeat(1000),
            &"1".repeat(MAX_HELLO + 1),
        ] {
            assert_eq!(code(text), CloseReason::UNSUPPORTED_DATA, "{text:.20}");
        }
        for text in [
            r#"{"client_id":5}"#,
            r#"{"token":{}}"#,
            r#"{"workspace":"a\u0000b"}"#,
            r#"{"client_id":"a\nb"}"#,
            &format!(r#"{{"client_id":"{}"}}"#, "x".repeat(MAX_NAME + 1)),
        ] {
            assert_eq!(code(text), CloseReason::GOING_AWAY, "{text:.40}");
        }
    }
}
