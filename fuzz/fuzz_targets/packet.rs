//! Any bytes as a frame: `cargo +nightly fuzz run packet`.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/hypha-codec/tests/it/checks.rs"]
#[expect(dead_code, reason = "the checks of the other target")]
mod checks;

fuzz_target!(|input: &[u8]| checks::frame(input));
