//! What a server knows of workspaces, clients and services.
//!
//! Nothing outside the registry and the router may assume that there is one process: a shared store takes the place of
//! [`MemoryRegistry`] where there are several.

mod memory;

use std::fmt::Debug;

use futures_util::future::BoxFuture;

use crate::identity::User;

pub(crate) use self::memory::MemoryRegistry;

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
}
