//! What callers of the manager are told when something does not work.

use hypha_rpc_core::{CallError, RemoteError};

/// Why a method of the manager failed.
///
/// Clients match on the texts, so they read as those of the reference: the last line of a Python traceback.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum ManagerError {
    #[error("KeyError: 'Service not found: {0}'")]
    ServiceNotFound(String),
    #[error("KeyError: 'Service type not found: {0}'")]
    ServiceTypeNotFound(String),
    #[error("KeyError: 'Workspace not found: {0}'")]
    WorkspaceNotFound(String),
    /// Something else that is looked up is not there, or is there already.
    #[error("KeyError: {}", quoted(.0))]
    Key(String),
    #[error("PermissionError: Permission denied for workspace {0}")]
    WorkspaceDenied(String),
    #[error("PermissionError: Permission denied for non-public service in workspace {0}")]
    ServiceDenied(String),
    #[error("PermissionError: {0}")]
    Denied(String),
    /// Something about the call that should be otherwise.
    #[error("AssertionError: {0}")]
    Assertion(String),
    #[error("ValueError: {0}")]
    Value(String),
    /// A limit, or a state in which it does not work.
    #[error("RuntimeError: {0}")]
    Runtime(String),
    #[error("Exception: {0}")]
    Other(String),
    /// A provider did not answer as it should.
    #[error("{0}")]
    Provider(String),
}

impl ManagerError {
    pub(crate) fn stopping() -> Self {
        Self::Runtime("The server is stopping".to_owned())
    }
}

impl From<CallError> for ManagerError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Remote(error) => Self::Provider(RemoteError::to_string(&error)),
            error if error.is_timeout() => Self::Provider(format!("TimeoutError: {error}")),
            error => Self::Provider(format!("ConnectionError: {error}")),
        }
    }
}

/// Text in quotes as Python writes them around the key of such an error.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    format!("{quote}{text}{quote}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_quoted_as_python_does() {
        for (error, text) in [
            (
                ManagerError::ServiceNotFound("ws/*:x@*".to_owned()),
                "KeyError: 'Service not found: ws/*:x@*'",
            ),
            (
                ManagerError::Key("no 'K'".to_owned()),
                "KeyError: \"no 'K'\"",
            ),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }
}
