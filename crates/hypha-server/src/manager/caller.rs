//! Who calls a method of the manager, and what they may do.

use hypha_codec::Value;
use hypha_rpc_core::{CallArguments, Context, FromCall, RemoteError};

use super::error::ManagerError;
use crate::identity::{Permission, User};

/// The client that calls, and the user behind it, as the header of the call names them.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    context: Context,
    user: User,
}

impl Caller {
    /// `workspace/client` of the caller.
    pub(crate) fn address(&self) -> &str {
        self.context.from().as_str()
    }

    pub(crate) fn workspace(&self) -> &str {
        self.context.workspace()
    }

    pub(crate) fn client_id(&self) -> &str {
        self.context.from().client_id()
    }

    pub(crate) fn user(&self) -> &User {
        &self.user
    }

    /// The user as others see it: in the workspace that it works in.
    pub(crate) fn described(&self) -> Value {
        let mut user = self.user.clone();
        user.current_workspace = Some(self.workspace().to_owned());
        // Users consist of texts, numbers and lists.
        hypha_codec::to_value(&user).unwrap_or_default()
    }

    pub(crate) fn may(&self, permission: Permission, workspace: &str) -> bool {
        self.user.may(permission, workspace)
    }

    /// Checks a permission in the caller's own workspace.
    pub(crate) fn needs(&self, permission: Permission) -> Result<(), ManagerError> {
        self.needs_in(self.workspace(), permission)
    }

    /// Checks a permission in any workspace.
    pub(crate) fn needs_in(
        &self,
        workspace: &str,
        permission: Permission,
    ) -> Result<(), ManagerError> {
        if self.may(permission, workspace) {
            Ok(())
        } else {
            Err(ManagerError::WorkspaceDenied(workspace.to_owned()))
        }
    }
}

impl FromCall for Caller {
    const IS_CONTEXT: bool = true;

    fn from_call(arguments: &mut CallArguments) -> Result<Self, RemoteError> {
        let context = arguments.context().clone();
        let user = context.user().cloned().unwrap_or_default();
        let user = hypha_codec::from_value(user)
            .map_err(|_| RemoteError::new("PermissionError: The call comes from no user"))?;
        Ok(Self { context, user })
    }
}
