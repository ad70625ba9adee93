//! Any bytes as a value: `cargo +nightly fuzz run decode`.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/hypha-codec/tests/it/checks.rs"]
#[expect(dead_code, reason = "the checks of the other target")]
mod checks;

fuzz_target!(|input: &[u8]| checks::value(input));
