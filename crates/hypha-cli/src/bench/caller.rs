//! `hypha bench caller`: what is measured.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use clap::Args;
use futures_util::TryStreamExt as _;
use hypha_client::{Binary, Client, NdArray, ReconnectPolicy, RemoteService, RemoteStream, Value};

use super::contract;
use super::latencies::Sorted;
use super::noise::Noise;
use super::plan::{Part, PlanArgs, Size};
use super::size::size_of;
use super::timed::{self, Operation, Ran};
use crate::metric::{Line, Metric, Unit};
use crate::runtime::Flavour;
use crate::server::ServerArgs;

/// Measure a provider through a server.
///
/// Calls the service `bench` of the client `bench-provider`, and prints one JSON object a line: {"begin": NAME} before
/// each timed part, {"metric": NAME, "value": NUMBER, "unit": UNIT, "ops": N, ...} after it.
#[derive(Args, Debug)]
pub(crate) struct CallerArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    plan: PlanArgs,
    /// Threads that run the tasks
    #[arg(long, value_enum, default_value = DEFAULT_FLAVOUR.name())]
    pub(super) runtime: Flavour,
}

const DEFAULT_FLAVOUR: Flavour = Flavour::CurrentThread;

/// Between the announcement of a part and its begin: whoever counts what the server uses reads its counters then.
const BEFORE_TIMED: Duration = Duration::from_millis(50);
/// After a bulk metric, so that the next one does not share the machine with what the last one left to do.
const AFTER_BULK: Duration = Duration::from_millis(200);

const CONNECTS: usize = 11;
const LOOKUPS: usize = 21;
/// Transfers of each size and direction.
const TRANSFERS: usize = 3;
/// Items of one generator.
const ITEMS: u64 = 100;
/// Calls of each kind that are not measured, before those that are.
const WARM_UP: usize = 32;

/// Measures everything, and prints it as it comes.
pub(super) async fn measure(arguments: CallerArgs) -> Result<()> {
    let parts = arguments.plan.parts()?;
    // Tasks of their own run on the runtime's threads, and what blocks on them elsewhere.
    let measuring = tokio::task::JoinSet::from_iter([async move {
        let caller = Caller::connect(arguments).await?;
        for part in parts {
            caller.run(part).await.with_context(|| part.to_string())?;
        }
        caller.client.disconnect().await;
        Ok(())
    }]);
    measuring.join_all().await.into_iter().collect()
}

struct Caller {
    server: ServerArgs,
    time: Duration,
    client: Client,
    bench: RemoteService,
    noise: Noise,
}

impl Caller {
    async fn connect(arguments: CallerArgs) -> Result<Self> {
        let CallerArgs { server, plan, .. } = arguments;
        let client = connect(&server).await?;
        let bench = client
            .get_service(PROVIDED)
            .await
            .context("cannot find the provider")?;
        Ok(Self {
            server,
            time: Duration::from_secs_f64(plan.seconds),
            client,
            bench,
            noise: Noise::default(),
        })
    }

    async fn run(&self, part: Part) -> Result<()> {
        let name = part.to_string();
        if let Part::Echo { size, .. } = part {
            self.warm_up(size).await?;
        }
        let noise = match part {
            Part::Upload(mib) => self.noise.take(bytes_of(mib)),
            _ => Bytes::new(),
        };
        Line::Begin {
            begin: name.clone(),
        }
        .print()?;
        tokio::time::sleep(BEFORE_TIMED).await;
        let metric = match part {
            Part::Connect => self.connects(&name).await?,
            Part::GetService => self.lookups(&name).await?,
            Part::Echo { at_once, size } => self.echoes(&name, at_once, size).await?,
            Part::Gen => self.items(&name).await?,
            Part::Upload(mib) => {
                let upload = || upload(&self.bench, noise.clone());
                transfers(&name, mib, upload).await?
            }
            Part::Download(mib) => transfers(&name, mib, || download(&self.bench, mib)).await?,
        };
        Line::Metric(metric).print()?;
        if part.is_bulk() {
            tokio::time::sleep(AFTER_BULK).await;
        }
        Ok(())
    }

    async fn connects(&self, name: &str) -> Result<Metric> {
        let connect = || connect(&self.server);
        let disconnect = |client: Client| async move { client.disconnect().await };
        let ran = timed::times(CONNECTS, connect, disconnect).await?;
        Ok(median_ms(name, ran))
    }

    async fn lookups(&self, name: &str) -> Result<Metric> {
        let look_up = async || Ok(self.client.get_service(PROVIDED).await?);
        let ran = timed::times(LOOKUPS, look_up, async |_| ()).await?;
        Ok(median_ms(name, ran))
    }

    async fn warm_up(&self, size: Size) -> Result<()> {
        let echo = Echo::new(&self.bench, &self.noise, size);
        for _ in 0..WARM_UP {
            echo.run().await?;
        }
        Ok(())
    }

    async fn echoes(&self, name: &str, at_once: usize, size: Size) -> Result<Metric> {
        let echo = Echo::new(&self.bench, &self.noise, size);
        let ran = if at_once == 1 {
            timed::one_by_one(self.time, || echo.run()).await?
        } else {
            timed::at_once(at_once, self.time, &echo).await?
        };
        let metric = Metric::new(name, ran.rate(), Unit::Calls, ran.ops());
        Ok(with_percentiles(metric, &ran.latencies.sorted()))
    }

    async fn items(&self, name: &str) -> Result<Metric> {
        let run_through = || run_through(&self.bench);
        let ran = timed::one_by_one(self.time, run_through).await?;
        let items = ran.ops() * ITEMS;
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let rate = ran.rate() * ITEMS as f64;
        Ok(Metric::new(name, rate, Unit::Items, items))
    }
}

/// The service as its users find it.
const PROVIDED: &str = "bench-provider:bench";

async fn connect(server: &ServerArgs) -> Result<Client> {
    // A connection that is lost is a result, and not to be healed behind the back of whoever measures.
    let options = server
        .options()
        .reconnect(ReconnectPolicy::off())
        .configure(|config| {
            config.max_message_bytes = contract::MAX_MESSAGE;
            config.max_assembly_bytes = 2 * contract::MAX_MESSAGE;
        });
    server.connect(options).await
}

/// Calls `echo` and looks at what comes back.
#[derive(Clone)]
struct Echo {
    bench: RemoteService,
    /// An integer without it.
    bytes: Option<Binary>,
}

impl Echo {
    fn new(bench: &RemoteService, noise: &Noise, size: Size) -> Self {
        let bytes = match size {
            Size::Tiny => None,
            Size::Kib(kib) => Some(noise.take(kib << 10).into()),
        };
        Self {
            bench: bench.clone(),
            bytes,
        }
    }
}

impl Operation for Echo {
    async fn run(&self) -> Result<()> {
        match &self.bytes {
            None => {
                let back: i64 = self.bench.call(contract::ECHO, (TINY,)).await?;
                ensure!(back == TINY, "{back} came back instead of {TINY}");
            }
            Some(bytes) => {
                let back: Binary = self.bench.call(contract::ECHO, (bytes,)).await?;
                ensure!(
                    back.len() == bytes.len(),
                    "{} bytes came back instead of {}",
                    back.len(),
                    bytes.len()
                );
            }
        }
        Ok(())
    }
}

const TINY: i64 = 42;

async fn run_through(bench: &RemoteService) -> Result<()> {
    let mut items: RemoteStream<u64> = bench.stream(contract::GEN, (ITEMS,)).await?;
    let mut expected = 0;
    while let Some(item) = items.try_next().await? {
        ensure!(item == expected, "item {item} came instead of {expected}");
        expected += 1;
    }
    ensure!(
        expected == ITEMS,
        "{expected} items came instead of {ITEMS}"
    );
    Ok(())
}

/// The rate of a transfer of this size.
async fn transfers<F, Fut>(name: &str, mib: u32, transfer: F) -> Result<Metric>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let ran = timed::times(TRANSFERS, transfer, async |()| ()).await?;
    let ops = ran.ops();
    let seconds = ran.latencies.sorted().median_us() / 1e6;
    let rate = f64::from(mib) / seconds;
    Ok(Metric::new(name, rate, Unit::Mebibytes, ops))
}

async fn upload(bench: &RemoteService, noise: Bytes) -> Result<()> {
    let bytes = noise.len();
    let array = NdArray::new("uint8", [bytes], noise)?;
    let size: usize = bench.call(contract::SIZE, (array,)).await?;
    ensure!(size == bytes, "{size} bytes arrived instead of {bytes}");
    Ok(())
}

async fn download(bench: &RemoteService, mib: u32) -> Result<()> {
    let bytes = bytes_of(mib);
    let made: Value = bench.call(contract::MAKE, (bytes, "random")).await?;
    let size = size_of(&made);
    ensure!(
        size == Some(bytes),
        "{size:?} bytes arrived instead of {bytes}"
    );
    Ok(())
}

fn bytes_of(mib: u32) -> usize {
    (mib as usize) << 20
}

/// The median in milliseconds, and the percentiles.
fn median_ms(name: &str, ran: Ran) -> Metric {
    let ops = ran.ops();
    let sorted = ran.latencies.sorted();
    let metric = Metric::new(name, sorted.median_us() / 1e3, Unit::Milliseconds, ops);
    with_percentiles(metric, &sorted)
}

fn with_percentiles(metric: Metric, latencies: &Sorted) -> Metric {
    metric.percentiles(latencies.percentile_us(0.5), latencies.percentile_us(0.99))
}
