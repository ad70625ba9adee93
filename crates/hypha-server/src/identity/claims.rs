//! What a token says, and the user that it stands for (protocol section 14).

use serde::{Deserialize, Serialize};

use super::user::ANONYMOUS;
use super::{EVERY_WORKSPACE, Permission, Scope, TokenError, User};

const ISSUER: &str = "https://amun.ai/";
const AUDIENCE: &str = "https://amun-ai.eu.auth0.com/api/v2/";
const GRANT: &str = "client-credentials";

/// The claims of a token, in the order in which they are written.
#[derive(Debug, Serialize)]
struct Written<'a> {
    iss: &'static str,
    sub: &'a str,
    aud: &'static str,
    iat: u64,
    exp: u64,
    scope: String,
    gty: &'static str,
    #[serde(rename = "https://amun.ai/roles")]
    roles: &'a [String],
    #[serde(rename = "https://amun.ai/email")]
    email: Option<&'a str>,
    #[serde(
        rename = "https://amun.ai/parent",
        skip_serializing_if = "Option::is_none"
    )]
    parent: Option<&'a str>,
}

/// The claims that are looked at.
#[derive(Debug, Deserialize)]
struct Read {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    scope: String,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(rename = "https://amun.ai/roles", default)]
    roles: Vec<String>,
    #[serde(rename = "https://amun.ai/email", default)]
    email: Option<String>,
    #[serde(rename = "https://amun.ai/parent", default)]
    parent: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The claims of a token for a user.
pub(super) fn write(user: &User, now: u64, seconds: u64) -> Result<Vec<u8>, TokenError> {
    let claims = Written {
        iss: ISSUER,
        sub: &user.id,
        aud: AUDIENCE,
        iat: now,
        exp: now.saturating_add(seconds),
        scope: user.scope.to_token().ok_or(TokenError::Scope)?,
        gty: GRANT,
        roles: &user.roles,
        email: user.email.as_deref(),
        parent: user.parent.as_deref(),
    };
    serde_json::to_vec(&claims).map_err(|_| TokenError::Scope)
}

/// The user that claims stand for, if they hold now.
pub(super) fn read(claims: &[u8], now: u64) -> Result<User, TokenError> {
    let claims: Read = serde_json::from_slice(claims).map_err(|_| TokenError::Claims)?;
    let is_for_us = match &claims.aud {
        Audience::One(name) => name == AUDIENCE,
        Audience::Several(names) => names.iter().any(|name| name == AUDIENCE),
    };
    if !is_for_us {
        return Err(TokenError::Audience);
    }
    if claims.iss != ISSUER {
        return Err(TokenError::Issuer);
    }
    let now = now as f64;
    if claims.nbf.is_some_and(|from| from > now) {
        return Err(TokenError::NotYet);
    }
    if claims.exp <= now {
        return Err(TokenError::Expired);
    }
    let scope = Scope::parse(&claims.scope).ok_or(TokenError::Claims)?;
    let mut user = User {
        id: claims.sub,
        is_anonymous: claims.roles.iter().any(|role| role == ANONYMOUS),
        roles: claims.roles,
        email: claims.email,
        parent: claims.parent,
        expires_at: Some(claims.exp),
        current_workspace: scope.current_workspace.clone(),
        scope,
    };
    let own = user.own_workspace();
    user.scope.workspaces.insert(own, Permission::Admin);
    if user.is_admin() {
        let every = EVERY_WORKSPACE.to_owned();
        user.scope.workspaces.insert(every, Permission::Admin);
    }
    Ok(user)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: u64 = 1_795_428_774;

    fn claims(change: impl FnOnce(&mut Value)) -> Result<User, TokenError> {
        let mut user = User::anonymous("u");
        user.scope.current_workspace = Some("w".to_owned());
        user.scope
            .workspaces
            .insert("w".to_owned(), Permission::Read);
        let claims = write(&user, NOW, 60).unwrap();
        let mut claims: Value = serde_json::from_slice(&claims).unwrap();
        change(&mut claims);
        read(claims.to_string().as_bytes(), NOW)
    }

    #[test]
    fn a_token_stands_for_its_user() {
        let user = claims(|_| {}).unwrap();
        assert_eq!(user.id, "u");
        assert!(user.is_anonymous);
        assert_eq!(user.expires_at, Some((NOW + 60) as f64));
        assert_eq!(user.current_workspace.as_deref(), Some("w"));
        assert_eq!(user.permission_in("w"), Some(Permission::Read));
        assert_eq!(user.permission_in("ws-user-u"), Some(Permission::Admin));
        assert_eq!(user.permission_in("v"), None);
        let admin = claims(|c| c["https://amun.ai/roles"] = json!(["admin"])).unwrap();
        assert_eq!(admin.permission_in("v"), Some(Permission::Admin));
    }

    #[test]
    fn claims_that_do_not_hold_are_refused() {
        let set = |name: &'static str, value: Value| claims(move |c| c[name] = value);
        assert_eq!(set("exp", json!(NOW)), Err(TokenError::Expired));
        assert_eq!(set("nbf", json!(NOW + 1)), Err(TokenError::NotYet));
        assert_eq!(set("iss", json!("https://other/")), Err(TokenError::Issuer));
        assert_eq!(set("aud", json!("other")), Err(TokenError::Audience));
        assert_eq!(set("aud", json!([])), Err(TokenError::Audience));
        assert!(set("aud", json!(["x", AUDIENCE])).is_ok());
        assert_eq!(set("scope", json!("ws:w#root")), Err(TokenError::Claims));
        assert_eq!(set("exp", json!("never")), Err(TokenError::Claims));
        for name in ["iss", "sub", "aud", "exp", "scope"] {
            let without = claims(|c| drop(c.as_object_mut().unwrap().remove(name)));
            assert_eq!(without, Err(TokenError::Claims), "{name}");
        }
        for text in ["", "[]", "null", "{}"] {
            assert_eq!(
                read(text.as_bytes(), NOW),
                Err(TokenError::Claims),
                "{text}"
            );
        }
    }
}
