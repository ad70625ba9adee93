//! What runs a method of ours, as the engine carries it.

use std::sync::Arc;

use hypha_e2e::PublicKey;

use crate::built_in::BuiltIn;
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
    /// Whose calls are taken, which must be encrypted then.
    pub(crate) trusted: Option<TrustedKeys>,
}

/// Keys of those who may call.
pub(crate) type TrustedKeys = Arc<[PublicKey]>;

impl Target {
    pub(crate) fn method(method: &Method) -> Self {
        Self::method_for(method, None)
    }

    /// A method that is called by the owners of these keys alone, if there are some.
    pub(crate) fn method_for(method: &Method, trusted: Option<TrustedKeys>) -> Self {
        Self::User(Arc::new(UserMethod {
            service: method.service(),
            params: Arc::clone(&method.params),
            foreign_functions: method.foreign_functions,
            trusted,
        }))
    }
}
