//! The module: a client, and the types of its arguments.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use hypha_client::FunctionSchema;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use serde_json::Map;

use super::names;
use super::types::Types;

/// What the generated code names itself.
const TAKEN: [&str; 8] = [
    "Arguments",
    "BTreeMap",
    "Deserialize",
    "MethodCall",
    "Option",
    "RemoteService",
    "Serialize",
    "Value",
];

/// What a call can have by position.
const MAX_POSITIONAL: usize = 12;

/// A service as it describes itself.
pub(super) struct Service {
    pub(super) id: String,
    /// What the client is called after.
    pub(super) name: String,
    pub(super) docs: String,
    pub(super) functions: Vec<Function>,
}

/// One function of it.
pub(super) struct Function {
    /// Its path in the service: `stage.move`.
    pub(super) path: String,
    /// None if it is not described.
    pub(super) schema: Option<FunctionSchema>,
}

/// A parameter of a method.
struct Param {
    wire: String,
    ident: Ident,
    ty: TokenStream,
    required: bool,
    docs: String,
}

impl Service {
    /// The module as text.
    pub(super) fn module(&self) -> Result<String> {
        let name = format!("{}Client", names::type_name(&self.name));
        let mut types = Types::without(&[&TAKEN[..], &[&*name]].concat());
        // Names that the client has anyway.
        let mut methods: BTreeSet<String> = ["new", "service"].map(str::to_owned).into();
        let calls: Vec<TokenStream> = self
            .functions
            .iter()
            .map(|function| function.method(&mut types, &mut methods))
            .collect();
        let items = types.into_items();
        let uses = uses(&calls, &items);
        let name = Ident::new(&name, Span::call_site());
        let about = format!(
            " Client of the service `{}`, written by `hypha codegen`.",
            self.id
        );
        let docs = match &self.docs[..] {
            "" => vec![format!(" Calls the service `{}`.", self.id)],
            docs => names::docs(docs),
        };
        let file = quote! {
            #![doc = #about]
            #![allow(dead_code, missing_docs, unreachable_pub, clippy::all, clippy::nursery, clippy::pedantic, reason = "it is generated")]

            #uses

            #(#[doc = #docs])*
            #[derive(Clone, Debug)]
            pub struct #name {
                service: RemoteService,
            }

            impl #name {
                /// Calls this service.
                #[must_use]
                pub fn new(service: RemoteService) -> Self {
                    Self { service }
                }

                /// The service.
                #[must_use]
                pub fn service(&self) -> &RemoteService {
                    &self.service
                }

                #(#calls)*
            }

            #(#items)*
        };
        let file =
            syn::parse2(file).context("the service has names that cannot be written in Rust")?;
        Ok(prettyplease::unparse(&file))
    }
}

/// Only what is needed.
fn uses(calls: &[TokenStream], items: &[TokenStream]) -> TokenStream {
    let text: String = calls
        .iter()
        .chain(items)
        .map(|tokens| format!("{tokens} "))
        .collect();
    let has = |name: &str| {
        text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .any(|word| word == name)
    };
    let maps = has("BTreeMap").then(|| {
        quote!(
            use std::collections::BTreeMap;
        )
    });
    let arguments = has("Arguments").then(|| quote!(Arguments,));
    let value = has("Value").then(|| quote!(, Value));
    let serde = has("Serialize").then(|| {
        quote!(
            use serde::{Deserialize, Serialize};
        )
    });
    quote! {
        #maps
        use hypha_client::{#arguments MethodCall, RemoteService #value};
        #serde
    }
}

impl Function {
    fn method(&self, types: &mut Types, methods: &mut BTreeSet<String>) -> TokenStream {
        let Self { path, schema } = self;
        let own = names::variable(&path.replace('.', "_")).to_string();
        let own = names::ident(&names::distinct(own.trim_start_matches("r#"), methods));
        let Some(schema) = schema else {
            return quote! {
                /// It does not say what it takes.
                pub fn #own(&self, args: impl Arguments) -> MethodCall {
                    self.service.method(#path).args(args)
                }
            };
        };
        let params = params(path, schema, types);
        let docs = docs(schema, &params);
        let inputs = params
            .iter()
            .map(|Param { ident, ty, .. }| quote!(#ident: #ty));
        let body = body(path, &params);
        quote! {
            #(#[doc = #docs])*
            pub fn #own(&self, #(#inputs),*) -> MethodCall {
                #body
            }
        }
    }
}

fn params(path: &str, schema: &FunctionSchema, types: &mut Types) -> Vec<Param> {
    let none = Map::new();
    let defs = schema
        .parameters()
        .get("$defs")
        .and_then(|defs| defs.as_object());
    let defs = defs.unwrap_or(&none);
    // What a method has by these names itself.
    let mut taken: BTreeSet<String> = ["self", "call"].map(str::to_owned).into();
    let params = schema.positional().filter_map(|wire| {
        let parameter = schema.parameter(wire)?;
        let required = schema.requires(wire);
        let ty = types.of(parameter, defs, &format!("{path} {wire}"));
        let own = names::variable(wire).to_string();
        let own = names::distinct(own.trim_start_matches("r#"), &mut taken);
        let docs = parameter.get("description").and_then(|text| text.as_str());
        Some(Param {
            wire: wire.to_owned(),
            ident: names::ident(&own),
            ty: ty.written(!required),
            required,
            docs: docs.unwrap_or_default().to_owned(),
        })
    });
    params.collect()
}

fn docs(schema: &FunctionSchema, params: &[Param]) -> Vec<String> {
    let mut docs = names::docs(schema.description_text());
    let described: Vec<&Param> = params
        .iter()
        .filter(|param| !param.docs.is_empty())
        .collect();
    if !described.is_empty() {
        docs.extend(["", " # Arguments", ""].map(str::to_owned));
    }
    for param in described {
        let text = param.docs.split_whitespace().collect::<Vec<_>>().join(" ");
        docs.push(format!(" * `{}` - {text}", param.ident));
    }
    docs
}

/// By position if all before the last one that is given are given, else all by name.
fn body(path: &str, params: &[Param]) -> TokenStream {
    let all: Vec<&Ident> = params.iter().map(|param| &param.ident).collect();
    let required = params.iter().take_while(|param| param.required).count();
    let (needed, optional) = params.split_at(required);
    let needed: Vec<&Ident> = needed.iter().map(|param| &param.ident).collect();
    let rest: Vec<&Ident> = optional.iter().map(|param| &param.ident).collect();
    if optional.is_empty() && params.len() <= MAX_POSITIONAL {
        return quote!(self.service.method(#path).args((#(#all,)*)));
    }
    let adds = params.iter().map(
        |Param {
             wire,
             ident,
             required,
             ..
         }| {
            if *required {
                quote!(call = call.kwarg(#wire, #ident);)
            } else {
                quote!(if let Some(#ident) = #ident { call = call.kwarg(#wire, #ident); })
            }
        },
    );
    let by_name = quote! {
        let mut call = self.service.method(#path);
        #(#adds)*
        call
    };
    if params.len() > MAX_POSITIONAL || optional.iter().any(|param| param.required) {
        return by_name;
    }
    let arms = (0..=rest.len()).map(|given| {
        let (given, left_out) = rest.split_at(given);
        let left_out = left_out.iter().map(|_| quote!(None));
        quote!((#(Some(#given),)* #(#left_out,)*) => self.service.method(#path).args((#(#needed,)* #(#given,)*)),)
    });
    let otherwise = (rest.len() > 1).then(|| quote!((#(#rest,)*) => { #by_name }));
    quote!(match (#(#rest,)*) { #(#arms)* #otherwise })
}
