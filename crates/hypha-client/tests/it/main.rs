//! The client against a server that the tests play, over the in-memory transport and over sockets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::disallowed_methods, reason = "tests start tasks of their own")]

mod connecting;
mod logging_in;
mod manager;
mod server;
mod services;
#[cfg(unix)]
mod serving;
#[cfg(feature = "ws")]
mod websocket;
