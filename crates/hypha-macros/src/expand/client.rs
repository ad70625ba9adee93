//! From methods to calls.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Error, ItemTrait, Path, Result, Type};

use super::local;
use crate::method::{Method, Problems};
use crate::param::{Param, Role};
use crate::returns::{self, Kind};
use crate::settings::Settings;
use crate::{lent, lints};

pub(super) fn expand(
    settings: &Settings,
    item: &ItemTrait,
    name: &Ident,
    methods: &[Method],
) -> Result<TokenStream> {
    let krate = &settings.krate;
    let ItemTrait { ident, vis, .. } = item;
    let mut problems = Problems::default();
    let calls: Vec<TokenStream> = methods
        .iter()
        .filter_map(|method| problems.note(call(krate, method)))
        .collect();
    problems.end()?;
    let allows = lints::allowed(&item.attrs);
    let about = format!("Calls a service with the methods of [`{ident}`], whoever provides it.");
    Ok(quote! {
        #(#allows)*
        #[doc = #about]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #name {
            service: #krate::RemoteService,
        }

        #(#allows)*
        #[allow(
            clippy::too_many_arguments,
            clippy::used_underscore_binding,
            reason = "they are those of the trait"
        )]
        impl #name {
            /// Calls this service.
            #[must_use]
            pub fn new(service: #krate::RemoteService) -> Self {
                Self { service }
            }

            #(#calls)*
        }

        impl ::core::convert::From<#krate::RemoteService> for #name {
            fn from(service: #krate::RemoteService) -> Self {
                Self::new(service)
            }
        }

        impl ::core::convert::AsRef<#krate::RemoteService> for #name {
            fn as_ref(&self) -> &#krate::RemoteService {
                &self.service
            }
        }
    })
}

/// The method of the client.
fn call(krate: &Path, method: &Method) -> Result<TokenStream> {
    let Method {
        ident,
        name,
        attributes,
        allows,
        ..
    } = method;
    if ident == "new" || ident == "as_ref" {
        let message = format!(
            "the client has a function of this name: call it something else, with `#[method(rename = \"{name}\")]`"
        );
        return Err(Error::new(ident.span(), message));
    }
    let mut inputs = Vec::new();
    let mut required = Vec::new();
    let mut defaulted = Vec::new();
    let mut kwargs = Vec::new();
    for param in &method.params {
        let Param { ident, ty, .. } = param;
        let given = lent::given(ty, krate);
        match param.role {
            Role::Extracted => {}
            Role::Rest => {
                let message = "a typed client does not know how many there are: take a `Vec<Value>`, or write `client = false`";
                return Err(Error::new(ty.span(), message));
            }
            Role::Kwargs => {
                inputs.push(quote!(#ident: #krate::__macros::Kwargs));
                kwargs.push(ident);
            }
            Role::Argument { .. } if param.has_default() => {
                // `None` is a way to leave it out that such a type has already.
                let given = if lent::is_named(&given, "Option") {
                    quote!(#given)
                } else {
                    quote!(::core::option::Option<#given>)
                };
                inputs.push(quote!(#ident: #given));
                defaulted.push((ident, &param.name));
            }
            Role::Argument { .. } => {
                inputs.push(quote!(#ident: #given));
                required.push((ident, &param.name));
            }
        }
    }
    let [made, key, value] = ["call", "key", "value"].map(local);
    let args = args(&required, &defaulted, &made);
    let result = result(krate, method);
    Ok(quote! {
        #(#attributes)*
        #(#allows)*
        pub fn #ident(&self, #(#inputs),*) -> #krate::MethodCall<#result> {
            let #made = self.service.method(#name);
            let #made = #args;
            #(
                let mut #made = #made;
                for (#key, #value) in #kwargs.0 {
                    #made = match #key.as_str() {
                        ::core::option::Option::Some(#key) => #made.kwarg(#key, #value),
                        ::core::option::Option::None => #made,
                    };
                }
            )*
            #made.returns::<#result>()
        }
    })
}

/// By position, and all by name if one is left out before one that is given: JavaScript takes no mixture.
fn args(
    required: &[(&Ident, &String)],
    defaulted: &[(&Ident, &String)],
    made: &Ident,
) -> TokenStream {
    let (needed, needed_names): (Vec<_>, Vec<_>) = required.iter().copied().unzip();
    if defaulted.is_empty() {
        return quote!(#made.args((#(#needed,)*)));
    }
    let all: Vec<&Ident> = defaulted.iter().map(|(ident, _)| *ident).collect();
    // Those that are given are the first ones.
    let arms = (0..=defaulted.len()).map(|given| {
        let (given, left_out) = all.split_at(given);
        let left_out = left_out.iter().map(|_| quote!(::core::option::Option::None));
        quote! {
            (#(::core::option::Option::Some(#given),)* #(#left_out,)*) => #made.args((#(#needed,)* #(#given,)*)),
        }
    });
    let names = defaulted.iter().map(|(_, name)| name);
    let value = local("value");
    let by_name = (defaulted.len() > 1).then(|| {
        quote! {
            (#(#all,)*) => {
                #(let #made = #made.kwarg(#needed_names, #needed);)*
                #(let #made = match #all {
                    ::core::option::Option::Some(#value) => #made.kwarg(#names, #value),
                    ::core::option::Option::None => #made,
                };)*
                #made
            }
        }
    });
    quote!(match (#(#all,)*) { #(#arms)* #by_name })
}

/// What the call gives.
fn result(krate: &Path, method: &Method) -> TokenStream {
    if let Some(ty) = &method.returns {
        return quote!(#ty);
    }
    let received: Type = lent::received(&method.output, krate);
    let span = method.output.span();
    let value = if returns::is_fallible(&method.output) {
        quote_spanned!(span=> <#received as #krate::__macros::Fallible>::Value)
    } else {
        quote!(#received)
    };
    match method.kind {
        Kind::Stream => quote!(#krate::__macros::RemoteStream<#value>),
        Kind::Async | Kind::Blocking => value,
    }
}
