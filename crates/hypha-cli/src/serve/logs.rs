//! What the server says of its doings, on standard error.

use std::io;

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::fmt;

/// How much is logged, and in which form.
#[derive(Args, Debug)]
pub(super) struct LogArgs {
    /// What to log of the server: error, warning, info, debug or trace. The variable RUST_LOG says it for every part
    /// (`warn,hypha_server=debug`), and is used instead if it is set
    #[arg(
        long,
        value_enum,
        default_value = "info",
        ignore_case = true,
        env = "HYPHA_LOGLEVEL"
    )]
    log_level: Level,
    /// Lines for people, or one JSON object a line
    #[arg(long, value_enum, default_value = "text", env = "HYPHA_LOG_FORMAT")]
    log_format: Format,
}

/// The least important messages to log, by the names that Python has for them as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    #[value(alias = "critical")]
    Error,
    #[value(alias = "warn")]
    Warning,
    Info,
    Debug,
    Trace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl LogArgs {
    /// Logs from now on.
    pub(super) fn start(&self) -> Result<()> {
        let logs = fmt()
            .with_env_filter(self.filter()?)
            .with_writer(io::stderr);
        let started = match self.log_format {
            Format::Text => logs.try_init(),
            Format::Json => logs.json().try_init(),
        };
        started.map_err(|error| anyhow!("cannot log: {error}"))
    }

    fn filter(&self) -> Result<EnvFilter> {
        match std::env::var(EnvFilter::DEFAULT_ENV) {
            Ok(directives) if !directives.is_empty() => EnvFilter::try_new(directives)
                .with_context(|| format!("the variable {} cannot be read", EnvFilter::DEFAULT_ENV)),
            _ => Ok(EnvFilter::new(self.log_level.directives())),
        }
    }
}

impl Level {
    /// Ours at this level, libraries only if something is wrong.
    fn directives(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warn",
            Self::Info => "warn,hypha=info",
            Self::Debug => "warn,hypha=debug",
            Self::Trace => "warn,hypha=trace",
        }
    }
}
