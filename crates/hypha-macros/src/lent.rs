//! Types that are something else on the other side of a call.

use proc_macro2::TokenStream;
use quote::quote;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{Path, PathSegment, Type, TypePath};

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
    struct Search(bool);
    impl Visit<'_> for Search {
        fn visit_path_segment(&mut self, segment: &PathSegment) {
            self.0 |= UNDESCRIBED.iter().any(|name| segment.ident == name);
            syn::visit::visit_path_segment(self, segment);
        }
    }
    let mut search = Search(false);
    search.visit_type(ty);
    search.0
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
    struct Exchange<'a> {
        krate: &'a Path,
        pairs: [(&'static str, &'static str); 4],
    }
    impl VisitMut for Exchange<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            let other = self.pairs.iter().find(|(one, _)| is_named(ty, one));
            if let Some((_, other)) = other {
                let other = syn::Ident::new(other, proc_macro2::Span::call_site());
                let krate = self.krate;
                *ty = Type::Verbatim(quote!(#krate::__macros::#other));
                return;
            }
            syn::visit_mut::visit_type_mut(self, ty);
        }
    }
    let mut ty = ty.clone();
    Exchange { krate, pairs }.visit_type_mut(&mut ty);
    ty
}

/// `Self` in a type, written out.
pub(crate) fn without_self(ty: &mut Type, own: &Type) {
    struct Own<'a>(&'a Type);
    impl VisitMut for Own<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if matches!(ty, Type::Path(path) if path.qself.is_none() && path.path.is_ident("Self"))
            {
                *ty = self.0.clone();
                return;
            }
            syn::visit_mut::visit_type_mut(self, ty);
        }
    }
    Own(own).visit_type_mut(ty);
}

/// Where a type mentions `Self`.
pub(crate) fn mentions_self(ty: &Type) -> bool {
    struct Search(bool);
    impl Visit<'_> for Search {
        fn visit_ident(&mut self, ident: &proc_macro2::Ident) {
            self.0 |= ident == "Self";
        }
    }
    let mut search = Search(false);
    search.visit_type(ty);
    search.0
}

/// The schema of a parameter of this type, as an expression for a `Parameter`.
pub(crate) fn parameter(ty: &Type, untyped: bool, name: &str, krate: &Path) -> TokenStream {
    if is_named(ty, "Text") {
        return quote!(#krate::__macros::Parameter::of::<::std::string::String>(#name));
    }
    if !untyped && !is_undescribed(ty) {
        let of = quote::quote_spanned!(syn::spanned::Spanned::span(ty)=> of::<#ty>);
        return quote!(#krate::__macros::Parameter::#of(#name));
    }
    let anything = quote!(#krate::__macros::Parameter::new(#name));
    if is_named(ty, "Option") {
        quote!(#anything.optional())
    } else {
        anything
    }
}
