//! The flavours of tokio's runtime.

use std::io;

use clap::ValueEnum;
use tokio::runtime::{Builder, Runtime};

/// How many threads run the tasks of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Flavour {
    /// One thread: the least work per call.
    CurrentThread,
    /// One thread per core.
    MultiThread,
}

impl Flavour {
    /// A runtime with timers and I/O.
    pub(crate) fn build(self) -> io::Result<Runtime> {
        let mut builder = match self {
            Self::CurrentThread => Builder::new_current_thread(),
            Self::MultiThread => Builder::new_multi_thread(),
        };
        builder.enable_all().build()
    }

    /// The name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CurrentThread => "current-thread",
            Self::MultiThread => "multi-thread",
        }
    }
}
