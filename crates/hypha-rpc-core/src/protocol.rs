//! Constants of the protocol above the codec: versions, names, default times and sizes.

use std::time::Duration;

/// The version that `built-in.config.api_version` states (protocol section 10.1).
pub const API_VERSION: u64 = 3;

/// The service that every client has (protocol section 10.1).
pub const BUILT_IN: &str = "built-in";

/// Key in the configuration of the built-in service by which a client says that whatever it encrypts
/// is bound to its receiver, its method and its time.
pub const SEALED_BINDING: &str = "sealed_binding";

/// The object of the built-in service that takes messages in several frames (protocol section 9.3).
pub(crate) const MESSAGE_CACHE: &str = "message_cache";

/// The service id under which the manager of a server keeps its methods.
pub const MANAGER_SERVICE: &str = "default";

/// The workspace part of the address of a manager.
pub const MANAGER_WORKSPACE: &str = "*";

/// Client id that stands for everybody in a workspace who subscribed to an event.
pub const BROADCAST: &str = "*";

/// First part of the path of every method of a registered service.
pub const SERVICES: &str = "services";

/// How long functions inside results live after they were called last (protocol section 6.5).
pub const SESSION_TTL: Duration = Duration::from_secs(600);

/// Default of the longest silence in a call of a function of an interface.
pub const RINTF_TIMEOUT: Duration = Duration::from_secs(10);

/// How the ids of the services begin that interfaces become (protocol section 8.2).
pub const RINTF_PREFIX: &str = "_rintf_";

/// Default of the longest silence that a caller bears, and what `t` is derived from.
pub const METHOD_TIMEOUT: Duration = Duration::from_secs(30);

/// How often the client says `{"type":"ping"}`; the server closes a connection that was idle for
/// 600 s (protocol section 1.4).
pub const PING_INTERVAL: Duration = Duration::from_secs(20);

/// How long anything may take to arrive after a ping before the link counts as dead.
pub const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a fresh reconnection token is asked for, at the most.
pub const TOKEN_REFRESH_INTERVAL: Duration = Duration::from_secs(7200);

/// The largest message of those that always go in one frame, such as events: what every known peer
/// survives.
pub const MAX_ONE_FRAME: usize = 500_000;

/// Default size of the parts in which large messages go. Python clients drop frames with items above
/// 524,288 bytes and lose their connection above 1 MiB (protocol section 9.4).
pub const CHUNK_SIZE: usize = 262_144;

/// Smaller parts than this are not sent: the built-in service is described in about 2 kB, and a
/// description that has to go in several frames itself makes the references ask for it without end.
pub const MIN_CHUNK_SIZE: usize = 4096;

/// How many parts of a message may be on their way at once.
pub(crate) const MAX_CHUNKS_AT_ONCE: usize = 30;

/// From this version of the built-in service on, parts are taken in any order.
pub(crate) const API_VERSION_WITH_SET: u64 = 3;

/// Binary frames a second that the reference server lets each connection send (protocol section 1.4).
pub const SERVER_FRAMES_PER_SECOND: f64 = 200.0;

/// Binary frames that the reference server lets each connection send at once.
pub const SERVER_FRAME_BURST: f64 = 2000.0;

/// What the reference server says when it closes a connection that sends too many frames.
pub(crate) const RATE_LIMIT_EXCEEDED: &str = "Rate limit exceeded";

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

/// Whether a path is that of a method of the message cache.
pub(crate) fn is_message_part(path: &str) -> bool {
    let mut parts = path.split('.');
    [SERVICES, BUILT_IN, MESSAGE_CACHE]
        .into_iter()
        .all(|part| parts.next() == Some(part))
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
    pub(crate) const NAMES: [&str; 3] = [RESOLVE, REJECT, HEARTBEAT];
}

/// Types of frames that are no events (protocol section 3.2).
pub(crate) mod kind {
    pub(crate) const METHOD: &str = "method";
}

/// Names of the events that only the server sends, and of those that a client tells itself
/// (protocol section 8.3).
pub mod event {
    /// A client came; the data is a [`ClientEvent`](crate::ClientEvent).
    pub const CLIENT_CONNECTED: &str = "client_connected";
    /// A client left; the data is a [`ClientEvent`](crate::ClientEvent).
    pub const CLIENT_DISCONNECTED: &str = "client_disconnected";
    /// A client registered its built-in service anew; the data is a
    /// [`ClientEvent`](crate::ClientEvent).
    pub const CLIENT_UPDATED: &str = "client_updated";
    /// A service was registered; the data describes it.
    pub const SERVICE_ADDED: &str = "service_added";
    /// A service was taken back, or is about to be replaced; the data describes it.
    pub const SERVICE_REMOVED: &str = "service_removed";
    /// A service changed; the data describes it.
    pub const SERVICE_UPDATED: &str = "service_updated";
    /// A workspace came up; the data describes it.
    pub const WORKSPACE_LOADED: &str = "workspace_loaded";
    /// A workspace can be used; the data describes it.
    pub const WORKSPACE_READY: &str = "workspace_ready";
    /// A workspace changed; the data describes it.
    pub const WORKSPACE_CHANGED: &str = "workspace_changed";
    /// The state of a workspace changed; the data describes it.
    pub const WORKSPACE_STATUS_CHANGED: &str = "workspace_status_changed";
    /// A workspace went down; the data describes it.
    pub const WORKSPACE_UNLOADED: &str = "workspace_unloaded";
    /// A workspace was deleted; the data describes it.
    pub const WORKSPACE_DELETED: &str = "workspace_deleted";
    /// A message was for a client that is not there: `peer_id` and `error`.
    pub const PEER_NOT_FOUND: &str = "peer_not_found";
    /// The manager wants this client to leave: `reason`.
    pub const FORCE_EXIT: &str = "force-exit";
    /// Something went wrong at the server.
    pub const ERROR: &str = "error";

    /// This client is connected again: `workspace`, `client_id`, `manager_id`, `public_base_url`,
    /// `hypha_version`. Comes from the client itself, as those below do; a
    /// [`ConnectionEvent`](crate::ConnectionEvent) tells the same.
    pub const CONNECTED: &str = "connected";
    /// This client lost its connection: `reason`, and `reconnecting` if another is being made.
    pub const DISCONNECTED: &str = "disconnected";
    /// A new connection leads to this manager, perhaps another one than before: `manager`.
    pub const MANAGER_REFRESHED: &str = "manager_refreshed";
    /// The services of this client were registered again: `total`, `registered`, `failed`.
    pub const SERVICES_REGISTERED: &str = "services_registered";
    /// The server did not take what every client must register: `error`, `total_services`.
    pub const SERVICES_REGISTRATION_FAILED: &str = "services_registration_failed";
    /// What belonged to a client that left was cleaned up; the data is a
    /// [`RemoteClientDisconnected`](crate::RemoteClientDisconnected).
    pub const REMOTE_CLIENT_DISCONNECTED: &str = "remote_client_disconnected";

    /// Whether only the server may send an event of this name.
    pub(crate) fn is_of_server(name: &str) -> bool {
        matches!(
            name,
            CLIENT_CONNECTED
                | CLIENT_DISCONNECTED
                | CLIENT_UPDATED
                | SERVICE_ADDED
                | SERVICE_REMOVED
                | SERVICE_UPDATED
                | WORKSPACE_LOADED
                | WORKSPACE_READY
                | WORKSPACE_CHANGED
                | WORKSPACE_STATUS_CHANGED
                | WORKSPACE_UNLOADED
                | WORKSPACE_DELETED
                | PEER_NOT_FOUND
                | FORCE_EXIT
                | ERROR
        )
    }

    /// Whether an event of this name comes from the client itself and never from the network.
    pub(crate) fn is_of_client(name: &str) -> bool {
        matches!(
            name,
            CONNECTED
                | DISCONNECTED
                | MANAGER_REFRESHED
                | SERVICES_REGISTERED
                | SERVICES_REGISTRATION_FAILED
                | REMOTE_CLIENT_DISCONNECTED
        )
    }
}
