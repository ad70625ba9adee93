//! Rust names for names of any language.

use std::collections::BTreeSet;

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use proc_macro2::{Ident, Span};

/// The name of a function or variable.
pub(super) fn variable(name: &str) -> Ident {
    ident(&ascii(name).to_snake_case())
}

/// Letters of other alphabets left out, and a space for all else that no name has: words begin behind it.
fn ascii(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_ascii() || !c.is_alphabetic());
    kept.map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
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

/// This name, or the same with the first number that makes it another.
pub(super) fn distinct(name: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number: u32| format!("{name}{number}"));
    let free = std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .unwrap_or_default();
    taken.insert(free.clone());
    free
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
        let mut taken = BTreeSet::new();
        let names = [(); 3].map(|()| distinct("a", &mut taken));
        assert_eq!(names, ["a", "a2", "a3"]);
    }
}
