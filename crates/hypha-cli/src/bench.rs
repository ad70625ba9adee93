//! `hypha bench`: how much a server carries.

mod caller;
mod idle;
mod latencies;
mod noise;
mod plan;
mod provider;
mod size;
mod suite;
mod timed;

use anyhow::Result;
use clap::{Args, Subcommand};

use self::caller::CallerArgs;
use self::idle::IdleArgs;
use self::provider::ProviderArgs;
use self::suite::SuiteArgs;
use crate::runtime::Flavour;

/// Measure what a server carries.
///
/// Without a part to play it starts a server, a provider and a caller, each as a process of its own, and prints one
/// table. With one it measures any client against any provider through any server.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_long_help = EXAMPLES)]
pub(crate) struct Bench {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    suite: SuiteArgs,
}

const EXAMPLES: &str = "\
Examples:
  hypha bench
  hypha bench --seconds 5 --bulk-mib 64 --only echo_c64_tiny,upload_64m

  hypha bench provider --server http://127.0.0.1:9527 &    # prints READY <workspace> <token>
  hypha bench caller --server http://127.0.0.1:9527 --workspace <workspace> --token <token>";

#[derive(Debug, Subcommand)]
enum Part {
    Provider(ProviderArgs),
    Caller(CallerArgs),
    Idle(IdleArgs),
}

impl Bench {
    pub(crate) fn run(self) -> Result<()> {
        match self.part {
            None => {
                let runtime = Flavour::CurrentThread.build()?;
                runtime.block_on(suite::run(self.suite))
            }
            Some(Part::Provider(arguments)) => {
                let runtime = arguments.runtime.build()?;
                runtime.block_on(provider::serve(arguments))
            }
            Some(Part::Caller(arguments)) => {
                let runtime = arguments.runtime.build()?;
                runtime.block_on(caller::measure(arguments))
            }
            Some(Part::Idle(arguments)) => {
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
