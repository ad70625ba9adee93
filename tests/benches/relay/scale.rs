//! What calls and connections cost the server as clients, services and messages grow.

use std::time::Duration;

use anyhow::Result;

use crate::child::Process;
use crate::peers::Fleet;
use crate::process::{check_files, cpu_seconds, memory, peak_memory, reset_peak};
use crate::report::{Figures, Plan, Report, Target, figure};

const MANY: usize = 10_000;
const FEW: usize = 10;
/// Descriptors that a server needs beside those of its clients.
const OTHER_FILES: usize = 200;

const AT_ONCE: usize = 16;
const GIB: usize = 1 << 30;

/// The flavour of everybody here.
const FLAVOUR: &str = "multi";

const CPU_TARGET: f64 = 1.2;
const IDLE_TARGET_KIB: f64 = 25.0;
const TRANSFER_TARGET_MIB: f64 = 64.0;

/// A server in some state, and a caller to load it with.
struct Case {
    name: &'static str,
    fleet: Fleet,
    _crowd: Vec<Process>,
}

pub(crate) fn run(plan: &Plan, report: &mut Report) -> Result<()> {
    check_files(MANY + OTHER_FILES)?;
    println!("\nthe server as clients and services become many");
    let base = crowded("10 clients", FEW, 0)?;
    let crowd = Fleet::server(FLAVOUR)?;
    let before = memory(crowd.server_id())?;
    let clients = idle(crowd.url(), MANY)?;
    let each = memory(crowd.server_id())?.saturating_sub(before) as f64 / MANY as f64 / 1024.0;
    let mut cases = [
        base,
        Case {
            name: "10000 clients",
            fleet: crowd.with_peers(FLAVOUR)?,
            _crowd: clients,
        },
        crowded("10 services", 0, FEW)?,
        crowded("10000 services", 0, MANY)?,
    ];
    let mut figures = Figures::default();
    for round in 0..=plan.rounds() {
        for case in &mut cases {
            let (cost, alone) = case.cost_of_a_call(plan)?;
            if round > 0 {
                figures.add(case.name, "cpu", cost * 1e6);
                figures.add(case.name, "alone", alone * 1e6);
            }
        }
    }
    let [few, crowd, some, services] = cases.each_ref().map(|case| {
        let cost = figures.median(case.name, "cpu");
        let alone = figures.median(case.name, "alone");
        let name = case.name;
        println!("  {name:<58} {cost:>9.2} us of cpu, {alone:.2} without what idle clients take");
        cost
    });
    let at_most = Target::AtMost(CPU_TARGET);
    report.compare(
        "cpu of a call, 10000 clients / 10",
        crowd / few,
        "x",
        at_most,
    );
    report.compare(
        "cpu of a call, 10000 services / 10",
        services / some,
        "x",
        at_most,
    );
    let target = Target::AtMost(IDLE_TARGET_KIB);
    report.compare("server memory of an idle connection", each, "KiB", target);
    large(&mut cases, report)
}

/// How the server's memory rises while it relays a large message.
fn large(cases: &mut [Case], report: &mut Report) -> Result<()> {
    let Some(Case { fleet, .. }) = cases.first_mut() else {
        return Ok(());
    };
    let before = memory(fleet.server_id())?;
    reset_peak(fleet.server_id())?;
    fleet.ask(&format!("upload {GIB}"))?;
    let risen = peak_memory(fleet.server_id())?.saturating_sub(before);
    let risen = risen as f64 / (1 << 20) as f64;
    let target = Target::AtMost(TRANSFER_TARGET_MIB);
    report.compare("server memory of a transfer of 1 GiB", risen, "MiB", target);
    Ok(())
}

/// A server with so many further clients and services.
fn crowded(name: &'static str, clients: usize, services: usize) -> Result<Case> {
    let fleet = Fleet::server(FLAVOUR)?;
    let mut crowd = idle(fleet.url(), clients)?;
    if services > 0 {
        crowd.push(ready("services", fleet.url(), services)?);
    }
    Ok(Case {
        name,
        fleet: fleet.with_peers(FLAVOUR)?,
        _crowd: crowd,
    })
}

/// Connects so many clients that do nothing, from two processes.
fn idle(url: &str, clients: usize) -> Result<Vec<Process>> {
    let halves = [clients / 2, clients - clients / 2];
    let halves = halves.into_iter().filter(|half| *half > 0);
    halves.map(|half| ready("idle", url, half)).collect()
}

fn ready(role: &str, url: &str, count: usize) -> Result<Process> {
    let mut process = Process::role(role, &[url, &count.to_string()])?;
    process.line()?;
    Ok(process)
}

impl Case {
    /// Seconds of the server's processor for one call, with all else that it does meanwhile, and without what it does in
    /// the same time when nobody calls.
    fn cost_of_a_call(&mut self, plan: &Plan) -> Result<(f64, f64)> {
        let server = self.fleet.server_id();
        let start = cpu_seconds(server)?;
        std::thread::sleep(Duration::from_secs_f64(plan.seconds()));
        let begun = cpu_seconds(server)?;
        let many = format!("many {AT_ONCE} {}", plan.seconds());
        let calls = figure(&self.fleet.ask(&many)?, "calls")?;
        let used = cpu_seconds(server)? - begun;
        let idle = begun - start;
        Ok((used / calls, (used - idle) / calls))
    }
}
