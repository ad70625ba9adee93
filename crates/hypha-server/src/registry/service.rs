use hypha_rpc_core::Visibility;
use hypha_rpc_core::protocol::BUILT_IN;

use super::{Kept, Pattern};
use crate::identity::{Permission, User};

/// A registered service.
#[derive(Clone, Debug)]
pub(crate) struct ServiceRecord {
    pub(crate) workspace: String,
    pub(crate) client_id: String,
    /// The bare id.
    pub(crate) service_id: String,
    /// `*` for one of no application.
    pub(crate) app_id: String,
    pub(crate) kind: String,
    pub(crate) visibility: Visibility,
    pub(crate) authorized_workspaces: Vec<String>,
    /// Nobody else in the workspace may have a service of this name.
    pub(crate) is_singleton: bool,
    /// The description that the manager hands out (protocol section 10.5).
    pub(crate) info: Kept,
}

impl ServiceRecord {
    /// `workspace/client:service`.
    pub(crate) fn id(&self) -> String {
        format!("{}:{}", self.client(), self.service_id)
    }

    /// The address of the provider.
    pub(crate) fn client(&self) -> String {
        format!("{}/{}", self.workspace, self.client_id)
    }

    /// Whether it is what every client has.
    pub(crate) fn is_built_in(&self) -> bool {
        self.service_id == BUILT_IN
    }

    /// Whether a user who is in a workspace may know and call the service.
    pub(crate) fn admits(&self, user: &User, workspace: &str) -> bool {
        self.visibility != Visibility::Protected
            || user.may(Permission::Read, &self.workspace)
            || self.authorizes(workspace)
    }

    /// Whether the service lets clients of another workspace in.
    fn authorizes(&self, workspace: &str) -> bool {
        self.authorized_workspaces
            .iter()
            .any(|authorized| authorized == workspace)
    }
}

/// Which services are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServiceFilter {
    pub(crate) workspace: Pattern,
    pub(crate) client_id: Pattern,
    pub(crate) service_id: Pattern,
    pub(crate) app_id: Pattern,
    pub(crate) kind: Pattern,
    pub(crate) visibility: Pattern,
}

impl ServiceFilter {
    /// Whether a service passes.
    pub(crate) fn matches(&self, service: &ServiceRecord) -> bool {
        self.workspace.matches(&service.workspace)
            && self.service_id.matches(&service.service_id)
            && self.client_id.matches(&service.client_id)
            && self.app_id.matches(&service.app_id)
            && self.kind.matches(&service.kind)
            && self.visibility.matches(service.visibility.as_str())
    }
}
