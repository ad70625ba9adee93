//! What is written beside traits and impl blocks.

mod checks;
mod client;
mod declared;
mod dispatcher;
mod implemented;

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Error, Item, Result};

use crate::method::Method;
use crate::settings::Settings;

/// Expands the attribute. Errors come beside the item itself, so that there are no others because of it.
pub(crate) fn service(settings: TokenStream, item: TokenStream) -> TokenStream {
    let settings = Settings::parse(settings);
    let (item, expanded) = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Trait(mut item)) => {
            let expanded = settings.and_then(|settings| declared::expand(&settings, &mut item));
            declared::strip(&mut item);
            (quote!(#item), expanded)
        }
        Ok(Item::Impl(mut item)) => {
            let expanded = settings.and_then(|settings| implemented::expand(&settings, &mut item));
            implemented::strip(&mut item);
            (quote!(#item), expanded)
        }
        Ok(other) => {
            let message = "`service` goes on a trait, or on the impl block of a type";
            let error = Error::new_spanned(&other, message);
            (quote!(#other), Err(error))
        }
        Err(error) => (item, Err(error)),
    };
    let expanded = expanded.unwrap_or_else(Error::into_compile_error);
    quote!(#item #expanded)
}

/// The name of a variable that nothing else sees, whatever a parameter is called, and wherever the trait was written.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// No two methods have one name.
fn distinct(methods: &[Method]) -> Result<()> {
    let mut names = BTreeMap::new();
    for method in methods {
        // Of two that are compiled under different conditions only one may be there.
        if !method.cfgs.is_empty() {
            continue;
        }
        if let Some(first) = names.insert(&method.name, &method.ident) {
            let message = format!(
                "callers know `{first}` by the name `{}` already",
                method.name
            );
            return Err(Error::new(method.ident.span(), message));
        }
    }
    Ok(())
}
