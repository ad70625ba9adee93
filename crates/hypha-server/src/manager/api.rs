//! The methods of the manager (protocol section 10.5).

use std::sync::Arc;

use hypha_codec::Value;
use hypha_rpc_core::protocol::MANAGER_SERVICE;
use hypha_rpc_core::{Method, RequireContext, Service, Visibility};

use super::caller::Caller;
use super::error::ManagerError;
use super::{lookup, services, subscriptions};
use crate::hub::Hub;
use crate::identity::Permission;

/// A method of the manager: an async function of the hub, the caller and the arguments.
///
/// The service knows the hub weakly: it ends with the server.
macro_rules! method {
    ($hub:expr, $function:path, $($argument:ident),*) => {{
        let hub = std::sync::Arc::downgrade($hub);
        Method::new(move |caller: Caller, $($argument),*| {
            let hub = hub.upgrade();
            async move {
                let hub = hub.ok_or_else(ManagerError::stopping)?;
                $function(&hub, &caller, $($argument),*).await
            }
        })
    }};
}

/// The service with all of them.
pub(super) fn service(hub: &Arc<Hub>) -> Service {
    Service::new(MANAGER_SERVICE)
        .description("Services for managing workspace.")
        .visibility(Visibility::Public)
        .require_context(RequireContext::All(true))
        .method("echo", method!(hub, echo, data).param("data"))
        .method(
            "register_service",
            method!(hub, services::register, service, config)
                .param("service")
                .param_default("config", ()),
        )
        .method(
            "unregister_service",
            method!(hub, services::unregister, service_id).param("service_id"),
        )
        .method(
            "get_service",
            method!(hub, lookup::get_service, service_id, config)
                .param("service_id")
                .param_default("config", ()),
        )
        .method(
            "get_service_info",
            method!(hub, lookup::get_service_info, service_id, config)
                .param("service_id")
                .param_default("config", ()),
        )
        .method(
            "subscribe",
            method!(hub, subscriptions::subscribe, event_type).param("event_type"),
        )
        .method(
            "unsubscribe",
            method!(hub, subscriptions::unsubscribe, event_type).param("event_type"),
        )
}

/// Answers what it is told.
async fn echo(_: &Arc<Hub>, caller: &Caller, data: Value) -> Result<Value, ManagerError> {
    caller.needs(Permission::ReadWrite)?;
    Ok(data)
}
