//! The command as its users run it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod command;
mod serve;
