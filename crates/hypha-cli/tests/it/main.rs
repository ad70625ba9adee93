//! The command as its users run it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::disallowed_methods, reason = "tests read the clock to give up")]

mod bench;
mod codegen;
mod command;
mod keygen;
mod pages;
mod serve;
