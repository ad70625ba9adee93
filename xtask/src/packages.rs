//! `cargo xtask packages`: every crate that is published stands alone.

use std::path::Path;

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

/// Checks what the manifests say, each crate by itself, and what the packages hold.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    let packages = publishable(sh)?;
    let faults: Vec<String> = packages.iter().flat_map(metadata_faults).collect();
    if !faults.is_empty() {
        bail!("packages:\n  {}", faults.join("\n  "));
    }
    for package in &packages {
        alone(sh, text(package, "name")?, &feature_sets(package))?;
    }
    unpacked(sh, &packages)
}

/// No, default and all features of a package, as far as they are not the same.
fn feature_sets(package: &Value) -> Vec<&'static [&'static str]> {
    let defaults = package["features"]["default"]
        .as_array()
        .map_or(0, Vec::len);
    let features = package["features"].as_object();
    let others = features.map_or(0, |all| {
        all.keys().filter(|name| *name != "default").count()
    });
    let mut sets: Vec<&[&str]> = Vec::new();
    if defaults > 0 {
        sets.push(NO_FEATURES);
    }
    sets.push(&[]);
    if defaults < others {
        sets.push(ALL_FEATURES);
    }
    sets
}

/// Checks, tests and documents one crate with each set of features, and with nothing that only another crate of the
/// workspace switches on. With all features its tests have run already.
fn alone(sh: &Shell, name: &str, sets: &[&[&str]]) -> Result<()> {
    let _denied = sh.push_env("RUSTDOCFLAGS", "-D warnings");
    for features in sets.iter().copied() {
        // Without the tests, which switch on more of the dependencies.
        cmd!(sh, "cargo check --package {name} {features...}").run()?;
        if features == ALL_FEATURES {
            cmd!(sh, "cargo check --tests --package {name} {features...}").run()?;
        } else {
            cmd!(sh, "cargo test --package {name} {features...}").run()?;
        }
        cmd!(sh, "cargo doc --no-deps --package {name} {features...}").run()?;
    }
    Ok(())
}

/// Makes the packages and checks what they hold, in a workspace that has nothing else.
fn unpacked(sh: &Shell, packages: &[Value]) -> Result<()> {
    let (archives, unpacked) = (Path::new("target/package"), Path::new("target/unpacked"));
    sh.remove_path(unpacked)?;
    sh.create_dir(unpacked)?;
    cmd!(
        sh,
        "cargo package --workspace --exclude xtask --exclude hypha-tests --allow-dirty --no-verify"
    )
    .run()?;
    let mut manifest = String::from("[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n\n");
    // As the workspace has it, so that dependencies are not compiled again.
    manifest.push_str("[profile.dev]\ndebug = \"line-tables-only\"\n\n[patch.crates-io]\n");
    for package in packages {
        let (name, version) = (text(package, "name")?, text(package, "version")?);
        let folder = format!("{name}-{version}");
        let archive = archives.join(format!("{folder}.crate"));
        // A package keeps no times, and Cargo would take a file of 1973 for one that has not changed.
        cmd!(
            sh,
            "tar --extract --touch --gzip --file {archive} --directory {unpacked}"
        )
        .run()?;
        manifest.push_str(&format!("{name} = {{ path = \"{folder}\" }}\n"));
    }
    sh.write_file(unpacked.join("Cargo.toml"), manifest)?;
    // The versions that everything else was tested with.
    sh.copy_file("Cargo.lock", unpacked)?;
    let target = sh.current_dir().join("target");
    let _there = sh.push_dir(unpacked);
    cmd!(
        sh,
        "cargo check --workspace --all-features --target-dir {target}"
    )
    .run()?;
    Ok(())
}

fn text<'a>(package: &'a Value, field: &str) -> Result<&'a str> {
    let found = package[field].as_str();
    found.with_context(|| format!("a package has no {field}"))
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
            [NO_FEATURES, &[]]
        );
        let all = json!({ "default": ["a"], "a": [], "b": [] });
        assert_eq!(sets(all), [NO_FEATURES, &[], ALL_FEATURES]);
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
