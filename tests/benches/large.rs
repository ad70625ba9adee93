//! Memory that large messages take, and what they do to small calls beside them.
//!
//! Sender and receiver are processes of their own, with the relay of the tests between them, or with the real server:
//! `cargo bench -p hypha-tests --bench large -- --real`. With `--check` it fails where a target is missed. Linux only:
//! it reads `/proc/self/status`.

#![expect(clippy::print_stdout, reason = "the figures are the output")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and starts tasks"
)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use hypha_client::{Binary, Client, Pacing, RemoteService, Service, Visibility};
use hypha_codec::NdArray;
use hypha_tests::{HyphaServer, Relay};
use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;

const PAYLOAD: usize = 256 << 20;
const MIB: f64 = (1 << 20) as f64;

/// Beyond what was there before and the payload, of the payload.
const SENDER_TARGET: f64 = 0.15;
const RECEIVER_TARGET: f64 = 1.15;
const P99_TARGET: Duration = Duration::from_millis(2);

/// Small calls to measure, over the relay and over the real server, which takes 2000 frames at once.
const CALLS: usize = 5000;
const CALLS_REAL: usize = 400;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = Runtime::new()?;
    match words.as_slice() {
        ["provider", url, pacing] => runtime.block_on(provide(url, pacing)),
        ["caller", url, pacing, service, rest @ ..] => {
            let figures = runtime.block_on(call(url, pacing, service, rest))?;
            println!("{figures}");
            Ok(())
        }
        options => {
            let (real, check) = (options.contains(&"--real"), options.contains(&"--check"));
            let missed = runtime.block_on(measure(real))?;
            if check && missed > 0 {
                bail!("{missed} targets are missed");
            }
            Ok(())
        }
    }
}

/// Prints all figures, and counts the targets that are missed.
async fn measure(real: bool) -> Result<usize> {
    let relay = Relay::start().await?;
    let (url, pacing, name) = match real {
        true => (
            HyphaServer::shared().await?.url(),
            "default",
            "the real server",
        ),
        false => (relay.url(), "off", "the relay of the tests"),
    };
    let run = async |rest: &[&str]| -> Result<Json> {
        let (url, rest) = (
            url.clone(),
            rest.iter().map(ToString::to_string).collect::<Vec<_>>(),
        );
        tokio::task::spawn_blocking(move || run(&url, pacing, &rest)).await?
    };
    println!(
        "{} MiB over {name}, in MiB and as parts of the payload",
        PAYLOAD >> 20
    );
    println!(
        "{:<16} {:>24} {:>24} {:>10}",
        "", "sender beyond payload", "receiver", "MiB/s"
    );
    let mut missed = 0;
    for kind in ["bytes", "array"] {
        for direction in ["sent", "received"] {
            let figures = run(&[kind, direction]).await?;
            let figure = |name: &str| figures[name].as_f64().context("no figure");
            let (sender, receiver) = (figure("sender")?, figure("receiver")?);
            let payload = PAYLOAD as f64;
            println!(
                "{kind:<6} {direction:<9} {:>14.1} = {:>7.3} {:>14.1} = {:>7.3} {:>10.0}",
                sender / MIB,
                sender / payload,
                receiver / MIB,
                receiver / payload,
                payload / MIB / figure("seconds")?,
            );
            missed += usize::from(sender > SENDER_TARGET * payload);
            missed += usize::from(receiver > RECEIVER_TARGET * payload);
        }
    }
    println!("targets: sender {SENDER_TARGET}, receiver {RECEIVER_TARGET}");
    let figures = run(&["small", if real { "few" } else { "many" }]).await?;
    println!("\nsmall calls beside it on the same connection, to the same provider");
    for what in ["alone", "beside"] {
        println!(
            "{what:<10} p50 {:>8.3} ms   p99 {:>8.3} ms   {} calls",
            figures[what]["p50"].as_f64().context("no figure")? * 1e3,
            figures[what]["p99"].as_f64().context("no figure")? * 1e3,
            figures[what]["calls"],
        );
    }
    let added = figures["added"].as_f64().context("no figure")?;
    println!(
        "p99 grows by {:.3} ms, target over the relay {P99_TARGET:?}",
        added * 1e3
    );
    missed += usize::from(!real && added > P99_TARGET.as_secs_f64());
    Ok(missed)
}

/// Runs a caller against a provider of its own, and gives its figures.
fn run(url: &str, pacing: &str, rest: &[String]) -> Result<Json> {
    let this = std::env::current_exe()?;
    let mut provider = Command::new(&this)
        .args(["provider", url, pacing])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map(Guard)?;
    let output = provider.0.stdout.take().context("no output")?;
    let mut service = String::new();
    BufReader::new(output).read_line(&mut service)?;
    let caller = Command::new(&this)
        .args(["caller", url, pacing, service.trim()])
        .args(rest)
        .stderr(Stdio::inherit())
        .output()?;
    if !caller.status.success() {
        bail!("the caller failed");
    }
    Ok(serde_json::from_slice(&caller.stdout)?)
}

/// A process that ends with us.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

async fn connect(url: &str, pacing: &str) -> Result<Client> {
    let pacing = match pacing {
        "off" => Pacing::Off,
        _ => Pacing::Default,
    };
    Ok(Client::builder(url).pacing(pacing).connect().await?)
}

async fn provide(url: &str, pacing: &str) -> Result<()> {
    let client = connect(url, pacing).await?;
    let service = Service::new("large")
        .visibility(Visibility::Public)
        .method("echo", async |n: u64| n)
        .method("mark", async || mark().map_err(|error| error.to_string()))
        .method("peak", async || peak().map_err(|error| error.to_string()))
        .method("size_of_bytes", async |bytes: Binary| bytes.len())
        .method("size_of_array", async |array: NdArray| array.data().len())
        .method("bytes", async || Binary::from(payload()))
        .method("array", async || array().map_err(|error| error.to_string()));
    client.register_service(service).await?;
    println!("{}:large", client.peer().address());
    // Until the parent is gone.
    tokio::task::spawn_blocking(|| std::io::stdin().lines().count()).await?;
    Ok(())
}

async fn call(url: &str, pacing: &str, service: &str, what: &[&str]) -> Result<Json> {
    let client = connect(url, pacing).await?;
    let service = client.peer().get_remote_service(service).await?;
    // Whatever is made once is there before.
    let _: u64 = service.call("echo", (1,)).await?;
    match what {
        ["small", amount] => {
            beside(&service, if *amount == "few" { CALLS_REAL } else { CALLS }).await
        }
        [kind, direction] => memory(&service, kind, *direction == "sent").await,
        _ => bail!("what is to be measured?"),
    }
}

async fn memory(service: &RemoteService, kind: &str, sent: bool) -> Result<Json> {
    let there: u64 = service.call("mark", ()).await?;
    let here = mark()?;
    let begun = Instant::now();
    let size = match (kind, sent) {
        ("bytes", true) => {
            service
                .call("size_of_bytes", (Binary::from(payload()),))
                .await?
        }
        ("array", true) => service.call("size_of_array", (array()?,)).await?,
        ("bytes", false) => service.call::<Binary>("bytes", ()).await?.len(),
        _ => service.call::<NdArray>("array", ()).await?.data().len(),
    };
    let seconds = begun.elapsed().as_secs_f64();
    if size != PAYLOAD {
        bail!("{size} bytes have come");
    }
    let here = peak()?.saturating_sub(here);
    let there = service.call::<u64>("peak", ()).await?.saturating_sub(there);
    let (sender, receiver) = if sent { (here, there) } else { (there, here) };
    let sender = sender as f64 - PAYLOAD as f64;
    Ok(json!({ "sender": sender, "receiver": receiver, "seconds": seconds }))
}

/// Small calls alone, and while the payload goes to the same provider.
async fn beside(service: &RemoteService, calls: usize) -> Result<Json> {
    let mut alone = Vec::new();
    while alone.len() < calls {
        alone.push(timed(service).await?);
    }
    let bytes = Binary::from(payload());
    let mut beside = Vec::new();
    while beside.len() < calls / 4 {
        let transfer = tokio::spawn({
            let (service, bytes) = (service.clone(), bytes.clone());
            async move { service.call::<usize>("size_of_bytes", (bytes,)).await }
        });
        while !transfer.is_finished() {
            beside.push(timed(service).await?);
        }
        transfer.await??;
    }
    let (alone, beside) = (Percentiles::of(alone), Percentiles::of(beside));
    let added = beside.p99.as_secs_f64() - alone.p99.as_secs_f64();
    Ok(json!({ "alone": alone.json(), "beside": beside.json(), "added": added }))
}

async fn timed(service: &RemoteService) -> Result<Duration> {
    let begun = Instant::now();
    let _: u64 = service.call("echo", (7,)).await?;
    Ok(begun.elapsed())
}

struct Percentiles {
    p50: Duration,
    p99: Duration,
    calls: usize,
}

impl Percentiles {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |part: usize| {
            times
                .get(times.len() * part / 100)
                .copied()
                .unwrap_or_default()
        };
        Self {
            p50: at(50),
            p99: at(99),
            calls: times.len(),
        }
    }

    fn json(&self) -> Json {
        json!({ "p50": self.p50.as_secs_f64(), "p99": self.p99.as_secs_f64(), "calls": self.calls })
    }
}

fn payload() -> Vec<u8> {
    vec![1; PAYLOAD]
}

fn array() -> Result<NdArray> {
    Ok(NdArray::new("float32", [PAYLOAD / 4096, 1024], payload())?)
}

/// Resident memory now, in bytes; the peak is counted anew.
fn mark() -> Result<u64> {
    std::fs::write("/proc/self/clear_refs", "5")?;
    status("VmRSS:")
}

/// The highest resident memory since the mark, in bytes.
fn peak() -> Result<u64> {
    status("VmHWM:")
}

fn status(name: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kib: u64 = kib.context("no such line")?.trim().parse()?;
    Ok(kib * 1024)
}
