//! Integration tests over loopback, and over pipes in memory where time is paused.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "paused time is read to see what was waited for"
)]

mod closing;
mod conformance;
mod dialling;
mod harness;
mod keepalive;
mod limits;
#[cfg(feature = "tls")]
mod tls;
