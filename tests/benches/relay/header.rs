//! How long the server takes for the header of a frame that it hands on.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;

use crate::frame;
use crate::report::{Report, Target};

/// A second and a half in all, so that what else the machine does for a moment does not decide.
const ROUNDS: usize = 3001;
const RUNS: usize = 2000;
const TARGET_NANOS: f64 = 250.0;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let (frame, user) = (frame::frame()?, frame::user()?);
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        // As the network gives them: each belongs to whoever rewrites it.
        let frames = vec![frame.clone(); RUNS];
        let begun = Instant::now();
        for frame in frames {
            drop(black_box(frame::rewrite(black_box(frame), &user)?));
        }
        times.push(begun.elapsed().as_secs_f64() * 1e9 / RUNS as f64);
    }
    times.sort_unstable_by(f64::total_cmp);
    let nanos = times.get(ROUNDS / 2).copied().unwrap_or(f64::NAN);
    println!("\nthe header of a frame");
    let what = format!("rewriting it, {} bytes in all", frame.len());
    report.compare(&what, nanos, "ns", Target::AtMost(TARGET_NANOS));
    Ok(())
}
