//! Where things are, and which tools this machine has.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

/// The root of the workspace: the folder above this crate.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The crates that are published, as `cargo metadata` describes them.
pub(crate) fn publishable(sh: &Shell) -> Result<Vec<Value>> {
    let metadata = cmd!(sh, "cargo metadata --format-version 1 --no-deps").read()?;
    let mut metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"]
        .as_array_mut()
        .context("cargo metadata has no packages")?;
    // `publish = false` reads as an empty list of registries.
    packages.retain(|package| {
        package["publish"]
            .as_array()
            .is_none_or(|to| !to.is_empty())
    });
    Ok(std::mem::take(packages))
}

/// The first line that `program --version` prints, or `None` where the program is missing.
pub(crate) fn version_of(sh: &Shell, program: &str) -> Option<String> {
    let output = cmd!(sh, "{program} --version")
        .quiet()
        .ignore_stderr()
        .read()
        .ok()?;
    output.lines().next().map(str::to_owned)
}

/// The first two numbers in a version line such as `Python 3.11.7` or `v20.20.2`.
pub(crate) fn major_minor(version: &str) -> Option<(u32, u32)> {
    let start = version.find(|c: char| c.is_ascii_digit())?;
    let mut parts = version[start..].split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?.parse().ok()?;
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::major_minor;

    #[test]
    fn reads_the_version_lines_of_the_tools() {
        assert_eq!(major_minor("Python 3.11.7"), Some((3, 11)));
        assert_eq!(major_minor("v20.20.2"), Some((20, 20)));
        assert_eq!(major_minor("cargo-deny 0.18.2"), Some((0, 18)));
        assert_eq!(major_minor("no number"), None);
    }
}
