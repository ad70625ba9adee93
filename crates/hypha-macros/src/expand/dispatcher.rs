//! From calls to methods.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{Attribute, Path};

use super::local;
use crate::case::Case;
use crate::docs::Docs;
use crate::method::Method;
use crate::param::{Param, Role};
use crate::returns::{self, Kind};
use crate::settings::Settings;
use crate::{default, lent};

/// The id of the service of something with this name.
pub(super) fn id(settings: &Settings, name: &str) -> String {
    match &settings.id {
        Some(id) => id.value(),
        None => Case::Kebab.apply(name),
    }
}

/// An expression for the schema of all methods. `described` is the type with the functions of [`describe`].
pub(super) fn schema(krate: &Path, methods: &[Method], described: &TokenStream) -> TokenStream {
    let schema = local("schema");
    let functions = methods.iter().map(|method| {
        let Method { cfgs, .. } = method;
        let function = function_of(method);
        quote!(#(#cfgs)* let #schema = #schema.function(&#described::#function());)
    });
    quote! {
        let #schema = #krate::__macros::ServiceSchema::new();
        #(#functions)*
        #schema
    }
}

/// A function for the schema of each method.
pub(super) fn describe(krate: &Path, methods: &[Method]) -> TokenStream {
    let functions = methods.iter().map(|method| {
        let Method {
            name, cfgs, allows, ..
        } = method;
        let function = function_of(method);
        let params = method
            .params
            .iter()
            .filter_map(|param| parameter(krate, param));
        let docs = method.docs.text(krate).map(|docs| {
            let arguments = method.params.iter();
            let arguments = arguments.filter(|param| matches!(param.role, Role::Argument { .. }));
            let names = arguments.map(|param| {
                let (own, name) = (param.own_name(), &param.name);
                quote!((#own, #name))
            });
            quote!(.docs_of(#docs, &[#(#names),*]))
        });
        quote! {
            #(#cfgs)*
            #(#allows)*
            fn #function() -> #krate::__macros::FunctionSchema {
                #krate::__macros::FunctionSchema::new(#name) #docs #(.param(#params))*
            }
        }
    });
    quote!(#(#functions)*)
}

/// What a trait with the functions of [`describe`] says of them.
pub(super) fn declare(krate: &Path, methods: &[Method]) -> TokenStream {
    let functions = methods.iter().map(|method| {
        let Method { cfgs, allows, .. } = method;
        let function = function_of(method);
        quote! {
            #(#cfgs)*
            #(#allows)*
            fn #function() -> #krate::__macros::FunctionSchema;
        }
    });
    quote!(#(#functions)*)
}

fn function_of(method: &Method) -> Ident {
    format_ident!("__schema_of_{}", method.ident.unraw())
}

fn parameter(krate: &Path, param: &Param) -> Option<TokenStream> {
    let Param { name, ty, role, .. } = param;
    let Role::Argument { default, untyped } = role else {
        return None;
    };
    let parameter = lent::parameter(ty, *untyped, name, krate);
    Some(match default {
        None => parameter,
        Some(default) => {
            let value = default::value(krate, default, param);
            quote!(#parameter.default(#value))
        }
    })
}

/// An expression for the service. `call` is the type or trait whose methods are called on `implementation`, `described`
/// the type with the functions of [`describe`], `own` an expression for the id.
pub(super) fn build(
    settings: &Settings,
    attributes: &[Attribute],
    methods: &[Method],
    call: &TokenStream,
    described: &TokenStream,
    own: &TokenStream,
) -> TokenStream {
    let krate = &settings.krate;
    let mut set = Vec::new();
    if let Some(docs) = Docs::of(attributes).text(krate) {
        set.push(quote!(.description(#krate::__macros::description(#docs)).docs(#docs)));
    }
    set.extend(settings.name.iter().map(|name| quote!(.name(#name))));
    set.extend(settings.kind.iter().map(|kind| quote!(.kind(#kind))));
    if let Some(visibility) = &settings.visibility {
        set.push(quote!(.visibility(#krate::__macros::Visibility::#visibility)));
    }
    let require = settings.require_context.iter();
    set.extend(require.map(|require| quote!(.require_context(#require))));
    let [service, made, schema] = ["service", "method", "schema"].map(local);
    let this = local("this");
    let methods =
        methods.iter().map(|method| {
            let Method {
                name, cfgs, allows, ..
            } = method;
            let function = function_of(method);
            let runs = runs(krate, method, call, &this);
            let defaults = method.params.iter().filter_map(|param| {
            let Role::Argument { default: Some(default), .. } = &param.role else {
                return None;
            };
            let value = default::value(krate, default, param);
            let Param { name, ty, .. } = param;
            Some(quote!(let #made = #krate::__macros::with_default::<#ty>(#made, #name, #value);))
        });
            quote! {
                #(#cfgs)*
                #(#allows)*
                let #service = {
                    let #this = ::core::clone::Clone::clone(&implementation);
                    let #made = #runs;
                    let #schema = #described::#function();
                    let #made = #krate::__macros::Described::described(#made, &#schema);
                    #(#defaults)*
                    #service.method(#name, #made)
                };
            }
        });
    quote!({
        let #service = #krate::__macros::Service::new(#own) #(#set)*;
        #(#methods)*
        #service
    })
}

/// An expression for the method, before anything is said of it.
fn runs(krate: &Path, method: &Method, call: &TokenStream, this: &Ident) -> TokenStream {
    let Method { ident, params, .. } = method;
    let names = (0..params.len()).map(|index| local(&format!("argument{index}")));
    let names: Vec<Ident> = names.collect();
    let types = params.iter().map(|param| &param.ty);
    let called = quote_spanned!(ident.span()=> #call::#ident(&*#this, #(#names),*));
    let value = |value: TokenStream| {
        if returns::is_fallible(&method.output) {
            value
        } else {
            quote!(#krate::__macros::Returns(#value))
        }
    };
    let (make, body) = match method.kind {
        Kind::Async => {
            let value = value(quote!(#called.await));
            (quote!(new), quote!(async move { #value }))
        }
        Kind::Blocking => (quote!(blocking), value(called)),
        Kind::Stream => {
            let [items, stream, item] = ["items", "stream", "item"].map(local);
            let given = value(quote!(#item));
            let body = quote! {
                #krate::__macros::yielding(move |mut #items| async move {
                    let mut #stream = ::core::pin::pin!(#called);
                    while let ::core::option::Option::Some(#item) =
                        #krate::__macros::next(#stream.as_mut()).await
                    {
                        #items.give(#given).await;
                    }
                })
            };
            (quote!(stream), body)
        }
    };
    quote_spanned! {ident.span()=>
        #krate::__macros::Method::#make(move |#(#names: #types),*| {
            let #this = ::core::clone::Clone::clone(&#this);
            #body
        })
    }
}
