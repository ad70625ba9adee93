//! One figure of a benchmark, as it is printed and read again.

use std::io::{self, Write as _};

use serde::{Deserialize, Serialize};

/// One line of a caller's output.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Line {
    /// A timed part is about to begin.
    Begin {
        /// The metric that it measures.
        begin: String,
    },
    /// What was measured.
    Metric(Metric),
}

/// A figure.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Metric {
    /// What was measured.
    pub(crate) metric: String,
    /// The figure.
    pub(crate) value: f64,
    pub(crate) unit: Unit,
    /// Operations that it was made of.
    pub(crate) ops: u64,
    /// Half of the operations took at most so long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) p50_us: Option<f64>,
    /// Of a hundred operations 99 took at most so long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) p99_us: Option<f64>,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    #[serde(rename = "ms")]
    Milliseconds,
    /// Calls a second.
    #[serde(rename = "rps")]
    Calls,
    #[serde(rename = "items/s")]
    Items,
    #[serde(rename = "MiB/s")]
    Mebibytes,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Calls => "rps",
            Self::Items => "items/s",
            Self::Mebibytes => "MiB/s",
        }
    }
}

impl Metric {
    /// A figure without percentiles.
    pub(crate) fn new(metric: &str, value: f64, unit: Unit, ops: u64) -> Self {
        Self {
            metric: metric.to_owned(),
            value: rounded(value),
            unit,
            ops,
            p50_us: None,
            p99_us: None,
        }
    }

    /// Adds percentiles in microseconds.
    pub(crate) fn percentiles(mut self, p50_us: f64, p99_us: f64) -> Self {
        self.p50_us = Some(rounded(p50_us));
        self.p99_us = Some(rounded(p99_us));
        self
    }
}

impl Line {
    /// Prints it, and does not keep it in a buffer.
    ///
    /// # Errors
    /// If nobody reads our output any more.
    pub(crate) fn print(&self) -> io::Result<()> {
        let mut output = io::stdout().lock();
        serde_json::to_writer(&mut output, self)?;
        output.write_all(b"\n")?;
        output.flush()
    }
}

/// Thousandths are finer than any of these figures is exact. JSON has no way to write what is not finite.
fn rounded(value: f64) -> f64 {
    if value.is_finite() {
        (value * 1e3).round() / 1e3
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Metric, Unit};

    #[test]
    fn lines_are_what_others_read() {
        let begin = Line::Begin {
            begin: "echo_seq_tiny".to_owned(),
        };
        let tiny = Metric::new("echo_seq_tiny", 10_000.000_4, Unit::Calls, 15_000)
            .percentiles(91.5, 140.125);
        let connect = Metric::new("connect_ms", 2.5, Unit::Milliseconds, 11);
        let expected = [
            r#"{"begin":"echo_seq_tiny"}"#,
            r#"{"metric":"echo_seq_tiny","value":10000.0,"unit":"rps","ops":15000,"p50_us":91.5,"p99_us":140.125}"#,
            r#"{"metric":"connect_ms","value":2.5,"unit":"ms","ops":11}"#,
        ];
        for (line, expected) in [begin, Line::Metric(tiny), Line::Metric(connect)]
            .iter()
            .zip(expected)
        {
            assert_eq!(serde_json::to_string(line).unwrap(), expected);
            assert_eq!(serde_json::from_str::<Line>(expected).unwrap(), *line);
        }
    }

    #[test]
    fn figures_are_finite() {
        let metric = Metric::new("x", f64::INFINITY, Unit::Items, 0).percentiles(f64::NAN, 1.0);
        let text = serde_json::to_string(&metric).unwrap();
        assert_eq!(
            text,
            r#"{"metric":"x","value":0.0,"unit":"items/s","ops":0,"p50_us":0.0,"p99_us":1.0}"#
        );
    }
}
