//! `cargo xtask tidy`: where the code grows. A report to read, not a gate.

use std::cmp::Reverse;

use anyhow::Result;
use xshell::{Shell, cmd};

const SHOWN: usize = 10;

/// A function found in formatted source.
#[derive(Debug, PartialEq, Eq)]
struct Function<'a> {
    name: &'a str,
    /// Number of its first line, from one.
    line: usize,
    length: usize,
}

/// Prints the longest files and functions.
pub(crate) fn report(sh: &Shell) -> Result<()> {
    let listed = cmd!(
        sh,
        "git ls-files --cached --others --exclude-standard -- *.rs"
    )
    .read()?;
    let mut files = Vec::new();
    for path in listed.lines() {
        // A file deleted but not yet committed is still listed.
        if let Ok(text) = sh.read_file(path) {
            files.push((path, text));
        }
    }

    let mut lengths: Vec<(usize, &str)> = files
        .iter()
        .map(|(path, text)| (text.lines().count(), *path))
        .collect();
    lengths.sort_by_key(|(length, _)| Reverse(*length));
    println!("longest files");
    for (length, path) in lengths.iter().take(SHOWN) {
        println!("{length:>6}  {path}");
    }

    let mut found: Vec<(Function<'_>, &str)> = files
        .iter()
        .flat_map(|(path, text)| functions(text).into_iter().map(|f| (f, *path)))
        .collect();
    found.sort_by_key(|(function, _)| Reverse(function.length));
    println!("longest functions");
    for (function, path) in found.iter().take(SHOWN) {
        let Function { name, line, length } = function;
        println!("{length:>6}  {name}  {path}:{line}");
    }
    Ok(())
}

/// The functions of rustfmt's output, where one ends at the first closing brace with the indent of its `fn` line.
fn functions(text: &str) -> Vec<Function<'_>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let indent = &line[..line.len() - line.trim_start().len()];
        let body = lines[index..].iter().position(|line| {
            line.strip_prefix(indent)
                .is_some_and(|rest| rest == "}" || (rest.starts_with(')') && rest.ends_with(';')))
        });
        if let Some(end) = body
            && lines[index + end].ends_with('}')
        {
            found.push(Function {
                name,
                line: index + 1,
                length: end + 1,
            });
        }
    }
    found
}

/// The name of the function that this line begins to declare; none for one without a body, or with all of it here.
fn function_name(line: &str) -> Option<&str> {
    const QUALIFIERS: [&str; 4] = ["async", "const", "extern", "unsafe"];
    if line.ends_with([';', '}']) {
        return None;
    }
    let mut words = line.split_whitespace();
    loop {
        let word = words.next()?;
        if word == "fn" {
            let rest = words.next()?;
            return rest.split(['(', '<']).next();
        }
        if !word.starts_with("pub") && !QUALIFIERS.contains(&word) {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Function, functions};

    #[test]
    fn finds_functions_by_their_indent() {
        let text = "impl A {\n    pub(crate) async fn one<T>(\n        t: T,\n    ) {\n        if x {\n        }\n    }\n}\nfn two() {}\ntrait B {\n    fn three(&self);\n    fn long(\n        a: u8,\n    ) -> u8;\n}\nfn four() {\n}\n";
        let expected = [("one", 2, 6), ("four", 16, 2)].map(|(name, line, length)| Function {
            name,
            line,
            length,
        });
        assert_eq!(functions(text), expected);
    }
}
