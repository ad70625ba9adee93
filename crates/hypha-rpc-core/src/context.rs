//! Who calls: the identity that the server wrote into the header of a call.

use std::sync::{Arc, OnceLock};

use hypha_codec::{Packet, Value};
use hypha_e2e::PublicKey;

use crate::address::Address;

/// The identity of the caller of a method, and what else is known of the call.
///
/// A handler that takes a `Context` at any position gets it. Everything here comes from the header
/// that the server wrote, or from what a direct link was made with; nothing in the payload of the
/// caller can change it (protocol section 3.5).
#[derive(Clone, Debug)]
pub struct Context {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    from: Address,
    local: Address,
    user: OnceLock<Option<Arc<Value>>>,
    packet: Packet,
    key: Option<PublicKey>,
}

impl Context {
    /// The context of a call that a server relayed, or with `direct_user` the user that a direct
    /// link was made with.
    pub(crate) fn new(
        from: Address,
        local: Address,
        packet: Packet,
        direct_user: Option<Option<Arc<Value>>>,
        key: Option<PublicKey>,
    ) -> Self {
        let user = direct_user.map_or_else(OnceLock::new, OnceLock::from);
        Self {
            inner: Arc::new(Inner {
                from,
                local,
                user,
                packet,
                key,
            }),
        }
    }

    /// The caller: its workspace and client id.
    #[must_use]
    pub fn from(&self) -> &Address {
        &self.inner.from
    }

    /// The address at which the call arrived: ours.
    #[must_use]
    pub fn to(&self) -> &Address {
        &self.inner.local
    }

    /// The workspace of the caller, `ws` in other clients. For calls of the server itself the
    /// workspace it acts for, as it wrote it.
    #[must_use]
    pub fn workspace(&self) -> &str {
        let written = self
            .inner
            .packet
            .header()
            .ok()
            .and_then(|header| header.ws());
        match written {
            Some(workspace) if self.inner.from.is_manager() => workspace,
            _ => self.inner.from.workspace(),
        }
    }

    /// The user behind the caller: a map with `id`, `roles`, `is_anonymous`, `scope`, `email` and
    /// more (protocol section 3.4).
    #[must_use]
    pub fn user(&self) -> Option<&Value> {
        let read = || {
            hypha_codec::decode(self.inner.packet.user().ok()??)
                .ok()
                .map(Arc::new)
        };
        self.inner.user.get_or_init(read).as_deref()
    }

    /// The id of the user behind the caller.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.user()?.get("id")?.as_str()
    }

    /// Whether the user behind the caller has not logged in. Without a user: true.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.user()
            .and_then(|user| user.get("is_anonymous")?.as_bool())
            .unwrap_or(true)
    }

    /// Whether the call came encrypted: `encryption` in other clients.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.inner.key.is_some()
    }

    /// The key that the call was encrypted with; nobody without its private key can have made it.
    #[must_use]
    pub fn caller_public_key(&self) -> Option<PublicKey> {
        self.inner.key
    }

    /// The path of the method that is called, such as `services.calculator.add`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.inner
            .packet
            .header()
            .ok()
            .and_then(|header| header.method())
            .unwrap_or_default()
    }

    /// The caller's session of this call, if it wants an answer.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.inner
            .packet
            .header()
            .ok()
            .and_then(|header| header.session())
    }
}
