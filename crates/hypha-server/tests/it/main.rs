//! Tests of the server as a library.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::disallowed_methods, reason = "tests start tasks of their own")]

mod calls;
mod first_command;
mod handshake;
mod hostile;
mod intruders;
mod limits;
mod logs;
mod manager;
mod raw;
mod relaying;
mod stopping;
mod token;
