//! The description of a service whose provider's key was given.

use std::sync::Arc;

use bytes::Bytes;
use hypha_codec::{IoStream, Map, Method, Object, Promised, Value};
use hypha_e2e::PublicKey;

use crate::import::Origin;

/// The same description with every function in it called encrypted for the owner of this key, whatever
/// it says itself: it came in clear.
pub(super) fn description(described: &Map, key: PublicKey) -> Map {
    let entries = described.clone().into_entries().into_iter();
    let entries = entries.map(|(name, value)| (name, member(value, key)));
    Map::from_entries(entries.collect())
}

fn member(value: Value, key: PublicKey) -> Value {
    match value {
        Value::Method(method) => Value::from(function(*method, key)),
        Value::Map(members) => Value::Map(description(&members, key)),
        Value::List(items) => {
            Value::List(items.into_iter().map(|item| member(item, key)).collect())
        }
        Value::IoStream(file) => {
            let members = description(&file.members, key);
            Value::from(IoStream::new(file.native, members))
        }
        // Nobody describes one, and its items would come in clear.
        Value::Generator(_) => Value::Null,
        other => other,
    }
}

fn function(mut method: Method, key: PublicKey) -> Method {
    method.enc_pub = Some(Bytes::copy_from_slice(key.as_bytes()));
    method.promise = answered(method.promise);
    let origin = method.handle().and_then(Object::downcast_ref::<Origin>);
    match origin.cloned() {
        Some(origin) => method.with_handle(Object::from_arc(Arc::new(Origin {
            sealed_by: Some(key),
            ..origin
        }))),
        None => method,
    }
}

/// How an encrypted call asks for its answer. A description that says that there is none could be
/// forged, and every call would succeed.
pub(super) fn answered(promise: Promised) -> Promised {
    match promise {
        Promised::Never => Promised::Always,
        other => other,
    }
}
