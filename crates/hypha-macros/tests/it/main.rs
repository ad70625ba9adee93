//! Services of traits and impl blocks.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod compile_errors;
mod declared;
mod defaults;
mod docs;
mod implemented;
mod names;
mod place;
mod unused;
