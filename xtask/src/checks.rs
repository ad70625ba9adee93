//! `cargo xtask demo`, `cargo xtask test` and `cargo xtask ci`.

use anyhow::{Context as _, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::{compatibility, layers, packages, peers, readmes, workspace};

/// Installs the peers and runs every test of the workspace.
pub(crate) fn test(sh: &Shell) -> Result<()> {
    peers::install_all(sh)?;
    cmd!(sh, "cargo test --workspace --all-features").run()?;
    // What follows are programs of that build: Cargo chooses other features for fewer targets, and compiles nearly
    // everything again.
    let built = cmd!(
        sh,
        "cargo test --workspace --all-features --no-run --message-format json"
    );
    let built = built.read()?;
    on_our_server(sh, &built)?;
    examples(sh, &built)
}

/// Runs the tests of interoperation again, with `hypha serve` in the place of the real server.
fn on_our_server(sh: &Shell, built: &str) -> Result<()> {
    let _ours = sh.push_env("HYPHA_TEST_SERVER", "ours");
    let _there = sh.push_dir("tests");
    println!("HYPHA_TEST_SERVER=ours:");
    for name in ["interop", "soak"] {
        let program = program(built, "test", name)?;
        cmd!(sh, "{program}").run()?;
    }
    Ok(())
}

/// Runs the examples that need no server, or have one of their own; those that do are run with one by `demo` and `readmes`.
fn examples(sh: &Shell, built: &str) -> Result<()> {
    for name in ["unix_socket", "quickstart"] {
        let program = program(built, "example", name)?;
        cmd!(sh, "{program}").run()?;
    }
    let inspect = program(built, "example", "inspect")?;
    let frames = "tests/vectors/frames/call_args_kwargs_py_py.json";
    for form in [None, Some("--json")] {
        cmd!(sh, "{inspect} {form...} {frames} 1").run()?;
    }
    Ok(())
}

/// Where Cargo has put a test or an example, in what it prints as JSON.
fn program(built: &str, kind: &str, name: &str) -> Result<String> {
    let artifacts = built
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = artifacts.filter(|artifact| {
        artifact["target"]["name"] == name && artifact["target"]["kind"][0] == kind
    });
    let found = programs.find_map(|artifact| artifact["executable"].as_str().map(str::to_owned));
    found.with_context(|| format!("cargo has built no {kind} {name}"))
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

#[cfg(test)]
mod tests {
    use super::program;

    #[test]
    fn finds_a_program_among_what_was_built() {
        let built = concat!(
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"soak"},"executable":null}"#,
            "\nno JSON\n",
            r#"{"reason":"compiler-artifact","target":{"kind":["example"],"name":"soak"},"executable":"/e/soak"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"kind":["test"],"name":"soak"},"executable":"/t/soak"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(program(built, "test", "soak").unwrap(), "/t/soak");
        assert_eq!(program(built, "example", "soak").unwrap(), "/e/soak");
        let missing = program(built, "test", "interop").unwrap_err();
        assert_eq!(missing.to_string(), "cargo has built no test interop");
    }
}
