//! What the pages tell users to type.

use crate::command::{run, text};

const PAGES: [&str; 5] = [
    include_str!("../../README.md"),
    include_str!("../../../../README.md"),
    include_str!("../../../../docs/guide/bench.md"),
    include_str!("../../../../docs/guide/server.md"),
    include_str!("../../../../docs/guide/typed-services.md"),
];

#[test]
fn every_command_line_can_be_read() {
    let mut commands = 0;
    for line in PAGES.iter().flat_map(|page| page.lines()) {
        let Some(words) = line.strip_prefix("hypha ") else {
            continue;
        };
        let words = words.split('#').next().unwrap_or_default();
        // Reads the words before, and then does nothing with them.
        let words: Vec<&str> = words.split_whitespace().chain(["--help"]).collect();
        let output = run(&words);
        assert!(output.status.success(), "{line}: {}", text(&output.stderr));
        commands += 1;
    }
    assert!(commands > 10, "the pages show {commands} commands");
}
