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

/// A method of the manager: an async function of the hub, the caller and the arguments, whose names and defaults follow.
///
/// The service knows the hub weakly: it ends with the server.
macro_rules! method {
    ($hub:ident => $function:path, $($name:ident $(= $default:expr)?),*) => {{
        let hub = Arc::downgrade($hub);
        let method = Method::new(move |caller: Caller, $($name),*| {
            let hub = hub.upgrade();
            async move {
                let hub = hub.ok_or_else(ManagerError::stopping)?;
                $function(&hub, &caller, $($name),*).await
            }
        });
        $(let method = named!(method, $name $(, $default)?);)*
        method
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
    Service::new(MANAGER_SERVICE)
        .name("Default workspace management service")
        .description("Services for managing workspace.")
        .visibility(Visibility::Public)
        .require_context(RequireContext::All(true))
        .config("hypha_version", env!("CARGO_PKG_VERSION"))
        .config("public_base_url", hub.public_url())
        .config("local_base_url", hub.public_url())
        .method("echo", method!(hub => echo, data))
        .method("log", method!(hub => event_log::log_message, msg))
        .method("log_event", method!(hub => event_log::log_event, event_type, data = ()))
        .method("get_event_stats", method!(hub => event_log::get_event_stats, event_type = (), start_time = (), end_time = ()))
        .method("get_events", method!(hub => event_log::get_events, event_type = (), start_time = (), end_time = ()))
        .method("register_service", method!(hub => services::register, service, config = ()))
        .method("unregister_service", method!(hub => services::unregister, service_id))
        .method("list_workspaces", method!(hub => workspaces::list_workspaces, r#match = (), offset = 0, limit = 256))
        .method("list_services", method!(hub => listing::list_services, query = (), include_unlisted = false, include_app_services = false, prioritize_running_services = false))
        .method("search_services", method!(hub => search::search_services, query = (), filters = (), limit = 5, offset = 0, return_fields = (), order_by = (), pagination = false, include_unlisted = false))
        .method("list_clients", method!(hub => clients::list_clients, workspace = ()))
        .method("register_service_type", method!(hub => service_types::register_service_type, type_info))
        .method("get_service_type", method!(hub => service_types::get_service_type, type_id))
        .method("list_service_types", method!(hub => service_types::list_service_types, workspace = ()))
        .method("get_service_info", method!(hub => lookup::get_service_info, service_id, config = ()))
        .method("get_service", method!(hub => lookup::get_service, service_id, config = ()))
        .method("generate_token", method!(hub => tokens::generate_token, config = ()))
        .method("revoke_token", method!(hub => tokens::revoke_token, token))
        .method("parse_token", method!(hub => tokens::parse_token, token))
        .method("create_workspace", method!(hub => workspaces::create_workspace, config, overwrite = false))
        .method("delete_workspace", method!(hub => workspaces::delete_workspace, workspace))
        .method("bookmark", method!(hub => bookmarks::bookmark, item))
        .method("unbookmark", method!(hub => bookmarks::unbookmark, item))
        .method("get_workspace_info", method!(hub => workspaces::get_workspace_info, workspace = ()))
        .method("get_summary", method!(hub => workspaces::get_summary, ))
        .method("ping", method!(hub => clients::ping, client_id, timeout = 5))
        .method("cleanup", method!(hub => clients::cleanup, workspace = (), timeout = 5))
        .method("check_status", method!(hub => workspaces::check_status, ))
        .method("set_env", method!(hub => environment::set_env, key, value))
        .method("get_env", method!(hub => environment::get_env, key = ()))
        .method("subscribe", method!(hub => subscriptions::subscribe, event_type))
        .method("unsubscribe", method!(hub => subscriptions::unsubscribe, event_type))
}

/// Answers what it is told.
async fn echo(_: &Arc<Hub>, caller: &Caller, data: Value) -> Result<Value, ManagerError> {
    caller.needs(Permission::ReadWrite)?;
    Ok(data)
}
