//! Impl blocks: a service of the annotated methods of a type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, FnArg, ImplItem, ItemImpl, Result, Type};

use super::{checks, dispatcher, distinct};
use crate::attributes::{ArgAttribute, MethodAttribute};
use crate::lent;
use crate::method::{Method, Problems};
use crate::settings::{Client, Settings};

pub(super) fn expand(settings: &Settings, item: &mut ItemImpl) -> Result<TokenStream> {
    let mut problems = Problems::default();
    if let Some((path, _)) = &item.trait_ {
        let message = "put `service` on the trait itself, or on an impl block without a trait";
        problems.note::<()>(Err(Error::new_spanned(path, message)));
    }
    if !item.generics.params.is_empty() {
        let message =
            "a service is of one type: write `impl Stage<Usb>` instead of `impl<C> Stage<C>`";
        problems.note::<()>(Err(Error::new_spanned(&item.generics, message)));
    }
    let named = settings.dispatcher.iter().chain(match &settings.client {
        Client::Named(name) => Some(name),
        _ => None,
    });
    for name in named {
        let message =
            "dispatchers and clients are made of traits: the type itself is the service here";
        problems.note::<()>(Err(Error::new_spanned(name, message)));
    }
    let own = Type::clone(&item.self_ty);
    let name = lent::last_segment(&own).map(|segment| segment.ident.to_string());
    let name = problems.note(
        name.ok_or_else(|| Error::new_spanned(&own, "a service is made of a type with a name")),
    );
    let mut methods = Vec::new();
    for member in &mut item.items {
        let ImplItem::Fn(function) = member else {
            continue;
        };
        let Some(Some(said)) = problems.note(MethodAttribute::take(&mut function.attrs)) else {
            continue;
        };
        let method = Method::read(
            &function.attrs,
            &mut function.sig,
            said,
            settings.rename_all,
        );
        methods.extend(problems.note(method).map(|mut method| {
            lent::without_self(&mut method.output, &own);
            for param in &mut method.params {
                lent::without_self(&mut param.ty, &own);
            }
            method
        }));
    }
    problems.note(distinct(&methods));
    problems.end()?;
    if methods.is_empty() {
        let message =
            "callers would see nothing: write `#[method]` on the methods that they may call";
        return Err(Error::new_spanned(&own, message));
    }

    let krate = &settings.krate;
    let id = dispatcher::id(settings, &name.unwrap_or_default());
    let schema = dispatcher::schema(krate, &methods);
    let describe = dispatcher::describe(krate, &methods);
    let build = dispatcher::build(
        settings,
        &item.attrs,
        &methods,
        &quote!(<#own>),
        &quote!(__Describe),
    );
    let checks = checks::of_service(krate, &methods);
    Ok(quote! {
        #checks

        const _: () = {
            struct __Describe;

            impl __Describe {
                #describe

                fn __all() -> #krate::__macros::ServiceSchema {
                    #schema
                }
            }

            impl #krate::__macros::Provider for #own {
                const ID: &'static str = #id;

                fn schema() -> #krate::__macros::ServiceSchema {
                    __Describe::__all()
                }

                fn service(implementation: ::std::sync::Arc<Self>) -> #krate::__macros::Service {
                    #build
                }
            }

            impl ::core::convert::From<#own> for #krate::__macros::Service {
                fn from(implementation: #own) -> Self {
                    <#own as #krate::__macros::Provider>::into_service(implementation)
                }
            }
        };
    })
}

/// Takes off what the compiler does not know, after an error.
pub(super) fn strip(item: &mut ItemImpl) {
    for member in &mut item.items {
        if let ImplItem::Fn(function) = member {
            MethodAttribute::take(&mut function.attrs).ok();
            for input in &mut function.sig.inputs {
                if let FnArg::Typed(typed) = input {
                    ArgAttribute::take(&mut typed.attrs).ok();
                }
            }
        }
    }
}
