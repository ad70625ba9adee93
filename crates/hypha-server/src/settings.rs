//! What a server can be told before it starts.

use std::time::Duration;

use hypha_rpc_core::Secret;

use crate::limits::Limits;

/// The port of Hypha servers.
pub(crate) const DEFAULT_PORT: u16 = 9527;

/// How long a token to come back with is good.
pub(crate) const RECONNECTION_LIFE: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// How long to look for the next frame before a thread sleeps. What lies between two frames of quick calls is shorter.
pub(crate) const BUSY_POLL: Duration = Duration::from_micros(100);

/// Settings of a server, as its builder collected them.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Where to listen: a host name or address.
    pub(crate) host: String,
    /// The port; 0 for any that is free.
    pub(crate) port: u16,
    /// The URL that clients know the server by, if that is not where it listens.
    pub(crate) public_base_url: Option<String>,
    /// Signs tokens; random without it.
    pub(crate) jwt_secret: Option<Secret>,
    /// A token for the user who may do everything.
    pub(crate) root_token: Option<Secret>,
    /// How long a token to come back with is good.
    pub(crate) reconnection_life: Duration,
    /// The largest frame that clients may send, in bytes.
    pub(crate) max_frame: usize,
    /// How long to look for the next frame before a thread sleeps.
    pub(crate) busy_poll: Duration,
    /// How much clients may do.
    pub(crate) limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: DEFAULT_PORT,
            public_base_url: None,
            jwt_secret: None,
            root_token: None,
            reconnection_life: RECONNECTION_LIFE,
            max_frame: hypha_transport::DEFAULT_MAX_FRAME,
            busy_poll: BUSY_POLL,
            limits: Limits::default(),
        }
    }
}
