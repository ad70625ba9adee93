//! What runs a method of ours, as the engine carries it.

use std::sync::Arc;

use hypha_e2e::PublicKey;

use crate::built_in::BuiltIn;
use crate::sealing::Sealing;
use crate::service::{Method, MethodService, Param};

/// What runs a method of ours.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A method of the built-in service: the link answers it itself, so that a client is never
    /// taken for dead because its handlers are busy (protocol section 18, rule 18).
    BuiltIn(BuiltIn),
    /// A method of the user.
    User(Arc<UserMethod>),
}

/// A method of the user and the names of its parameters.
#[derive(Debug)]
pub(crate) struct UserMethod {
    pub(crate) service: MethodService,
    pub(crate) params: Arc<Vec<Param>>,
    /// Whether callers may pass functions of clients outside their workspace.
    pub(crate) foreign_functions: bool,
    pub(crate) keys: Keys,
}

/// The keys that a method is called with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    /// Whose calls are taken, which must be encrypted then.
    pub(crate) trusted: Option<TrustedKeys>,
    /// What opens calls and seals their answers, if the method went out in a message that was encrypted:
    /// callers know us by the key of that message.
    pub(crate) sealing: Option<Arc<Sealing>>,
}

/// Keys of those who may call.
pub(crate) type TrustedKeys = Arc<[PublicKey]>;

impl Target {
    /// A method that is called with these keys.
    pub(crate) fn method(method: &Method, keys: Keys) -> Self {
        Self::User(Arc::new(UserMethod {
            service: method.service(),
            params: Arc::clone(&method.params),
            foreign_functions: method.foreign_functions,
            keys,
        }))
    }
}
