//! `cargo xtask packages`: every crate that is published stands alone.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::workspace::publishable;

/// What the registry allows.
const MAX_KEYWORDS: usize = 5;
const MAX_KEYWORD_LENGTH: usize = 20;

/// Those of the registry's categories that we use.
const CATEGORIES: [&str; 6] = [
    "asynchronous",
    "cryptography",
    "encoding",
    "network-programming",
    "parser-implementations",
    "web-programming::websocket",
];

const NO_FEATURES: &[&str] = &["--no-default-features"];
const ALL_FEATURES: &[&str] = &["--all-features"];

/// Checks what the manifests say, builds, tests and documents each crate by itself, and builds the packages.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    let packages = publishable(sh)?;
    let faults: Vec<String> = packages.iter().flat_map(metadata_faults).collect();
    if !faults.is_empty() {
        bail!("packages:\n  {}", faults.join("\n  "));
    }
    for package in &packages {
        let name = package["name"].as_str().context("a package has no name")?;
        for features in feature_sets(package) {
            alone(sh, name, features)?;
        }
    }
    build_packages(sh, &packages)
}

/// Default, no and all features of a package, as far as they are not the same.
fn feature_sets(package: &Value) -> Vec<&'static [&'static str]> {
    let defaults = package["features"]["default"]
        .as_array()
        .map_or(0, Vec::len);
    let features = package["features"].as_object();
    let others = features.map_or(0, |all| {
        all.keys().filter(|name| *name != "default").count()
    });
    let mut sets: Vec<&[&str]> = vec![&[]];
    if defaults > 0 {
        sets.push(NO_FEATURES);
    }
    if defaults < others {
        sets.push(ALL_FEATURES);
    }
    sets
}

/// Checks, tests and documents one crate, with nothing that only another one of the workspace switches on. With all features
/// it is tested with the workspace already.
fn alone(sh: &Shell, name: &str, features: &[&str]) -> Result<()> {
    let _denied = sh.push_env("RUSTDOCFLAGS", "-D warnings");
    cmd!(sh, "cargo check --package {name} {features...}").run()?;
    if features != ALL_FEATURES {
        cmd!(sh, "cargo test --package {name} {features...}").run()?;
    }
    cmd!(sh, "cargo doc --no-deps --package {name} {features...}").run()?;
    Ok(())
}

/// Removes what Cargo unpacked when these packages were checked before. It keeps them by name and version, and a version
/// that is not released yet has another content each time.
fn forget_unpacked(sh: &Shell, packages: &[Value]) -> Result<()> {
    let home = match (sh.var_os("CARGO_HOME"), sh.var_os("HOME")) {
        (Some(home), _) => PathBuf::from(home),
        (None, Some(home)) => PathBuf::from(home).join(".cargo"),
        (None, None) => return Ok(()),
    };
    for kind in ["src", "cache"] {
        let registries = home.join("registry").join(kind);
        if !registries.is_dir() {
            continue;
        }
        for registry in sh.read_dir(&registries)? {
            // A registry in a folder has no host that its name could begin with.
            let is_local = registry
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('-'));
            if !is_local {
                continue;
            }
            for package in packages {
                let (name, version) = (&package["name"], &package["version"]);
                if let (Some(name), Some(version)) = (name.as_str(), version.as_str()) {
                    let unpacked = format!("{name}-{version}");
                    sh.remove_path(registry.join(&unpacked))?;
                    sh.remove_path(registry.join(format!("{unpacked}.crate")))?;
                }
            }
        }
    }
    Ok(())
}

/// Builds each crate from its package: from nothing that the package does not hold.
fn build_packages(sh: &Shell, packages: &[Value]) -> Result<()> {
    forget_unpacked(sh, packages)?;
    // Nor does Cargo look whether a package of the same version has changed since it was compiled.
    let target = sh.current_dir().join("target/packages");
    sh.remove_path(&target)?;
    cmd!(
        sh,
        "cargo package --workspace --exclude xtask --exclude hypha-tests --allow-dirty --target-dir {target}"
    )
    .run()?;
    Ok(())
}

/// What the manifest of a package lacks, or what the registry would refuse.
fn metadata_faults(package: &Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let texts = |field: &str| -> Vec<&str> {
        let items = package[field].as_array().into_iter().flatten();
        items.filter_map(Value::as_str).collect()
    };
    let mut faults = Vec::new();
    for field in [
        "description",
        "license",
        "homepage",
        "readme",
        "rust_version",
    ] {
        if package[field].as_str().unwrap_or_default().is_empty() {
            faults.push(format!("{name} has no {field}"));
        }
    }
    let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
    if !manifest.with_file_name("LICENSE").exists() {
        faults.push(format!(
            "{name} has no LICENSE beside its manifest, so neither has its package"
        ));
    }
    let keywords = texts("keywords");
    if keywords.is_empty() || keywords.len() > MAX_KEYWORDS {
        faults.push(format!(
            "{name} has {} keywords, 1 to {MAX_KEYWORDS} are allowed",
            keywords.len()
        ));
    }
    for keyword in keywords
        .iter()
        .filter(|keyword| keyword.len() > MAX_KEYWORD_LENGTH)
    {
        faults.push(format!(
            "{name}: the keyword {keyword} is longer than {MAX_KEYWORD_LENGTH}"
        ));
    }
    let categories = texts("categories");
    if categories.is_empty() {
        faults.push(format!("{name} has no categories"));
    }
    for category in categories
        .iter()
        .filter(|category| !CATEGORIES.contains(category))
    {
        faults.push(format!(
            "{name}: {category} is none of the categories that we use"
        ));
    }
    if package["metadata"]["docs"]["rs"]["all-features"] != true {
        faults.push(format!("{name} is not documented with all features"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::{ALL_FEATURES, NO_FEATURES, feature_sets, metadata_faults};
    use crate::workspace::root;
    use serde_json::json;

    #[test]
    fn no_set_of_features_is_tried_twice() {
        let sets = |features| feature_sets(&json!({ "features": features }));
        assert_eq!(sets(json!({})), [&[] as &[&str]]);
        assert_eq!(sets(json!({ "default": [], "a": [] })), [&[], ALL_FEATURES]);
        assert_eq!(
            sets(json!({ "default": ["a"], "a": [] })),
            [&[], NO_FEATURES]
        );
        let all = json!({ "default": ["a"], "a": [], "b": [] });
        assert_eq!(sets(all), [&[], NO_FEATURES, ALL_FEATURES]);
    }

    #[test]
    fn names_what_is_missing_or_refused() {
        let good = json!({
            "name": "x", "description": "d", "license": "MIT", "homepage": "h", "readme": "README.md",
            "rust_version": "1.88", "keywords": ["rpc"], "categories": ["encoding"],
            "metadata": { "docs": { "rs": { "all-features": true } } },
            "manifest_path": root().join("Cargo.toml"),
        });
        assert_eq!(metadata_faults(&good), Vec::<String>::new());

        let mut bad = good;
        bad["license"] = json!(null);
        bad["keywords"] = json!(["a", "b", "c", "d", "e", "f"]);
        bad["categories"] = json!(["cooking"]);
        bad["metadata"] = json!(null);
        bad["manifest_path"] = json!(root().join("xtask/Cargo.toml"));
        assert_eq!(
            metadata_faults(&bad),
            [
                "x has no license",
                "x has no LICENSE beside its manifest, so neither has its package",
                "x has 6 keywords, 1 to 5 are allowed",
                "x: cooking is none of the categories that we use",
                "x is not documented with all features",
            ]
        );
    }
}
