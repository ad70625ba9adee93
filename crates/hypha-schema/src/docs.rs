//! Reading the docs of a Rust function.

/// What docs say of a function and of its arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Docs {
    /// Everything before the first heading.
    pub(crate) summary: String,
    /// Arguments by name, in the order of the list.
    pub(crate) arguments: Vec<(String, String)>,
}

impl Docs {
    /// Reads Markdown: text, then sections. The list below `# Arguments` is of the arguments, as
    /// `* name - text`, `- name: text`, with or without backticks.
    pub(crate) fn read(markdown: &str) -> Self {
        let mut docs = Self::default();
        let mut section = None;
        let mut margin = None;
        let mut fenced = false;
        for line in markdown.lines() {
            fenced ^= line.trim_start().starts_with("```");
            if let Some(heading) = heading(line).filter(|_| !fenced) {
                section = Some(heading.to_lowercase());
                margin = None;
                continue;
            }
            match section.as_deref() {
                None => {
                    docs.summary.push_str(line.trim_end());
                    docs.summary.push('\n');
                }
                Some("arguments" | "args" | "parameters") => docs.argument(line, &mut margin),
                Some(_) => {}
            }
        }
        docs.summary = docs.summary.trim().to_owned();
        docs
    }

    /// `margin` is where the items of the list begin.
    fn argument(&mut self, line: &str, margin: &mut Option<usize>) {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            return;
        }
        let indent = line.len() - line.trim_start().len();
        let item = ["* ", "- ", "+ "]
            .iter()
            .find_map(|mark| trimmed.strip_prefix(mark))
            // A list inside an item belongs to it.
            .filter(|_| indent < *margin.get_or_insert(indent) + 2);
        if let Some((name, text)) = item.and_then(named) {
            self.arguments.push((name.to_owned(), text.to_owned()));
        } else if let Some((_, text)) = self.arguments.last_mut() {
            // A line that goes on.
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(trimmed);
        }
    }
}

/// The text of a heading: one to six `#`, and something between them and the text.
fn heading(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let text = line.trim_start_matches('#');
    let is_apart = text.is_empty() || text.starts_with([' ', '\t']);
    ((1..=6).contains(&(line.len() - text.len())) && is_apart).then(|| text.trim())
}

/// Splits `name - text` and `name: text`.
fn named(item: &str) -> Option<(&str, &str)> {
    let (name, rest) = match item.strip_prefix('`') {
        Some(quoted) => quoted.split_once('`')?,
        None => item.split_at(item.find([':', ' ', '-']).unwrap_or(item.len())),
    };
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let text = rest.trim_start().trim_start_matches([':', '-', '–', '—']);
    is_name(name).then(|| (name, text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_and_arguments() {
        let docs = Docs::read(
            "Moves the stage.\n\nIt waits until it is there.\n\n# Arguments\n\n* `x` - across, in\n  micrometres\n- y: down\n* speed — how fast\n\n# Errors\nIf it is blocked.",
        );
        assert_eq!(
            docs.summary,
            "Moves the stage.\n\nIt waits until it is there."
        );
        let arguments = [
            ("x", "across, in micrometres"),
            ("y", "down"),
            ("speed", "how fast"),
        ];
        let arguments = arguments.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(docs.arguments, arguments);
    }

    #[test]
    fn a_list_in_an_item_is_part_of_it() {
        let docs = Docs::read("# Arguments\n\n * `mode` - how:\n   - `fast` - soon\n * `x` - far");
        let arguments = [("mode", "how: - `fast` - soon"), ("x", "far")];
        let arguments = arguments.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(docs.arguments, arguments);
    }

    #[test]
    fn a_number_is_no_heading() {
        let docs =
            Docs::read("Closes\n#42 of them.\n# Arguments\n* x - the\n  #1 of all\n* y - next");
        assert_eq!(docs.summary, "Closes\n#42 of them.");
        let arguments = [("x", "the #1 of all"), ("y", "next")];
        let arguments = arguments.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(docs.arguments, arguments);
    }

    #[test]
    fn a_heading_in_code_is_none() {
        let docs = Docs::read("Runs.\n```\n# not a heading\n```");
        assert_eq!(docs.summary, "Runs.\n```\n# not a heading\n```");
        assert_eq!(Docs::read(""), Docs::default());
        assert_eq!(
            Docs::read("# Arguments\nnothing of the kind\n* \n* `").arguments,
            []
        );
    }
}
