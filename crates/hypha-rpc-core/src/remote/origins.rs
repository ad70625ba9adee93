//! Where the functions in a description come from.

use std::sync::Arc;

use hypha_codec::{Method, Object, Value};

use crate::address::Address;
use crate::import::Origin;

/// Has the functions in a description that a manager handed on come from their provider, which wrote it.
pub(super) fn from_provider(description: &mut Value, provider: &Address) {
    description.change_all(&mut |inside| {
        if let Value::Method(method) = inside {
            change(method, |origin| origin.sender = provider.clone());
        }
    });
}

/// Changes where a function came from, if it came over a connection.
pub(super) fn change(method: &mut Method, change: impl FnOnce(&mut Origin)) {
    let origin = method.handle().and_then(Object::downcast_ref::<Origin>);
    if let Some(mut origin) = origin.cloned() {
        change(&mut origin);
        *method = method
            .clone()
            .with_handle(Object::from_arc(Arc::new(origin)));
    }
}
