//! What the compiler should not mind in a trait or method, it should not mind in what is made of it.

use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token, parse_quote};

/// The lints that attributes allow or expect, to allow them elsewhere.
pub(crate) fn allowed(attributes: &[Attribute]) -> Vec<Attribute> {
    let allowed = listed(attributes, "allow");
    // What is allowed to be dead counts as alive, and so would what it uses: the trait that is expected not to be.
    let expected = listed(attributes, "expect");
    let expected = expected.into_iter().filter(|lint| !is_dead(lint));
    let lints: Vec<Meta> = allowed
        .into_iter()
        .chain(expected)
        .filter(|lint| matches!(lint, Meta::Path(_)))
        .collect();
    if lints.is_empty() {
        return Vec::new();
    }
    vec![parse_quote!(#[allow(#(#lints,)* reason = "what it is made of allows it")])]
}

/// Whether it is said that nothing uses it.
pub(crate) fn is_dead_expected(attributes: &[Attribute]) -> bool {
    listed(attributes, "expect").iter().any(is_dead)
}

fn is_dead(lint: &Meta) -> bool {
    lint.path().is_ident("dead_code") || lint.path().is_ident("unused")
}

fn listed(attributes: &[Attribute], level: &str) -> Vec<Meta> {
    let lists = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::List(list) if list.path.is_ident(level) => {
                let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
                list.parse_args_with(parse).ok()
            }
            _ => None,
        });
    lists.flatten().collect()
}
