//! Who is connected.

use std::time::Duration;

use hypha_codec::Map;
use hypha_rpc_core::{CallError, RemoteError};
use serde::Deserialize;

use super::OptionalArgument as _;
use crate::client::Client;
use crate::error::Error;
use crate::lenient::null_as_default;

/// A user as the server describes it (wire-protocol section 3.4).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct UserInfo {
    /// The id.
    pub id: String,
    /// What the user may do on the server, such as `admin`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub roles: Vec<String>,
    /// Whether the user has not logged in.
    #[serde(default, deserialize_with = "null_as_default")]
    pub is_anonymous: bool,
    /// Which workspaces the user may use.
    #[serde(default)]
    pub scope: Option<UserScope>,
    /// The address, if known.
    #[serde(default)]
    pub email: Option<String>,
    /// The user that made this one's token, if it is of that kind.
    #[serde(default)]
    pub parent: Option<String>,
    /// When the user's token ends, in seconds since 1970.
    #[serde(default)]
    pub expires_at: Option<f64>,
    /// The workspace that the user is in.
    #[serde(default)]
    pub current_workspace: Option<String>,
    /// What else the server says.
    #[serde(flatten)]
    pub extra: Map,
}

/// What a user or token may use.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct UserScope {
    /// The workspace that is joined unless another is asked for.
    #[serde(default)]
    pub current_workspace: Option<String>,
    /// Workspaces with what may be done in them: `r`, `rw` or `a`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub workspaces: Map,
    /// The only client id that is admitted, if the token says so.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Scopes that mean something to services.
    #[serde(default, deserialize_with = "null_as_default")]
    pub extra_scopes: Vec<String>,
}

/// A client that is connected.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ClientEntry {
    /// `workspace/client`.
    pub id: String,
    /// The user behind it.
    #[serde(default)]
    pub user: Option<UserInfo>,
    /// What else the server says.
    #[serde(flatten)]
    pub extra: Map,
}

/// What the manager returns for a client that answered.
const PONG: &str = "pong";

impl Client {
    /// The clients in a workspace; our own without one.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn list_clients(&self, workspace: Option<&str>) -> Result<Vec<ClientEntry>, Error> {
        self.ask("list_clients", |call| call.optional("workspace", workspace))
            .await
    }

    /// Lets the manager ask a client for a sign of life, and wait for it 5 s or for `timeout`.
    ///
    /// # Errors
    /// If the client gives none; the message is the manager's.
    pub async fn ping(&self, client_id: &str, timeout: Option<Duration>) -> Result<(), Error> {
        let timeout = timeout.map(|timeout| timeout.as_secs_f64());
        let answer: String = self
            .ask("ping", |call| {
                call.args((client_id,)).optional("timeout", timeout)
            })
            .await?;
        if answer == PONG {
            Ok(())
        } else {
            Err(CallError::Remote(RemoteError::new(answer)).into())
        }
    }
}
