//! What is wrong with options.

use std::path::PathBuf;

/// Why options cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// The environment names no server.
    #[error(
        "no server: set {0} in the environment, or in a `.env` file in this or a parent directory"
    )]
    NoServerUrl(&'static str),
    /// A variable of the environment is no text.
    #[error("the environment variable {0} is not valid Unicode")]
    NotUnicode(&'static str),
    /// A `.env` file cannot be read.
    #[error("the file `{}` cannot be read", path.display())]
    EnvFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A line of a `.env` file is no assignment. It is not shown, because such files hold tokens.
    #[error("the file `{}` has a line that is not of the form NAME=value", path.display())]
    EnvLine {
        /// The file.
        path: PathBuf,
    },
    /// A name is none of a header, or its value cannot be sent in one.
    #[error(
        "the header `{0}` cannot be sent: its name or its value holds characters that headers must not hold"
    )]
    Header(String),
    /// An id is none.
    #[error(transparent)]
    Id(#[from] hypha_rpc_core::AddressError),
    /// There is nothing to dial with.
    #[error("no connector: give one by `ConnectOptions::connector`, or switch the feature `ws` on")]
    NoConnector,
    /// A public key is given for a service, and encryption is off at this client.
    #[error(
        "`encryption_public_key` is given, but this client has no `encryption` of its own: the call would go in clear"
    )]
    EncryptionOff,
}
