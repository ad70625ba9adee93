//! Names as other languages write them.

use syn::{Error, LitStr, Result};

/// How the names of methods are written on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Camel,
    Pascal,
    Snake,
    Kebab,
    ScreamingSnake,
}

const CASES: [(&str, Case); 5] = [
    ("camelCase", Case::Camel),
    ("PascalCase", Case::Pascal),
    ("snake_case", Case::Snake),
    ("kebab-case", Case::Kebab),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
];

impl Case {
    pub(crate) fn parse(name: &LitStr) -> Result<Self> {
        let wanted = name.value();
        let found = CASES.iter().find(|(known, _)| *known == wanted);
        found.map(|(_, case)| *case).ok_or_else(|| {
            let known = CASES.map(|(known, _)| format!("\"{known}\"")).join(", ");
            Error::new_spanned(name, format!("write one of {known}"))
        })
    }

    pub(crate) fn apply(self, name: &str) -> String {
        let words = words(name);
        let capital = |word: &String| {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_uppercase().to_string());
            first.unwrap_or_default() + chars.as_str()
        };
        match self {
            Self::Snake => words.join("_"),
            Self::Kebab => words.join("-"),
            Self::ScreamingSnake => words.join("_").to_uppercase(),
            Self::Pascal => words.iter().map(capital).collect(),
            Self::Camel => {
                let rest: String = words.iter().skip(1).map(capital).collect();
                words.first().cloned().unwrap_or_default() + &rest
            }
        }
    }
}

/// The words of a name in lower case. A run of capitals is one word: `HTTPServer` is `http`, `server`.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut fresh = true;
    for (index, &c) in chars.iter().enumerate() {
        if c == '_' || c == '-' {
            fresh = true;
            continue;
        }
        let before = index.checked_sub(1).and_then(|before| chars.get(before));
        let after = chars.get(index + 1);
        let starts = c.is_uppercase()
            && (before.is_some_and(|before| !before.is_uppercase())
                || after.is_some_and(|after| after.is_lowercase()));
        if fresh || starts {
            words.push(String::new());
        }
        fresh = false;
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_every_case() {
        let name = "move_to_2";
        let written = CASES.map(|(_, case)| case.apply(name));
        assert_eq!(
            written,
            ["moveTo2", "MoveTo2", "move_to_2", "move-to-2", "MOVE_TO_2"]
        );
        assert_eq!(Case::Kebab.apply("HTTPServer"), "http-server");
        assert_eq!(Case::Kebab.apply("WeatherStation"), "weather-station");
        assert_eq!(Case::Camel.apply("x"), "x");
    }
}
