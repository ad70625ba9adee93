//! The server's manager: its methods by subject (wire-protocol section 10.5).

mod clients;
mod environment;
mod event_log;
mod service_types;
mod services;
mod tokens;
mod workspaces;

use std::fmt;

use hypha_rpc_core::{MethodCall, Peer};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::clients::{ClientEntry, UserInfo, UserScope};
pub use self::event_log::{EventCount, EventQuery, LoggedEvent};
pub use self::service_types::ServiceTypeInfo;
pub use self::services::{SearchPage, ServiceInfo, ServiceQuery, ServiceSearch};
pub use self::tokens::{Permission, TokenOptions};
pub use self::workspaces::{
    Bookmark, CleanupReport, StatusReport, WorkspaceInfo, WorkspaceOptions, WorkspaceQuery,
    WorkspaceSummary,
};
use crate::client::Client;
use crate::error::Error;

/// The manager of the server, with all of its methods by name: for those that [`Client`] has no method for.
///
/// ```no_run
/// # async fn example(server: hypha_client::Client) -> Result<(), hypha_client::Error> {
/// let answer: String = server.manager().call("echo", ("hello",)).await?;
/// let summary = server.manager().method("get_summary").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Manager {
    peer: Peer,
}

impl Manager {
    pub(crate) fn new(peer: Peer) -> Self {
        Self { peer }
    }

    /// Calls a method with positional arguments and reads its result.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn call<T: DeserializeOwned>(
        &self,
        name: &str,
        args: impl hypha_rpc_core::Arguments,
    ) -> Result<T, Error> {
        Ok(self.method(name).args(args).decode().await?)
    }

    /// Starts a call that has more to say than positional arguments.
    pub fn method(&self, name: &str) -> MethodCall {
        self.peer.manager_method(name)
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Manager")
            .field(&self.peer.manager())
            .finish()
    }
}

impl Client {
    /// Says something to the manager, which says it again.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn echo<T: Serialize + DeserializeOwned>(&self, data: &T) -> Result<T, Error> {
        self.ask("echo", |call| call.args((data,))).await
    }

    /// Calls a method of the manager and reads its result.
    async fn ask<T: DeserializeOwned>(
        &self,
        name: &str,
        fill: impl FnOnce(MethodCall) -> MethodCall,
    ) -> Result<T, Error> {
        Ok(fill(self.peer().manager_method(name)).decode().await?)
    }

    /// Calls a method of the manager whose result says nothing.
    async fn tell(
        &self,
        name: &str,
        fill: impl FnOnce(MethodCall) -> MethodCall,
    ) -> Result<(), Error> {
        fill(self.peer().manager_method(name)).send().await?;
        Ok(())
    }
}

/// Adds an argument by name if there is one: what is left out keeps the server's default.
trait OptionalArgument {
    fn optional(self, name: &'static str, value: Option<impl Serialize>) -> Self;
}

impl OptionalArgument for MethodCall {
    fn optional(self, name: &'static str, value: Option<impl Serialize>) -> Self {
        match value {
            Some(value) => self.kwarg(name, value),
            None => self,
        }
    }
}
