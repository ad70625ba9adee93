//! Where in a value something is.

use std::fmt;

use super::words::printable;

/// More is not told.
const MAX_PATH: usize = 512;

/// A place, known by the places around it: nothing is allocated for what fits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path<'a> {
    Root,
    /// The object of all arguments.
    Arguments,
    Member(&'a Self, &'a str),
    Item(&'a Self, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root | Self::Arguments => Ok(()),
            Self::Member(outer, name) => {
                let name = printable(name);
                match outer {
                    Self::Root | Self::Arguments => f.write_str(&name),
                    _ => write!(f, "{outer}.{name}"),
                }
            }
            Self::Item(outer, index) => write!(f, "{outer}[{index}]"),
        }
    }
}

impl Path<'_> {
    fn is_of_an_argument(&self) -> bool {
        match self {
            Self::Root => false,
            Self::Arguments => true,
            Self::Member(outer, _) | Self::Item(outer, _) => outer.is_of_an_argument(),
        }
    }

    /// For messages.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Arguments => "the call".to_owned(),
            path if path.is_of_an_argument() => format!("argument `{}`", path.shortened()),
            path => format!("`{}`", path.shortened()),
        }
    }

    /// Its start and its end: somebody else chose how long it is.
    fn shortened(&self) -> String {
        let path = self.to_string();
        let length = path.chars().count();
        if length <= MAX_PATH {
            return path;
        }
        let start = path.chars().take(MAX_PATH / 2);
        let end = path.chars().skip(length - MAX_PATH / 2);
        start.chain("...".chars()).chain(end).collect()
    }
}
