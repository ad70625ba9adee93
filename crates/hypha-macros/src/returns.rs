//! How a method runs and what it gives, as its signature says.

use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::{
    AngleBracketedGenericArguments, Error, GenericArgument, PathArguments, Result, ReturnType,
    Signature, Type, TypeImplTrait, TypeParamBound, TypeTraitObject, parse_quote,
};

use crate::{lent, owned};

/// How a method runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Async,
    Blocking,
    Stream,
}

/// How a method runs, and the type of its result, or of its items.
pub(crate) fn read(signature: &Signature) -> Result<(Kind, Type)> {
    let unit: Type = parse_quote!(());
    let ty = match &signature.output {
        ReturnType::Default => unit,
        ReturnType::Type(_, ty) => Type::clone(ty),
    };
    let is_async = signature.asyncness.is_some();
    if let Type::ImplTrait(opaque) = &ty {
        if let Some(item) = binding(opaque, "Stream", "Item")? {
            if is_async {
                let message = "a method that gives a generator is no `async fn`: write `fn .. -> impl Stream<Item = T>`, \
                    or `async fn .. -> Result<Streamed, E>` if it has to wait before";
                return Err(Error::new_spanned(signature.asyncness, message));
            }
            owned::result(&item)?;
            return Ok((Kind::Stream, item));
        }
        if let Some(output) = binding(opaque, "Future", "Output")?.filter(|_| !is_async) {
            owned::result(&output)?;
            return Ok((Kind::Async, output));
        }
        let message =
            "the result of a method is a type, or `impl Stream<Item = T>` for a generator";
        return Err(Error::new_spanned(&ty, message));
    }
    streams(&ty)?;
    owned::result(&ty)?;
    Ok((
        if is_async {
            Kind::Async
        } else {
            Kind::Blocking
        },
        ty,
    ))
}

/// Whether the type is a `Result`, which is how failing is told from a value.
pub(crate) fn is_fallible(ty: &Type) -> bool {
    lent::is_named(ty, "Result")
}

/// Streams in other forms than `impl Stream`.
fn streams(ty: &Type) -> Result<()> {
    struct Search {
        opaque: bool,
        dynamic: bool,
    }
    impl Visit<'_> for Search {
        fn visit_type_impl_trait(&mut self, opaque: &TypeImplTrait) {
            self.opaque |= opaque.bounds.iter().any(is_stream);
        }
        fn visit_type_trait_object(&mut self, object: &TypeTraitObject) {
            self.dynamic |= object.bounds.iter().any(is_stream);
        }
    }
    let mut search = Search {
        opaque: false,
        dynamic: lent::is_named(ty, "BoxStream") || lent::is_named(ty, "LocalBoxStream"),
    };
    search.visit_type(ty);
    let message = if search.opaque {
        "a generator is the whole result: write `fn .. -> impl Stream<Item = Result<T, E>>`, \
            or `async fn .. -> Result<Streamed, E>` if it can fail before"
    } else if search.dynamic {
        "write `fn .. -> impl Stream<Item = T>`, which a boxed stream is too"
    } else {
        return Ok(());
    };
    Err(Error::new_spanned(ty, message))
}

fn is_stream(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else {
        return false;
    };
    let last = bound.path.segments.last();
    last.is_some_and(|last| last.ident == "Stream")
}

/// `Item` of `impl Stream<Item = T>`; none if there is no such bound.
fn binding(opaque: &TypeImplTrait, bound: &str, name: &str) -> Result<Option<Type>> {
    for one in &opaque.bounds {
        let TypeParamBound::Trait(one) = one else {
            continue;
        };
        let Some(segment) = one.path.segments.last().filter(|last| last.ident == bound) else {
            continue;
        };
        if let PathArguments::AngleBracketed(AngleBracketedGenericArguments { args, .. }) =
            &segment.arguments
        {
            for argument in args {
                if let GenericArgument::AssocType(assoc) = argument
                    && assoc.ident == name
                {
                    return Ok(Some(assoc.ty.clone()));
                }
            }
        }
        let message = format!("say what it gives: `impl {bound}<{name} = T>`");
        return Err(Error::new(one.span(), message));
    }
    Ok(None)
}
