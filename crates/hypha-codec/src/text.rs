//! UTF-8 text that is cheap to clone.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use arrayvec::ArrayString;
use bytestring::ByteString;

/// Longest text, in bytes, that is kept without an allocation.
const INLINE: usize = 32;

/// UTF-8 text: short ones are held inline, longer ones share their buffer, so that a clone never copies much.
///
/// A long text from a decoded frame may be a slice of that frame; [`Text::detach`] copies it out.
#[derive(Clone)]
pub struct Text(Repr);

#[derive(Clone)]
enum Repr {
    Inline(ArrayString<INLINE>),
    Shared(ByteString),
}

impl Text {
    /// The empty text.
    #[must_use]
    pub fn new() -> Self {
        Self(Repr::Inline(ArrayString::new_const()))
    }

    /// A text that lives as long as the program, without a copy.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self(Repr::Shared(ByteString::from_static(text)))
    }

    /// Several texts as one.
    #[must_use]
    pub fn concat(parts: &[&str]) -> Self {
        let mut inline = ArrayString::new_const();
        if parts.iter().all(|part| inline.try_push_str(part).is_ok()) {
            return Self(Repr::Inline(inline));
        }
        Self(Repr::Shared(ByteString::from(parts.concat())))
    }

    /// The text as a string slice.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Inline(text) => text.as_str(),
            Repr::Shared(text) => text,
        }
    }

    /// The same text in a buffer of its own, if it was a slice of a larger one.
    #[must_use]
    pub fn detach(mut self) -> Self {
        self.detach_in_place();
        self
    }

    pub(crate) fn detach_in_place(&mut self) {
        if let Repr::Shared(text) = &self.0 {
            *self = Self::from(&**text);
        }
    }

    /// The text as an owned string.
    #[must_use]
    pub fn into_string(self) -> String {
        self.as_str().to_owned()
    }

    /// Puts a text in the place of this one; a short one is written straight there.
    #[inline]
    pub(crate) fn set(&mut self, text: &str) {
        if let Repr::Inline(inline) = &mut self.0 {
            inline.clear();
            if inline.try_push_str(text).is_ok() {
                return;
            }
        }
        *self = Self::from(text);
    }

    /// Keeps a slice of a frame as it is; the caller has decided that it is worth pinning the frame.
    pub(crate) fn shared(text: ByteString) -> Self {
        Self(Repr::Shared(text))
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Text {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Text {
    #[inline]
    fn from(text: &str) -> Self {
        match ArrayString::from(text) {
            Ok(inline) => Self(Repr::Inline(inline)),
            Err(_) => Self(Repr::Shared(ByteString::from(text))),
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        match ArrayString::from(&text) {
            Ok(inline) => Self(Repr::Inline(inline)),
            Err(_) => Self(Repr::Shared(ByteString::from(text))),
        }
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Cow<'_, str>> for Text {
    fn from(text: Cow<'_, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::from(text),
            Cow::Owned(text) => Self::from(text),
        }
    }
}

impl From<char> for Text {
    fn from(c: char) -> Self {
        Self::from(&*c.encode_utf8(&mut [0; 4]))
    }
}

impl From<ByteString> for Text {
    fn from(text: ByteString) -> Self {
        match ArrayString::from(&text) {
            Ok(inline) => Self(Repr::Inline(inline)),
            Err(_) => Self(Repr::Shared(text)),
        }
    }
}

impl From<&Self> for Text {
    fn from(text: &Self) -> Self {
        text.clone()
    }
}

impl From<Text> for ByteString {
    fn from(text: Text) -> Self {
        match text.0 {
            Repr::Inline(text) => Self::from(text.as_str()),
            Repr::Shared(text) => text,
        }
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.into_string()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<Text> for str {
    fn eq(&self, other: &Text) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<Text> for &str {
    fn eq(&self, other: &Text) -> bool {
        *self == other.as_str()
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn parts_become_one_text_of_any_length() {
        let long = "x".repeat(INLINE);
        for parts in [
            &[][..],
            &["a"],
            &["a", "", "bc"],
            &["a", &long],
            &[&long],
            &["é", &long, "é"],
        ] {
            let text = Text::concat(parts);
            assert_eq!(text, parts.concat());
            assert_eq!(matches!(text.0, Repr::Inline(_)), text.len() <= INLINE);
        }
    }

    #[test]
    fn short_and_long_text_behave_alike() {
        for length in [0, 1, INLINE - 1, INLINE, INLINE + 1, 5000] {
            let string = "x".repeat(length);
            let made = [
                Text::from(&*string),
                Text::from(string.clone()),
                Text::from(ByteString::from(&*string)),
                Text::from(&*string).clone().detach(),
            ];
            for text in &made {
                assert_eq!(*text, string);
                assert_eq!(text, &made[0]);
                assert_eq!(HashMap::from([(text.clone(), 1)]).get(&*string), Some(&1));
                assert_eq!(ByteString::from(text.clone()), ByteString::from(&*string));
            }
        }
        let mut text = Text::from("long ".repeat(20));
        text.set("short");
        assert_eq!("short", text);
        text.set(&"long ".repeat(20));
        assert_eq!(text.len(), 100);
        assert_eq!(text.cmp(&Text::from("m")), Ordering::Less);
        assert_eq!(format!("{text:?}"), format!("{:?}", text.as_str()));
    }

    #[test]
    fn a_clone_of_a_long_text_is_no_copy() {
        let text = Text::from("long ".repeat(20));
        assert_eq!(text.clone().as_ptr(), text.as_ptr());
    }
}
