//! Which parts run and for how long, what came of them, and whether that is enough.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde_json::Value as Json;

/// What is asked for on the command line.
pub(crate) struct Plan {
    check: bool,
    quick: bool,
    parts: Vec<String>,
}

impl Plan {
    pub(crate) fn of(words: &[&str]) -> Self {
        let parts = words.iter().filter(|word| !word.starts_with("--"));
        Self {
            check: words.contains(&"--check"),
            quick: words.contains(&"--quick"),
            parts: parts.map(ToString::to_string).collect(),
        }
    }

    /// Whether a part is to run.
    pub(crate) fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }

    pub(crate) fn rounds(&self) -> usize {
        if self.quick { 3 } else { 5 }
    }

    /// Seconds of one measurement of calls.
    pub(crate) fn seconds(&self) -> f64 {
        if self.quick { 0.3 } else { 1.5 }
    }
}

/// Figures of the rounds by subject and metric.
#[derive(Default)]
pub(crate) struct Figures(BTreeMap<(String, &'static str), Vec<f64>>);

impl Figures {
    pub(crate) fn add(&mut self, subject: &str, metric: &'static str, figure: f64) {
        let key = (subject.to_owned(), metric);
        self.0.entry(key).or_default().push(figure);
    }

    /// The median of the rounds.
    pub(crate) fn median(&self, subject: &str, metric: &'static str) -> f64 {
        let rounds = self.0.get(&(subject.to_owned(), metric));
        let mut rounds = rounds.cloned().unwrap_or_default();
        rounds.sort_unstable_by(f64::total_cmp);
        rounds.get(rounds.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// A figure that a process said.
pub(crate) fn figure(json: &Json, name: &str) -> Result<f64> {
    json[name].as_f64().with_context(|| format!("no {name}"))
}

/// A bound of a figure.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// Only to be seen.
    None,
}

/// What is compared with targets, and how many of them are missed.
#[derive(Default)]
pub(crate) struct Report {
    missed: usize,
}

impl Report {
    /// Prints a figure with its target.
    pub(crate) fn compare(&mut self, what: &str, figure: f64, unit: &str, target: Target) {
        let (reached, wanted) = match target {
            Target::AtLeast(least) => (figure >= least, format!("at least {least}")),
            Target::AtMost(most) => (figure <= most, format!("at most {most}")),
            Target::None => (true, String::new()),
        };
        self.missed += usize::from(!reached);
        let verdict = if reached { "" } else { "  MISSED" };
        println!("  {what:<58} {figure:>9.2} {unit:<3} {wanted}{verdict}");
    }

    /// Fails if targets are missed and somebody wants to know.
    pub(crate) fn conclude(&self, plan: &Plan) -> Result<()> {
        println!("\n{} targets are missed", self.missed);
        if plan.check && self.missed > 0 {
            bail!("{} targets are missed", self.missed);
        }
        Ok(())
    }
}
