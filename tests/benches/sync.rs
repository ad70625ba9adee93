//! What waiting without async costs: calls of the async client and of the one without, one after the other.
//!
//! `cargo bench -p hypha-tests --bench sync`, with `-- --check` to fail where the target is missed. Server and provider are the same for both, in this process.

#![expect(clippy::print_stdout, reason = "the figures are the output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use hypha_client::{Pacing, ReconnectPolicy, Service, Visibility};
use hypha_server::HyphaServer;
use tokio::runtime::Builder;

const CALLS: usize = 3000;
const ROUNDS: usize = 7;
/// Of the time of a call of the async client.
const TARGET: f64 = 1.5;

fn main() -> Result<()> {
    let background = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let server = background.block_on(HyphaServer::builder().port(0).start())?;
    let options = || {
        hypha_client::Client::builder(server.url())
            .pacing(Pacing::Off)
            .reconnect(ReconnectPolicy::off())
    };
    let provider = background.block_on(options().connect())?;
    let service = Service::new("s")
        .visibility(Visibility::Public)
        .method("twice", |x: u64| async move { x * 2 });
    let id = background.block_on(provider.register_service(service))?.id;

    let own = Builder::new_current_thread().enable_all().build()?;
    let client = own.block_on(options().connect())?;
    let service = own.block_on(client.get_service(&id).into_future())?;
    let sync = hypha_sync::connect_to_server(options())?;
    let sync_service = sync.get_service(&id)?;

    let [mut with, mut without] = [const { Vec::new() }; 2];
    // The first round warms up.
    for round in 0..=ROUNDS {
        let async_times = own.block_on(async {
            let mut times = Vec::with_capacity(CALLS);
            for x in 0..CALLS as u64 {
                let begun = Instant::now();
                service.call::<u64>("twice", (x,)).await?;
                times.push(begun.elapsed().as_secs_f64() * 1e6);
            }
            anyhow::Ok(times)
        })?;
        let mut sync_times = Vec::with_capacity(CALLS);
        for x in 0..CALLS as u64 {
            let begun = Instant::now();
            sync_service.call::<u64>("twice", (x,))?;
            sync_times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        if round > 0 {
            with.push(median(async_times)?);
            without.push(median(sync_times)?);
        }
    }
    let (with, without) = (median(with)?, median(without)?);
    println!("a call over a server in this process, p50 in microseconds");
    println!("  async        {with:>8.1}");
    println!("  without      {without:>8.1}");
    let ratio = without / with;
    println!("  without, of async {ratio:>8.2}");
    if std::env::args().any(|argument| argument == "--check") && ratio > TARGET {
        bail!("a call without async takes {ratio:.2} of one with it, at most {TARGET} are wanted");
    }
    Ok(())
}

fn median(mut figures: Vec<f64>) -> Result<f64> {
    figures.sort_unstable_by(f64::total_cmp);
    figures
        .get(figures.len() / 2)
        .copied()
        .context("nothing was measured")
}
