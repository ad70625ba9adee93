//! Methods of the server's manager.

use std::collections::BTreeMap;
use std::time::Duration;

use hypha_client::{
    Arguments, Bookmark, CleanupReport, ClientEntry, EventCount, EventQuery, LoggedEvent,
    SearchPage, Secret, SelectMode, ServiceInfo, ServiceQuery, ServiceSearch, ServiceTypeInfo,
    StatusReport, TokenOptions, UserInfo, WorkspaceInfo, WorkspaceOptions, WorkspaceQuery,
    WorkspaceSummary,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::background::Background;
use crate::client::Client;
use crate::error::Error;
use crate::method_call::MethodCall;

/// The methods of the server's manager, by name.
#[derive(Clone, Debug)]
pub struct Manager {
    manager: hypha_client::Manager,
    background: Background,
}

impl Manager {
    pub(crate) fn new(manager: hypha_client::Manager, background: Background) -> Self {
        Self {
            manager,
            background,
        }
    }

    /// Calls a method with positional arguments and reads its result.
    ///
    /// # Errors
    /// What the manager says, and [`CannotBlock`](crate::CannotBlock).
    pub fn call<T: DeserializeOwned>(&self, name: &str, args: impl Arguments) -> Result<T, Error> {
        self.background.wait(self.manager.call(name, args))
    }

    /// Starts a call that has more to say than positional arguments.
    pub fn method(&self, name: &str) -> MethodCall {
        MethodCall::new(self.manager.method(name), self.background.clone())
    }
}

/// Methods that wait for those of the async client of the same names.
macro_rules! waits {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        impl Client {$(
            #[doc = concat!("As [`hypha_client::Client::", stringify!($name), "`], and waits for it.")]
            ///
            /// # Errors
            /// As there, and [`CannotBlock`](crate::CannotBlock).
            pub fn $name(&self, $($argument: $type),*) -> Result<$result, Error> {
                self.background().wait(self.as_async().$name($($argument),*))
            }
        )*}
    };
}

waits! {
    list_apps(workspace: Option<&str>) -> Vec<ServiceInfo>;
    list_clients(workspace: Option<&str>) -> Vec<ClientEntry>;
    ping(client_id: &str, timeout: Option<Duration>) -> ();
    set_env(key: &str, value: &str) -> ();
    get_env(key: &str) -> String;
    get_all_env() -> BTreeMap<String, String>;
    log(message: impl Serialize) -> ();
    log_event(event_type: &str, data: impl Serialize) -> ();
    get_events(query: EventQuery) -> Vec<LoggedEvent>;
    get_event_stats(query: EventQuery) -> Vec<EventCount>;
    register_service_type(service_type: &ServiceTypeInfo) -> ServiceTypeInfo;
    get_service_type(type_id: &str) -> ServiceTypeInfo;
    list_service_types(workspace: Option<&str>) -> Vec<ServiceTypeInfo>;
    list_services(query: impl Into<ServiceQuery>) -> Vec<ServiceInfo>;
    search_services(search: ServiceSearch) -> SearchPage;
    get_service_info(id: &str, mode: Option<SelectMode>) -> ServiceInfo;
    generate_token(options: TokenOptions) -> Secret;
    parse_token(token: &Secret) -> UserInfo;
    revoke_token(token: &Secret) -> ();
    list_workspaces(query: WorkspaceQuery) -> Vec<WorkspaceInfo>;
    create_workspace(options: WorkspaceOptions) -> WorkspaceInfo;
    delete_workspace(workspace: &str) -> ();
    get_workspace_info(workspace: Option<&str>) -> WorkspaceInfo;
    get_summary() -> WorkspaceSummary;
    bookmark(item: &Bookmark) -> ();
    unbookmark(item: &Bookmark) -> ();
    check_status() -> StatusReport;
    cleanup(workspace: Option<&str>, timeout: Option<Duration>) -> CleanupReport;
}

impl Client {
    /// Says something to the manager, which says it again.
    ///
    /// # Errors
    /// What the manager says, and [`CannotBlock`](crate::CannotBlock).
    pub fn echo<T: Serialize + DeserializeOwned>(&self, data: &T) -> Result<T, Error> {
        self.background().wait(self.as_async().echo(data))
    }
}
