//! The methods of the manager (protocol section 10.5).

use std::sync::Arc;

use hypha_codec::Value;
use hypha_rpc_core::protocol::MANAGER_SERVICE;
use hypha_rpc_core::{Method, RequireContext, Service, Visibility};
use hypha_schema::FunctionSchema;

use super::caller::Caller;
use super::error::ManagerError;
use super::{
    bookmarks, clients, environment, event_log, listing, lookup, parameters, search, service_types,
    services, subscriptions, tokens, workspaces,
};
use crate::hub::Hub;
use crate::identity::Permission;

/// Adds methods to a service: what they do, their names, their parameters with what they take and what these are when a call leaves them out,
/// and the async functions of the hub, the caller and the arguments that they are.
///
/// The service knows the hub weakly: it ends with the server.
macro_rules! methods {
    ($service:expr, $hub:ident; $(
        #[doc = $doc:literal]
        $method:ident($($name:ident: $kind:ident $(= $default:expr)?),*) => $function:path;
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
            let schema = FunctionSchema::new(stringify!($method)).description($doc.trim());
            $(
                let method = named!(method, $name $(, $default)?);
                let schema = schema.param(described!($name, $kind $(, $default)?));
            )*
            let method = method.doc($doc.trim()).schema(schema);
            let service = service.method(stringify!($method), method);
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

/// Describes a parameter.
macro_rules! described {
    ($name:ident, $kind:ident) => {
        parameters::$kind(stringify!($name))
    };
    ($name:ident, $kind:ident, $default:expr) => {
        parameters::$kind(stringify!($name).trim_start_matches("r#")).default($default)
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
        register_service(service: service, config: optional_object = ()) => services::register;
        /// Takes a service back.
        unregister_service(service_id: text) => services::unregister;
        /// Gets a service by its id; `config` may say how to select one of several.
        get_service(service_id: text, config: selection = ()) => lookup::get_service;
        /// Describes a service without asking its provider.
        get_service_info(service_id: text, config: optional_object = ()) => lookup::get_service_info;
        /// Lists the services that a query means and the caller may know of.
        list_services(query: query = (), include_unlisted: flag = false, include_app_services: flag = false, prioritize_running_services: flag = false) => listing::list_services;
        /// Searches services by the words of their descriptions.
        search_services(query: words = (), filters: optional_object = (), limit: optional_integer = 5, offset: optional_integer = 0, return_fields: optional_texts = (), order_by: optional_text = (), pagination: optional_flag = false, include_unlisted: flag = false) => search::search_services;
        /// Registers what services of a type look like.
        register_service_type(type_info: type_info) => service_types::register_service_type;
        /// Gets a service type by its id.
        get_service_type(type_id: text) => service_types::get_service_type;
        /// Lists the service types of a workspace.
        list_service_types(workspace: text = ()) => service_types::list_service_types;
    }
}

fn about_workspaces(service: Service, hub: &Arc<Hub>) -> Service {
    methods! { service, hub;
        /// Lists the workspaces that the caller may enter.
        list_workspaces(r#match: object = (), offset: integer = 0, limit: integer = 256) => workspaces::list_workspaces;
        /// Creates a workspace that belongs to the caller.
        create_workspace(config: workspace, overwrite: flag = false) => workspaces::create_workspace;
        /// Deletes a workspace; its clients have to leave.
        delete_workspace(workspace: text) => workspaces::delete_workspace;
        /// Describes a workspace.
        get_workspace_info(workspace: text = ()) => workspaces::get_workspace_info;
        /// Sums up the caller's workspace: its clients and its services.
        get_summary() => workspaces::get_summary;
        /// Tells whether the caller's workspace is ready, and what the caller may do there.
        check_status() => workspaces::check_status;
        /// Remembers a workspace or a service in the caller's own workspace.
        bookmark(item: object) => bookmarks::bookmark;
        /// Forgets a bookmark.
        unbookmark(item: object) => bookmarks::unbookmark;
        /// Sets an environment variable of the workspace, or takes it away.
        set_env(key: text, value: text) => environment::set_env;
        /// Gets an environment variable of the workspace, or all of them.
        get_env(key: optional_text = ()) => environment::get_env;
        /// Logs a message.
        log(msg: text) => event_log::log_message;
        /// Logs an event.
        log_event(event_type: text, data: optional_object = ()) => event_log::log_event;
        /// Gets the events that the caller logged.
        get_events(event_type: optional_text = (), start_time: time = (), end_time: time = ()) => event_log::get_events;
        /// Counts the events that the caller logged, by their types.
        get_event_stats(event_type: optional_text = (), start_time: time = (), end_time: time = ()) => event_log::get_event_stats;
    }
}

fn about_clients(service: Service, hub: &Arc<Hub>) -> Service {
    methods! { service, hub;
        /// Answers what it is told.
        echo(data: any) => echo;
        /// Lists the clients in a workspace.
        list_clients(workspace: text = ()) => clients::list_clients;
        /// Asks a client for a sign of life.
        ping(client_id: text, timeout: number = 5) => clients::ping;
        /// Removes the clients of a workspace that do not answer.
        cleanup(workspace: text = (), timeout: number = 5) => clients::cleanup;
        /// Has broadcasts of these names reach the caller.
        subscribe(event_type: texts) => subscriptions::subscribe;
        /// Has broadcasts of these names reach the caller no more.
        unsubscribe(event_type: texts) => subscriptions::unsubscribe;
        /// Makes a token for a workspace.
        generate_token(config: token = ()) => tokens::generate_token;
        /// Tells the user that a token stands for.
        parse_token(token: text) => tokens::parse_token;
        /// Ends a token.
        revoke_token(token: text) => tokens::revoke_token;
    }
}

async fn echo(_: &Arc<Hub>, caller: &Caller, data: Value) -> Result<Value, ManagerError> {
    caller.needs(Permission::ReadWrite)?;
    Ok(data)
}
