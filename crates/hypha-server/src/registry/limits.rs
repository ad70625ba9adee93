//! How much of the registry clients, workspaces and users can fill.

/// Services that a client may register beside its built-in one, if the server is told nothing else.
pub(crate) const SERVICES_PER_CLIENT: usize = 1000;

/// Bytes that the descriptions of all services of a client may have.
pub(crate) const SERVICE_BYTES_PER_CLIENT: usize = 16 * 1024 * 1024;

/// Workspaces that a user may own beside its own one.
pub(crate) const WORKSPACES_PER_USER: usize = 100;

/// Characters of the id of a workspace.
pub(crate) const WORKSPACE_ID: usize = 128;

/// Service types, environment variables and bookmarks: of each as many as this may be in a workspace.
pub(crate) const ENTRIES_PER_WORKSPACE: usize = 1000;

/// Bytes that all that is kept in a workspace may have.
pub(crate) const BYTES_PER_WORKSPACE: usize = 4 * 1024 * 1024;

/// Events that the log of a workspace remembers; the oldest make room for others.
pub(crate) const EVENTS_PER_WORKSPACE: usize = 1000;

/// Bytes of one event in the log, and of all events in the log of a workspace.
pub(crate) const BYTES_PER_EVENT: usize = 64 * 1024;
pub(crate) const EVENT_BYTES_PER_WORKSPACE: usize = 1024 * 1024;
