//! The methods of the manager (protocol section 10.5).

use std::sync::Arc;

use hypha_codec::Value;
use hypha_rpc_core::protocol::MANAGER_SERVICE;
use hypha_rpc_core::{Method, RequireContext, Service, Visibility};

use super::caller::Caller;
use super::error::ManagerError;
use super::{
    bookmarks, clients, environment, event_log, listing, lookup, search, service_types, services,
    subscriptions, tokens, workspaces,
};
use crate::hub::Hub;
use crate::identity::Permission;

/// Adds methods to a service: what they do, their names, their parameters with what these are when a call leaves them out,
/// and the async functions of the hub, the caller and the arguments that they are.
///
/// The service knows the hub weakly: it ends with the server.
macro_rules! methods {
    ($service:expr, $hub:ident; $(
        #[doc = $doc:literal]
        $method:ident($($name:ident $(= $default:expr)?),*) => $function:path;
    )*) => {{
        let service = $service;
        $(
            let hub = Arc::downgrade($hub);
            let method = Method::new(move |caller: Caller, $($name),*| {
                let hub = hub.upgrade();
                async move {
                    let hub = hub.ok_or_else(ManagerError::stopping)?;
                    $function(&hub, &caller, $($name),*).await
                }
            });
            $(let method = named!(method, $name $(, $default)?);)*
            let service = service.method(stringify!($method), method.doc($doc.trim()));
        )*
        service
    }};
}

/// Names a parameter. A raw identifier is named without its prefix.
macro_rules! named {
    ($method:ident, $name:ident) => {
        $method.param(stringify!($name))
    };
    ($method:ident, $name:ident, $default:expr) => {
        $method.param_default(stringify!($name).trim_start_matches("r#"), $default)
    };
}

/// The service with all of them.
pub(super) fn service(hub: &Arc<Hub>) -> Service {
    let service = Service::new(MANAGER_SERVICE)
        .name("Default workspace management service")
        .description("Services for managing workspace.")
        .visibility(Visibility::Public)
        .require_context(RequireContext::All(true))
        .config("hypha_version", env!("CARGO_PKG_VERSION"))
        .config("public_base_url", hub.public_url())
        .config("local_base_url", hub.public_url());
    let service = about_services(service, hub);
    let service = about_workspaces(service, hub);
    about_clients(service, hub)
}

fn about_services(service: Service, hub: &Arc<Hub>) -> Service {
    methods! { service, hub;
        /// Registers a service of the caller, in the place of one with the same id.
        register_service(service, config = ()) => services::register;
        /// Takes a service back.
        unregister_service(service_id) => services::unregister;
        /// Gets a service by its id; `config` may say how to select one of several.
        get_service(service_id, config = ()) => lookup::get_service;
        /// Describes a service without asking its provider.
        get_service_info(service_id, config = ()) => lookup::get_service_info;
        /// Lists the services that a query means and the caller may know of.
        list_services(
            query = (), include_unlisted = false, include_app_services = false, prioritize_running_services = false
        ) => listing::list_services;
        /// Searches services by the words of their descriptions.
        search_services(
            query = (), filters = (), limit = 5, offset = 0, return_fields = (), order_by = (), pagination = false,
            include_unlisted = false
        ) => search::search_services;
        /// Registers what services of a type look like.
        register_service_type(type_info) => service_types::register_service_type;
        /// Gets a service type by its id.
        get_service_type(type_id) => service_types::get_service_type;
        /// Lists the service types of a workspace.
        list_service_types(workspace = ()) => service_types::list_service_types;
    }
}

fn about_workspaces(service: Service, hub: &Arc<Hub>) -> Service {
    methods! { service, hub;
        /// Lists the workspaces that the caller may enter.
        list_workspaces(r#match = (), offset = 0, limit = 256) => workspaces::list_workspaces;
        /// Creates a workspace that belongs to the caller.
        create_workspace(config, overwrite = false) => workspaces::create_workspace;
        /// Deletes a workspace; its clients have to leave.
        delete_workspace(workspace) => workspaces::delete_workspace;
        /// Describes a workspace.
        get_workspace_info(workspace = ()) => workspaces::get_workspace_info;
        /// Sums up the caller's workspace: its clients and its services.
        get_summary() => workspaces::get_summary;
        /// Tells whether the caller's workspace is ready, and what the caller may do there.
        check_status() => workspaces::check_status;
        /// Remembers a workspace or a service in the caller's own workspace.
        bookmark(item) => bookmarks::bookmark;
        /// Forgets a bookmark.
        unbookmark(item) => bookmarks::unbookmark;
        /// Sets an environment variable of the workspace, or takes it away.
        set_env(key, value) => environment::set_env;
        /// Gets an environment variable of the workspace, or all of them.
        get_env(key = ()) => environment::get_env;
        /// Logs a message.
        log(msg) => event_log::log_message;
        /// Logs an event.
        log_event(event_type, data = ()) => event_log::log_event;
        /// Gets the events that the caller logged.
        get_events(event_type = (), start_time = (), end_time = ()) => event_log::get_events;
        /// Counts the events that the caller logged, by their types.
        get_event_stats(event_type = (), start_time = (), end_time = ()) => event_log::get_event_stats;
    }
}

fn about_clients(service: Service, hub: &Arc<Hub>) -> Service {
    methods! { service, hub;
        /// Answers what it is told.
        echo(data) => echo;
        /// Lists the clients in a workspace.
        list_clients(workspace = ()) => clients::list_clients;
        /// Asks a client for a sign of life.
        ping(client_id, timeout = 5) => clients::ping;
        /// Removes the clients of a workspace that do not answer.
        cleanup(workspace = (), timeout = 5) => clients::cleanup;
        /// Has broadcasts of these names reach the caller.
        subscribe(event_type) => subscriptions::subscribe;
        /// Has broadcasts of these names reach the caller no more.
        unsubscribe(event_type) => subscriptions::unsubscribe;
        /// Makes a token for a workspace.
        generate_token(config = ()) => tokens::generate_token;
        /// Tells the user that a token stands for.
        parse_token(token) => tokens::parse_token;
        /// Ends a token.
        revoke_token(token) => tokens::revoke_token;
    }
}

async fn echo(_: &Arc<Hub>, caller: &Caller, data: Value) -> Result<Value, ManagerError> {
    caller.needs(Permission::ReadWrite)?;
    Ok(data)
}
