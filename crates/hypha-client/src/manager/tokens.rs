//! Tokens that let others in.

use std::time::Duration;

use hypha_rpc_core::Secret;
use serde::Serialize;

use super::UserInfo;
use crate::client::Client;
use crate::error::Error;

/// What a token lets its bearer do in the workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Permission {
    /// Look and call.
    Read,
    /// Register services too.
    #[default]
    ReadWrite,
    /// Make tokens and change the workspace too.
    Admin,
}

/// What a token is to be like.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TokenOptions {
    /// How long it is good, in whole seconds; an hour without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// For which workspace; ours without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// What it allows.
    pub permission: Permission,
    /// Scopes that mean something to services.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_scopes: Vec<String>,
    /// The only client id that it admits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The address that it states; for administrators of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl TokenOptions {
    /// The server's defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long it is good; parts of a second are cut off.
    #[must_use]
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expires_in = Some(time.as_secs());
        self
    }

    /// For which workspace.
    #[must_use]
    pub fn workspace(mut self, workspace: impl Into<String>) -> Self {
        self.workspace = Some(workspace.into());
        self
    }

    /// What it allows.
    #[must_use]
    pub fn permission(mut self, permission: Permission) -> Self {
        self.permission = permission;
        self
    }

    /// Adds a scope that means something to services.
    #[must_use]
    pub fn extra_scope(mut self, scope: impl Into<String>) -> Self {
        self.extra_scopes.push(scope.into());
        self
    }

    /// The only client id that it admits.
    #[must_use]
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// The address that it states; for administrators of the server.
    #[must_use]
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }
}

impl Client {
    /// Makes a token.
    ///
    /// # Errors
    /// What the manager says; making one needs the permission [`Admin`](Permission::Admin).
    pub async fn generate_token(&self, options: TokenOptions) -> Result<Secret, Error> {
        let token: String = self
            .ask("generate_token", |call| call.args((options,)))
            .await?;
        Ok(Secret::from(token))
    }

    /// Who the bearer of a token is to the server.
    ///
    /// # Errors
    /// What the manager says, also if the token is not good.
    pub async fn parse_token(&self, token: &Secret) -> Result<UserInfo, Error> {
        self.ask("parse_token", |call| call.args((token.expose(),)))
            .await
    }

    /// Ends a token: whoever connects with it is refused from now on.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn revoke_token(&self, token: &Secret) -> Result<(), Error> {
        self.tell("revoke_token", |call| call.args((token.expose(),)))
            .await
    }
}
