//! Names that others take.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// Characters of the name of a tool, for all who take tools.
const MAX_TOOL_NAME: usize = 64;

/// Those of them that no number takes the place of.
const MAX_UNNUMBERED: usize = MAX_TOOL_NAME - "_4294967295".len();

/// `HTTPServerArgs` is `http_server_args`.
#[cfg(feature = "schemars")]
pub(crate) fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut before: Option<char> = None;
    let mut letters = name.chars().peekable();
    while let Some(c) = letters.next() {
        let ends_capitals = letters.peek().is_some_and(|next| next.is_lowercase());
        let starts_word =
            before.is_some_and(|before| before != '_' && (!before.is_uppercase() || ends_capitals));
        if c.is_uppercase() && starts_word {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
        before = Some(c);
    }
    snake
}

/// A name that all take who take tools: letters, digits, `_` and `-`, at most 64.
pub(crate) fn tool_name(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().map(plain).take(MAX_TOOL_NAME).collect();
    if name.is_empty() {
        "_".to_owned()
    } else {
        name
    }
}

/// Names of tools that are each another one: the paths that nobody had to change keep theirs, others get a number.
pub(crate) fn tool_names<'p>(paths: impl Iterator<Item = &'p str> + Clone) -> Vec<String> {
    let mut taken: HashSet<String> = paths
        .clone()
        .filter(|path| tool_name(path) == **path)
        .map(str::to_owned)
        .collect();
    // Where to go on counting: many that get the same names with the same numbers would take for ever else.
    let mut counts: HashMap<String, usize> = HashMap::new();
    let distinct = |path: &str| {
        let name = tool_name(path);
        if name == path || taken.insert(name.clone()) {
            return name;
        }
        let beginning = name.chars().take(MAX_UNNUMBERED).collect();
        let count = counts.entry(beginning).or_insert(1);
        loop {
            *count += 1;
            let number = format!("_{count}");
            let kept = MAX_TOOL_NAME.saturating_sub(number.len());
            let numbered: String = name.chars().take(kept).chain(number.chars()).collect();
            if taken.insert(numbered.clone()) {
                return numbered;
            }
        }
    };
    paths.map(distinct).collect()
}

/// A name as one segment of the path of a URL, which is no template either.
pub(crate) fn escaped_segment(name: &str) -> String {
    let mut escaped = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to text does not fail.
            write!(escaped, "%{byte:02X}").unwrap_or_default();
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "schemars")]
    #[test]
    fn words_in_snake_case() {
        for (name, snake) in [
            ("MoveStage", "move_stage"),
            ("HTTPServerArgs", "http_server_args"),
            ("ÄrgerÜber", "ärger_über"),
            ("Vec2D", "vec2_d"),
            ("already_so", "already_so"),
            ("A", "a"),
            ("ABC", "abc"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }

    /// Each of them would count from two, were they counted by what the number takes the place of.
    #[test]
    fn many_long_names_that_differ_at_their_end() {
        let paths: Vec<String> = (0..40_000)
            .flat_map(|number| [1, 2].map(|end| format!("{:x<59}{number:05}{end}", "")))
            .collect();
        let names = tool_names(paths.iter().map(String::as_str));
        let distinct: HashSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), paths.len());
        assert!(names.iter().all(|name| name.len() <= MAX_TOOL_NAME));
    }

    #[test]
    fn tools_keep_apart() {
        let long = "x".repeat(70);
        let longer = "x".repeat(80);
        let paths = ["a.b", "a_b", "a b", "a_b_2", &long, &longer, ""];
        let names = tool_names(paths.into_iter());
        let numbered = format!("{}_2", &long[..62]);
        assert_eq!(
            names,
            [
                "a_b_3",
                "a_b",
                "a_b_4",
                "a_b_2",
                &long[..64],
                &numbered,
                "_"
            ]
        );
    }
}
