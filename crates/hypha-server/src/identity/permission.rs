use serde::{Deserialize, Serialize};

/// What a user may do in a workspace. Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Permission {
    /// Get services and call them.
    #[serde(rename = "r")]
    Read,
    /// Register services, too.
    #[serde(rename = "rw")]
    ReadWrite,
    /// Everything: tokens, settings, removing clients.
    #[serde(rename = "a")]
    Admin,
}
