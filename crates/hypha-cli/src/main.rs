//! The `hypha` command.

mod bench;
mod cli;
mod codegen;
mod ending;
mod files;
mod keygen;
mod metric;
mod runtime;
mod serve;
mod server;
mod signals;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    cli::Cli::parse().run()
}
