//! `cargo xtask peers`: the real server and the real clients, in the versions that the tests were written against.
//!
//! The pins are `tests/peers/python/{requirements,constraints}.txt` and `tests/peers/js/package{,-lock}.json`.
//! Everything lands in `target/peers`, next to the workspace and not in `CARGO_TARGET_DIR`, where the tests look for it.

mod programs;

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use xshell::{Shell, cmd};

use crate::workspace::{major_minor, root, version_of};

const MIN_PYTHON: (u32, u32) = (3, 11);
const MIN_NODE: (u32, u32) = (20, 0);

/// Raised when an installation made by an older version of this file must be made again.
const LAYOUT: &str = "layout 1";

const PINS: [&str; 4] = [
    "tests/peers/python/requirements.txt",
    "tests/peers/python/constraints.txt",
    "tests/peers/js/package.json",
    "tests/peers/js/package-lock.json",
];

/// Installs the peers, and the programs that the tests need besides.
pub(crate) fn install_all(sh: &Shell) -> Result<()> {
    programs::install(sh)?;
    install(sh)
}

/// Installs the peers unless the present installation was made from the same pins.
pub(crate) fn install(sh: &Shell) -> Result<()> {
    let peers = root().join("target/peers");
    fs::create_dir_all(&peers).with_context(|| format!("cannot create {}", peers.display()))?;

    // Two installations at once would delete each other's files.
    let lock =
        File::create(peers.join("lock")).context("cannot create the lock of target/peers")?;
    lock.lock().context("cannot lock target/peers")?;

    let stamp = peers.join("stamp");
    let wanted = pins()?;
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) && is_whole(&peers) {
        println!("target/peers is up to date");
        return Ok(());
    }

    let python = find_python(sh)?;
    require_node(sh)?;

    // The stamp goes first and comes last: an installation that was interrupted is made again.
    sh.remove_path(&stamp)?;
    install_python(sh, &python, &peers)?;
    install_javascript(sh, &peers)?;
    fs::write(&stamp, wanted).context("cannot write the stamp of target/peers")?;
    println!("target/peers is ready");
    Ok(())
}

/// The text of all pin files: what an installation was made from.
fn pins() -> Result<String> {
    let mut text = format!("{LAYOUT}\n");
    for pin in PINS {
        let content =
            fs::read_to_string(root().join(pin)).with_context(|| format!("cannot read {pin}"))?;
        text.push_str(&content);
    }
    Ok(text)
}

/// Whether the parts that the tests start are there; following the link of the venv's interpreter to the real one.
fn is_whole(peers: &Path) -> bool {
    peers.join("venv/bin/python").exists() && peers.join("js/node_modules/hypha-rpc").exists()
}

fn find_python(sh: &Shell) -> Result<String> {
    for program in ["python3.11", "python3", "python"] {
        if let Some(found) = version_of(sh, program)
            && major_minor(&found).is_some_and(|version| version >= MIN_PYTHON)
        {
            return Ok(program.to_owned());
        }
    }
    let (major, minor) = MIN_PYTHON;
    bail!(
        "the peers need Python {major}.{minor} (python3.11 or python3 on the PATH, with venv and pip)"
    )
}

fn require_node(sh: &Shell) -> Result<()> {
    let (major, minor) = MIN_NODE;
    let Some(found) = version_of(sh, "node") else {
        bail!("the peers need Node.js {major} or newer (node on the PATH)");
    };
    if major_minor(&found).is_none_or(|version| version < (major, minor)) {
        bail!("the peers need Node.js {major} or newer, this is {found}");
    }
    if version_of(sh, "npm").is_none() {
        bail!("the peers need npm (it usually comes with Node.js)");
    }
    Ok(())
}

fn install_python(sh: &Shell, python: &str, peers: &Path) -> Result<()> {
    let venv = peers.join("venv");
    sh.remove_path(&venv)?;
    cmd!(sh, "{python} -m venv {venv}").run()?;
    let pip_python = venv.join("bin/python");
    let [requirements, constraints, ..] = PINS;
    cmd!(
        sh,
        "{pip_python} -m pip install --quiet --requirement {requirements} --constraint {constraints}"
    )
    .run()?;
    Ok(())
}

fn install_javascript(sh: &Shell, peers: &Path) -> Result<()> {
    let js = peers.join("js");
    sh.remove_path(&js)?;
    sh.create_dir(&js)?;
    let [.., package, lock] = PINS;
    sh.copy_file(package, &js)?;
    sh.copy_file(lock, &js)?;
    cmd!(
        sh,
        "npm ci --prefix {js} --no-audit --no-fund --ignore-scripts"
    )
    .run()?;
    Ok(())
}
