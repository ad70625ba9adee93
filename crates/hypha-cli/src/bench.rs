//! `hypha bench`: how much a server carries.

mod caller;
mod idle;
mod latencies;
mod noise;
mod plan;
mod provider;
mod size;
mod timed;

use anyhow::Result;
use clap::{Args, Subcommand};

use self::caller::CallerArgs;
use self::idle::IdleArgs;
use self::provider::ProviderArgs;

/// Measure any client against any provider through any server.
#[derive(Args, Debug)]
pub(crate) struct Bench {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    Provider(ProviderArgs),
    Caller(CallerArgs),
    Idle(IdleArgs),
}

impl Bench {
    pub(crate) fn run(self) -> Result<()> {
        match self.part {
            Part::Provider(arguments) => {
                let runtime = arguments.runtime.build()?;
                runtime.block_on(provider::serve(arguments))
            }
            Part::Caller(arguments) => {
                let runtime = arguments.runtime.build()?;
                runtime.block_on(caller::measure(arguments))
            }
            Part::Idle(arguments) => {
                let runtime = arguments.runtime.build()?;
                runtime.block_on(idle::hold(arguments))
            }
        }
    }
}

/// What both halves of a benchmark call the other half's things.
mod contract {
    /// Client id of the provider.
    pub(super) const PROVIDER: &str = "bench-provider";
    /// Id of its service.
    pub(super) const SERVICE: &str = "bench";
    /// Gives its argument back.
    pub(super) const ECHO: &str = "echo";
    /// Says how many bytes an array or bytes have.
    pub(super) const SIZE: &str = "size";
    /// Makes an array of bytes.
    pub(super) const MAKE: &str = "make";
    /// Counts.
    pub(super) const GEN: &str = "gen";

    /// The largest array that is made or sent, in MiB: what the codec carries in one value is little more than this.
    pub(super) const MAX_BULK_MIB: u32 = 2048;
    /// Room for the largest array and what stands around it.
    pub(super) const MAX_MESSAGE: usize = (MAX_BULK_MIB as usize + 1) << 20;
}
