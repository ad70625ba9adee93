//! What a server knows of workspaces, clients and services.
//!
//! Nothing outside the registry and the router may assume that there is one process: a shared store takes the place of
//! [`MemoryRegistry`] where there are several.

mod limits;
mod memory;
mod pattern;
mod revocations;
mod service;

use std::fmt::Debug;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::identity::{TokenId, User};

pub(crate) use self::memory::MemoryRegistry;
pub(crate) use self::pattern::Pattern;
pub(crate) use self::service::{ServiceFilter, ServiceRecord};

/// Where the state of a server lives.
pub(crate) trait Registry: Debug + Send + Sync {
    /// A client joined a workspace.
    fn add_client<'a>(
        &'a self,
        workspace: &'a str,
        client_id: &'a str,
        user: &'a User,
    ) -> BoxFuture<'a, ()>;

    /// A client left, and its services with it.
    fn remove_client<'a>(&'a self, workspace: &'a str, client_id: &'a str) -> BoxFuture<'a, ()>;

    /// The clients of a workspace by their ids, with the users behind them.
    fn clients<'a>(&'a self, workspace: &'a str) -> BoxFuture<'a, Vec<(String, User)>>;

    /// Registers a service in the place of one with the same id, which is returned.
    fn add_service(
        &self,
        service: ServiceRecord,
    ) -> BoxFuture<'_, Result<Option<Arc<ServiceRecord>>, NotAdded>>;

    /// Takes a service back, and returns it if it was there.
    fn remove_service<'a>(
        &'a self,
        workspace: &'a str,
        client_id: &'a str,
        service_id: &'a str,
    ) -> BoxFuture<'a, Option<Arc<ServiceRecord>>>;

    /// The services that pass a filter, in the order of their registration.
    fn services<'a>(&'a self, filter: &'a ServiceFilter) -> BoxFuture<'a, Vec<Arc<ServiceRecord>>>;

    /// The owners of a workspace that a user wants to enter; None if there is no such workspace. Those that a user has
    /// by birth come into being here.
    fn enter<'a>(
        &'a self,
        workspace: &'a str,
        user: &'a User,
    ) -> BoxFuture<'a, Option<Vec<String>>>;

    /// Remembers that a token is refused until it ends by itself, in seconds since 1970. False if there are too many.
    fn revoke(&self, token: TokenId, until: u64, now: u64) -> BoxFuture<'_, bool>;

    /// Whether a token is refused.
    fn is_revoked(&self, token: TokenId) -> BoxFuture<'_, bool>;
}

/// Why a service was not registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotAdded {
    /// Its client is gone, or has no built-in service yet.
    NoClient,
    /// Its client has as many as it may have.
    TooMany { there: usize, limit: usize },
    /// Its client would have more bytes of descriptions than it may have.
    TooLarge { limit: usize },
    /// A service of this name must be alone in the workspace, and is not.
    NotAlone,
}
