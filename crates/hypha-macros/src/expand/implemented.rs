//! Impl blocks: a service of the annotated methods of a type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, FnArg, ImplItem, ItemImpl, Result, Signature, Type};

use super::{checks, dispatcher, distinct};
use crate::attributes::{self, ArgAttribute, MethodAttribute};
use crate::method::{Method, Problems};
use crate::settings::{Client, Settings};
use crate::{lent, lints};

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
        let said = match problems.note(MethodAttribute::take(&mut function.attrs)) {
            Some(Some(said)) => said,
            Some(None) => {
                problems.note(unserved(&function.sig));
                continue;
            }
            None => continue,
        };
        let method = Method::read(
            &function.attrs,
            &mut function.sig,
            said,
            settings.rename_all,
        );
        methods.extend(problems.note(method).map(|mut method| {
            method.output = lent::without_self(&method.output, &own);
            for param in &mut method.params {
                param.ty = lent::without_self(&param.ty, &own);
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
    let described = quote!(<Self as __Describe>);
    let schema = dispatcher::schema(krate, &methods, &described);
    let describe = dispatcher::describe(krate, &methods);
    let declare = dispatcher::declare(krate, &methods);
    let build = dispatcher::build(
        settings,
        &item.attrs,
        &methods,
        &quote!(<#own>),
        &described,
        &quote!(<Self as #krate::__macros::Provider>::ID),
    );
    let allows = lints::allowed(&item.attrs);
    let names = checks::of_names(krate, &methods, false, &allows);
    let checks = checks::of_service(krate, &methods, &allows);
    Ok(quote! {
        #names
        #checks

        #(#allows)*
        const _: () = {
            // A trait of its own, so that `Self` in a default is what it is in the block.
            trait __Describe {
                #declare
            }

            impl __Describe for #own {
                #describe
            }

            impl #krate::__macros::Provider for #own {
                const ID: &'static str = #id;

                fn schema() -> #krate::__macros::ServiceSchema {
                    #schema
                }

                #[allow(deprecated, reason = "what should not be called any more is served nevertheless")]
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

/// A method that callers do not see has no attributes of ours.
fn unserved(signature: &Signature) -> Result<()> {
    for input in &signature.inputs {
        if let FnArg::Typed(typed) = input
            && let Some(found) = attributes::find(&typed.attrs, "arg")
        {
            let message = format!(
                "callers do not see `{}`: write `#[method]` on it, or take this away",
                signature.ident
            );
            return Err(Error::new_spanned(found, message));
        }
    }
    Ok(())
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
