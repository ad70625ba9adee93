//! What a caller measures, in which order and under which names.

use std::fmt;

use clap::Args;

use super::contract::MAX_BULK_MIB;

/// One part of a benchmark. Its text is the name of its metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Making a connection.
    Connect,
    /// Finding a service.
    GetService,
    /// Calls that give their argument back, so many at once.
    Echo { at_once: usize, size: Size },
    /// Items of generators.
    Gen,
    /// So many MiB as an argument.
    Upload(u32),
    /// So many MiB as a result.
    Download(u32),
}

/// What is sent and comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// An integer.
    Tiny,
    /// So many KiB that cannot be compressed.
    Kib(usize),
}

const SMALL: [Part; 10] = {
    const fn echo(at_once: usize, size: Size) -> Part {
        Part::Echo { at_once, size }
    }
    [
        Part::Connect,
        Part::GetService,
        echo(1, Size::Tiny),
        echo(1, Size::Kib(1)),
        echo(1, Size::Kib(64)),
        echo(16, Size::Tiny),
        echo(64, Size::Tiny),
        echo(64, Size::Kib(1)),
        echo(64, Size::Kib(64)),
        Part::Gen,
    ]
};

impl Part {
    /// Whether many MiB cross, after which everybody gets a moment of rest.
    pub(super) fn is_bulk(self) -> bool {
        matches!(self, Self::Upload(_) | Self::Download(_))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect_ms"),
            Self::GetService => f.write_str("get_service_ms"),
            Self::Echo { at_once: 1, size } => write!(f, "echo_seq_{size}"),
            Self::Echo { at_once, size } => write!(f, "echo_c{at_once}_{size}"),
            Self::Gen => f.write_str("gen_items"),
            Self::Upload(mib) => write!(f, "upload_{mib}m"),
            Self::Download(mib) => write!(f, "download_{mib}m"),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tiny => f.write_str("tiny"),
            Self::Kib(kib) => write!(f, "{kib}k"),
        }
    }
}

/// What to measure, and for how long.
#[derive(Args, Clone, Debug)]
pub(crate) struct PlanArgs {
    /// Seconds of each timed part
    #[arg(long, default_value = "1.5", value_parser = seconds)]
    pub(super) seconds: f64,
    /// Sizes of large transfers in MiB, with commas between them
    #[arg(
        long,
        value_name = "N,...",
        value_delimiter = ',',
        default_value = "1,16,64,256",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_BULK_MIB)),
    )]
    pub(super) bulk_mib: Vec<u32>,
    /// Measure nothing but these metrics, with commas between them
    #[arg(long, value_name = "METRIC,...", value_delimiter = ',')]
    pub(super) only: Vec<String>,
}

impl PlanArgs {
    /// The parts in their order.
    ///
    /// # Errors
    /// The name that was asked for and is none.
    pub(super) fn parts(&self) -> Result<Vec<Part>, UnknownMetric> {
        let bulk = self.bulk_mib.iter();
        let bulk = bulk.flat_map(|mib| [Part::Upload(*mib), Part::Download(*mib)]);
        let mut parts: Vec<(String, Part)> = SMALL
            .into_iter()
            .chain(bulk)
            .map(|part| (part.to_string(), part))
            .collect();
        if let Some(unknown) = self
            .only
            .iter()
            .find(|only| !parts.iter().any(|(name, _)| name == *only))
        {
            return Err(UnknownMetric {
                name: unknown.clone(),
                known: parts
                    .into_iter()
                    .map(|(name, _)| name)
                    .collect::<Vec<_>>()
                    .join(", "),
            });
        }
        parts.retain(|(name, _)| self.only.is_empty() || self.only.contains(name));
        Ok(parts.into_iter().map(|(_, part)| part).collect())
    }
}

impl PlanArgs {
    /// Says the same as words of a command line.
    pub(super) fn add_to(&self, words: &mut Vec<String>) {
        let sizes: Vec<String> = self.bulk_mib.iter().map(ToString::to_string).collect();
        words.push(format!("--seconds={}", self.seconds));
        words.push(format!("--bulk-mib={}", sizes.join(",")));
        if !self.only.is_empty() {
            words.push(format!("--only={}", self.only.join(",")));
        }
    }
}

/// A metric was asked for that there is none of.
#[derive(Debug, thiserror::Error)]
#[error("no metric is called `{name}`, there are {known}")]
pub(super) struct UnknownMetric {
    name: String,
    known: String,
}

/// The longest part: an hour.
const MAX_SECONDS: f64 = 3600.0;

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= MAX_SECONDS => Ok(seconds),
        _ => Err(format!(
            "a number above 0 and up to {MAX_SECONDS} is wanted"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{PlanArgs, seconds};

    fn plan(bulk_mib: &[u32], only: &[&str]) -> PlanArgs {
        PlanArgs {
            seconds: 1.0,
            bulk_mib: bulk_mib.to_vec(),
            only: only.iter().map(ToString::to_string).collect(),
        }
    }

    fn names(plan: &PlanArgs) -> Vec<String> {
        plan.parts()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn metrics_have_the_names_that_were_agreed() {
        assert_eq!(
            names(&plan(&[1, 64], &[])),
            [
                "connect_ms",
                "get_service_ms",
                "echo_seq_tiny",
                "echo_seq_1k",
                "echo_seq_64k",
                "echo_c16_tiny",
                "echo_c64_tiny",
                "echo_c64_1k",
                "echo_c64_64k",
                "gen_items",
                "upload_1m",
                "download_1m",
                "upload_64m",
                "download_64m",
            ]
        );
    }

    #[test]
    fn some_of_them_can_be_chosen() {
        let some = plan(&[2], &["download_2m", "echo_c16_tiny"]);
        assert_eq!(names(&some), ["echo_c16_tiny", "download_2m"]);
        let error = plan(&[2], &["download_3m"])
            .parts()
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`download_3m`") && error.contains("download_2m"),
            "{error}"
        );
    }

    #[test]
    fn seconds_are_a_time_that_ends() {
        assert_eq!(seconds("0.05"), Ok(0.05));
        for wrong in ["0", "-1", "NaN", "inf", "1e9", "", "x"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
