//! What the server costs: against NATS, against a relay that only copies, and as clients and services become many.
//!
//! Every server, caller and provider is a process of its own: this binary, started again with a role. All subjects of a
//! comparison run at once and are measured in turn, so that a busy machine slows all of them alike; figures are medians
//! of the rounds. `cargo bench -p hypha-tests --bench relay -- --check` fails where a target is missed, `--quick` takes
//! short rounds, and one of the names `header`, `speed`, `scale`, `hostile` and `python` runs only that part. Linux only: it
//! reads `/proc`.

#![expect(clippy::print_stdout, reason = "the figures are the output")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and starts tasks"
)]

mod bare;
mod child;
mod frame;
mod header;
mod hostile;
mod measure;
mod nats;
mod peers;
mod process;
mod python;
mod report;
mod scale;
mod speed;

use anyhow::{Result, bail};

use crate::report::{Plan, Report};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["role", role, rest @ ..] = words.as_slice() {
        return play(role, rest);
    }
    let plan = Plan::of(&words);
    let mut report = Report::default();
    if plan.wants("header") {
        header::run(&mut report)?;
    }
    if plan.wants("speed") {
        speed::run(&plan, &mut report)?;
    }
    if plan.wants("scale") {
        scale::run(&plan, &mut report)?;
    }
    if plan.wants("hostile") {
        hostile::run(&plan, &mut report)?;
    }
    if plan.wants("python") {
        python::run(&plan, &mut report)?;
    }
    report.conclude(&plan)
}

/// What the processes of a comparison do.
fn play(role: &str, rest: &[&str]) -> Result<()> {
    match (role, rest) {
        ("nats-responder", [url, flavour]) => nats::respond(url, flavour),
        ("nats-caller", [url, flavour]) => nats::call(url, flavour),
        ("bare-relay", [flavour]) => bare::relay(flavour),
        ("bare-responder", [url, flavour]) => bare::respond(url, flavour),
        ("bare-caller", [url, flavour]) => bare::call(url, flavour),
        ("server", [flavour]) => peers::serve_clients(flavour),
        ("deaf", [url, provider]) => hostile::reads_nothing(url, provider),
        ("idle", [url, clients]) => peers::idle(url, clients),
        ("services", [url, services]) => peers::services(url, services),
        ("provider", [url, flavour]) => peers::provide(url, flavour),
        ("caller", [url, flavour, service]) => peers::call(url, flavour, service),
        _ => bail!("there is no role {role} with {rest:?}"),
    }
}
