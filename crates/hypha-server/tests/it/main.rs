//! Tests of the server as a library.

mod calls;
mod first_command;
mod handshake;
mod hostile;
mod intruders;
mod limits;
mod raw;
mod relaying;
mod stopping;
mod token;
