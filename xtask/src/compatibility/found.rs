//! Tests, and what their names say.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Result, bail};

/// A side of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Rust,
    Python,
    JavaScript,
}

/// Who begins, and who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Direction(pub(super) Side, pub(super) Side);

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} → {:?}", self.0, self.1)
    }
}

/// A test that names rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Test {
    /// The rows, such as `A5.04` and `D.07`.
    pub(super) rows: Vec<String>,
    /// None: Rust with the server alone, or with frames written by hand.
    pub(super) directions: BTreeSet<Direction>,
    /// Package and path.
    pub(super) name: String,
}

/// The tests in a file of formatted source whose names begin with a row.
pub(super) fn tests(path: &str, text: &str) -> Result<Vec<Test>> {
    let mut tests = Vec::new();
    let mut attributes: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            attributes.push(line);
            continue;
        }
        if line.starts_with("//") {
            continue;
        }
        let attributes = std::mem::take(&mut attributes);
        let is_test =
            |line: &&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let Some(name) = function(line).filter(|_| attributes.iter().any(is_test)) else {
            continue;
        };
        let (rows, rest) = rows(name);
        if rows.is_empty() {
            continue;
        }
        if attributes.iter().any(|line| line.starts_with("#[ignore")) {
            bail!("{name} is ignored");
        }
        tests.push(Test {
            rows,
            directions: directions(rest),
            name: format!("{}{name}", module(path)),
        });
    }
    Ok(tests)
}

fn function(line: &str) -> Option<&str> {
    let line = line.strip_prefix("async ").unwrap_or(line);
    line.strip_prefix("fn ")?.split('(').next()
}

/// The rows at the start of a name, and what follows them.
fn rows(name: &str) -> (Vec<String>, &str) {
    let mut rows = Vec::new();
    let mut rest = name;
    while let Some((row, after)) = row(rest) {
        rows.push(row);
        rest = after;
    }
    (rows, rest)
}

/// `a5_04_`, or `a3_` for a group of rows as a whole. Tokens and defects would both be `a2_`: they are `login_07_` and
/// `defect_07_`; what concerns the server is `server_07_`.
fn row(name: &str) -> Option<(String, &str)> {
    let (group, rest) = match name.split_once('_')? {
        ("defect", rest) => ("D".to_owned(), rest),
        ("login", rest) => ("A2".to_owned(), rest),
        ("server", rest) => ("S".to_owned(), rest),
        ("a2", rest) => ("neither login nor defect ".to_owned(), rest),
        (group, rest) => {
            let number = group.strip_prefix('a')?;
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            (is_number.then(|| format!("A{number}"))?, rest)
        }
    };
    match rest.split_once('_') {
        Some((number, after))
            if number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Some((format!("{group}.{number}"), after))
        }
        // Only groups that begin with `a` are named as a whole.
        _ => name.starts_with('a').then_some((group, rest)),
    }
}

/// Every `<sides>_to_<sides>` in a name, where sides are joined by `and`.
fn directions(name: &str) -> BTreeSet<Direction> {
    let words: Vec<&str> = name.split('_').collect();
    let mut found = BTreeSet::new();
    for (at, _) in words.iter().enumerate().filter(|(_, word)| **word == "to") {
        let before = sides(words[..at].iter().rev());
        let after = sides(words[at + 1..].iter());
        for from in &before {
            found.extend(after.iter().map(|to| Direction(*from, *to)));
        }
    }
    found
}

/// The sides at the start of some words.
fn sides<'a>(words: impl Iterator<Item = &'a &'a str>) -> Vec<Side> {
    let mut sides = Vec::new();
    for (index, word) in words.enumerate() {
        let side = match *word {
            "rust" => Side::Rust,
            "python" => Side::Python,
            "javascript" => Side::JavaScript,
            "and" if index % 2 == 1 => continue,
            _ => break,
        };
        if index % 2 == 1 {
            break;
        }
        sides.push(side);
    }
    sides
}

/// The place of a file as the test runner shows it, with the package before it where that is not the one of the
/// interoperability tests.
fn module(path: &str) -> String {
    let (package, file) = match path
        .strip_prefix("crates/")
        .and_then(|path| path.split_once('/'))
    {
        Some((package, file)) => (format!("{package}: "), file),
        None => (String::new(), path.trim_start_matches("tests/")),
    };
    let file = file
        .trim_start_matches("tests/")
        .trim_start_matches("it/")
        .trim_start_matches("src/")
        .trim_end_matches(".rs");
    if file == "main" || file == "lib" {
        return package;
    }
    format!("{package}{}::", file.replace('/', "::"))
}

#[cfg(test)]
mod tests {
    use super::Side::{JavaScript, Python, Rust};
    use super::*;

    #[test]
    fn names_say_rows_and_directions() {
        let of = |name: &str| {
            let (rows, rest) = rows(name);
            (
                rows.join(" "),
                directions(rest).into_iter().collect::<Vec<_>>(),
            )
        };
        for (name, rows, expected) in [
            (
                "a5_04_kwargs_rust_to_python",
                "A5.04",
                vec![Direction(Rust, Python)],
            ),
            (
                "a9_04_a9_05_python_and_javascript_to_rust",
                "A9.04 A9.05",
                vec![Direction(Python, Rust), Direction(JavaScript, Rust)],
            ),
            (
                "a12_02_what_is_sent_rust_to_python_and_rust_is_heard",
                "A12.02",
                vec![Direction(Rust, Rust), Direction(Rust, Python)],
            ),
            ("defect_07_a_call_to_nobody", "D.07", vec![]),
            ("login_07_a_token", "A2.07", vec![]),
            (
                "a12_02_server_14_a_broadcast_rust_to_rust",
                "A12.02 S.14",
                vec![Direction(Rust, Rust)],
            ),
            (
                "a3_values_rust_to_javascript",
                "A3",
                vec![Direction(Rust, JavaScript)],
            ),
            ("a11_10_lists", "A11.10", vec![]),
            ("a_deadline_ends_a_call", "", vec![]),
            ("defects_are_none", "", vec![]),
            ("login_takes_time", "", vec![]),
            ("answers_are_ignored", "", vec![]),
        ] {
            assert_eq!(of(name), (rows.to_owned(), expected), "{name}");
        }
    }

    #[test]
    fn tests_are_functions_with_the_attribute_and_are_not_ignored() {
        let text =
            "#[tokio::test]\n// why\nasync fn a1_02_x() {\n#[test]\nfn other() {\nfn a1_03_y() {\n";
        let found = tests("tests/it/some/place.rs", text).unwrap();
        let names: Vec<&str> = found.iter().map(|test| test.name.as_str()).collect();
        assert_eq!(names, ["some::place::a1_02_x"]);
        let text = "#[test]\n#[ignore]\nfn a1_02_x() {\n";
        assert!(tests("tests/it/main.rs", text).is_err());
        assert_eq!(module("tests/it/main.rs"), "");
        assert_eq!(module("crates/core/tests/it/a.rs"), "core: a::");
        assert_eq!(
            module("crates/core/src/engine/tests.rs"),
            "core: engine::tests::"
        );
    }
}
