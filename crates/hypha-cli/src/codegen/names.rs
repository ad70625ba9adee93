//! Rust names for names of any language.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use proc_macro2::{Ident, Span};

/// The name of a function or variable.
pub(super) fn variable(name: &str) -> Ident {
    ident(&ascii(name).to_snake_case())
}

/// What is longer is cut.
const MAX_LENGTH: usize = 64;

/// Letters of other alphabets left out, and a space for all else that no name has: words begin behind it.
fn ascii(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_ascii() || !c.is_alphabetic());
    kept.map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
        .take(MAX_LENGTH)
        .collect()
}

/// The name of a type or variant.
pub(super) fn type_name(name: &str) -> String {
    let name = ascii(name).to_upper_camel_case();
    match name.chars().next() {
        None => "Unnamed".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("N{name}"),
        // The only capital keyword.
        Some(_) if name == "Self" => "Itself".to_owned(),
        Some(_) => name,
    }
}

/// Names in one place, which are each another one.
#[derive(Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
    /// Where to go on counting: many of one name would take for ever else.
    counts: BTreeMap<String, usize>,
}

impl Names {
    /// With these taken.
    pub(super) fn without(names: &[&str]) -> Self {
        Self {
            taken: names.iter().map(|name| (*name).to_owned()).collect(),
            counts: BTreeMap::new(),
        }
    }

    /// This name, or the same with the first number that makes it another.
    pub(super) fn distinct(&mut self, name: &str) -> String {
        if self.taken.insert(name.to_owned()) {
            return name.to_owned();
        }
        let count = self.counts.entry(name.to_owned()).or_insert(1);
        loop {
            *count += 1;
            let numbered = format!("{name}{count}");
            if self.taken.insert(numbered.clone()) {
                return numbered;
            }
        }
    }
}

/// An identifier, raw if it is a keyword.
pub(super) fn ident(name: &str) -> Ident {
    let name: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    let name = match name.chars().next() {
        None => "unnamed".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("n{name}"),
        Some(_) => name,
    };
    // A keyword since 2024, which `syn` takes for a name.
    if name != "gen" && syn::parse_str::<Ident>(&name).is_ok() {
        return Ident::new(&name, Span::call_site());
    }
    match &*name {
        // These cannot be raw.
        "self" | "super" | "crate" | "_" => Ident::new(&format!("{name}_"), Span::call_site()),
        _ => Ident::new_raw(&name, Span::call_site()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_languages() {
        let variables = ["moveTo", "type", "self", "2nd", "a-b c", "ü", ""]
            .map(|name| variable(name).to_string());
        assert_eq!(
            variables,
            [
                "move_to", "r#type", "self_", "n2nd", "a_b_c", "unnamed", "unnamed"
            ]
        );
        assert_eq!(
            ["self", "x_y", "3d", "\u{e9}a", "\u{202e}b", "a1_2"].map(type_name),
            ["Itself", "XY", "N3d", "A", "B", "A12"]
        );
        assert_eq!(
            ["gen", "async"].map(|name| variable(name).to_string()),
            ["r#gen", "r#async"]
        );
        let mut names = Names::without(&["a", "a3"]);
        let found = [(); 3].map(|()| names.distinct("a"));
        assert_eq!(found, ["a2", "a4", "a5"]);
        assert_eq!(["b", "b"].map(|name| names.distinct(name)), ["b", "b2"]);
    }
}
