//! Schemas from the outside.
#![cfg(feature = "schemars")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(dead_code, reason = "types that only have a schema")]

mod exports;
mod functions;
mod limits;
mod oracle;
mod service_types;
mod types;
mod validation;
mod variants;
