//! Who is let in: the first message of a client, and what it is answered (protocol section 1.2).

use hypha_rpc_core::random_id;
use hypha_transport::CloseReason;
use serde::Deserialize;
use serde_json::json;

use crate::hub::Hub;
use crate::identity::User;

/// A client that may join.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) user: User,
    pub(crate) workspace: String,
    pub(crate) client_id: String,
    /// It comes back with a token for that: whoever else has its id is replaced without being asked.
    pub(crate) returning: bool,
}

/// Why a client may not join.
#[derive(Debug, PartialEq)]
pub(crate) struct Refusal {
    /// What it is told before the close.
    pub(crate) words: Option<String>,
    /// How the connection is closed.
    pub(crate) close: CloseReason,
}

impl Refusal {
    /// With the same words in an error message and in the close.
    pub(crate) fn new(code: u16, words: impl Into<String>) -> Self {
        let words = words.into();
        Self {
            close: CloseReason::new(code, words.clone()),
            words: Some(words),
        }
    }

    /// The connection is cut without a word.
    pub(crate) fn silent() -> Self {
        Self {
            words: None,
            close: CloseReason::abnormal(),
        }
    }

    /// A setup failure that has nothing to do with credentials.
    pub(crate) fn setup(words: impl std::fmt::Display) -> Self {
        Self::new(
            CloseReason::GOING_AWAY,
            format!("Failed to establish connection: {words}"),
        )
    }
}

#[derive(Debug, Deserialize)]
struct Hello {
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    workspace: Option<String>,
}

/// Decides about a client by its first message.
pub(crate) async fn admit(_hub: &Hub, hello: &str) -> Result<Admitted, Refusal> {
    let hello: Hello = serde_json::from_str(hello).map_err(|_| {
        Refusal::new(
            CloseReason::UNSUPPORTED_DATA,
            "Failed to decode authentication information",
        )
    })?;
    let name = random_id().map_err(Refusal::setup)?;
    let mut user = User::anonymous(format!("anonymouz-{name}"));
    let own = user.own_workspace();
    let client_id = hello.client_id.filter(|id| !id.is_empty()).ok_or_else(|| {
        Refusal::setup(format!("Failed to authenticate user to workspace: {own}"))
    })?;
    if client_id.contains('/') {
        return Err(Refusal::setup(format!("Invalid client id: {client_id}")));
    }
    let workspace = hello.workspace.unwrap_or_else(|| own.clone());
    if workspace != own {
        return Err(Refusal::setup(format!(
            "Permission denied for workspace: {workspace}"
        )));
    }
    user.scope.current_workspace = Some(own);
    user.scope.client_id = Some(client_id.clone());
    Ok(Admitted {
        user,
        workspace,
        client_id,
        returning: false,
    })
}

/// What a client that was let in is told.
pub(crate) fn connection_info(hub: &Hub, client: &Admitted) -> String {
    let url = hub.public_url();
    json!({
        "type": "connection_info",
        "hypha_version": env!("CARGO_PKG_VERSION"),
        "public_base_url": url,
        "local_base_url": url,
        "manager_id": hub.manager_id(),
        "workspace": client.workspace,
        "client_id": client.client_id,
        "user": client.user,
        "limits": { "messages_per_second": null },
    })
    .to_string()
}

/// A fresh token with which the client can come back, as a control message.
pub(crate) fn reconnection_token(_hub: &Hub, _user: &User) -> Option<String> {
    None
}
