//! Plain `hypha bench`: a server, a provider and a caller, each a process of its own.

mod part;
mod table;

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use self::part::Part;
use super::plan::PlanArgs;
use crate::metric::{Line, Metric};
use crate::runtime::Flavour;
use crate::serve::LISTENING;
use crate::signals::Signals;

/// What to measure, and with which runtimes.
#[derive(Args, Debug)]
pub(super) struct SuiteArgs {
    #[command(flatten)]
    plan: PlanArgs,
    /// Threads that run the tasks of the server
    #[arg(long, value_enum, value_name = "FLAVOUR")]
    server_runtime: Option<Flavour>,
    /// Threads that run the tasks of the provider
    #[arg(long, value_enum, value_name = "FLAVOUR")]
    provider_runtime: Option<Flavour>,
    /// Threads that run the tasks of the caller
    #[arg(long, value_enum, value_name = "FLAVOUR")]
    caller_runtime: Option<Flavour>,
    /// Send no faster than the server's limit of frames allows
    #[arg(long)]
    pace: bool,
}

/// Measures, and prints one table.
pub(super) async fn run(arguments: SuiteArgs) -> Result<()> {
    let mut signals = Signals::listen()?;
    // Whichever way this ends, the parts are dropped with it, and ended thereby.
    let metrics = tokio::select! {
        metrics = measure(&arguments) => metrics?,
        () = signals.next() => bail!("interrupted"),
    };
    writeln!(io::stdout(), "{}", table::of(&metrics))?;
    Ok(())
}

async fn measure(arguments: &SuiteArgs) -> Result<Vec<Metric>> {
    // Names of metrics that there are none of are better known before anything runs.
    arguments.plan.parts()?;

    let mut words = words(&[
        "serve",
        "--port",
        "0",
        "--log-level",
        "warning",
        "--end-with-input",
    ]);
    add_runtime(&mut words, arguments.server_runtime);
    let mut server = Part::start("the server", &words, &[])?;
    let url = server.announcement(LISTENING).await?;

    let mut words = self::words(&["bench", "provider", "--end-with-input"]);
    add_runtime(&mut words, arguments.provider_runtime);
    add_pace(&mut words, arguments.pace);
    let at_server = ("HYPHA_SERVER_URL", url.as_str());
    let mut provider = Part::start("the provider", &words, &[at_server])?;
    let ready = provider.announcement("READY ").await?;
    let (workspace, token) = ready
        .split_once(' ')
        .context("the provider did not say where it is")?;

    let mut words = self::words(&["bench", "caller"]);
    arguments.plan.add_to(&mut words);
    add_runtime(&mut words, arguments.caller_runtime);
    add_pace(&mut words, arguments.pace);
    // Not as arguments, which everybody on this machine can see.
    let at_provider = [
        at_server,
        ("HYPHA_WORKSPACE", workspace),
        ("HYPHA_TOKEN", token),
    ];
    let mut caller = Part::start("the caller", &words, &at_provider)?;
    let mut metrics = Vec::new();
    while let Some(line) = caller.next_line().await? {
        match serde_json::from_str(&line)
            .context("the caller printed something else than figures")?
        {
            Line::Begin { begin } => show_progress(&begin)?,
            Line::Metric(metric) => metrics.push(metric),
        }
    }
    caller.succeeded().await?;
    // Ended in turn, so that each has its goodbye.
    provider.end().await?;
    server.end().await?;
    Ok(metrics)
}

/// People who wait see what is being measured.
fn show_progress(metric: &str) -> io::Result<()> {
    let mut output = io::stderr().lock();
    if output.is_terminal() {
        writeln!(output, "{metric} ...")?;
    }
    Ok(())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn add_runtime(words: &mut Vec<String>, flavour: Option<Flavour>) {
    if let Some(flavour) = flavour {
        words.extend(["--runtime".to_owned(), flavour.name().to_owned()]);
    }
}

fn add_pace(words: &mut Vec<String>, pace: bool) {
    if pace {
        words.push("--pace".to_owned());
    }
}
