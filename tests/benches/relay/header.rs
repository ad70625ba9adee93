//! How long the server takes for the header of a frame that it hands on.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;

use crate::frame;
use crate::report::{Report, Target};

const ROUNDS: usize = 301;
const RUNS: u32 = 2000;
const TARGET_NANOS: f64 = 250.0;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let (frame, user) = (frame::frame()?, frame::user()?);
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..RUNS {
            drop(black_box(frame::rewrite(black_box(frame.clone()), &user)?));
        }
        times.push(begun.elapsed() / RUNS);
    }
    times.sort_unstable();
    let nanos = times
        .get(ROUNDS / 2)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1e9);
    println!("\nthe header of a frame");
    let what = format!("rewriting it, {} bytes in all", frame.len());
    report.compare(&what, nanos, "ns", Target::AtMost(TARGET_NANOS));
    Ok(())
}
