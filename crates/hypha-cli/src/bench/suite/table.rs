//! Figures as a table.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use crate::metric::Metric;

/// One row for each figure. It has no colours, whatever the terminal can do.
pub(super) fn of(metrics: &[Metric]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header([
        "metric",
        "value",
        "unit",
        "p50",
        "p99",
        "operations",
    ]);
    for metric in metrics {
        table.add_row([
            metric.metric.clone(),
            figure(metric.value),
            metric.unit.name().to_owned(),
            metric.p50_us.map(time).unwrap_or_default(),
            metric.p99_us.map(time).unwrap_or_default(),
            metric.ops.to_string(),
        ]);
    }
    for column in table.column_iter_mut() {
        let words = column.index == 0 || column.index == 2;
        if !words {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// With as many digits as mean something.
fn figure(value: f64) -> String {
    let decimals = match value {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

fn time(micros: f64) -> String {
    if micros < 1000.0 {
        format!("{} µs", figure(micros))
    } else {
        format!("{} ms", figure(micros / 1000.0))
    }
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::metric::{Metric, Unit};

    #[test]
    fn figures_have_rows() {
        let metrics = [
            Metric::new("connect_ms", 2.345, Unit::Milliseconds, 11),
            Metric::new("echo_seq_tiny", 12_345.678, Unit::Calls, 18_518)
                .percentiles(75.25, 1210.0),
        ];
        let expected = "\
┌───────────────┬───────┬──────┬─────────┬─────────┬────────────┐
│ metric        ┆ value ┆ unit ┆     p50 ┆     p99 ┆ operations │
╞═══════════════╪═══════╪══════╪═════════╪═════════╪════════════╡
│ connect_ms    ┆  2.35 ┆ ms   ┆         ┆         ┆         11 │
│ echo_seq_tiny ┆ 12346 ┆ rps  ┆ 75.2 µs ┆ 1.21 ms ┆      18518 │
└───────────────┴───────┴──────┴─────────┴─────────┴────────────┘";
        assert_eq!(of(&metrics).to_string(), expected);
    }
}
