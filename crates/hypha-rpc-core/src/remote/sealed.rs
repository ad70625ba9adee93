//! The description of a service whose provider's key was given.

use bytes::Bytes;
use hypha_codec::{Map, Method, Promised, Value};
use hypha_e2e::PublicKey;

use super::origins;
use crate::sealing::Recipient;

/// The same description with every function in it called encrypted for the owner of this key, whatever
/// it says itself: it came in clear. What cannot be looked into is left out, as functions may be there.
pub(super) fn description(described: &Map, key: PublicKey) -> Map {
    let mut described = Value::Map(described.clone());
    described.change_all(&mut |inside| match inside {
        Value::Method(method) => seal(method, key),
        // Nobody describes a generator, and its items would come in clear.
        Value::Generator(_) | Value::Object(_) => *inside = Value::Null,
        _ => {}
    });
    match described {
        Value::Map(described) => described,
        // It was one.
        _ => Map::new(),
    }
}

fn seal(method: &mut Method, key: PublicKey) {
    method.enc_pub = Some(Bytes::copy_from_slice(key.as_bytes()));
    method.promise = answered(method.promise);
    origins::change(method, |origin| {
        origin.sealed_by = Some(Recipient::from(key));
    });
}

/// How an encrypted call asks for its answer. A description that says that there is none could be
/// forged, and every call would succeed.
pub(super) fn answered(promise: Promised) -> Promised {
    match promise {
        Promised::Never => Promised::Always,
        other => other,
    }
}
