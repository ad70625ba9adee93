//! Traits: the dispatcher and the client of a service, and the trait itself with the bounds that they need.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::{
    Attribute, Block, Error, FnArg, ItemTrait, Result, ReturnType, TraitItem, Type, parse_quote,
};

use super::{checks, client, dispatcher, distinct};
use crate::attributes::{ArgAttribute, DefaultValue, MethodAttribute};
use crate::method::{Method, Problems};
use crate::param::Role;
use crate::returns::Kind;
use crate::settings::{Client, Settings};
use crate::{lent, lints};

pub(super) fn expand(settings: &Settings, item: &mut ItemTrait) -> Result<TokenStream> {
    without_async_trait(item)?;
    let mut problems = Problems::default();
    if !item.generics.params.is_empty() {
        let message = "a service has one set of methods: a trait of a service has no generics";
        problems.note::<()>(Err(Error::new_spanned(&item.generics, message)));
    }
    let mut methods = Vec::new();
    for member in &mut item.items {
        let TraitItem::Fn(function) = member else {
            let message = "callers see methods only: move this to another trait";
            problems.note::<()>(Err(Error::new_spanned(&member, message)));
            continue;
        };
        let said = problems.note(MethodAttribute::take(&mut function.attrs));
        let said = said.flatten().unwrap_or_default();
        let method = Method::read(
            &function.attrs,
            &mut function.sig,
            said,
            settings.rename_all,
        );
        let Some(method) = problems.note(method.and_then(known)) else {
            continue;
        };
        match method.kind {
            Kind::Async if function.sig.asyncness.is_some() => {
                let output = &method.output;
                function.sig.asyncness = None;
                function.sig.output = parse_quote!(
                    -> impl ::core::future::Future<Output = #output> + ::core::marker::Send
                );
                if let Some(body) = &mut function.default {
                    *body = asynchronous(body, output);
                }
            }
            Kind::Async | Kind::Stream => add_send(&mut function.sig.output),
            Kind::Blocking => {}
        }
        methods.push(method);
    }
    problems.note(distinct(&methods));
    problems.end()?;
    let needed: [syn::TypeParamBound; 3] = [
        parse_quote!(::core::marker::Send),
        parse_quote!(::core::marker::Sync),
        parse_quote!('static),
    ];
    item.colon_token.get_or_insert_default();
    item.supertraits.extend(needed);

    let dispatcher = dispatcher(settings, item, &methods);
    let client = match &settings.client {
        Client::None => TokenStream::new(),
        Client::Named(name) => client::expand(settings, item, name, &methods)?,
        Client::Default => {
            let name = format_ident!("{}Client", item.ident.unraw());
            client::expand(settings, item, &name, &methods)?
        }
    };
    let allows = lints::allowed(&item.attrs);
    let service_checks = checks::of_service(&settings.krate, &methods, &allows);
    let client_checks = match settings.client {
        Client::None => TokenStream::new(),
        _ => checks::of_client(&settings.krate, &methods, &allows),
    };
    let called = !matches!(settings.client, Client::None);
    let names = checks::of_names(&settings.krate, &methods, called, &allows);
    // Its methods are called through the client, by programs that implement it nowhere.
    if !lints::is_dead_expected(&item.attrs) {
        item.attrs.push(parse_quote!(
            #[allow(dead_code, reason = "a service may be only called, or only provided")]
        ));
    }
    Ok(quote!(#names #service_checks #client_checks #dispatcher #client))
}

/// The body of an `async fn` without its `async`. Its values become what the function gives, as those of an `async` block
/// alone would not.
fn asynchronous(body: &Block, output: &Type) -> Block {
    let given = Ident::new("__given", Span::mixed_site());
    parse_quote!({
        async move {
            if let ::core::option::Option::Some(#given) = ::core::option::Option::None::<#output> {
                return #given;
            }
            #[allow(clippy::diverging_sub_expression, reason = "the body may never come to its end")]
            let #given: #output = #body;
            #[allow(unreachable_code, reason = "the body may never come to its end")]
            #given
        }
    })
}

/// Both make `async fn` work in traits, and neither knows what the other makes of it.
fn without_async_trait(item: &ItemTrait) -> Result<()> {
    let message =
        "`service` makes `async fn` work in traits: take `async_trait` away, from each impl too";
    let is_it = |attribute: &&Attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|last| last.ident == "async_trait")
    };
    if let Some(attribute) = item.attrs.iter().find(is_it) {
        return Err(Error::new_spanned(attribute, message));
    }
    // It was there before.
    let methods = item.items.iter().filter_map(|member| match member {
        TraitItem::Fn(function) => Some(&function.sig),
        _ => None,
    });
    let mut lifetimes = methods.flat_map(|signature| {
        let lifetimes = signature.generics.lifetimes();
        lifetimes.map(move |lifetime| (signature, &lifetime.lifetime))
    });
    match lifetimes.find(|(_, lifetime)| lifetime.ident == "async_trait") {
        Some((signature, _)) => Err(Error::new_spanned(&signature.ident, message)),
        None => Ok(()),
    }
}

/// Takes off what the compiler does not know, after an error.
pub(super) fn strip(item: &mut ItemTrait) {
    for member in &mut item.items {
        if let TraitItem::Fn(function) = member {
            MethodAttribute::take(&mut function.attrs).ok();
            for input in &mut function.sig.inputs {
                if let FnArg::Typed(typed) = input {
                    ArgAttribute::take(&mut typed.attrs).ok();
                }
            }
        }
    }
}

/// A client does not know who implements the trait.
fn known(method: Method) -> Result<Method> {
    let types = method.params.iter().map(|param| &param.ty);
    for ty in types.chain([&method.output]) {
        if lent::mentions_self(ty.to_token_stream()) {
            let message = "callers do not know what `Self` is: write the type";
            return Err(Error::new_spanned(ty, message));
        }
    }
    for param in &method.params {
        if let Role::Argument {
            default: Some(DefaultValue::Value(value)),
            ..
        } = &param.role
            && lent::mentions_self(value.to_token_stream())
        {
            let message = "callers are told of the default, whoever implements the trait: write a value without `Self`";
            return Err(Error::new_spanned(value, message));
        }
    }
    Ok(method)
}

fn add_send(output: &mut ReturnType) {
    if let ReturnType::Type(_, ty) = output
        && let Type::ImplTrait(opaque) = &mut **ty
    {
        opaque.bounds.push(parse_quote!(::core::marker::Send));
    }
}

fn dispatcher(settings: &Settings, item: &ItemTrait, methods: &[Method]) -> TokenStream {
    let Settings { krate, .. } = settings;
    let ItemTrait { ident, vis, .. } = item;
    let name: Ident = match &settings.dispatcher {
        Some(name) => name.clone(),
        None => format_ident!("{}Service", ident.unraw()),
    };
    let id = dispatcher::id(settings, &ident.unraw().to_string());
    let schema = dispatcher::schema(krate, methods, &quote!(Self));
    let describe = dispatcher::describe(krate, methods);
    let call = quote!(<__T as #ident>);
    let build = dispatcher::build(
        settings,
        &item.attrs,
        methods,
        &call,
        &quote!(Self),
        &quote!(Self::ID),
    );
    let allows = lints::allowed(&item.attrs);
    let about = format!("The service that an implementation of [`{ident}`] gives.");
    let new = format!("Dispatches calls to this implementation of [`{ident}`].");
    quote! {
        #(#allows)*
        #[doc = #about]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #name {
            service: #krate::__macros::Service,
        }

        #(#allows)*
        #[allow(deprecated, reason = "what should not be called any more is served nevertheless")]
        impl #name {
            /// The id of the service.
            pub const ID: &'static str = #id;

            #[doc = #new]
            #[must_use]
            pub fn new(implementation: impl #ident) -> Self {
                Self::shared(::std::sync::Arc::new(implementation))
            }

            /// The same for an implementation that is used elsewhere too.
            #[must_use]
            pub fn shared<__T: #ident>(implementation: ::std::sync::Arc<__T>) -> Self {
                Self { service: #build }
            }

            /// What callers are told of the methods.
            #[must_use]
            pub fn schema() -> #krate::__macros::ServiceSchema {
                #schema
            }

            #describe
        }

        impl ::core::convert::From<#name> for #krate::__macros::Service {
            fn from(dispatcher: #name) -> Self {
                dispatcher.service
            }
        }
    }
}
