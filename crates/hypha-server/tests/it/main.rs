//! Tests of the server as a library.

mod calls;
mod hostile;
mod raw;
mod relaying;
mod stopping;
