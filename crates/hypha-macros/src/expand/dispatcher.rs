//! From calls to methods.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{Attribute, Path};

use crate::attributes::DefaultValue;
use crate::case::Case;
use crate::docs;
use crate::lent;
use crate::method::Method;
use crate::param::{Param, Role};
use crate::returns::{self, Kind};
use crate::settings::Settings;

/// The id of the service of something with this name.
pub(super) fn id(settings: &Settings, name: &str) -> String {
    match &settings.id {
        Some(id) => id.value(),
        None => Case::Kebab.apply(name),
    }
}

/// An expression for the schema of all methods.
pub(super) fn schema(krate: &Path, methods: &[Method]) -> TokenStream {
    let functions = methods.iter().map(|method| {
        let Method { cfgs, .. } = method;
        let function = function_of(method);
        quote!(#(#cfgs)* let schema = schema.function(&Self::#function());)
    });
    quote! {
        let schema = #krate::__macros::ServiceSchema::new();
        #(#functions)*
        schema
    }
}

/// A function for the schema of each method.
pub(super) fn describe(krate: &Path, methods: &[Method]) -> TokenStream {
    let functions = methods.iter().map(|method| {
        let Method {
            name, docs, cfgs, ..
        } = method;
        let function = function_of(method);
        let params = method
            .params
            .iter()
            .filter_map(|param| parameter(krate, param));
        quote! {
            #(#cfgs)*
            #[doc(hidden)]
            fn #function() -> #krate::__macros::FunctionSchema {
                #krate::__macros::FunctionSchema::new(#name).docs(#docs) #(.param(#params))*
            }
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
            let value = default_value(default, param);
            quote!(#parameter.default(#value))
        }
    })
}

fn default_value(default: &DefaultValue, param: &Param) -> TokenStream {
    let ty = &param.ty;
    match default {
        DefaultValue::Value(value) => quote!(#value),
        DefaultValue::OfType => {
            quote_spanned!(param.ident.span()=> <#ty as ::core::default::Default>::default())
        }
    }
}

/// An expression for the service. `call` is the type or trait whose methods are called on `implementation`, `described`
/// the type with the functions of [`describe`].
pub(super) fn build(
    settings: &Settings,
    attributes: &[Attribute],
    methods: &[Method],
    call: &TokenStream,
    described: &TokenStream,
) -> TokenStream {
    let krate = &settings.krate;
    let own = match described.to_string().as_str() {
        "__Describe" => quote!(<Self as #krate::__macros::Provider>::ID),
        _ => quote!(Self::ID),
    };
    let mut set = Vec::new();
    let docs = docs::of(attributes);
    if !docs.is_empty() {
        let summary = docs::summary(&docs);
        set.push(quote!(.description(#krate::__macros::description(#summary)).docs(#docs)));
    }
    set.extend(settings.name.iter().map(|name| quote!(.name(#name))));
    set.extend(settings.kind.iter().map(|kind| quote!(.kind(#kind))));
    if let Some(visibility) = &settings.visibility {
        set.push(quote!(.visibility(#krate::__macros::Visibility::#visibility)));
    }
    let require = settings.require_context.iter();
    set.extend(require.map(|require| quote!(.require_context(#require))));
    let methods =
        methods.iter().map(|method| {
            let Method { name, cfgs, .. } = method;
            let function = function_of(method);
            let runs = runs(krate, method, call);
            let defaults = method.params.iter().filter_map(|param| {
            let Role::Argument { default: Some(default), .. } = &param.role else {
                return None;
            };
            let value = default_value(default, param);
            let Param { name, ty, .. } = param;
            Some(quote!(let method = #krate::__macros::with_default::<#ty>(method, #name, #value);))
        });
            quote! {
                #(#cfgs)*
                let service = {
                    let this = ::std::sync::Arc::clone(&implementation);
                    let method = #runs;
                    #(#defaults)*
                    let schema = #described::#function();
                    service.method(#name, #krate::__macros::Described::described(method, &schema))
                };
            }
        });
    quote!({
        let service = #krate::__macros::Service::new(#own) #(#set)*;
        #(#methods)*
        service
    })
}

/// An expression for the method, before anything is said of it.
fn runs(krate: &Path, method: &Method, call: &TokenStream) -> TokenStream {
    let Method { ident, params, .. } = method;
    let names: Vec<&Ident> = params.iter().map(|param| &param.ident).collect();
    let types = params.iter().map(|param| &param.ty);
    let called = quote_spanned!(ident.span()=> #call::#ident(&*this, #(#names),*));
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
            let item = value(quote!(item));
            let body = quote! {
                #krate::__macros::yielding(move |mut items| async move {
                    let mut stream = ::core::pin::pin!(#called);
                    while let ::core::option::Option::Some(item) =
                        #krate::__macros::next(stream.as_mut()).await
                    {
                        items.give(#item).await;
                    }
                })
            };
            (quote!(stream), body)
        }
    };
    quote_spanned! {ident.span()=>
        #krate::__macros::Method::#make(move |#(#names: #types),*| {
            let this = ::std::sync::Arc::clone(&this);
            #body
        })
    }
}
