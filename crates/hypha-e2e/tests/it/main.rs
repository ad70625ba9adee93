//! Tests of keys and boxes from the outside.
#![cfg(feature = "crypto")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod boxes;
mod files;
mod keys;
mod replays;
mod vectors;
