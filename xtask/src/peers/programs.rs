//! Programs that come from the system's packages: what they are for, and how they get here.

use anyhow::{Result, bail};
use xshell::{Shell, cmd};

/// Where programs are that the PATH of a user may lack.
const SYSTEM: &str = "/usr/sbin";

struct Program {
    /// Its name, which is also that of Debian's package.
    name: &'static str,
    purpose: &'static str,
    /// Whether the tests fail without it.
    required: bool,
}

const PROGRAMS: [Program; 2] = [
    Program {
        name: "chromium",
        purpose: "the tests of the JavaScript client in a browser",
        required: true,
    },
    Program {
        name: "nats-server",
        purpose: "the benchmark that compares with NATS",
        required: false,
    },
];

/// Installs what is missing where that is possible, and says what to install where it is not.
pub(super) fn install(sh: &Shell) -> Result<()> {
    let missing: Vec<&Program> = PROGRAMS.iter().filter(|it| !is_there(it.name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|program| program.name).collect();
    if is_there("apt-get") && is_root(sh) {
        let _quiet = sh.push_env("DEBIAN_FRONTEND", "noninteractive");
        cmd!(sh, "apt-get update --quiet").run()?;
        let options = ["--yes", "--quiet", "--no-install-recommends"];
        cmd!(sh, "apt-get install {options...} {names...}").run()?;
        return Ok(());
    }
    for Program { name, purpose, .. } in &missing {
        println!("{name} is not installed; it is needed for {purpose}");
    }
    if missing.iter().any(|program| program.required) {
        bail!(
            "install what is missing, on Debian by `apt-get install --no-install-recommends {}`",
            names.join(" ")
        );
    }
    Ok(())
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([SYSTEM.into()])
        .any(|folder| folder.join(program).is_file())
}

fn is_root(sh: &Shell) -> bool {
    cmd!(sh, "id -u").quiet().read().is_ok_and(|id| id == "0")
}
