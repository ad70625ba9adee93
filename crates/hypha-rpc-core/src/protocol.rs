//! Constants of the protocol above the codec: versions, names, default times and sizes.

use std::time::Duration;

/// The version that `built-in.config.api_version` states (protocol section 10.1).
pub const API_VERSION: u64 = 3;

/// The service that every client has (protocol section 10.1).
pub const BUILT_IN: &str = "built-in";

/// The service id under which the manager of a server keeps its methods.
pub const MANAGER_SERVICE: &str = "default";

/// The workspace part of the address of a manager.
pub const MANAGER_WORKSPACE: &str = "*";

/// First part of the path of every method of a registered service.
pub const SERVICES: &str = "services";

/// Default of the longest silence that a caller bears, and what `t` is derived from.
pub const METHOD_TIMEOUT: Duration = Duration::from_secs(30);

/// How often the client says `{"type":"ping"}`; the server closes a connection that was idle for
/// 600 s (protocol section 1.4).
pub const PING_INTERVAL: Duration = Duration::from_secs(20);

/// How long anything may take to arrive after a ping before the link counts as dead.
pub const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a fresh reconnection token is asked for, at the most.
pub const TOKEN_REFRESH_INTERVAL: Duration = Duration::from_secs(7200);

/// The largest frame that every known peer survives: Python clients drop items above 524,288 bytes
/// and lose their connection above 1 MiB (protocol section 9.4).
pub const MAX_MESSAGE: usize = 500_000;

/// The shortest interval of heartbeats: below it they would be a flood that a peer asks us to send,
/// and a Python provider that is asked for zero never sleeps (protocol section 3.3).
pub(crate) const MIN_HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);

/// The longest interval of heartbeats that is asked for: clocks of peers count no further than some
/// years.
pub(crate) const MAX_HEARTBEAT_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// Path of a method of the built-in service.
pub(crate) fn built_in_path(method: &str) -> String {
    format!("{SERVICES}.{BUILT_IN}.{method}")
}

/// Path of a method of the manager.
pub(crate) fn manager_path(method: &str) -> String {
    format!("{SERVICES}.{MANAGER_SERVICE}.{method}")
}

/// Last parts of the paths at which answers arrive (protocol section 6.1).
pub(crate) mod answer {
    pub(crate) const RESOLVE: &str = "resolve";
    pub(crate) const REJECT: &str = "reject";
    pub(crate) const HEARTBEAT: &str = "heartbeat";
}

/// Types of frames other than calls (protocol sections 1.3, 6.7 and 8.3).
pub(crate) mod kind {
    pub(crate) const METHOD: &str = "method";
    pub(crate) const CLIENT_DISCONNECTED: &str = "client_disconnected";
    pub(crate) const PEER_NOT_FOUND: &str = "peer_not_found";
    pub(crate) const FORCE_EXIT: &str = "force-exit";
}
