//! What a user may do where, and how tokens write it (protocol section 14).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Permission;

const WORKSPACE: &str = "ws:";
const CLIENT: &str = "cid:";
const CURRENT: &str = "wid:";

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
    /// What else a token is good for. None for users who came without one.
    #[serde(default)]
    pub(crate) extra_scopes: Option<Vec<String>>,
}

impl Scope {
    /// Reads what stands in a token. None if a permission is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut scope = Self::default();
        let mut extra = Vec::new();
        for part in text
            .split(' ')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            if let Some(grant) = part.strip_prefix(WORKSPACE) {
                let (workspace, code) = grant.split_once('#')?;
                let permission = Permission::from_code(code)?;
                scope.workspaces.insert(workspace.to_owned(), permission);
            } else if let Some(client) = part.strip_prefix(CLIENT) {
                scope.client_id = Some(client.to_owned());
            } else if let Some(workspace) = part.strip_prefix(CURRENT) {
                scope.current_workspace = Some(workspace.to_owned());
            } else {
                extra.push(part.to_owned());
            }
        }
        scope.extra_scopes = Some(extra);
        Some(scope)
    }

    /// Writes it for a token. None for names that would read as something else there: a client that calls itself
    /// `x ws:other#a` gets no token for that workspace.
    pub(crate) fn to_token(&self) -> Option<String> {
        let mut parts = Vec::new();
        for (workspace, permission) in &self.workspaces {
            if workspace.contains('#') {
                return None;
            }
            parts.push(format!("{WORKSPACE}{workspace}#{}", permission.code()));
        }
        if let Some(client) = &self.client_id {
            parts.push(format!("{CLIENT}{client}"));
        }
        if let Some(workspace) = &self.current_workspace {
            parts.push(format!("{CURRENT}{workspace}"));
        }
        for extra in self.extra_scopes.iter().flatten() {
            if [WORKSPACE, CLIENT, CURRENT]
                .iter()
                .any(|prefix| extra.starts_with(prefix))
            {
                return None;
            }
            parts.push(extra.clone());
        }
        let is_one_word =
            |part: &String| !part.contains(|c: char| c.is_whitespace() || c.is_control());
        parts.iter().all(is_one_word).then(|| parts.join(" "))
    }

    /// What makes a token good for nothing but that: scopes like `file:download`. Those of other logins, such as
    /// `openid`, have no colon.
    pub(crate) fn specialized(&self) -> impl Iterator<Item = &str> {
        let all = self.extra_scopes.iter().flatten();
        all.map(String::as_str).filter(|scope| scope.contains(':'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let text = "ws:*#r ws:v#rw ws:w#a cid:c wid:w openid file:download";
        let scope = Scope::parse(text).unwrap();
        assert_eq!(scope.workspaces["v"], Permission::ReadWrite);
        assert_eq!(scope.client_id.as_deref(), Some("c"));
        assert_eq!(scope.current_workspace.as_deref(), Some("w"));
        assert_eq!(scope.specialized().collect::<Vec<_>>(), ["file:download"]);
        assert_eq!(scope.to_token().as_deref(), Some(text));
        assert_eq!(Scope::parse("").unwrap().extra_scopes, Some(vec![]));
    }

    #[test]
    fn permissions_that_are_none_are_refused() {
        for text in ["ws:w", "ws:w#", "ws:w#x", "ws:w#a#a", "ws:w#A", "ws:w#rwa"] {
            assert_eq!(Scope::parse(text), None, "{text}");
        }
    }

    #[test]
    fn names_do_not_smuggle_grants_into_a_token() {
        let with = |change: fn(&mut Scope)| {
            let mut scope = Scope::parse("ws:w#r").unwrap();
            change(&mut scope);
            scope.to_token()
        };
        assert_eq!(with(|s| s.client_id = Some("x ws:v#a".into())), None);
        assert_eq!(with(|s| s.client_id = Some("x\u{a0}y".into())), None);
        assert_eq!(
            with(|s| s.current_workspace = Some("w ws:v#a".into())),
            None
        );
        assert_eq!(with(|s| s.extra_scopes = Some(vec!["ws:v#a".into()])), None);
        assert_eq!(with(|s| s.extra_scopes = Some(vec!["wid:v".into()])), None);
        assert_eq!(
            with(|s| s.extra_scopes = Some(vec!["x cid:d".into()])),
            None
        );
        let grant = |s: &mut Scope| {
            s.workspaces.insert("v#a ws:u".into(), Permission::Read);
        };
        assert_eq!(with(grant), None);
    }
}
