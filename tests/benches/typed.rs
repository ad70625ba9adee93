//! What types cost: calls by a typed client of a typed service, beside the same calls by `call` of closures.
//!
//! A server, a provider and a caller in one process on one thread, so that all of the time of the processor is of the
//! calls. `cargo bench -p hypha-tests --bench typed`, with `-- --check` to fail where the target is missed.

#![expect(clippy::print_stdout, reason = "the figures are the output")]

use anyhow::{Result, bail};
use hypha_client::{Client, RemoteService, Service, TokenOptions, service};
use hypha_server::HyphaServer;
use rustix::time::{ClockId, clock_gettime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const CALLS: u32 = 4000;
const ROUNDS: usize = 15;
/// Of the time of the processor that calls without types take.
const TARGET: f64 = 1.10;

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
struct Spot {
    x: f64,
    y: f64,
    label: String,
}

#[service(id = "typed")]
trait Stage {
    async fn move_to(&self, spot: Spot, #[arg(default = 1)] speed: u32) -> Result<Spot, String>;
}

struct Still;

impl Stage for Still {
    async fn move_to(&self, spot: Spot, speed: u32) -> Result<Spot, String> {
        answer(spot, speed)
    }
}

fn answer(spot: Spot, speed: u32) -> Result<Spot, String> {
    if speed == 0 {
        return Err("no speed".to_owned());
    }
    Ok(spot)
}

fn main() -> Result<()> {
    let check = std::env::args().any(|argument| argument == "--check");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ratio = runtime.block_on(measure())?;
    if check && ratio > TARGET {
        bail!("typed calls take {ratio:.2} of the others, at most {TARGET} are wanted");
    }
    Ok(())
}

async fn measure() -> Result<f64> {
    let server = HyphaServer::builder().port(0).start().await?;
    let provider = Client::builder(server.url())
        .client_id("provider")
        .connect()
        .await?;
    let caller = Client::builder(server.url())
        .workspace(provider.workspace())
        .token(provider.generate_token(TokenOptions::new()).await?)
        .client_id("caller")
        .connect()
        .await?;
    provider.register_service(StageService::new(Still)).await?;
    let untyped = Service::new("untyped").method("move_to", |spot: Spot, speed: u32| async move {
        answer(spot, speed)
    });
    provider.register_service(untyped).await?;
    let typed = StageClient::new(caller.get_service("provider:typed").await?);
    let untyped = caller.get_service("provider:untyped").await?;

    let [mut with, mut without] = [const { Vec::new() }; 2];
    // The first round warms up.
    for round in 0..=ROUNDS {
        let times = [of_typed(&typed).await?, of_untyped(&untyped).await?];
        if round > 0 {
            with.push(times[0]);
            without.push(times[1]);
        }
    }
    let mut ratios: Vec<f64> = with
        .iter()
        .zip(&without)
        .map(|(with, without)| with / without)
        .collect();
    let (with, without, ratio) = (median(&mut with), median(&mut without), median(&mut ratios));
    let verdict = if ratio > TARGET { "  MISSED" } else { "" };
    println!(
        "time of the processor for a call over the server, in microseconds: caller, server and provider"
    );
    println!("  without types                   {without:>8.1}");
    println!("  typed client and typed service  {with:>8.1}");
    println!("  of the time without types       {ratio:>8.2}  at most {TARGET}{verdict}");
    Ok(ratio)
}

fn spot() -> Spot {
    Spot {
        x: 1.5,
        y: 2.5,
        label: "A1".to_owned(),
    }
}

async fn of_typed(stage: &StageClient) -> Result<f64> {
    let begun = processor();
    for _ in 0..CALLS {
        if stage.move_to(spot(), Some(2)).await? != spot() {
            bail!("something else came back");
        }
    }
    Ok((processor() - begun) / f64::from(CALLS))
}

async fn of_untyped(stage: &RemoteService) -> Result<f64> {
    let begun = processor();
    for _ in 0..CALLS {
        let back: Spot = stage.call("move_to", (spot(), 2_u32)).await?;
        if back != spot() {
            bail!("something else came back");
        }
    }
    Ok((processor() - begun) / f64::from(CALLS))
}

/// Microseconds of the processor that this process has taken.
fn processor() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "exact for centuries")]
    let micros = time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3;
    micros
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
