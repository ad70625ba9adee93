//! Types that are something else on the other side of a call.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{ExprPath, Path, PathSegment, Type, TypePath};

/// What one side receives, and what the other one gives.
const LENT: [(&str, &str); 4] = [
    ("Callback", "Closure"),
    ("RemoteStream", "Streamed"),
    ("RemoteFile", "FileObject"),
    ("RemoteObject", "Interface"),
];

/// Types of the protocol that JSON Schema does not describe.
const UNDESCRIBED: [&str; 16] = [
    "Callback",
    "Closure",
    "RemoteStream",
    "Streamed",
    "RemoteFile",
    "FileObject",
    "RemoteObject",
    "Interface",
    "NdArray",
    "TypedArray",
    "Binary",
    "Bytes",
    "Timestamp",
    "Custom",
    "Value",
    "Map",
];

/// Hypha's text, which is described as a `String` is.
const TEXT: &str = "Text";

/// What a caller passes for a parameter of this type.
pub(crate) fn given(ty: &Type, krate: &Path) -> Type {
    exchanged(ty, krate, LENT)
}

/// What a caller gets for a result of this type.
pub(crate) fn received(ty: &Type, krate: &Path) -> Type {
    exchanged(ty, krate, LENT.map(|(received, given)| (given, received)))
}

/// Whether something in the type has no JSON Schema.
pub(crate) fn is_undescribed(ty: &Type) -> bool {
    !named(ty, &UNDESCRIBED).is_empty()
}

/// The types that are taken for Hypha's in a parameter. What is said of them is true of Hypha's own only.
pub(crate) fn taken(ty: &Type, untyped: bool) -> Vec<Type> {
    if untyped {
        return lent(ty);
    }
    let known: Vec<&str> = UNDESCRIBED.into_iter().chain([TEXT]).collect();
    named(ty, &known)
}

/// The types that are something else on the other side.
pub(crate) fn lent(ty: &Type) -> Vec<Type> {
    let known: Vec<&str> = LENT
        .iter()
        .flat_map(|(one, other)| [*one, *other])
        .collect();
    named(ty, &known)
}

/// The outermost types in a type that have one of these names.
fn named(ty: &Type, names: &[&str]) -> Vec<Type> {
    struct Search<'a> {
        names: &'a [&'a str],
        found: Vec<Type>,
    }
    impl Visit<'_> for Search<'_> {
        fn visit_type(&mut self, ty: &Type) {
            if self.names.iter().any(|name| is_named(ty, name)) {
                self.found.push(ty.clone());
            } else {
                syn::visit::visit_type(self, ty);
            }
        }
    }
    let mut search = Search {
        names,
        found: Vec::new(),
    };
    search.visit_type(ty);
    search.found
}

/// The last segment of a type that is a plain path.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(TypePath {
            qself: None, path, ..
        }) => path.segments.last(),
        Type::Paren(inner) => last_segment(&inner.elem),
        Type::Group(inner) => last_segment(&inner.elem),
        _ => None,
    }
}

/// Whether the type is a plain path that ends in this name.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name)
}

fn exchanged(ty: &Type, krate: &Path, pairs: [(&'static str, &'static str); 4]) -> Type {
    replaced(ty, &|ty| {
        let (_, other) = pairs.iter().find(|(one, _)| is_named(ty, one))?;
        let other = syn::Ident::new(other, Span::call_site());
        Some(Type::Verbatim(quote!(#krate::__macros::#other)))
    })
}

/// The type, with others in the place of some.
fn replaced(ty: &Type, by: &dyn Fn(&Type) -> Option<Type>) -> Type {
    struct Replace<'a>(&'a dyn Fn(&Type) -> Option<Type>);
    impl VisitMut for Replace<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            match (self.0)(ty) {
                Some(other) => *ty = other,
                None => syn::visit_mut::visit_type_mut(self, ty),
            }
        }
    }
    let mut ty = ty.clone();
    Replace(by).visit_type_mut(&mut ty);
    ty
}

/// `Self` in a type, and in the lengths of arrays in it, written out.
pub(crate) fn without_self(ty: &Type, own: &Type) -> Type {
    struct Write<'a>(&'a Type);
    impl VisitMut for Write<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if matches!(ty, Type::Path(path) if path.qself.is_none() && path.path.is_ident("Self"))
            {
                *ty = self.0.clone();
            } else {
                syn::visit_mut::visit_type_mut(self, ty);
            }
        }

        fn visit_expr_path_mut(&mut self, path: &mut ExprPath) {
            let mut segments = path.path.segments.iter();
            let begins_so = segments.next().is_some_and(|first| first.ident == "Self");
            if path.qself.is_none() && begins_so && segments.len() > 0 {
                let own = self.0;
                *path = syn::parse_quote!(<#own>::#(#segments)::*);
            }
        }
    }
    let mut ty = ty.clone();
    Write(own).visit_type_mut(&mut ty);
    ty
}

/// Whether something mentions `Self`.
pub(crate) fn mentions_self(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "Self",
        TokenTree::Group(group) => mentions_self(group.stream()),
        _ => false,
    })
}

/// The schema of a parameter of this type, as an expression for a `Parameter`.
pub(crate) fn parameter(ty: &Type, untyped: bool, name: &str, krate: &Path) -> TokenStream {
    if !untyped && !is_undescribed(ty) {
        let described = replaced(ty, &|ty| {
            is_named(ty, TEXT).then(|| syn::parse_quote!(::std::string::String))
        });
        let of = quote::quote_spanned!(syn::spanned::Spanned::span(ty)=> of::<#described>);
        return quote!(#krate::__macros::Parameter::#of(#name));
    }
    let anything = quote!(#krate::__macros::Parameter::new(#name));
    if is_named(ty, "Option") {
        quote!(#anything.optional())
    } else {
        anything
    }
}
