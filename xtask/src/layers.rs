//! `cargo xtask layers`: the dependency graph as an invariant.
//!
//! Arrows point up only: a crate may use the crates that stand in its row, nothing else of ours.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

/// What one crate may use of ours.
struct Layer {
    name: &'static str,
    /// Normal and build dependencies.
    uses: &'static [&'static str],
    /// Dev-dependencies beyond `uses`. By path without a version, because they may point down.
    tests_use: &'static [&'static str],
}

const LAYERS: &[Layer] = &[
    layer("hypha-codec", &[], &[]),
    layer("hypha-transport", &[], &[]),
    layer("hypha-e2e", &[], &[]),
    layer("hypha-schema", &[], &[]),
    layer("hypha-macros", &[], &["hypha-client", "hypha-server"]),
    layer(
        "hypha-rpc-core",
        &["hypha-codec", "hypha-e2e", "hypha-transport"],
        &[],
    ),
    layer("hypha-transport-ws", &["hypha-transport"], &[]),
    layer("hypha-transport-rtc", &["hypha-transport"], &[]),
    layer("hypha-transport-http", &["hypha-transport"], &[]),
    layer(
        "hypha-client",
        &[
            "hypha-codec",
            "hypha-transport",
            "hypha-e2e",
            "hypha-schema",
            "hypha-rpc-core",
            "hypha-transport-ws",
            "hypha-transport-rtc",
            "hypha-transport-http",
            "hypha-macros",
        ],
        &["hypha-server"],
    ),
    layer("hypha-sync", &["hypha-client"], &["hypha-server"]),
    layer(
        "hypha-server",
        &[
            "hypha-codec",
            "hypha-transport",
            "hypha-schema",
            "hypha-rpc-core",
            "hypha-transport-ws",
        ],
        &["hypha-client"],
    ),
    layer("hypha-cli", &["hypha-client", "hypha-server"], &[]),
    layer("xtask", &[], &[]),
];

/// Sees every crate: the interoperability and end-to-end tests.
const ABOVE_ALL: &str = "hypha-tests";

const CODEC: &str = "hypha-codec";
const CODEC_MAX_CRATES: usize = 6;
const RUNTIMES: [&str; 7] = [
    "async-global-executor",
    "async-std",
    "futures-executor",
    "mio",
    "monoio",
    "smol",
    "tokio",
];

/// Fails with every edge that is not allowed.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    let metadata = cmd!(sh, "cargo metadata --format-version 1 --no-deps").read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let mut faults = edge_faults(&metadata)?;

    let tree = cmd!(
        sh,
        "cargo tree --package {CODEC} --no-default-features --edges normal --prefix none"
    )
    .read()?;
    faults.extend(codec_faults(&tree));

    if faults.is_empty() {
        println!("layers: all edges are allowed");
        return Ok(());
    }
    bail!("layers:\n  {}", faults.join("\n  "))
}

const fn layer(
    name: &'static str,
    uses: &'static [&'static str],
    tests_use: &'static [&'static str],
) -> Layer {
    Layer {
        name,
        uses,
        tests_use,
    }
}

fn edge_faults(metadata: &Value) -> Result<Vec<String>> {
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata has no packages")?;
    let ours: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let mut faults = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("a package has no name")?;
        if name == ABOVE_ALL {
            continue;
        }
        let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
            faults.push(format!("{name} stands in no layer: add it to the table"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = dependency["name"].as_str().unwrap_or_default();
            if ours.contains(used) {
                faults.extend(edge_fault(layer, used, dependency));
            }
        }
    }
    Ok(faults)
}

/// What is wrong with one dependency of one of our crates on another.
fn edge_fault(layer: &Layer, used: &str, dependency: &Value) -> Option<String> {
    let Layer {
        name,
        uses,
        tests_use,
    } = layer;
    let is_dev = dependency["kind"] == "dev";
    if uses.contains(&used) || (is_dev && used == *name) {
        return None;
    }
    if !is_dev {
        return Some(format!("{name} must not depend on {used}"));
    }
    if !tests_use.contains(&used) {
        return Some(format!("the tests of {name} must not depend on {used}"));
    }
    (dependency["req"] != "*")
        .then(|| format!("the tests of {name} must name {used} by path, without a version"))
}

/// What is wrong with the crates that the codec pulls in without its features.
fn codec_faults(tree: &str) -> Vec<String> {
    let crates: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != CODEC)
        .collect();
    let mut faults = Vec::new();
    if crates.len() > CODEC_MAX_CRATES {
        faults.push(format!(
            "{CODEC} without default features pulls in {} crates, at most {CODEC_MAX_CRATES} are allowed: {crates:?}",
            crates.len()
        ));
    }
    for runtime in RUNTIMES {
        if crates.contains(runtime) {
            faults.push(format!("{CODEC} must not depend on {runtime}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::{codec_faults, edge_faults};
    use serde_json::{Value, json};

    /// A workspace where `from` depends on `to`.
    fn workspace(from: &str, to: &str, kind: Option<&str>, req: &str) -> Value {
        json!({ "packages": [
            { "name": from, "dependencies": [{ "name": to, "kind": kind, "req": req }] },
            { "name": to, "dependencies": [] },
        ]})
    }

    #[track_caller]
    fn check(from: &str, to: &str, kind: Option<&str>, req: &str, expected: &[&str]) {
        let faults = edge_faults(&workspace(from, to, kind, req)).unwrap();
        assert_eq!(faults, expected);
    }

    #[test]
    fn edges_that_point_up_pass() {
        check("hypha-rpc-core", "hypha-codec", None, "^0.1", &[]);
        check("hypha-client", "hypha-server", Some("dev"), "*", &[]);
        check("hypha-transport", "hypha-transport", Some("dev"), "*", &[]);
        check("hypha-tests", "hypha-client", None, "*", &[]);
    }

    #[test]
    fn edges_that_point_down_are_named() {
        check(
            "hypha-codec",
            "hypha-rpc-core",
            None,
            "^0.1",
            &["hypha-codec must not depend on hypha-rpc-core"],
        );
        check(
            "hypha-transport-ws",
            "hypha-codec",
            Some("dev"),
            "*",
            &["the tests of hypha-transport-ws must not depend on hypha-codec"],
        );
        check(
            "hypha-client",
            "hypha-server",
            Some("dev"),
            "^0.1",
            &["the tests of hypha-client must name hypha-server by path, without a version"],
        );
        check(
            "hypha-new",
            "hypha-codec",
            None,
            "^0.1",
            &["hypha-new stands in no layer: add it to the table"],
        );
    }

    #[test]
    fn the_codec_stays_small() {
        assert!(codec_faults("hypha-codec v0.1.0\nbytes v1.0.0\nbytes v1.0.0 (*)").is_empty());
        let many = "a v1\nb v1\nc v1\nd v1\ne v1\nf v1\ntokio v1";
        assert_eq!(codec_faults(many).len(), 2);
    }
}
