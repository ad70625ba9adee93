//! Small calls and large messages against NATS and against a bare relay.

use anyhow::Result;
use serde_json::Value as Json;

use crate::child::Process;
use crate::nats;
use crate::peers::Fleet;
use crate::report::{Figures, Plan, Report, Target, figure};

const BULK: usize = 64 << 20;
const AT_ONCE: usize = 64;
const FLAVOURS: [&str; 2] = ["current", "multi"];

/// Our side, of which one choice of flavours counts: server, caller and provider may choose theirs.
const OURS: [(&str, &str); 3] = [
    ("current", "current"),
    ("multi", "current"),
    ("multi", "multi"),
];

/// Who is measured.
struct Subject {
    name: String,
    kind: Kind,
    caller: Caller,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Nats,
    Bare,
    Ours,
}

/// A caller, and the processes that it needs.
enum Caller {
    Plain(
        Process,
        #[expect(dead_code, reason = "they run as long")] Vec<Process>,
    ),
    Fleet(Fleet),
}

pub(crate) fn run(plan: &Plan, report: &mut Report) -> Result<()> {
    let mut subjects = Vec::new();
    for flavour in FLAVOURS {
        subjects.push(nats(flavour)?);
        subjects.push(bare(flavour)?);
    }
    for (server, peers) in OURS {
        subjects.push(Subject {
            name: format!("ours {server}/{peers}"),
            kind: Kind::Ours,
            caller: Caller::Fleet(Fleet::server(server)?.with_peers(peers)?),
        });
    }
    let mut figures = Figures::default();
    // The first round warms up.
    for round in 0..=plan.rounds() {
        for subject in &mut subjects {
            let measured = subject.measure(plan)?;
            if round > 0 {
                for (metric, figure) in measured {
                    figures.add(&subject.name, metric, figure);
                }
            }
        }
    }
    print(&subjects, &figures);
    let best = |kind, metric, of: fn(f64, f64) -> f64| {
        let subjects = subjects.iter().filter(|subject| subject.kind == kind);
        let medians = subjects.map(|subject| figures.median(&subject.name, metric));
        medians.reduce(of).unwrap_or(f64::NAN)
    };
    let most = |kind, metric| best(kind, metric, f64::max);
    let least = |kind, metric| best(kind, metric, f64::min);
    report.compare(
        "64 calls at once, parts of NATS",
        most(Kind::Ours, "many") / most(Kind::Nats, "many"),
        "x",
        Target::AtLeast(1.0),
    );
    report.compare(
        "p50 of calls one after the other, parts of NATS",
        least(Kind::Ours, "p50") / least(Kind::Nats, "p50"),
        "x",
        Target::AtMost(0.9),
    );
    report.compare(
        "p99 of calls one after the other, parts of NATS",
        least(Kind::Ours, "p99") / least(Kind::Nats, "p99"),
        "x",
        Target::AtMost(1.0),
    );
    report.compare(
        "calls one after the other, parts of a bare relay",
        most(Kind::Ours, "seq") / most(Kind::Bare, "seq"),
        "x",
        Target::AtLeast(0.7),
    );
    report.compare(
        "bulk, parts of a bare relay with answers",
        most(Kind::Ours, "bulk") / most(Kind::Bare, "bulk"),
        "x",
        Target::AtLeast(0.6),
    );
    report.compare(
        "bulk, parts of a bare relay without answers",
        most(Kind::Ours, "bulk") / most(Kind::Bare, "free"),
        "x",
        Target::None,
    );
    Ok(())
}

impl Subject {
    fn measure(&mut self, plan: &Plan) -> Result<Vec<(&'static str, f64)>> {
        let seconds = plan.seconds();
        let seq = self.ask(&format!("seq {seconds}"))?;
        let mut figures = vec![
            ("seq", figure(&seq, "rate")?),
            ("p50", figure(&seq, "p50")?),
            ("p99", figure(&seq, "p99")?),
        ];
        if self.kind != Kind::Bare {
            let many = self.ask(&format!("many {AT_ONCE} {seconds}"))?;
            figures.push(("many", figure(&many, "rate")?));
        }
        if self.kind != Kind::Nats {
            let bulk = self.ask(&format!("upload {BULK}"))?;
            figures.push(("bulk", figure(&bulk, "rate")?));
        }
        if self.kind == Kind::Bare {
            let free = self.ask(&format!("free {BULK}"))?;
            figures.push(("free", figure(&free, "rate")?));
        }
        Ok(figures)
    }

    fn ask(&mut self, command: &str) -> Result<Json> {
        match &mut self.caller {
            Caller::Plain(caller, _) => caller.ask(command),
            Caller::Fleet(fleet) => fleet.ask(command),
        }
    }
}

fn nats(flavour: &str) -> Result<Subject> {
    let (server, url) = nats::start_server()?;
    let responder = ready("nats-responder", &[&url, flavour])?;
    let caller = ready("nats-caller", &[&url, flavour])?;
    Ok(Subject {
        name: format!("nats {flavour}"),
        kind: Kind::Nats,
        caller: Caller::Plain(caller, vec![server, responder]),
    })
}

fn bare(flavour: &str) -> Result<Subject> {
    let mut relay = Process::role("bare-relay", &[flavour])?;
    let address = relay.line()?;
    let responder = ready("bare-responder", &[&address, flavour])?;
    let caller = ready("bare-caller", &[&address, flavour])?;
    Ok(Subject {
        name: format!("bare {flavour}"),
        kind: Kind::Bare,
        caller: Caller::Plain(caller, vec![relay, responder]),
    })
}

fn ready(role: &str, arguments: &[&str]) -> Result<Process> {
    let mut process = Process::role(role, arguments)?;
    process.line()?;
    Ok(process)
}

fn print(subjects: &[Subject], figures: &Figures) {
    println!(
        "{:<24} {:>9} {:>9} {:>9} {:>11} {:>10} {:>10}",
        "", "seq/s", "p50 us", "p99 us", "64 at once", "bulk MiB/s", "free"
    );
    for Subject { name, .. } in subjects {
        let at = |metric| figures.median(name, metric);
        println!(
            "{name:<24} {:>9.0} {:>9.1} {:>9.1} {:>11.0} {:>10.0} {:>10.0}",
            at("seq"),
            at("p50"),
            at("p99"),
            at("many"),
            at("bulk"),
            at("free"),
        );
    }
}
