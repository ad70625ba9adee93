//! Docs of others as docs of ours: text alone. Nothing in them is run as an example, is HTML, or is a link.
//!
//! They are not read as Markdown, which has too many ways to say each of these: what consists of harmless characters
//! stays as it is, and everything else is shown as it was written.

/// The docs of an item, line by line.
pub(super) fn of(text: &str) -> Vec<String> {
    let lines = lines(text);
    let paragraphs: Vec<String> = lines
        .split(String::is_empty)
        .filter(|lines| !lines.is_empty())
        .map(|lines| one_line(&lines.join(" ")))
        .collect();
    if paragraphs
        .iter()
        .all(|text| starts_nothing(text) && is_harmless(text))
    {
        let texts = paragraphs.iter().map(|text| format!(" {text}"));
        return texts
            .flat_map(|text| [String::new(), text])
            .skip(1)
            .collect();
    }
    let fence = "`".repeat(longest_run(text).max(3) + 1);
    let shown = lines.iter().map(|line| match &**line {
        "" => String::new(),
        line => format!(" {line}"),
    });
    std::iter::once(format!(" {fence}text"))
        .chain(shown)
        .chain([format!(" {fence}")])
        .collect()
}

/// A few words inside a line of docs.
pub(super) fn phrase(text: &str) -> String {
    let text = one_line(&lines(text).join(" "));
    if is_harmless(&text) {
        return text;
    }
    let ticks = "`".repeat(longest_run(&text) + 1);
    format!("{ticks} {text} {ticks}")
}

/// Without what is no text: the compiler takes neither lone carriage returns nor what turns the direction of text.
fn lines(text: &str) -> Vec<String> {
    let breaks = [
        '\n', '\u{b}', '\u{c}', '\r', '\u{85}', '\u{2028}', '\u{2029}',
    ];
    let lines = text.replace("\r\n", "\n").replace('\t', "    ");
    let lines = lines.split(breaks).map(|line| {
        let text: String = line.chars().filter(|c| !is_control(*c)).collect();
        text.trim_end().to_owned()
    });
    let mut lines: Vec<String> = lines.skip_while(String::is_empty).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn is_control(c: char) -> bool {
    let directions = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{feff}'];
    c.is_control()
        || directions.contains(&c)
        || ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether it means nothing in Markdown.
fn is_harmless(text: &str) -> bool {
    let means_nothing = |c: char| c.is_alphanumeric() || " .,;:?!'\"()/%+-=".contains(c);
    text.chars().all(means_nothing) && !text.contains("://")
}

/// Whether a line that begins with it is no item of a list, quote or code.
fn starts_nothing(text: &str) -> bool {
    let behind_number = text.trim_start_matches(char::is_numeric);
    text.starts_with(char::is_alphanumeric) && !behind_number.starts_with(['.', ')'])
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(
            of("Moves the stage,\n  in mm.\r\n\r\nIt waits (always)."),
            [" Moves the stage, in mm.", "", " It waits (always)."]
        );
        assert_eq!(of("2D images"), [" 2D images"]);
        assert_eq!(
            of("Does it.\n\n    panic!()"),
            [" Does it.", "", " panic!()"]
        );
        assert_eq!(of("\n \n"), [""; 0]);
        assert_eq!(phrase("how\n\nfar"), "how far");
    }

    #[test]
    fn all_else_is_shown_and_neither_run_nor_html() {
        let hostile = [
            "```rust\npanic!()\n```",
            "> ```\n> panic!()\n> ```",
            "-     panic!()",
            "1.     panic!()",
            ">     panic!()",
            "<!--\n```\n-->\n```\npanic!(); /*\n```\n*/\n```",
            "<script>alert(1)</script>",
            "see [it](javascript:alert(1))",
            "~~~\npanic!()\n~~~",
            "`````\n````\n```\npanic!()",
            "http://example.org",
        ];
        for text in hostile {
            let found = of(text);
            let [first, shown @ .., last] = &found[..] else {
                panic!("{found:?}")
            };
            let fence = first.strip_suffix("text").unwrap().trim();
            assert!(fence.len() > 3 && fence.chars().all(|c| c == '`'), "{text}");
            assert_eq!(last.trim(), fence, "{text}");
            assert!(shown.iter().all(|line| !line.contains(fence)), "{text}");
            let shown: Vec<&str> = shown
                .iter()
                .map(|line| line.strip_prefix(' ').unwrap_or(line))
                .collect();
            assert_eq!(shown.join("\n"), text);
        }
        assert_eq!(phrase("`a` or <b>"), "`` `a` or <b> ``");
    }

    #[test]
    fn no_line_has_what_the_compiler_does_not_take() {
        assert_eq!(of("a\rb\u{0}c \u{202e}d\u{2066}"), [" a bc d"]);
        let shown = of("*a*\rb\u{7}");
        assert_eq!(shown, [" ````text", " *a*", " b", " ````"]);
    }
}
