//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::bench::Bench;
use crate::codegen::Codegen;
use crate::keygen::Keygen;
use crate::serve::ServeArgs;

/// Hypha from the command line.
#[derive(Debug, Parser)]
#[command(name = "hypha", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<ServeArgs>),
    Bench(Bench),
    Codegen(Codegen),
    Keygen(Keygen),
}

impl Cli {
    /// Runs the command: 0 if all went well, 1 with a line on standard error if not. A command line that cannot be read
    /// ends with 2 before.
    #[expect(clippy::print_stderr, reason = "says why the command failed")]
    pub(crate) fn run(self) -> ExitCode {
        let outcome = match self.command {
            Command::Serve(arguments) => arguments.run(),
            Command::Bench(bench) => bench.run(),
            Command::Codegen(codegen) => codegen.run(),
            Command::Keygen(keygen) => keygen.run(),
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("hypha: {error:#}");
                ExitCode::FAILURE
            }
        }
    }
}
