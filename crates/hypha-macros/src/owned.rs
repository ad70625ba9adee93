//! Types that own what they hold: calls come from elsewhere, and results go there.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::visit::Visit;
use syn::{Error, Lifetime, Result, Type, TypeReference};

/// What a method takes.
pub(crate) fn parameter(ty: &Type) -> Result<()> {
    if let Type::ImplTrait(_) = ty {
        let message = "a parameter is of one type: for what callers pass as functions and generators there are `Callback` and `RemoteStream`";
        return Err(Error::new_spanned(ty, message));
    }
    let Some((at, instead)) = borrowed(ty, false) else {
        return Ok(());
    };
    let message =
        format!("parameters are owned, because they come from somewhere else: write {instead}");
    Err(Error::new_spanned(at, message))
}

/// What a method gives.
pub(crate) fn result(ty: &Type) -> Result<()> {
    let Some((at, instead)) = borrowed(ty, true) else {
        return Ok(());
    };
    let message = match ty {
        Type::Reference(_) => "a result is sent away: return an owned value".to_owned(),
        _ => format!("a result is sent away: return an owned value, and write {instead}"),
    };
    Err(Error::new_spanned(at, message))
}

/// Where a type borrows, and what to write instead. `forever` is whether it may borrow what is always there.
fn borrowed(ty: &Type, forever: bool) -> Option<(TokenStream, &'static str)> {
    struct Search {
        forever: bool,
        found: Option<(TokenStream, &'static str)>,
    }
    impl Visit<'_> for Search {
        fn visit_type_reference(&mut self, reference: &TypeReference) {
            let is_static = |lifetime: &Lifetime| lifetime.ident == "static";
            if self.forever && reference.lifetime.as_ref().is_some_and(is_static) {
                return syn::visit::visit_type_reference(self, reference);
            }
            let instead = match &*reference.elem {
                Type::Path(path) if path.path.is_ident("str") => "`String`",
                Type::Slice(_) => "`Vec<T>`, or `Binary` for bytes",
                _ => "the type without `&`",
            };
            self.found
                .get_or_insert_with(|| (reference.to_token_stream(), instead));
        }

        fn visit_lifetime(&mut self, lifetime: &Lifetime) {
            if lifetime.ident != "static" {
                let instead = "a type without a lifetime, such as `String` for `Cow<str>`";
                self.found
                    .get_or_insert_with(|| (lifetime.to_token_stream(), instead));
            }
        }

        // Functions are given what they borrow.
        fn visit_type_fn_ptr(&mut self, _: &syn::TypeFnPtr) {}
        fn visit_parenthesized_generic_arguments(
            &mut self,
            _: &syn::ParenthesizedGenericArguments,
        ) {
        }
    }
    let mut search = Search {
        forever,
        found: None,
    };
    search.visit_type(ty);
    search.found
}
