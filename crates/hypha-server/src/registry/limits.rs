//! How much of the registry clients, workspaces and users can fill.

/// Services that a client may register beside its built-in one.
pub(crate) const SERVICES_PER_CLIENT: usize = 1000;

/// Bytes that the descriptions of all services of a client may have.
pub(crate) const SERVICE_BYTES_PER_CLIENT: usize = 16 * 1024 * 1024;
