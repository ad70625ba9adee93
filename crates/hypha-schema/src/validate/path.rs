//! Where in a value something is.

use std::fmt;

/// A place, known by the places around it: nothing is allocated for what fits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path<'a> {
    Root,
    Argument(&'a str),
    Member(&'a Self, &'a str),
    Item(&'a Self, usize),
}

/// Of a name that somebody else chose.
const MAX_NAME: usize = 64;

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Argument(name) => f.write_str(name),
            Self::Member(outer, name) => {
                let name: String = name.chars().take(MAX_NAME).collect();
                match outer {
                    Self::Root => f.write_str(&name),
                    _ => write!(f, "{outer}.{name}"),
                }
            }
            Self::Item(outer, index) => write!(f, "{outer}[{index}]"),
        }
    }
}

impl Path<'_> {
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Root | Self::Argument(_) => 0,
            Self::Member(outer, _) | Self::Item(outer, _) => outer.depth() + 1,
        }
    }

    fn is_of_an_argument(&self) -> bool {
        match self {
            Self::Root => false,
            Self::Argument(_) => true,
            Self::Member(outer, _) | Self::Item(outer, _) => outer.is_of_an_argument(),
        }
    }

    /// For messages.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Root => String::new(),
            path if path.is_of_an_argument() => format!("argument `{path}`"),
            path => format!("`{path}`"),
        }
    }
}
