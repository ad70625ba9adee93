//! Who is let in: the first message of a client, and what it is answered (protocol section 1.2).

mod hello;

use std::time::Duration;

use hypha_transport::CloseReason;
use serde_json::json;

use self::hello::Hello;
use crate::hub::{Hub, no_workspace};
use crate::identity::{
    EVERY_WORKSPACE, PUBLIC_WORKSPACE, Permission, TokenError, User, random_name, unix_seconds,
};
use crate::seats::Seat;

/// How long users without a token are said to stay. Nothing ends with it.
const ANONYMOUS_LIFE: Duration = Duration::from_secs(600);

/// A client that may join.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) user: User,
    pub(crate) workspace: String,
    pub(crate) client_id: String,
    /// It comes back with a token for that: whoever else has its id is replaced without being asked.
    pub(crate) returning: bool,
    /// The place that it takes until it leaves.
    pub(crate) seat: Seat,
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

    /// Credentials that are good, but not for this.
    fn credentials(words: impl std::fmt::Display) -> Self {
        Self::setup(format_args!("Failed to authenticate user: {words}"))
    }
}

/// Decides about a client by its first message.
pub(crate) async fn admit(hub: &Hub, hello: &str) -> Result<Admitted, Refusal> {
    let hello = Hello::parse(hello)?;
    let returning = hello.reconnection_token.is_some();
    let mut user = authenticate(hub, &hello).await?;
    let workspace = workspace_for(&user, &hello)?;
    let client_id = hello.client_id.unwrap_or_default();
    enter(hub, &mut user, &workspace, &client_id).await?;
    if client_id.is_empty() {
        return Err(Refusal::setup(format_args!(
            "Failed to authenticate user to workspace: {workspace}"
        )));
    }
    if client_id.contains('/') {
        return Err(Refusal::setup(format_args!(
            "Invalid client id: {client_id}"
        )));
    }
    let limits = &hub.settings().limits;
    let seat = hub.seats().take(limits, &user.id, &workspace);
    Ok(Admitted {
        seat: seat.map_err(|words| Refusal::new(CloseReason::POLICY, words))?,
        user,
        workspace,
        client_id,
        returning,
    })
}

/// The user behind a first message: that of its token, or a new one.
async fn authenticate(hub: &Hub, hello: &Hello) -> Result<User, Refusal> {
    let token = hello.reconnection_token.as_ref().or(hello.token.as_ref());
    let Some(token) = token else {
        let name = random_name().map_err(Refusal::setup)?;
        let mut user = User::anonymous(format!("anonymouz-{name}"));
        user.expires_at = Some((unix_seconds() + ANONYMOUS_LIFE.as_secs()) as f64);
        return Ok(user);
    };
    let user = hub
        .tokens()
        .parse(token)
        .await
        .map_err(|error| match error {
            TokenError::Revoked => Refusal::credentials(error),
            error => Refusal::new(
                CloseReason::POLICY,
                format!("Authentication error: {error}"),
            ),
        })?;
    let specialized: Vec<_> = user.scope.specialized().collect();
    if !specialized.is_empty() {
        let scopes = specialized.join(", ");
        return Err(Refusal::credentials(format_args!(
            "Specialized token with scopes [{scopes}] cannot be used for general workspace access. \
             This token can only be used for its intended purpose."
        )));
    }
    let bound = user.scope.client_id.as_deref();
    if hello.reconnection_token.is_some() {
        if user.scope.current_workspace.is_none() {
            let words = "Invalid scope, current_workspace is required";
            return Err(Refusal::credentials(words));
        }
        if bound.is_none() {
            return Err(Refusal::credentials("Invalid scope, client_id is required"));
        }
        if bound != hello.client_id.as_deref() {
            return Err(Refusal::credentials("Client id mismatch, disconnecting"));
        }
    } else if let Some(bound) = bound
        && Some(bound) != hello.client_id.as_deref()
    {
        return Err(Refusal::credentials(format_args!(
            "Client id mismatch: this token is restricted to client with client_id='{bound}'"
        )));
    }
    Ok(user)
}

/// The workspace that a client joins: what it asks for, as far as its token leaves it a choice.
fn workspace_for(user: &User, hello: &Hello) -> Result<String, Refusal> {
    let asked = hello.workspace.as_deref();
    let current = match user.scope.current_workspace.as_deref() {
        // The token of the user who may do everything is good everywhere.
        Some(EVERY_WORKSPACE) => {
            return Ok(asked.map_or_else(|| user.own_workspace(), str::to_owned));
        }
        current => current,
    };
    let has_token = hello.token.is_some() || hello.reconnection_token.is_some();
    if has_token && current.is_none() && asked == Some(PUBLIC_WORKSPACE) {
        return Ok(user.own_workspace());
    }
    match (asked, current) {
        (Some(asked), Some(current)) if asked != current => {
            Err(if hello.reconnection_token.is_some() {
                Refusal::credentials(format_args!(
                    "Invalid scope, workspace mismatch: {asked} != {current}"
                ))
            } else {
                Refusal::credentials(format_args!(
                    "Current workspace encoded in the token ({current}) does not match the specified workspace ({asked})"
                ))
            })
        }
        (Some(workspace), _) | (None, Some(workspace)) => Ok(workspace.to_owned()),
        (None, None) => Ok(user.own_workspace()),
    }
}

/// Lets a user into a workspace, and has its scope say so.
async fn enter(
    hub: &Hub,
    user: &mut User,
    workspace: &str,
    client_id: &str,
) -> Result<(), Refusal> {
    if workspace == EVERY_WORKSPACE {
        let words = "Dynamic workspace is not allowed for this endpoint";
        return Err(Refusal::setup(words));
    }
    let Some(owners) = hub.registry().enter(workspace, user).await else {
        return Err(Refusal::setup(no_workspace(workspace)));
    };
    let owned = user.owns(workspace, &owners).then_some(Permission::Admin);
    let Some(permission) = user.permission_in(workspace).or(owned) else {
        return Err(Refusal::setup(format_args!(
            "Permission denied for workspace: {workspace}"
        )));
    };
    let scope = &mut user.scope;
    scope.workspaces.insert(workspace.to_owned(), permission);
    scope.current_workspace = Some(workspace.to_owned());
    scope.client_id = Some(client_id.to_owned());
    Ok(())
}

/// What a client that was let in is told.
pub(crate) fn connection_info(hub: &Hub, client: &Admitted) -> String {
    let url = hub.public_url();
    let settings = hub.settings();
    let mut info = json!({
        "type": "connection_info",
        "hypha_version": env!("CARGO_PKG_VERSION"),
        "public_base_url": url,
        "local_base_url": url,
        "manager_id": hub.manager_id(),
        "workspace": client.workspace,
        "client_id": client.client_id,
        "user": client.user,
        "limits": settings.limits.stated(settings.max_frame),
    });
    if let Some(token) = issue(hub, &client.user) {
        let life = settings.reconnection_life.as_secs_f64();
        info["reconnection_token"] = token.into();
        info["reconnection_token_life_time"] = life.into();
    }
    info.to_string()
}

/// A fresh token with which the client can come back, as a control message.
pub(crate) fn reconnection_token(hub: &Hub, user: &User) -> Option<String> {
    let token = issue(hub, user)?;
    Some(json!({ "type": "reconnection_token", "reconnection_token": token }).to_string())
}

/// None for clients with ids that cannot stand in a token: they come back as new ones.
fn issue(hub: &Hub, user: &User) -> Option<String> {
    hub.tokens().issue_reconnection(user).ok()
}
