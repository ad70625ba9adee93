//! Interoperability tests with the real server and real clients.
#![expect(clippy::unwrap_used, reason = "what the tests share fails them, too")]

mod calls;
mod fixture;
mod harness;
mod identity;
mod lookup;
mod provider;
mod raw;
mod tap;
mod values;
