//! Where `cargo xtask peers` puts things.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

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
