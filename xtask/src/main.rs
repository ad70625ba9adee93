//! Project automation: `cargo xtask <command>`.
//!
//! Every command prints the plain commands it runs, so nobody depends on this crate to do the same by hand.
#![expect(clippy::print_stdout, reason = "a command line program")]

mod checks;
mod compatibility;
mod layers;
mod packages;
mod peers;
mod readmes;
mod tidy;
mod workspace;

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};
use xshell::Shell;

/// Automation of the hypha workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Let Rust, Python and JavaScript call each other over the real server, and print what comes back.
    Demo,
    /// Install the real server and the Python and JavaScript clients under target/peers, pinned; and, where this may be
    /// done, the browser of the tests and the other server of the benchmark from the system's packages.
    Peers,
    /// Run every test: unit, documentation, integration, and interoperation with the real clients on the real server
    /// and on ours.
    Test,
    /// Check the dependency graph of the workspace against the allowed edges.
    Layers,
    /// Build and run the first example of each README in an empty project.
    Readmes,
    /// Check that every published crate builds, tests, documents and packages by itself.
    Packages,
    /// Write docs/compatibility.md: which behaviour of the other clients is tested by what.
    Compatibility {
        /// Fail if the page is not current, and write nothing.
        #[arg(long)]
        check: bool,
    },
    /// Print the longest files and functions. Reports, never fails.
    Tidy,
    /// Everything that must hold before a change is merged.
    Ci,
}

fn main() -> Result<ExitCode> {
    let told = env::vars_os().map(|(name, _)| name);
    let told: Vec<OsString> = told.filter(|name| is_of_this_package(name)).collect();
    if !told.is_empty() {
        return without(&told);
    }
    run(&Cli::parse().command)?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a variable is one by which `cargo run` tells a program about its package.
fn is_of_this_package(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// Starts this program again without some variables: to a Cargo that inherits them, they are changes of what some build
/// scripts have read, and it would compile those and all that depends on them again.
fn without(told: &[OsString]) -> Result<ExitCode> {
    let mut itself = Command::new(env::current_exe()?);
    itself.args(env::args_os().skip(1));
    for name in told {
        itself.env_remove(name);
    }
    let succeeded = itself.status()?.success();
    Ok(if succeeded {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn run(task: &Task) -> Result<()> {
    let sh = Shell::new()?;
    sh.change_dir(workspace::root());
    match task {
        Task::Demo => checks::demo(&sh),
        Task::Peers => peers::install_all(&sh),
        Task::Test => checks::test(&sh),
        Task::Layers => layers::check(&sh),
        Task::Readmes => readmes::check(&sh),
        Task::Packages => packages::check(&sh),
        Task::Compatibility { check } => compatibility::run(&sh, *check),
        Task::Tidy => tidy::report(&sh),
        Task::Ci => checks::ci(&sh),
    }
}
