//! Harness of the interoperability and end-to-end tests: the real server and real Python and JavaScript clients, started
//! from `target/peers` (`cargo xtask peers` puts them there), and gone when the test is. With `HYPHA_TEST_SERVER=ours` the
//! server is `hypha serve` of this workspace.
//!
//! ```no_run
//! # async fn test() -> anyhow::Result<()> {
//! use hypha_tests::{HyphaServer, Peer};
//! use serde_json::json;
//!
//! let server = HyphaServer::shared().await?;
//! let provider = Peer::python(server).start().await?;
//! let services = provider.register().await?;
//! let caller = Peer::javascript(server).start().await?;
//! assert_eq!(caller.call(&services["interop"], "add", json!([1, 2])).await?, json!(3));
//! # Ok(())
//! # }
//! ```

mod guard;
#[cfg(doctest)]
mod guide;
mod http;
mod install;
mod log;
pub mod notation;
mod peer;
mod program;
mod relay;
mod server;

pub use crate::install::browser_bundle;
pub use crate::peer::{Call, Language, Membership, Peer, PeerBuilder, PeerError, Services};
pub use crate::program::{document_of, hypha, python};
pub use crate::relay::Relay;
pub use crate::server::{Feature, HyphaServer, ROOT_TOKEN, ServerKind, ServerOptions};
