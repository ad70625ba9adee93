//! The same Python client over the real server and over ours.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use hypha_tests::{HyphaServer, ServerOptions};

use crate::child::Process;
use crate::peers::Fleet;
use crate::report::{Figures, Plan, Report, Target, figure};

const PYTHON: &str = "../target/peers/venv/bin/python";
const SCRIPT: &str = "benches/relay/echo.py";
const AT_ONCE: usize = 64;
const BULK: usize = 16 << 20;

pub(crate) fn run(plan: &Plan, report: &mut Report) -> Result<()> {
    println!("\nthe Python client: ours in parts of the real server");
    let runtime = tokio::runtime::Runtime::new()?;
    let real = runtime.block_on(HyphaServer::start(ServerOptions::default()))?;
    let ours = Fleet::server("multi")?;
    let mut subjects = [("real", pair(&real.url())?), ("ours", pair(ours.url())?)];
    let mut figures = Figures::default();
    for round in 0..=plan.rounds() {
        for (name, (caller, _)) in &mut subjects {
            let seconds = plan.seconds();
            let seq = caller.ask(&format!("seq {seconds}"))?;
            let many = caller.ask(&format!("many {AT_ONCE} {seconds}"))?;
            let bulk = caller.ask(&format!("upload {BULK}"))?;
            if round > 0 {
                figures.add(name, "seq", figure(&seq, "rate")?);
                figures.add(name, "many", figure(&many, "rate")?);
                figures.add(name, "bulk", figure(&bulk, "rate")?);
            }
        }
    }
    for (metric, what) in [
        ("seq", "calls one after the other, a second"),
        ("many", "calls, 64 at once, a second"),
        ("bulk", "MiB/s of 16 MiB"),
    ] {
        let [real, ours] = ["real", "ours"].map(|name| figures.median(name, metric));
        println!("  {what:<42} real {real:>8.0}, ours {ours:>8.0}");
        report.compare(what, ours / real, "x", Target::None);
    }
    Ok(())
}

/// A caller and its provider.
fn pair(url: &str) -> Result<(Process, Process)> {
    let mut provider = python(&["provider", url])?;
    let service = provider.line()?;
    let mut caller = python(&["caller", url, &service])?;
    caller.line()?;
    Ok((caller, provider))
}

fn python(arguments: &[&str]) -> Result<Process> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(here.join(PYTHON));
    command.arg(here.join(SCRIPT)).args(arguments);
    Process::start(command).context("`cargo xtask peers` installs the Python client")
}
