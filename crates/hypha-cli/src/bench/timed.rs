//! Operations again and again until the time is over.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use super::latencies::Latencies;

/// What ran while the time did.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) latencies: Latencies,
    /// From the begin of the first operation to the end of the last.
    pub(super) elapsed: Duration,
}

impl Ran {
    /// Operations a second.
    pub(super) fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let ops = self.ops() as f64;
        ops / self.elapsed.as_secs_f64()
    }

    pub(super) fn ops(&self) -> u64 {
        self.latencies.len() as u64
    }
}

/// One operation after the other, for at least this time.
pub(super) async fn one_by_one<F, Fut>(time: Duration, operation: F) -> Result<Ran>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let mut latencies = Latencies::during(time);
    let begin = Instant::now();
    let mut begun = begin;
    loop {
        operation().await?;
        let ended = Instant::now();
        latencies.record(ended - begun);
        begun = ended;
        if ended - begin >= time {
            let elapsed = ended - begin;
            return Ok(Ran { latencies, elapsed });
        }
    }
}

/// What can run in a task of its own.
pub(super) trait Operation: Clone + Send + 'static {
    /// Runs it once.
    fn run(&self) -> impl Future<Output = Result<()>> + Send;
}

/// So many operations at once, each in a task of its own, for at least this time; whenever one ends another begins.
pub(super) async fn at_once<O: Operation>(
    amount: usize,
    time: Duration,
    operation: &O,
) -> Result<Ran> {
    let mut latencies = Latencies::during(time);
    let mut running = JoinSet::new();
    let begin = Instant::now();
    for _ in 0..amount {
        running.spawn(timed(begin, operation.clone()));
    }
    let mut ended = begin;
    while let Some(outcome) = running.join_next().await {
        let (begun, end) = outcome??;
        latencies.record(end - begun);
        ended = ended.max(end);
        if end - begin < time {
            running.spawn(timed(Instant::now(), operation.clone()));
        }
    }
    let elapsed = ended - begin;
    Ok(Ran { latencies, elapsed })
}

/// So many operations one after the other. What each made is given to `after` when the clock does not run.
pub(super) async fn times<T, F, Fut, After, Done>(
    amount: usize,
    operation: F,
    after: After,
) -> Result<Ran>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T>>,
    After: Fn(T) -> Done,
    Done: Future<Output = ()>,
{
    let mut latencies = Latencies::default();
    let mut elapsed = Duration::ZERO;
    for _ in 0..amount {
        let begun = Instant::now();
        let made = operation().await?;
        let took = begun.elapsed();
        latencies.record(took);
        elapsed += took;
        after(made).await;
    }
    Ok(Ran { latencies, elapsed })
}

/// The future of the operation is made in here, so that no larger one is moved into the task.
async fn timed<O: Operation>(begun: Instant, operation: O) -> Result<(Instant, Instant)> {
    operation.run().await?;
    Ok((begun, Instant::now()))
}
