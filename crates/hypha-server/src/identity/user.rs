use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Permission, Scope};

/// The permission that counts for every workspace, in [`Scope::workspaces`].
pub(crate) const EVERY_WORKSPACE: &str = "*";

/// How the ids of the workspaces begin that users have by birth; their own ids follow.
pub(crate) const PERSONAL_WORKSPACE: &str = "ws-user-";

/// The workspace of the user who may do everything.
pub(crate) const ROOT_WORKSPACE: &str = "ws-user-root";

/// The workspace whose services everybody may use, and any of several services of a name is as good as another.
pub(crate) const PUBLIC_WORKSPACE: &str = "public";

/// The role of users who may do everything.
const ADMIN: &str = "admin";

/// The role of users who did not log in.
pub(super) const ANONYMOUS: &str = "anonymous";

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

impl User {
    /// Somebody without a token, with all rights in a workspace of its own.
    pub(crate) fn anonymous(id: impl Into<String>) -> Self {
        let mut user = Self {
            id: id.into(),
            roles: vec![ANONYMOUS.to_owned()],
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
            roles: vec![ADMIN.to_owned()],
            is_anonymous: false,
            scope: Scope {
                current_workspace: Some(EVERY_WORKSPACE.to_owned()),
                workspaces: BTreeMap::from([(EVERY_WORKSPACE.to_owned(), Permission::Admin)]),
                ..Scope::default()
            },
            email: None,
            parent: None,
            expires_at: None,
            current_workspace: None,
        }
    }

    /// A user that this one makes a token for: with an id of its own, no more than what `scope` says, and this user, or
    /// who made this one, as parent. Whoever may do everything passes that on only together with admin rights.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub(crate) fn child(&self, scope: Scope) -> Result<Self, getrandom::Error> {
        let is_admin = scope
            .workspaces
            .values()
            .any(|said| *said == Permission::Admin);
        let mut roles = self.roles.clone();
        roles.retain(|role| role != ADMIN || is_admin);
        Ok(Self {
            id: random_name()?,
            roles,
            is_anonymous: self.is_anonymous,
            current_workspace: scope.current_workspace.clone(),
            scope,
            email: self.email.clone(),
            parent: Some(self.parent.as_ref().unwrap_or(&self.id).clone()),
            expires_at: None,
        })
    }

    /// The workspace that every user has.
    pub(crate) fn own_workspace(&self) -> String {
        personal_workspace(&self.id)
    }

    /// Whether a workspace is the user's own, or that of the user who made its token.
    pub(crate) fn is_at_home_in(&self, workspace: &str) -> bool {
        let parents = self.parent.as_deref().map(personal_workspace);
        workspace == self.own_workspace() || parents.as_deref() == Some(workspace)
    }

    /// Whether the user is named as an owner of a workspace, or has it by birth. Users with a token that somebody made for
    /// them own nothing of that somebody: a token for reading would be one for everything.
    pub(crate) fn owns(&self, workspace: &str, owners: &[String]) -> bool {
        let mail = self.email.as_ref().filter(|_| self.parent.is_none());
        let is_named = |owner: &String| *owner == self.id || Some(owner) == mail;
        owners.iter().any(is_named) || workspace == self.own_workspace()
    }

    /// Whether the user may do everything.
    pub(crate) fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role == ADMIN)
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

/// A name for a user: 80 random bits in letters that workspace names may have, too.
///
/// # Errors
/// If the system gives no random numbers.
pub(crate) fn random_name() -> Result<String, getrandom::Error> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    Ok(bytes.iter().map(letter).collect())
}

fn personal_workspace(user: &str) -> String {
    format!("{PERSONAL_WORKSPACE}{user}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_look_as_the_reference_server_describes_them() {
        let mut user = User::anonymous("anonymouz-x");
        user.scope.current_workspace = Some(user.own_workspace());
        user.scope.client_id = Some("c".to_owned());
        user.expires_at = Some(1_795_429_474.0);
        let wanted = r#"{"id":"anonymouz-x","roles":["anonymous"],"is_anonymous":true,"scope":{"current_workspace":"ws-user-anonymouz-x","workspaces":{"ws-user-anonymouz-x":"a"},"client_id":"c","extra_scopes":null},"email":null,"parent":null,"expires_at":1795429474.0,"current_workspace":null}"#;
        assert_eq!(serde_json::to_string(&user).unwrap(), wanted);
        assert_eq!(serde_json::from_str::<User>(wanted).unwrap(), user);
    }

    #[test]
    fn children_may_do_no_more_than_their_token_says() {
        let scope = Scope::parse("ws:w#rw wid:w").unwrap();
        let child = User::root().child(scope.clone()).unwrap();
        assert!(!child.is_admin() && !child.may(Permission::Admin, "w"));
        assert_eq!(child.parent.as_deref(), Some("root"));
        let grandchild = child.child(scope).unwrap();
        assert_eq!(grandchild.parent.as_deref(), Some("root"));
        assert_ne!(grandchild.id, child.id);
        let admin = User::root().child(Scope::parse("ws:w#a").unwrap()).unwrap();
        assert!(admin.is_admin());
    }

    #[test]
    fn workspaces_belong_to_their_owners_and_to_users_by_birth() {
        let mut user = User::anonymous("u");
        user.email = Some("u@example.org".to_owned());
        assert!(user.owns("ws-user-u", &[]));
        assert!(user.owns("w", &["u@example.org".to_owned()]));
        assert!(user.owns("w", &["v".to_owned(), "u".to_owned()]));
        assert!(!user.owns("w", &["v".to_owned()]));
        assert!(!user.owns("ws-user-p", &[]));
        user.parent = Some("p".to_owned());
        assert!(user.is_at_home_in("ws-user-p"));
        assert!(user.owns("ws-user-u", &[]));
        for owner in ["p", "u@example.org"] {
            assert!(!user.owns("ws-user-p", &[owner.to_owned()]), "{owner}");
        }
        assert!(user.owns("w", &["u".to_owned()]));
    }
}
