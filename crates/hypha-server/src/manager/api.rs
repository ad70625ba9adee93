//! The methods of the manager (protocol section 10.5).

use std::sync::{Arc, Weak};

use hypha_codec::Value;
use hypha_rpc_core::protocol::MANAGER_SERVICE;
use hypha_rpc_core::{Method, Service, Visibility};

use crate::hub::Hub;

/// The service with all of them.
pub(super) fn service(hub: &Arc<Hub>) -> Service {
    let _hub: Weak<Hub> = Arc::downgrade(hub);
    Service::new(MANAGER_SERVICE)
        .visibility(Visibility::Public)
        .method("echo", Method::new(async |data: Value| data).param("data"))
}
