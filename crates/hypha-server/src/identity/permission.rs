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

impl Permission {
    /// As users and tokens say it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::ReadWrite => "rw",
            Self::Admin => "a",
        }
    }

    pub(crate) fn from_code(code: &str) -> Option<Self> {
        [Self::Read, Self::ReadWrite, Self::Admin]
            .into_iter()
            .find(|permission| permission.code() == code)
    }
}
