//! What the server does with the header of each frame that it hands on: time and allocations.
//!
//! `cargo bench -p hypha-tests --bench header -- --check` fails where a target is missed.

#![expect(clippy::print_stdout, reason = "the figures are the output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::alloc::System;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use hypha_codec::{HeaderEdits, Map, OutgoingHeader, Packet, Value, encode, encode_frame};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// As the server looks no further for the end of a header.
const HEADER_LIMIT: usize = 64 * 1024;

const FRAME: usize = 280;
const ROUNDS: usize = 301;
const RUNS: u32 = 2000;

const TIME_TARGET: Duration = Duration::from_nanos(250);
const ALLOCATIONS_TARGET: usize = 1;

const FROM: &str = "ws-user-anonymouz-1234567/client-a";
const TO: &str = "ws-user-anonymouz-1234567/client-b";
const WORKSPACE: &str = "ws-user-anonymouz-1234567";

fn main() -> Result<()> {
    let frame = frame()?;
    let user = user()?;
    let out = rewrite(frame.clone(), &user)?;
    // The first use of anything is paid before.
    let region = Region::new(ALLOCATOR);
    drop(black_box(rewrite(black_box(frame.clone()), &user)?));
    let used = region.change();
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..RUNS {
            drop(black_box(rewrite(black_box(frame.clone()), &user)?));
        }
        times.push(begun.elapsed() / RUNS);
    }
    times.sort_unstable();
    let time = times.get(ROUNDS / 2).copied().unwrap_or_default();
    println!(
        "the header of a frame of {} bytes, {} afterwards: {time:?}, target {TIME_TARGET:?}",
        frame.len(),
        out.len()
    );
    println!(
        "{} allocations of {} bytes in all, target {ALLOCATIONS_TARGET} of little more than the frame",
        used.allocations + used.reallocations,
        used.bytes_allocated
    );
    let missed = time > TIME_TARGET
        || used.allocations + used.reallocations > ALLOCATIONS_TARGET
        || used.bytes_allocated > 2 * out.len();
    if std::env::args().any(|argument| argument == "--check") && missed {
        bail!("a target is missed");
    }
    Ok(())
}

/// Reads where a frame goes, and puts in who it is from.
fn rewrite(frame: Bytes, user: &[u8]) -> Result<Bytes> {
    let packet = Packet::parse_within(frame, HEADER_LIMIT)?;
    let header = packet.header()?;
    let to = header.to().context("it goes nowhere")?;
    ensure!(to == TO, "it goes to {to}");
    let edits = HeaderEdits::new()
        .from(FROM)
        .to(to)
        .ws(WORKSPACE)
        .user(user);
    Ok(packet.rewrite(&edits)?)
}

/// A call, filled up with a text among its arguments.
fn frame() -> Result<Bytes> {
    let frame = |filling: &str| -> Result<Bytes> {
        let args = vec![Value::from(7), Value::from(filling)];
        let payload = encode(&Value::Map(Map::from([
            ("args", Value::from(args)),
            ("promise", Value::from("*")),
            ("t", Value::from(15.0)),
        ])))?;
        let header = OutgoingHeader::call(TO, "services.bench.echo")
            .from(FROM)
            .session(Some("HLwgX43ffjDdg54YWwznpy"));
        Ok(encode_frame(&header, payload.into()).into_bytes())
    };
    let least = frame(&"x".repeat(32))?.len() - 32;
    let filling = FRAME.checked_sub(least).context("the frame is too long")?;
    let frame = frame(&"x".repeat(filling))?;
    ensure!(frame.len() == FRAME, "the frame has {} bytes", frame.len());
    Ok(frame)
}

/// A description of an anonymous user, as the server has it.
fn user() -> Result<Bytes> {
    let scope = Map::from([
        ("current_workspace", Value::from(WORKSPACE)),
        ("workspaces", Value::Map(Map::from([(WORKSPACE, "a")]))),
        ("client_id", Value::Null),
        ("extra_scopes", Value::from(Vec::<Value>::new())),
    ]);
    Ok(encode(&Value::Map(Map::from([
        ("id", Value::from("anonymouz-1234567")),
        ("parent", Value::Null),
        ("email", Value::Null),
        ("is_anonymous", Value::from(true)),
        ("roles", Value::from(vec![Value::from("anonymous")])),
        ("scope", Value::Map(scope)),
        ("expires_at", Value::from(1_790_000_000.0)),
    ])))?)
}
