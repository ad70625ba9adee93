//! What a process keeps after much use: tests that measure the whole process, and so have it to
//! themselves, one after the other.
#![expect(clippy::unwrap_used, reason = "what the tests share fails them, too")]

mod cycles;
mod gauges;
mod restarts;
