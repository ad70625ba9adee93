//! `cargo xtask demo`, `cargo xtask test` and `cargo xtask ci`.

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::{compatibility, layers, packages, peers, readmes, workspace};

/// Installs the peers and runs every test of the workspace.
pub(crate) fn test(sh: &Shell) -> Result<()> {
    peers::install_all(sh)?;
    cmd!(sh, "cargo test --workspace --all-features").run()?;
    on_our_server(sh)?;
    // What the features add must not be what makes the rest work.
    cmd!(sh, "cargo test --package hypha-codec --no-default-features").run()?;
    examples(sh)
}

/// Runs the tests of interoperation again, with `hypha serve` in the place of the real server.
fn on_our_server(sh: &Shell) -> Result<()> {
    let _ours = sh.push_env("HYPHA_TEST_SERVER", "ours");
    println!("HYPHA_TEST_SERVER=ours:");
    // The whole workspace, so that no crate is compiled with other features than before.
    cmd!(
        sh,
        "cargo test --workspace --all-features --test interop --test soak"
    )
    .run()?;
    Ok(())
}

/// Runs the examples that need no server, or have one of their own; those that do are run with one by `demo` and `readmes`.
fn examples(sh: &Shell) -> Result<()> {
    cmd!(
        sh,
        "cargo run --quiet --package hypha-rpc-core --example unix_socket"
    )
    .run()?;
    cmd!(
        sh,
        "cargo run --quiet --package hypha-server --example quickstart"
    )
    .run()?;
    let frames = "tests/vectors/frames/call_args_kwargs_py_py.json";
    let inspect = [
        "run",
        "--quiet",
        "--package",
        "hypha-codec",
        "--example",
        "inspect",
        "--",
    ];
    for form in [None, Some("--json")] {
        cmd!(sh, "cargo {inspect...} {form...} {frames} 1").run()?;
    }
    Ok(())
}

/// Installs the peers and lets Rust, Python and JavaScript call each other over the real server.
pub(crate) fn demo(sh: &Shell) -> Result<()> {
    peers::install(sh)?;
    cmd!(sh, "cargo run --quiet --package hypha-tests --bin demo").run()?;
    Ok(())
}

/// Formatting, lints, documentation, layers, licences, tests, examples of READMEs, and packages.
pub(crate) fn ci(sh: &Shell) -> Result<()> {
    cmd!(sh, "cargo fmt --all -- --check").run()?;
    lint(sh)?;
    document(sh)?;
    layers::check(sh)?;
    compatibility::run(sh, true)?;
    deny(sh)?;
    test(sh)?;
    readmes::check(sh)?;
    packages::check(sh)
}

fn lint(sh: &Shell) -> Result<()> {
    cmd!(
        sh,
        "cargo clippy --workspace --all-targets --all-features -- -D warnings"
    )
    .run()?;
    cmd!(
        sh,
        "cargo clippy --workspace --all-targets --no-default-features -- -D warnings"
    )
    .run()?;
    Ok(())
}

fn document(sh: &Shell) -> Result<()> {
    let _denied = sh.push_env("RUSTDOCFLAGS", "-D warnings");
    cmd!(sh, "cargo doc --workspace --no-deps --all-features").run()?;
    Ok(())
}

fn deny(sh: &Shell) -> Result<()> {
    if workspace::version_of(sh, "cargo-deny").is_none() {
        println!("skipped: cargo deny check (cargo-deny is not installed)");
        return Ok(());
    }
    cmd!(sh, "cargo deny check").run()?;
    Ok(())
}
