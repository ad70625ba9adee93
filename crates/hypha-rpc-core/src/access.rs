//! Who may find and call a service.

use hypha_codec::Text;

use crate::address::Address;

/// Who may find and call a service (protocol section 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Visibility {
    /// Clients of the same workspace, and of those in `authorized_workspaces`.
    #[default]
    Protected,
    /// Everybody, and everybody sees it listed.
    Public,
    /// Everybody who knows its id.
    Unlisted,
}

impl Visibility {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Protected => "protected",
            Self::Public => "public",
            Self::Unlisted => "unlisted",
        }
    }
}

/// Who may call, as the engine asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) visibility: Visibility,
    pub(crate) authorized_workspaces: Vec<Text>,
    /// The one client that may call an interface; nobody else may, whatever the visibility. The
    /// references let the whole workspace in (protocol section 18, rule 24).
    pub(crate) only: Option<Address>,
}

impl Access {
    /// Whether `from` may call (protocol section 7, rule 1). `own` is the workspace of this
    /// client, `manager` the address of the manager of the server it is connected to.
    pub(crate) fn admits(&self, from: &Address, own: &str, manager: Option<&Address>) -> bool {
        if let Some(only) = &self.only {
            return only == from;
        }
        match self.visibility {
            Visibility::Public | Visibility::Unlisted => true,
            Visibility::Protected => {
                from.workspace() == own
                    || self
                        .authorized_workspaces
                        .iter()
                        .any(|workspace| &**workspace == from.workspace())
                    || manager == Some(from)
            }
        }
    }
}
