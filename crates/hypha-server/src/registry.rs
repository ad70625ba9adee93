//! What a server knows of workspaces, clients and services.
//!
//! Nothing outside the registry and the router may assume that there is one process: a shared store takes the place of
//! [`MemoryRegistry`] where there are several.

mod event_log;
mod kept;
pub(crate) mod limits;
mod memory;
mod pattern;
mod revocations;
mod service;
mod workspace;

use std::fmt::Debug;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::identity::{TokenId, User};

pub(crate) use self::event_log::LoggedEvent;
pub(crate) use self::kept::Kept;
pub(crate) use self::limits::SERVICES_PER_CLIENT;
pub(crate) use self::memory::MemoryRegistry;
pub(crate) use self::pattern::Pattern;
pub(crate) use self::service::{ServiceFilter, ServiceRecord};
pub(crate) use self::workspace::{Full, Workspace};

/// Where the state of a server lives.
pub(crate) trait Registry: Debug + Send + Sync {
    /// A client that was let in joined a workspace, which comes up if it is not there and the client's user is at home in
    /// it; says whether it is there. One that comes back over another connection keeps its services.
    fn add_client<'a>(
        &'a self,
        workspace: &'a str,
        client_id: &'a str,
        user: &'a User,
        connection: u64,
    ) -> BoxFuture<'a, bool>;

    /// A client left, and its services with it. A workspace that is not persistent goes with its last client. False if
    /// the client is there over another connection than the one that is named, or not at all.
    fn remove_client<'a>(
        &'a self,
        workspace: &'a str,
        client_id: &'a str,
        connection: Option<u64>,
    ) -> BoxFuture<'a, bool>;

    /// The clients of a workspace by their ids, with what is told of the users behind them.
    fn clients<'a>(&'a self, workspace: &'a str) -> BoxFuture<'a, Vec<(String, Kept)>>;

    /// Whether a client is in a workspace.
    fn has_client<'a>(&'a self, workspace: &'a str, client_id: &'a str) -> BoxFuture<'a, bool>;

    /// Registers a service in the place of one with the same id, which is returned. `limit` is how many services its
    /// client may have.
    fn add_service(
        &self,
        service: ServiceRecord,
        limit: usize,
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
    /// by birth are always there.
    fn enter<'a>(
        &'a self,
        workspace: &'a str,
        user: &'a User,
    ) -> BoxFuture<'a, Option<Vec<String>>>;

    /// Remembers that a token is refused until it ends by itself, in seconds since 1970. False if there are too many.
    fn revoke(&self, token: TokenId, until: u64, now: u64) -> BoxFuture<'_, bool>;

    /// Whether a token is refused.
    fn is_revoked(&self, token: TokenId) -> BoxFuture<'_, bool>;

    /// A workspace that is there.
    fn workspace<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Option<Arc<Workspace>>>;

    /// The workspaces that a user owns or has permissions for, by their ids.
    fn workspaces_of<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Vec<Arc<Workspace>>>;

    /// Brings a user's own workspace up if it is not there.
    fn open_workspace<'a>(&'a self, user: &'a User) -> BoxFuture<'a, ()>;

    /// Takes a temporary workspace down that no client is in.
    fn close_workspace<'a>(&'a self, id: &'a str) -> BoxFuture<'a, ()>;

    /// Creates a workspace for a user, in the place of one with the same id if that is wanted.
    fn create_workspace<'a>(
        &'a self,
        workspace: Workspace,
        user: &'a User,
        overwrite: bool,
    ) -> BoxFuture<'a, Result<(), NotCreated>>;

    /// Changes a workspace, and returns it as it is then. The change may be made more than once, on copies.
    fn change_workspace<'a>(
        &'a self,
        id: &'a str,
        change: Change<'a>,
    ) -> BoxFuture<'a, Result<Arc<Workspace>, NotChanged>>;

    /// Removes a workspace, but not the clients in it.
    fn remove_workspace<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Option<Arc<Workspace>>>;

    /// Logs an event in a workspace, if that is there.
    fn log_event<'a>(&'a self, workspace: &'a str, event: LoggedEvent) -> BoxFuture<'a, ()>;

    /// The events that a user logged in a workspace, the oldest first.
    fn events<'a>(
        &'a self,
        workspace: &'a str,
        user_id: &'a str,
    ) -> BoxFuture<'a, Vec<LoggedEvent>>;
}

/// A change of a workspace; nothing changes if it fails.
pub(crate) type Change<'a> = Box<dyn Fn(&mut Workspace) -> Result<(), Full> + Send + Sync + 'a>;

/// Why a workspace was not created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotCreated {
    Exists,
    /// Its user has as many as a user may have.
    TooMany {
        there: usize,
        limit: usize,
    },
    /// It is too large.
    Full,
}

/// Why a workspace was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotChanged {
    NotFound,
    /// It would be too large.
    Full,
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
