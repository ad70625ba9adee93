//! Patterns for ids: text in which every `*` stands for any text.

/// What an id has to look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Anything.
    #[default]
    Any,
    /// Exactly this.
    Exactly(String),
    /// Text with one `*` or more among other characters.
    Like(String),
}

impl Pattern {
    /// Reads a pattern with stars.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "*" => Self::Any,
            text if text.contains('*') => Self::Like(text.to_owned()),
            text => Self::Exactly(text.to_owned()),
        }
    }

    /// An id in which a star alone stands for any; nothing else is special.
    pub(crate) fn of_id(id: &str) -> Self {
        if id == "*" {
            Self::Any
        } else {
            Self::Exactly(id.to_owned())
        }
    }

    pub(crate) fn exactly(&self) -> Option<&str> {
        match self {
            Self::Exactly(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(exactly) => exactly == text,
            Self::Like(pattern) => is_like(pattern, text),
        }
    }
}

/// Matches the parts between the stars, each as early as possible: linear in the text for every part.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut left) = text.strip_prefix(head) else {
        return false;
    };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        match left.find(part) {
            Some(at) => left = left.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("*", "abc", true),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("a*", "abc", true),
            ("a*", "ba", false),
            ("*c", "abc", true),
            ("*c", "cb", false),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("ab*bc", "abc", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxc", false),
            ("**", "abc", true),
            ("*b*", "abc", true),
        ] {
            assert_eq!(
                Pattern::parse(pattern).matches(text),
                matches,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn ids_are_only_what_they_look_like() {
        assert!(Pattern::of_id("*").matches("abc"));
        assert!(!Pattern::of_id("a*").matches("abc"));
        assert!(!Pattern::of_id("a?c").matches("abc"));
        assert!(!Pattern::of_id("[a]bc").matches("abc"));
    }
}
