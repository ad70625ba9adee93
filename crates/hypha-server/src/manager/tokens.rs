//! `generate_token`, `parse_token` and `revoke_token`.

use std::sync::Arc;
use std::time::Duration;

use hypha_codec::Value;
use serde::Deserialize;

use super::caller::Caller;
use super::error::ManagerError;
use crate::hub::Hub;
use crate::identity::{Permission, Scope, TokenError};

/// How long a token is good for if nothing is said, and at most, in seconds.
const LIFE: f64 = 3600.0;
const MAX_LIFE: f64 = 10.0 * 365.0 * 24.0 * 3600.0;

/// What a token is to be good for. Members that are not known have no meaning.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenConfig {
    /// Seconds.
    expires_in: Option<f64>,
    workspace: Option<String>,
    permission: Option<String>,
    extra_scopes: Option<Vec<String>>,
    client_id: Option<String>,
    email: Option<String>,
}

pub(super) async fn generate_token(
    hub: &Arc<Hub>,
    caller: &Caller,
    config: Option<TokenConfig>,
) -> Result<String, ManagerError> {
    let config = config.unwrap_or_default();
    let workspace = config
        .workspace
        .clone()
        .filter(|workspace| !workspace.is_empty())
        .unwrap_or_else(|| caller.workspace().to_owned());
    needs_admin(hub, caller, &workspace).await?;
    let life = config.life()?;
    let permission = config.permission()?;
    let scope = Scope {
        current_workspace: Some(workspace.clone()),
        workspaces: [(workspace, permission)].into(),
        client_id: config.client_id,
        extra_scopes: config.extra_scopes,
    };
    let mut child = caller.user().child(scope).map_err(|error| {
        ManagerError::Runtime(format!("No random numbers for a token: {error}"))
    })?;
    if let Some(email) = config.email {
        if !caller.user().is_admin() {
            return Err(ManagerError::Denied(
                "Only callers with the 'admin' role may set TokenConfig.email".to_owned(),
            ));
        }
        child.email = Some(email);
    }
    hub.tokens().issue(&child, life).map_err(invalid)
}

/// The user that a token stands for.
pub(super) async fn parse_token(
    hub: &Arc<Hub>,
    caller: &Caller,
    token: String,
) -> Result<Value, ManagerError> {
    caller.needs(Permission::Read)?;
    let user = hub.tokens().parse(&token).await.map_err(invalid)?;
    hypha_codec::to_value(&user).map_err(|error| ManagerError::Runtime(error.to_string()))
}

/// Whoever has a token may end it. Clients that came with it have to go.
pub(super) async fn revoke_token(
    hub: &Arc<Hub>,
    caller: &Caller,
    token: String,
) -> Result<(), ManagerError> {
    caller.needs(Permission::Admin)?;
    let revoked = hub.tokens().revoke(&token).await.map_err(invalid)?;
    if let Some(user) = revoked {
        hub.expel(&user, caller.address(), &TokenError::Revoked.to_string());
    }
    Ok(())
}

/// Admins of a workspace make tokens for it, and so do its owners.
async fn needs_admin(hub: &Hub, caller: &Caller, workspace: &str) -> Result<(), ManagerError> {
    let permission = caller.user().permission_in(workspace);
    if permission == Some(Permission::Admin) {
        return Ok(());
    }
    let there = hub.registry().workspace(workspace).await;
    if there.is_some_and(|there| there.is_owned_by(caller.user())) {
        return Ok(());
    }
    Err(ManagerError::Denied(if permission.is_none() {
        format!("You do not have any permission for workspace: {workspace}")
    } else {
        "Only admin can generate token.".to_owned()
    }))
}

impl TokenConfig {
    fn life(&self) -> Result<Duration, ManagerError> {
        let seconds = self.expires_in.filter(|seconds| *seconds != 0.0);
        let seconds = seconds.unwrap_or(LIFE).min(MAX_LIFE);
        Duration::try_from_secs_f64(seconds)
            .map_err(|_| ManagerError::Value(format!("Invalid expires_in: {seconds}")))
    }

    fn permission(&self) -> Result<Permission, ManagerError> {
        match self.permission.as_deref() {
            Some("read") => Ok(Permission::Read),
            None | Some("read_write") => Ok(Permission::ReadWrite),
            Some("admin") => Ok(Permission::Admin),
            Some(other) => Err(ManagerError::Value(format!(
                "Invalid permission: {other}. It is 'read', 'read_write' or 'admin'"
            ))),
        }
    }
}

fn invalid(error: TokenError) -> ManagerError {
    ManagerError::Value(format!("Invalid token: {error}"))
}
