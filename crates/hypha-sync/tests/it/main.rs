//! The client without async, with a server in the same process.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod calling;
mod dropping;
#[cfg(feature = "e2e")]
mod encrypted;
mod events;
mod files;
#[cfg(target_os = "linux")]
mod leaks;
mod logging_in;
mod place;
mod results;
#[cfg(feature = "schema")]
mod schemas;
mod threads;
