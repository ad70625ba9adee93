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

/// Something that our server does in another way than the real one.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) id: &'static str,
    pub(super) what: &'static str,
    pub(super) reference: &'static str,
    pub(super) ours: &'static str,
    pub(super) reason: &'static str,
}

/// Rows without the tests that they need, and tests without a row.
pub(super) fn problems(
    sections: &[Section],
    differences: &[Difference],
    tests: &[Test],
) -> Vec<String> {
    let rows = || sections.iter().flat_map(|section| section.rows);
    let mut problems = Vec::new();
    for test in tests {
        for id in &test.rows {
            let is_difference = differences.iter().any(|difference| difference.id == id);
            if !is_difference && !rows().any(|row| row.id == id) {
                problems.push(format!("{}: there is no row {id}", test.name));
            }
        }
    }
    for row in rows() {
        let State::Tested(directions) = row.state else {
            continue;
        };
        let of_row: Vec<&Test> = of_row(row.id, tests).collect();
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
    for difference in differences {
        if of_row(difference.id, tests).next().is_none() {
            problems.push(format!("{}: no test is named for it", difference.id));
        }
    }
    problems
}

pub(super) fn render(
    sections: &[Section],
    differences: &[Difference],
    tests: &[Test],
    versions: &str,
) -> String {
    let mut page = format!("{HEAD}{versions}.\n");
    for section in sections {
        // Writing to a string cannot fail.
        let _ = write!(page, "\n## {}\n\n{TABLE}", section.title);
        for row in section.rows {
            render_row(&mut page, row, tests);
        }
    }
    if !differences.is_empty() {
        let _ = write!(page, "\n{DIFFERENCES}");
    }
    for difference in differences {
        let Difference {
            id,
            what,
            reference,
            ours,
            reason,
        } = difference;
        let tests = of_row(id, tests).map(|test| format!("`{}`", test.name));
        let tests = tests.collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            page,
            "| {id} | {what} | {reference} | {ours} | {reason} | {tests} |"
        );
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
    for test in of_row(id, tests) {
        let directions: Vec<String> = test.directions.iter().map(ToString::to_string).collect();
        let directions = match directions.join(", ") {
            none if none.is_empty() => "Rust".to_owned(),
            some => some,
        };
        let _ = writeln!(page, "| {cells} | {directions} | `{}` |", test.name);
        cells = " | ".to_owned();
    }
}

fn of_row<'a>(row: &'a str, tests: &'a [Test]) -> impl Iterator<Item = &'a Test> {
    tests
        .iter()
        .filter(move |test| test.rows.iter().any(|id| id == row))
}

const HEAD: &str = "# Compatibility

What the Python and JavaScript clients of Hypha do, and the tests that show that this client does it with them. Made by
`cargo xtask compatibility` out of the names of the tests: do not edit it.

The first side of a direction is the one that begins: that calls, sends, or passes something on. `Rust` alone is a test
with the server, or with frames written by hand. Tests run with the unchanged clients, once on the real server and once
on `hypha serve`, unless they have the name of a crate before them. Versions: ";

const TABLE: &str = "| Row | What | Direction | Test |\n|---|---|---|---|\n";

const DIFFERENCES: &str = "## Where our server differs from the real one on purpose

A test does on each server what it says here of it.

| Row | What | The real server | Ours | Why | Test |
|---|---|---|---|---|---|
";

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
        assert_eq!(problems(ROWS, &[], &[]), ["A1.01: no test is named for it"]);
        let other = test("a1_01_calls_rust_to_rust");
        assert_eq!(
            problems(ROWS, &[], &[other]),
            ["A1.01: no test Rust → Python"]
        );
        let fitting = || test("a1_01_calls_rust_to_python");
        assert!(problems(ROWS, &[], &[fitting()]).is_empty());
        let homeless = test("a1_03_calls_rust_to_python");
        assert_eq!(
            problems(ROWS, &[], &[fitting(), homeless]),
            ["x::a1_03_calls_rust_to_python: there is no row A1.03"]
        );
    }

    #[test]
    fn every_row_has_its_tests_or_a_reason() {
        let tests = [test("a1_01_calls_rust_to_python"), test("a1_01_refuses")];
        let page = render(ROWS, &[], &tests, "1");
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

    #[test]
    fn a_difference_needs_a_test_and_gives_its_reason() {
        let difference = Difference {
            id: "S.11",
            what: "tea",
            reference: "green",
            ours: "black",
            reason: "taste",
        };
        let differences = [difference];
        let calls = || test("a1_01_calls_rust_to_python");
        assert_eq!(
            problems(ROWS, &differences, &[calls()]),
            ["S.11: no test is named for it"]
        );
        let tests = [calls(), test("server_11_tea")];
        assert!(problems(ROWS, &differences, &tests).is_empty());
        let page = render(ROWS, &differences, &tests, "1");
        assert!(page.ends_with("| S.11 | tea | green | black | taste | `x::server_11_tea` |\n"));
    }
}
