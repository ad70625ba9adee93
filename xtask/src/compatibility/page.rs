//! The page, and what keeps it from being written.

use std::fmt::Write as _;

use super::found::{Direction, Test};

/// Rows that belong together.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) rows: &'static [Row],
}

/// One thing that the other clients do.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: &'static str,
    pub(super) what: &'static str,
    pub(super) state: State,
}

#[derive(Debug)]
pub(super) enum State {
    /// There is a test, and one for each of these directions.
    Tested(&'static [Direction]),
    /// It is not for us, for this reason.
    LeftOut(&'static str),
}

/// Rows without the tests that they need, and tests without a row.
pub(super) fn problems(sections: &[Section], tests: &[Test]) -> Vec<String> {
    let rows = || sections.iter().flat_map(|section| section.rows);
    let mut problems = Vec::new();
    for test in tests {
        for id in &test.rows {
            if !rows().any(|row| row.id == id) {
                problems.push(format!("{}: there is no row {id}", test.name));
            }
        }
    }
    for row in rows() {
        let State::Tested(directions) = row.state else {
            continue;
        };
        let of_row: Vec<&Test> = of_row(row, tests).collect();
        if of_row.is_empty() {
            problems.push(format!("{}: no test is named for it", row.id));
            continue;
        }
        let missing = directions.iter().filter(|direction| {
            !of_row
                .iter()
                .any(|test| test.directions.contains(direction))
        });
        problems.extend(missing.map(|direction| format!("{}: no test {direction}", row.id)));
    }
    problems
}

pub(super) fn render(sections: &[Section], tests: &[Test], versions: &str) -> String {
    let mut page = format!("{HEAD}{versions}.\n");
    for section in sections {
        // Writing to a string cannot fail.
        let _ = write!(page, "\n## {}\n\n{TABLE}", section.title);
        for row in section.rows {
            render_row(&mut page, row, tests);
        }
    }
    page
}

fn render_row(page: &mut String, row: &Row, tests: &[Test]) {
    let Row { id, what, state } = row;
    let mut cells = format!("{id} | {what}");
    if let State::LeftOut(reason) = state {
        let _ = writeln!(page, "| {cells} | | left out: {reason} |");
        return;
    }
    for test in of_row(row, tests) {
        let directions: Vec<String> = test.directions.iter().map(ToString::to_string).collect();
        let directions = match directions.join(", ") {
            none if none.is_empty() => "Rust".to_owned(),
            some => some,
        };
        let _ = writeln!(page, "| {cells} | {directions} | `{}` |", test.name);
        cells = " | ".to_owned();
    }
}

fn of_row<'a>(row: &'a Row, tests: &'a [Test]) -> impl Iterator<Item = &'a Test> {
    tests
        .iter()
        .filter(|test| test.rows.iter().any(|id| id == row.id))
}

const HEAD: &str = "# Compatibility

What the Python and JavaScript clients of Hypha do, and the tests that show that this client does it with them. Made by
`cargo xtask compatibility` out of the names of the tests: do not edit it.

The first side of a direction is the one that begins: that calls, sends, or passes something on. `Rust` alone is a test
with the server, or with frames written by hand. Tests run on the real server with the unchanged clients unless they have
the name of a crate before them. Versions: ";

const TABLE: &str = "| Row | What | Direction | Test |\n|---|---|---|---|\n";

#[cfg(test)]
mod tests {
    use super::super::found::Side::{Python, Rust};
    use super::*;

    const ROWS: &[Section] = &[Section {
        title: "Calls",
        rows: &[
            Row {
                id: "A1.01",
                what: "calls",
                state: State::Tested(&[Direction(Rust, Python)]),
            },
            Row {
                id: "A1.02",
                what: "more",
                state: State::LeftOut("no need"),
            },
        ],
    }];

    fn test(name: &str) -> Test {
        let text = format!("#[test]\nfn {name}() {{\n");
        super::super::found::tests("tests/it/x.rs", &text)
            .unwrap()
            .remove(0)
    }

    #[test]
    fn a_row_without_its_tests_and_a_test_without_a_row_are_problems() {
        assert_eq!(problems(ROWS, &[]), ["A1.01: no test is named for it"]);
        let other = test("a1_01_calls_rust_to_rust");
        assert_eq!(problems(ROWS, &[other]), ["A1.01: no test Rust → Python"]);
        let fitting = || test("a1_01_calls_rust_to_python");
        assert!(problems(ROWS, &[fitting()]).is_empty());
        let homeless = test("a1_03_calls_rust_to_python");
        assert_eq!(
            problems(ROWS, &[fitting(), homeless]),
            ["x::a1_03_calls_rust_to_python: there is no row A1.03"]
        );
    }

    #[test]
    fn every_row_has_its_tests_or_a_reason() {
        let tests = [test("a1_01_calls_rust_to_python"), test("a1_01_refuses")];
        let page = render(ROWS, &tests, "1");
        let table: Vec<&str> = page
            .lines()
            .skip_while(|line| !line.starts_with("| A1"))
            .collect();
        assert_eq!(
            table,
            [
                "| A1.01 | calls | Rust → Python | `x::a1_01_calls_rust_to_python` |",
                "|  |  | Rust | `x::a1_01_refuses` |",
                "| A1.02 | more | | left out: no need |",
            ]
        );
    }
}
