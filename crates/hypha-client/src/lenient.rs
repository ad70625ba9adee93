//! Reading what servers send: fields may be missing or null, and secrets stay hidden.

use hypha_rpc_core::Secret;
use serde::{Deserialize, Deserializer};

/// Null reads as the default, as a missing field does with `#[serde(default)]`.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Text that must not be shown.
pub(crate) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    Ok(Secret::from(String::deserialize(deserializer)?))
}
