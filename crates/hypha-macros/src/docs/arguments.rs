//! The list of arguments in docs: which names are in it. What it says of them is read at run time, by `hypha-schema`.

/// Reads docs line by line.
#[derive(Default)]
pub(super) struct Arguments {
    inside: bool,
    fenced: bool,
    /// Where the items of the list begin.
    margin: Option<usize>,
}

impl Arguments {
    /// The name that an item of the list begins with. What could be any word is none.
    pub(super) fn read<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let trimmed = line.trim();
        self.fenced ^= trimmed.starts_with("```");
        if self.fenced {
            return None;
        }
        if let Some(heading) = trimmed.strip_prefix('#') {
            let heading = heading.trim_start_matches('#').trim().to_lowercase();
            self.inside = matches!(&*heading, "arguments" | "args" | "parameters");
            self.margin = None;
            return None;
        }
        if !self.inside {
            return None;
        }
        let marks = ["* ", "- ", "+ "];
        let item = marks.iter().find_map(|mark| trimmed.strip_prefix(mark))?;
        let indent = line.len() - line.trim_start().len();
        if indent >= *self.margin.get_or_insert(indent) + 2 {
            return None;
        }
        let name = match item.strip_prefix('`') {
            Some(quoted) => quoted.split_once('`')?.0,
            None => {
                let (name, rest) = item.split_at(item.find([':', ' '])?);
                let named = [":", " - ", " – ", " — "];
                named
                    .iter()
                    .any(|mark| rest.starts_with(mark))
                    .then_some(name)?
            }
        };
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let begins = |c: char| c == '_' || (c.is_alphabetic() && !c.is_uppercase());
        (name.starts_with(begins) && name.chars().all(is_name)).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_words() {
        let docs = "- `a` - no\n# Arguments\n\n* `x` - far\n  * `inner` - no\n* y: down\n* speed — how\n\
            * all of them\n* Note: none\n* `0` - no\n* `a.b` - no\n```\n* `code` - no\n```\n# Errors\n* `z` - no";
        let mut arguments = Arguments::default();
        let names: Vec<&str> = docs
            .lines()
            .filter_map(|line| arguments.read(line))
            .collect();
        assert_eq!(names, ["x", "y", "speed"]);
    }
}
