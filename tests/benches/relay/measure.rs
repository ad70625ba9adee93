//! What a caller measures: calls one after the other, and many at once.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;

/// Someone who can be called.
pub(crate) trait Callee: Clone + Send + Sync + 'static {
    /// Sends something small there and back.
    fn echo(&self) -> impl Future<Output = Result<()>> + Send;

    /// Sends bytes and waits until the other side has them.
    fn upload(&self, payload: Bytes) -> impl Future<Output = Result<()>> + Send;
}

/// Payloads consist of this.
pub(crate) const FILLING: u8 = 1;

/// Carries out a command: `seq SECONDS`, `many COUNT SECONDS`, `upload BYTES`.
pub(crate) async fn carry_out(callee: &impl Callee, command: &str) -> Result<Json> {
    let words: Vec<&str> = command.split(' ').collect();
    match words.as_slice() {
        // In a task, where a runtime with several threads runs everything else too.
        ["seq", seconds] => {
            let (callee, seconds) = (callee.clone(), seconds.parse()?);
            tokio::spawn(async move { one_by_one(&callee, seconds).await }).await?
        }
        ["many", count, seconds] => {
            let (callee, count, seconds) = (callee.clone(), count.parse()?, seconds.parse()?);
            tokio::spawn(async move { many(&callee, count, seconds).await }).await?
        }
        ["upload", bytes] => {
            let payload = Bytes::from(vec![FILLING; bytes.parse()?]);
            let mib = payload.len() as f64 / (1 << 20) as f64;
            let begun = Instant::now();
            callee.upload(payload).await?;
            Ok(json!({ "rate": mib / begun.elapsed().as_secs_f64() }))
        }
        _ => bail!("what is {command}?"),
    }
}

async fn one_by_one(callee: &impl Callee, seconds: f64) -> Result<Json> {
    let mut times = Vec::new();
    let (begun, enough) = (Instant::now(), Duration::from_secs_f64(seconds));
    let mut last = begun;
    while last - begun < enough {
        callee.echo().await?;
        let now = Instant::now();
        times.push(now - last);
        last = now;
    }
    let calls = times.len();
    let rate = calls as f64 / (last - begun).as_secs_f64();
    times.sort_unstable();
    let at = |part: usize| {
        let time = times.get(calls * part / 100).context("no calls");
        time.map(|time| time.as_secs_f64() * 1e6)
    };
    let longest = times.last().map_or(0.0, Duration::as_secs_f64) * 1e6;
    Ok(json!({ "rate": rate, "p50": at(50)?, "p99": at(99)?, "max": longest, "calls": calls }))
}

/// Each call is a task of its own.
async fn many(callee: &impl Callee, count: usize, seconds: f64) -> Result<Json> {
    let (begun, enough) = (Instant::now(), Duration::from_secs_f64(seconds));
    let mut tasks = JoinSet::new();
    let mut calls = 0_u64;
    let spawn = |tasks: &mut JoinSet<Result<()>>| {
        let callee = callee.clone();
        tasks.spawn(async move { callee.echo().await });
    };
    for _ in 0..count {
        spawn(&mut tasks);
    }
    while let Some(done) = tasks.join_next().await {
        done??;
        calls += 1;
        if begun.elapsed() < enough {
            spawn(&mut tasks);
        }
    }
    Ok(json!({ "rate": calls as f64 / begun.elapsed().as_secs_f64(), "calls": calls }))
}
