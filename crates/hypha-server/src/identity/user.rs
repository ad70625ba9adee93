use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Permission;

/// The permission that counts for every workspace, in [`Scope::workspaces`].
pub(crate) const EVERY_WORKSPACE: &str = "*";

/// A user as the server describes it to peers (protocol section 3.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct User {
    /// The user's id.
    pub(crate) id: String,
    /// Roles, such as `admin`.
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    /// Whether the user has not logged in.
    #[serde(default)]
    pub(crate) is_anonymous: bool,
    /// What the user may do where.
    #[serde(default)]
    pub(crate) scope: Scope,
    /// Address for mail.
    #[serde(default)]
    pub(crate) email: Option<String>,
    /// The user who made the token that this user came with.
    #[serde(default)]
    pub(crate) parent: Option<String>,
    /// When the token ends, in seconds since 1970.
    #[serde(default)]
    pub(crate) expires_at: Option<f64>,
    /// The workspace that the user acts in, where that is not the one of its scope.
    #[serde(default)]
    pub(crate) current_workspace: Option<String>,
}

/// What a user may do where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scope {
    /// The workspace that the user works in.
    #[serde(default)]
    pub(crate) current_workspace: Option<String>,
    /// Permission in each workspace; `*` stands for all of them.
    #[serde(default)]
    pub(crate) workspaces: BTreeMap<String, Permission>,
    /// The only client id that may be used.
    #[serde(default)]
    pub(crate) client_id: Option<String>,
    /// What else a token is good for. One with a colon makes the token good for nothing but that.
    #[serde(default)]
    pub(crate) extra_scopes: Vec<String>,
}

impl User {
    /// Somebody without a token, with all rights in a workspace of its own.
    pub(crate) fn anonymous(id: impl Into<String>) -> Self {
        let mut user = Self {
            id: id.into(),
            roles: vec!["anonymous".to_owned()],
            is_anonymous: true,
            scope: Scope::default(),
            email: None,
            parent: None,
            expires_at: None,
            current_workspace: None,
        };
        user.scope
            .workspaces
            .insert(user.own_workspace(), Permission::Admin);
        user
    }

    /// The server itself, and whoever has its root token.
    pub(crate) fn root() -> Self {
        Self {
            id: "root".to_owned(),
            roles: vec!["admin".to_owned()],
            is_anonymous: false,
            scope: Scope {
                workspaces: BTreeMap::from([(EVERY_WORKSPACE.to_owned(), Permission::Admin)]),
                ..Scope::default()
            },
            email: None,
            parent: None,
            expires_at: None,
            current_workspace: None,
        }
    }

    /// The workspace that every user has.
    pub(crate) fn own_workspace(&self) -> String {
        format!("ws-user-{}", self.id)
    }

    /// What the user may do in a workspace: the strongest of what is said of it and of all.
    pub(crate) fn permission_in(&self, workspace: &str) -> Option<Permission> {
        let said = |name: &str| self.scope.workspaces.get(name).copied();
        said(workspace).max(said(EVERY_WORKSPACE))
    }

    /// Whether the user may do what needs this permission.
    pub(crate) fn may(&self, needed: Permission, workspace: &str) -> bool {
        self.permission_in(workspace)
            .is_some_and(|permission| permission >= needed)
    }
}
