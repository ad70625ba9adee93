//! `cargo xtask compatibility`: which behaviour of the other clients is tested by what, as `docs/compatibility.md`.
//!
//! What is to be tested stands in `rows`. Tests say by their names what they show: `a5_04_kwargs_rust_to_python` is about
//! row A5.04, with Rust as the one that begins and Python as the one that answers; `a9_04_a9_05_...` is about two rows;
//! `rust_to_python_and_javascript` stands for two directions. `defect_07_...` is about a defect of the other
//! clients, `login_07_...` about row A2.07, `server_07_...` about the servers. Where our server differs from the real one
//! stands in `differences`.

mod differences;
mod found;
mod page;
mod rows;

use anyhow::{Context as _, Result, bail};
use xshell::{Shell, cmd};

use self::found::Test;

const PAGE: &str = "docs/compatibility.md";

/// Writes the page, or with `check` fails if it is not what would be written.
pub(crate) fn run(sh: &Shell, check: bool) -> Result<()> {
    let tests = tests(sh)?;
    let problems = page::problems(rows::SECTIONS, differences::DIFFERENCES, &tests);
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    let versions = versions(sh)?;
    let page = page::render(rows::SECTIONS, differences::DIFFERENCES, &tests, &versions);
    if !check {
        sh.write_file(PAGE, page)?;
        return Ok(());
    }
    if sh.read_file(PAGE).unwrap_or_default() != page {
        bail!("{PAGE} is not current: run `cargo xtask compatibility`");
    }
    Ok(())
}

/// The tests whose names begin with a row.
fn tests(sh: &Shell) -> Result<Vec<Test>> {
    let listed = cmd!(
        sh,
        "git ls-files --cached --others --exclude-standard -- tests/it/*.rs crates/*/tests/it/*.rs crates/*/src/*.rs"
    )
    .quiet()
    .read()?;
    let mut tests = Vec::new();
    let mut paths: Vec<&str> = listed.lines().collect();
    paths.sort_unstable();
    for path in paths {
        // A file deleted but not yet committed is still listed.
        if let Ok(text) = sh.read_file(path) {
            tests.extend(found::tests(path, &text).with_context(|| path.to_owned())?);
        }
    }
    Ok(tests)
}

/// The pinned versions of the server and the clients that the tests run with.
fn versions(sh: &Shell) -> Result<String> {
    let python = sh.read_file("tests/peers/python/requirements.txt")?;
    let pinned = |prefix: &str| {
        let found = python.lines().find_map(|line| line.strip_prefix(prefix));
        found.with_context(|| format!("{prefix} is not pinned"))
    };
    let javascript = sh.read_file("tests/peers/js/package.json")?;
    let javascript: serde_json::Value = serde_json::from_str(&javascript)?;
    let javascript = javascript["dependencies"]["hypha-rpc"]
        .as_str()
        .context("hypha-rpc is not pinned")?;
    Ok(format!(
        "server `hypha` {}, Python client `hypha-rpc` {}, JavaScript client `hypha-rpc` {javascript}",
        pinned("hypha[s3]==")?,
        pinned("hypha-rpc==")?,
    ))
}
