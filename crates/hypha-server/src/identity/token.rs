//! Tokens: made, read and revoked here and nowhere else.

use std::sync::Arc;
use std::time::Duration;

use hmac::Mac as _;
use hypha_rpc_core::Secret;

use super::clock::unix_seconds;
use super::jwt::Signer;
use super::{User, claims};
use crate::registry::Registry;
use crate::settings::Settings;

pub(crate) use super::jwt::TokenId;

/// Clients that take their token from an HTTP header may leave this before it.
const BEARER: &str = "bearer ";

/// Makes tokens and reads them. Servers with the same secret take each other's (protocol section 14).
///
/// The methods of the manager go like this: `generate_token` is
/// `tokens.issue(&caller.child(scope)?, life)`, `parse_token` is `tokens.parse(&token).await`, `revoke_token` is
/// `tokens.revoke(&token).await`, each after its own look at what the caller may do.
#[derive(Debug)]
pub(crate) struct Tokens {
    signer: Signer,
    root: Option<Secret>,
    reconnection_life: Duration,
    registry: Arc<dyn Registry>,
}

/// Why a token is not taken, or not made, in the words that clients are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("Error decoding token headers.")]
    Header,
    #[error("Invalid algorithm")]
    Algorithm,
    #[error("Signature verification failed.")]
    Signature,
    #[error("Invalid token claims")]
    Claims,
    #[error("Invalid audience")]
    Audience,
    #[error("Invalid issuer")]
    Issuer,
    #[error("The token is not yet valid (nbf)")]
    NotYet,
    #[error("The token has expired. Please fetch a new one")]
    Expired,
    #[error("The token is too long")]
    TooLong,
    #[error("Token has been revoked")]
    Revoked,
    #[error("Names of workspaces, clients and scopes in a token must be single words")]
    Scope,
    #[error("The root token cannot be revoked")]
    Root,
    #[error("Too many tokens are revoked")]
    Full,
}

impl Tokens {
    /// Tokens signed with a secret, as the settings say.
    pub(crate) fn new(secret: &Secret, settings: &Settings, registry: Arc<dyn Registry>) -> Self {
        let root = settings.root_token.clone();
        Self {
            signer: Signer::new(secret),
            root: root.filter(|root| !root.expose().is_empty()),
            reconnection_life: settings.reconnection_life,
            registry,
        }
    }

    /// A token for a user to come back with after its connection was lost.
    ///
    /// # Errors
    /// [`TokenError::Scope`] if a name in its scope cannot be written.
    pub(crate) fn issue_reconnection(&self, user: &User) -> Result<String, TokenError> {
        self.issue(user, self.reconnection_life)
    }

    /// A token for a user, as the user is described, good for so long from now.
    ///
    /// # Errors
    /// [`TokenError::Scope`] if a name in its scope cannot be written.
    pub(crate) fn issue(&self, user: &User, life: Duration) -> Result<String, TokenError> {
        let claims = claims::write(user, unix_seconds(), life.as_secs())?;
        Ok(self.signer.sign(&claims))
    }

    /// The user that a token stands for.
    ///
    /// # Errors
    /// Why it does not hold, or holds no more.
    pub(crate) async fn parse(&self, token: &str) -> Result<User, TokenError> {
        let token = bare(token);
        if self.is_root(token) {
            return Ok(User::root());
        }
        let (user, id) = self.read(token)?;
        if self.registry.is_revoked(id).await || self.is_revoked(&user).await {
            return Err(TokenError::Revoked);
        }
        Ok(user)
    }

    /// Has a token refused from now on, until it ends by itself. If somebody made it for a user of its own, so are the
    /// tokens that were issued to this user to come back with, and the user is returned: nobody else goes by that id.
    ///
    /// # Errors
    /// Why it does not hold anyway, or that there are too many.
    pub(crate) async fn revoke(&self, token: &str) -> Result<Option<User>, TokenError> {
        let token = bare(token);
        if self.is_root(token) {
            return Err(TokenError::Root);
        }
        let (user, id) = self.read(token)?;
        let now = unix_seconds();
        let end = user.expires_at.unwrap_or_default().ceil() as u64;
        self.refuse(id, end, now).await?;
        if user.parent.is_none() {
            return Ok(None);
        }
        let end = end.max(now.saturating_add(self.reconnection_life.as_secs()));
        self.refuse(self.id_of(&user), end, now).await?;
        Ok(Some(user))
    }

    /// Whether the token that somebody made for this user was revoked.
    pub(crate) async fn is_revoked(&self, user: &User) -> bool {
        self.registry.is_revoked(self.id_of(user)).await
    }

    async fn refuse(&self, id: TokenId, until: u64, now: u64) -> Result<(), TokenError> {
        let is_done = self.registry.revoke(id, until, now).await;
        is_done.then_some(()).ok_or(TokenError::Full)
    }

    /// Stands for all tokens of a user among those that are revoked.
    fn id_of(&self, user: &User) -> TokenId {
        self.signer
            .mac(user.id.as_bytes())
            .finalize()
            .into_bytes()
            .into()
    }

    fn read(&self, token: &str) -> Result<(User, TokenId), TokenError> {
        let (claims, id) = self.signer.verify(token)?;
        Ok((claims::read(&claims, unix_seconds())?, id))
    }

    fn is_root(&self, token: &str) -> bool {
        self.root.as_ref().is_some_and(|root| {
            let wanted = self.signer.mac(root.expose().trim().as_bytes()).finalize();
            // Compared in a time that tells nothing.
            self.signer.mac(token.as_bytes()).finalize() == wanted
        })
    }
}

fn bare(token: &str) -> &str {
    let token = token.trim();
    match token.get(..BEARER.len()) {
        Some(word) if word.eq_ignore_ascii_case(BEARER) => token[BEARER.len()..].trim(),
        _ => token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Permission, Scope};
    use crate::registry::MemoryRegistry;

    const HOUR: Duration = Duration::from_secs(3600);

    fn with(secret: &str, root: &str) -> Tokens {
        let settings = Settings {
            root_token: Some(root.into()),
            ..Settings::default()
        };
        let registry = Arc::new(MemoryRegistry::default());
        Tokens::new(&secret.into(), &settings, registry)
    }

    fn tokens() -> Tokens {
        with("secret", "the-root-token")
    }

    fn user() -> User {
        let scope = Scope::parse("ws:w#rw cid:c wid:w").unwrap();
        User::anonymous("u").child(scope).unwrap()
    }

    /// Made by the reference server: `_generate_presigned_token` with the secret `interchange`.
    const OF_THE_REFERENCE: &str = include_str!("../../tests/data/reference_token.txt");

    #[tokio::test]
    async fn tokens_of_the_reference_server_are_taken() {
        let tokens = with("interchange", "");
        let user = tokens.parse(OF_THE_REFERENCE).await.unwrap();
        assert_eq!(user.id, "user-1");
        assert_eq!(user.email.as_deref(), Some("user@example.org"));
        assert_eq!(user.parent.as_deref(), Some("parent-1"));
        assert_eq!(user.roles, ["someone"]);
        assert_eq!(user.permission_in("team"), Some(Permission::ReadWrite));
        assert_eq!(
            user.permission_in("ws-user-user-1"),
            Some(Permission::Admin)
        );
        assert_eq!(user.scope.client_id.as_deref(), Some("client-1"));
        assert_eq!(user.scope.current_workspace.as_deref(), Some("team"));
        assert_eq!(
            user.scope.extra_scopes.as_deref(),
            Some(&["openid".to_owned()][..])
        );
    }

    #[tokio::test]
    async fn what_is_issued_is_taken() {
        let tokens = tokens();
        let user = user();
        let token = tokens.issue(&user, HOUR).unwrap();
        for text in [
            token.clone(),
            format!(" {token}\n"),
            format!("Bearer {token}"),
        ] {
            let read = tokens.parse(&text).await.unwrap();
            assert_eq!((&read.id, &read.parent), (&user.id, &user.parent));
            assert_eq!(read.permission_in("w"), Some(Permission::ReadWrite));
        }
        assert_eq!(tokens.parse("Bearer ").await, Err(TokenError::Header));
    }

    #[tokio::test]
    async fn the_root_token_is_taken_as_a_whole() {
        let tokens = tokens();
        assert_eq!(tokens.parse("the-root-token").await, Ok(User::root()));
        for text in ["the-root-toke", "the-root-token-x", "THE-ROOT-TOKEN", ""] {
            assert_eq!(tokens.parse(text).await, Err(TokenError::Header), "{text}");
        }
        assert_eq!(tokens.revoke("the-root-token").await, Err(TokenError::Root));
        assert!(!format!("{tokens:?}").contains("the-root-token"));
        let without = with("secret", "");
        assert_eq!(without.parse("").await, Err(TokenError::Header));
    }

    #[tokio::test]
    async fn revoked_and_expired_tokens_are_refused() {
        let tokens = tokens();
        let (child, mut person) = (user(), user());
        person.parent = None;
        let [one, other] = [(); 2].map(|()| tokens.issue(&user(), HOUR).unwrap());
        let [of_child, of_person] = [&child, &person].map(|user| tokens.issue(user, HOUR).unwrap());
        let [child_back, person_back] =
            [&child, &person].map(|user| tokens.issue_reconnection(user).unwrap());
        let revoked = tokens.revoke(&of_child).await.unwrap();
        assert_eq!(revoked.map(|user| user.id), Some(child.id));
        assert_eq!(tokens.parse(&child_back).await, Err(TokenError::Revoked));
        // A person has other tokens, too.
        assert_eq!(tokens.revoke(&of_person).await, Ok(None));
        assert!(tokens.parse(&person_back).await.is_ok());
        tokens.revoke(&one).await.unwrap();
        assert_eq!(tokens.parse(&one).await, Err(TokenError::Revoked));
        assert_eq!(
            tokens.parse(&format!("Bearer {one}")).await,
            Err(TokenError::Revoked)
        );
        assert!(tokens.parse(&other).await.is_ok());
        let expired = tokens.issue(&user(), Duration::ZERO).unwrap();
        assert_eq!(tokens.parse(&expired).await, Err(TokenError::Expired));
        assert_eq!(tokens.revoke(&expired).await, Err(TokenError::Expired));
    }
}
