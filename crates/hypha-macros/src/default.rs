//! The values of parameters that a call leaves out, as expressions.
//!
//! A default may be written as a value of its type, or in the form in which it travels: `"metre"` for an enum. So it does
//! not get the type of its parameter, but where it has none without.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{
    Expr, ExprCall, ExprLit, ExprPath, ExprUnary, GenericArgument, Lit, LitInt, Path,
    PathArguments, Token, Type, UnOp,
};

use crate::attributes::DefaultValue;
use crate::lent;
use crate::param::Param;

const INTEGERS: [&str; 12] = [
    "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize",
];

/// An expression for the default: something that can be serialized.
pub(crate) fn value(krate: &Path, default: &DefaultValue, param: &Param) -> TokenStream {
    let ty = &param.ty;
    match default {
        DefaultValue::Value(value) => written(krate, value, Some(ty)),
        // It needs no `Serialize` of what could be inside.
        DefaultValue::OfType if lent::is_named(ty, "Option") => {
            quote_spanned!(ty.span()=> #krate::__macros::none::<#ty>(::core::option::Option::None))
        }
        DefaultValue::OfType => {
            quote_spanned!(param.ident.span()=> <#ty as ::core::default::Default>::default())
        }
    }
}

/// The expression, with a type where it would have none, or the wrong one. `ty` is what it stands for, if that is known.
fn written(krate: &Path, value: &Expr, ty: Option<&Type>) -> TokenStream {
    let all = |values: &Punctuated<Expr, Token![,]>| -> Vec<TokenStream> {
        let item = ty.map(bare).and_then(item);
        let values = values.iter();
        values.map(|value| written(krate, value, item)).collect()
    };
    match value {
        Expr::Paren(inner) => written(krate, &inner.expr, ty),
        Expr::Group(inner) => written(krate, &inner.expr, ty),
        Expr::Lit(_) | Expr::Unary(_) => number(krate, value, ty),
        Expr::Path(path) if is_none(path) => match ty {
            Some(ty) if lent::is_named(ty, "Option") => {
                quote_spanned!(path.span()=> #krate::__macros::none::<#ty>(#path))
            }
            _ => quote!(#value),
        },
        Expr::Call(call) => called(krate, call, ty),
        Expr::Array(array) if array.elems.is_empty() => quote!([(); 0]),
        Expr::Array(array) => {
            let values = all(&array.elems);
            quote!([#(#values),*])
        }
        Expr::Macro(one) if one.mac.path.is_ident("vec") => {
            let parse = Punctuated::<Expr, Token![,]>::parse_terminated;
            match one.mac.parse_body_with(parse) {
                Ok(values) if values.is_empty() => quote!([(); 0]),
                Ok(values) => {
                    let values = all(&values);
                    quote!(::std::vec![#(#values),*])
                }
                Err(_) => quote!(#value),
            }
        }
        _ => quote!(#value),
    }
}

/// `Some(..)`, and what is inferred: `Default::default()`, and `Vec::new()` for a `Vec`.
fn called(krate: &Path, call: &ExprCall, ty: Option<&Type>) -> TokenStream {
    let (
        Expr::Path(ExprPath {
            path, qself: None, ..
        }),
        Some(ty),
    ) = (&*call.func, ty)
    else {
        return quote!(#call);
    };
    let names: Vec<String> = path
        .segments
        .iter()
        .map(|one| one.ident.to_string())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let args: Vec<&Expr> = call.args.iter().collect();
    match (&names[..], &args[..]) {
        ([.., "Some"], [inner]) if lent::is_named(ty, "Option") => {
            let inner = written(krate, inner, item(ty));
            quote!(#path(#inner))
        }
        ([.., "Default", "default"], []) => {
            quote_spanned!(call.span()=> #krate::__macros::typed::<#ty>(#call))
        }
        ([.., own, "new" | "default"], []) if lent::is_named(bare(ty), own) => {
            let ty = bare(ty);
            quote_spanned!(call.span()=> #krate::__macros::typed::<#ty>(#call))
        }
        _ => quote!(#call),
    }
}

/// A number without a suffix is an `i32`, if nothing else is said.
fn number(krate: &Path, value: &Expr, ty: Option<&Type>) -> TokenStream {
    let (literal, negative) = match value {
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => (&**expr, true),
        other => (other, false),
    };
    let Expr::Lit(ExprLit {
        lit: Lit::Int(literal),
        ..
    }) = literal
    else {
        return quote!(#value);
    };
    if !literal.suffix().is_empty() {
        return quote!(#value);
    }
    if let Some(ty) = ty.map(bare).filter(|ty| is_integer(ty)) {
        return quote_spanned!(value.span()=> #krate::__macros::typed::<#ty>(#value));
    }
    let Some(suffix) = literal.base10_parse().ok().and_then(suffix) else {
        return quote!(#value);
    };
    let digits = literal.base10_digits();
    let literal = LitInt::new(&format!("{digits}{suffix}"), literal.span());
    if negative {
        quote!(-#literal)
    } else {
        quote!(#literal)
    }
}

/// The type that an integer needs, if it is not the usual one.
fn suffix(value: u128) -> Option<&'static str> {
    if i32::try_from(value).is_ok() {
        None
    } else if i64::try_from(value).is_ok() {
        Some("i64")
    } else if u64::try_from(value).is_ok() {
        Some("u64")
    } else {
        Some("u128")
    }
}

fn is_integer(ty: &Type) -> bool {
    INTEGERS.iter().any(|name| lent::is_named(ty, name))
}

fn is_none(path: &ExprPath) -> bool {
    let names: Vec<String> = path
        .path
        .segments
        .iter()
        .map(|one| one.ident.to_string())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    matches!(names[..], ["None"] | [.., "Option", "None"])
}

/// What an `Option` is of, and every other type itself.
fn bare(ty: &Type) -> &Type {
    match item(ty) {
        Some(inner) if lent::is_named(ty, "Option") => bare(inner),
        _ => ty,
    }
}

/// The type of what is in a type with one parameter, or in an array.
fn item(ty: &Type) -> Option<&Type> {
    if let Type::Array(array) = ty {
        return Some(&array.elem);
    }
    let PathArguments::AngleBracketed(arguments) = &lent::last_segment(ty)?.arguments else {
        return None;
    };
    let mut types = arguments.args.iter().filter_map(|one| match one {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    let first = types.next()?;
    types.next().is_none().then_some(first)
}
