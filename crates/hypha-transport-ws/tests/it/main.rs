//! Integration tests over loopback.

mod closing;
mod conformance;
mod dialling;
mod harness;
mod keepalive;
mod limits;
#[cfg(feature = "tls")]
mod tls;
