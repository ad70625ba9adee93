//! Where `cargo xtask peers` and cargo put things.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;
use tokio::sync::OnceCell;

/// Our own peer scripts.
pub(crate) fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// The folder that holds `node_modules`.
pub(crate) fn javascript() -> Result<PathBuf> {
    Ok(installed()?.join("js"))
}

/// The interpreter of the installed Python environment, ready for arguments.
pub(crate) fn python() -> Result<Command> {
    let mut command = Command::new(installed()?.join("venv/bin/python"));
    clear(&mut command);
    Ok(command)
}

/// Node, ready for arguments.
pub(crate) fn node() -> Command {
    let mut command = Command::new("node");
    clear(&mut command);
    command
}

/// The browser, ready for arguments.
pub(crate) fn chromium() -> Command {
    Command::new("chromium")
}

/// The JavaScript client, as a page in a browser loads it.
///
/// # Errors
/// The peers are not installed.
pub fn browser_bundle() -> Result<PathBuf> {
    Ok(javascript()?.join("node_modules/hypha-rpc/dist/hypha-rpc-websocket.js"))
}

/// The command `hypha` of this workspace, ready for arguments. It is built anew, so that it is never an old one.
pub(crate) async fn hypha() -> Result<Command> {
    static BUILT: OnceCell<PathBuf> = OnceCell::const_new();
    let built = BUILT
        .get_or_try_init(async || tokio::task::spawn_blocking(build_hypha).await?)
        .await?;
    let mut command = Command::new(built);
    clear(&mut command);
    Ok(command)
}

fn build_hypha() -> Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .args(["build", "--quiet", "--package", "hypha-cli"])
        .args(["--bin", "hypha", "--message-format", "json"])
        .stderr(Stdio::inherit());
    // What Cargo tells a test of its package would be changes of what some build scripts have read, and they and all that
    // depends on them would be compiled again, here and when the tests are built next.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    // As these tests are.
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.output().context("cannot start cargo")?;
    ensure!(
        output.status.success(),
        "`cargo build --package hypha-cli` failed"
    );
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Json>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo built no `hypha`")
}

fn installed() -> Result<PathBuf> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers");
    ensure!(
        peers.join("stamp").exists(),
        "the peers are not installed: run `cargo xtask peers` first"
    );
    Ok(peers)
}

/// Keeps what the user's environment says about servers and tokens out of the tests.
fn clear(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HYPHA_") {
            command.env_remove(name);
        }
    }
}
