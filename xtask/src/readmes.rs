//! `cargo xtask readmes`: the first example of each README, built and run in an empty project, as a reader would.

mod server;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use xshell::{Shell, cmd};

use self::server::Server;
use crate::workspace::{publishable, root};

/// What the example of one crate needs.
struct Example {
    package: &'static str,
    /// Other crates of ours that it names, with their features.
    ours: &'static [(&'static str, &'static [&'static str])],
    /// Crates of others, as lines of a manifest.
    others: &'static [&'static str],
    /// All of ours that its project may pull in.
    tree: &'static [&'static str],
}

const EXAMPLES: [Example; 10] = [
    Example {
        package: "hypha-codec",
        ours: &[],
        others: &[r#"serde = { version = "1", features = ["derive"] }"#],
        tree: &["hypha-codec"],
    },
    Example {
        package: "hypha-transport",
        ours: &[],
        others: &[
            r#"futures-channel = { version = "0.3", features = ["sink"] }"#,
            r#"futures-util = { version = "0.3", default-features = false, features = ["sink"] }"#,
            r#"tokio = { version = "1", features = ["macros", "rt"] }"#,
        ],
        tree: &["hypha-transport"],
    },
    Example {
        package: "hypha-transport-ws",
        ours: &[("hypha-transport", &[])],
        others: &[r#"tokio = { version = "1", features = ["macros", "net", "rt"] }"#],
        tree: &["hypha-transport", "hypha-transport-ws"],
    },
    Example {
        package: "hypha-rpc-core",
        ours: &[("hypha-transport", &["memory"])],
        others: &[r#"tokio = { version = "1", features = ["macros", "rt-multi-thread"] }"#],
        tree: &[
            "hypha-codec",
            "hypha-e2e",
            "hypha-rpc-core",
            "hypha-transport",
        ],
    },
    Example {
        package: "hypha-client",
        ours: &[],
        others: &[r#"tokio = { version = "1", features = ["macros", "rt-multi-thread"] }"#],
        tree: &[
            "hypha-client",
            "hypha-codec",
            "hypha-e2e",
            "hypha-rpc-core",
            "hypha-transport",
            "hypha-transport-ws",
        ],
    },
    Example {
        package: "hypha-e2e",
        ours: &[],
        others: &[],
        tree: &["hypha-e2e"],
    },
    Example {
        package: "hypha-schema",
        ours: &[],
        others: &[
            r#"schemars = "1""#,
            r#"serde = { version = "1", features = ["derive"] }"#,
            r#"serde_json = "1""#,
        ],
        tree: &["hypha-schema"],
    },
    Example {
        package: "hypha-macros",
        ours: &[("hypha-client", &["macros"])],
        others: &[
            r#"serde_json = "1""#,
            r#"tokio = { version = "1", features = ["macros", "rt-multi-thread"] }"#,
        ],
        tree: &[
            "hypha-client",
            "hypha-codec",
            "hypha-e2e",
            "hypha-macros",
            "hypha-rpc-core",
            "hypha-schema",
            "hypha-transport",
            "hypha-transport-ws",
        ],
    },
    Example {
        package: "hypha-sync",
        ours: &[],
        others: &[],
        tree: &[
            "hypha-client",
            "hypha-codec",
            "hypha-e2e",
            "hypha-rpc-core",
            "hypha-sync",
            "hypha-transport",
            "hypha-transport-ws",
        ],
    },
    Example {
        package: "hypha-server",
        ours: &[("hypha-client", &[])],
        others: &[r#"tokio = { version = "1", features = ["macros", "rt-multi-thread"] }"#],
        tree: &[
            "hypha-client",
            "hypha-codec",
            "hypha-e2e",
            "hypha-rpc-core",
            "hypha-schema",
            "hypha-server",
            "hypha-transport",
            "hypha-transport-ws",
        ],
    },
];

/// Programs: their READMEs show command lines, which their own tests read.
const PROGRAMS: [&str; 1] = ["hypha-cli"];

/// Where the examples say that a server is.
const SERVER_URL: &str = "http://127.0.0.1:9527";

/// Builds and runs the examples of all crates that are published.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    let published: BTreeSet<String> = publishable(sh)?
        .iter()
        .filter_map(|package| package["name"].as_str().map(str::to_owned))
        .collect();
    let known = EXAMPLES.iter().map(|example| example.package);
    let known = known.chain(PROGRAMS).map(str::to_owned);
    ensure!(
        published == known.collect(),
        "the table of xtask/src/readmes.rs has not the crates that are published: {published:?}"
    );
    for example in &EXAMPLES {
        run(sh, example).with_context(|| format!("the README of {}", example.package))?;
    }
    println!("readmes: every example runs in a project of its own");
    Ok(())
}

fn run(sh: &Shell, example: &Example) -> Result<()> {
    let package = example.package;
    let readme = sh.read_file(root().join("crates").join(package).join("README.md"))?;
    let mut source = first_example(&readme)?;
    let server = if source.contains(SERVER_URL) {
        crate::peers::install(sh)?;
        let server = Server::start()?;
        source = source.replace(SERVER_URL, server.url());
        Some(server)
    } else {
        None
    };

    let project = root().join("target/readmes").join(package);
    sh.write_file(project.join("Cargo.toml"), manifest(example))?;
    sh.write_file(project.join("src/main.rs"), source)?;
    // The versions that everything else was tested with.
    sh.copy_file(root().join("Cargo.lock"), &project)?;

    let _in_project = sh.push_dir(&project);
    let target = root().join("target");
    let tree = cmd!(sh, "cargo tree --edges normal --prefix none").read()?;
    let found = ours(&tree);
    ensure!(
        found == BTreeSet::from_iter(example.tree.iter().copied()),
        "the project pulls in {found:?}, expected {:?}",
        example.tree
    );
    cmd!(sh, "cargo run --quiet --target-dir {target}").run()?;
    server.map_or(Ok(()), Server::stop)
}

/// The manifest of a project that has nothing but an example.
fn manifest(example: &Example) -> String {
    // The profile is that of the workspace, so that dependencies are not compiled again.
    let mut text = String::from(
        "[workspace]\n\n[profile.dev]\ndebug = \"line-tables-only\"\n\n[package]\nname = \"example\"\nedition = \"2024\"\n\n[dependencies]\n",
    );
    let itself = (example.package, &[] as &[&str]);
    for (name, features) in [itself].iter().chain(example.ours) {
        let path = Path::new("../../../crates").join(name);
        let line = writeln!(
            text,
            "{name} = {{ path = {path:?}, features = {features:?} }}"
        );
        debug_assert!(line.is_ok(), "a String takes everything");
    }
    for line in example.others {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The first block of Rust in a README: a whole program, with nothing that only rustdoc would hide.
fn first_example(readme: &str) -> Result<String> {
    let mut lines = readme.lines();
    if !lines.any(|line| line.starts_with("```rust")) {
        bail!("it has no example in Rust");
    }
    let block: Vec<&str> = lines.take_while(|line| *line != "```").collect();
    if let Some(hidden) = block
        .iter()
        .find(|line| **line == "#" || line.starts_with("# "))
    {
        bail!("`{hidden}` is shown where READMEs are read");
    }
    ensure!(
        block.iter().any(|line| line.contains("fn main()")),
        "its first example is no whole program"
    );
    Ok(block.join("\n") + "\n")
}

/// Our crates among those that a tree lists.
fn ours(tree: &str) -> BTreeSet<&str> {
    tree.lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| name.starts_with("hypha-"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{first_example, ours};

    #[test]
    fn takes_the_first_program() {
        let readme = "# x\n\n```toml\na = 1\n```\n\n```rust,no_run\nfn main() {}\n```\n\n```rust\nfn other() {}\n```\n";
        assert_eq!(first_example(readme).unwrap(), "fn main() {}\n");
    }

    #[test]
    fn refuses_what_a_reader_cannot_copy() {
        for (readme, problem) in [
            ("# x\n", "no example"),
            ("```rust\nlet x = 1;\n```\n", "no whole program"),
            (
                "```rust\n# #[tokio::main]\nasync fn main() {}\n```\n",
                "is shown",
            ),
        ] {
            let error = first_example(readme).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn finds_ours_in_a_tree() {
        let tree = "example v0.0.0 (/x)\nhypha-codec v0.1.0 (/y)\nbytes v1.0.0\nhypha-codec v0.1.0 (/y) (*)";
        assert!(ours(tree).into_iter().eq(["hypha-codec"]));
    }
}
