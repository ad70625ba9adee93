//! How often the server allocates for the header of a frame that it hands on. How long it takes shows the bench `relay`,
//! without an allocator that counts.
//!
//! `cargo bench -p hypha-tests --bench header -- --check` fails where the target is missed.

#![expect(clippy::print_stdout, reason = "the figures are the output")]

#[path = "relay/frame.rs"]
mod frame;

use std::alloc::System;
use std::hint::black_box;

use anyhow::{Result, bail};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The outgoing frame.
const ALLOCATIONS_TARGET: usize = 1;

fn main() -> Result<()> {
    let (frame, user) = (frame::frame()?, frame::user()?);
    // The first use of anything is paid before.
    let out = frame::rewrite(frame.clone(), &user)?;
    let region = Region::new(ALLOCATOR);
    drop(black_box(frame::rewrite(black_box(frame.clone()), &user)?));
    let used = region.change();
    let allocations = used.allocations + used.reallocations;
    println!(
        "a frame of {} bytes, {} afterwards: {allocations} allocations of {} bytes in all",
        frame.len(),
        out.len(),
        used.bytes_allocated
    );
    let missed = allocations > ALLOCATIONS_TARGET || used.bytes_allocated > out.len();
    if std::env::args().any(|argument| argument == "--check") && missed {
        bail!("there is more than one, or it is larger than the frame");
    }
    Ok(())
}
