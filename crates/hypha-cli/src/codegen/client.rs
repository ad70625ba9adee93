//! The module: a client, and the types of its arguments.

use std::collections::HashSet;

use anyhow::{Context as _, Result};
use hypha_client::FunctionSchema;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use serde_json::Map;

use super::names::Names;
use super::types::{Needs, Types};
use super::{docs, names};

/// What the generated code names itself.
const TAKEN: [&str; 18] = [
    "Arguments",
    "BTreeMap",
    "Box",
    "Clone",
    "Copy",
    "Debug",
    "Deserialize",
    "Eq",
    "MethodCall",
    "None",
    "Option",
    "PartialEq",
    "RemoteService",
    "Serialize",
    "Some",
    "String",
    "Value",
    "Vec",
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
        let mut methods = Names::without(&["new", "service"]);
        let calls: Vec<TokenStream> = self
            .functions
            .iter()
            .map(|function| function.method(&mut types, &mut methods))
            .collect();
        let uses = self.uses(&types);
        let items = types.into_items();
        let name = Ident::new(&name, Span::call_site());
        let about = format!(
            " Client of the service {}, written by `hypha codegen`.",
            self.quoted()
        );
        let docs = match &self.docs[..] {
            "" => vec![format!(" Calls the service {}.", self.quoted())],
            docs => docs::of(docs),
        };
        let file = quote! {
            #![doc = #about]
            #![allow(dead_code, missing_docs, unreachable_pub, clippy::all, clippy::nursery, clippy::pedantic, nonstandard_style, rustdoc::all, reason = "it is generated")]

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

    /// Only what is needed.
    fn uses(&self, types: &Types) -> TokenStream {
        let Needs { maps, values } = types.needs();
        let maps = maps.then(|| {
            quote!(
                use std::collections::BTreeMap;
            )
        });
        let undescribed = self
            .functions
            .iter()
            .any(|function| function.schema.is_none());
        let arguments = undescribed.then(|| quote!(Arguments,));
        let calls = (!self.functions.is_empty()).then(|| quote!(MethodCall,));
        let value = values.then(|| quote!(, Value));
        let serde = types.has_items().then(|| {
            quote!(
                use serde::{Deserialize, Serialize};
            )
        });
        quote! {
            #maps
            use hypha_client::{#arguments #calls RemoteService #value};
            #serde
        }
    }

    /// Its id inside a line of docs.
    fn quoted(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.id.chars().all(plain) {
            format!("`{}`", self.id)
        } else {
            docs::phrase(&self.id)
        }
    }
}

impl Function {
    fn method(&self, types: &mut Types, methods: &mut Names) -> TokenStream {
        let Self { path, schema } = self;
        let own = names::variable(&path.replace('.', "_")).to_string();
        let own = names::ident(&methods.distinct(own.trim_start_matches("r#")));
        let Some(schema) = schema else {
            return quote! {
                /// It does not say what it takes.
                pub fn #own(&self, args: impl Arguments) -> MethodCall {
                    self.service.method(#path).args(args)
                }
            };
        };
        let params = params(path, schema, types);
        let docs = described(schema, &params);
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
    let mut taken = Names::without(&["self", "call"]);
    let needed: HashSet<&str> = schema.required().collect();
    let params = schema.positional().filter_map(|wire| {
        let parameter = schema.parameter(wire)?;
        let required = needed.contains(wire);
        let ty = types.of(parameter, defs, &format!("{path} {wire}"));
        let own = names::variable(wire).to_string();
        let own = taken.distinct(own.trim_start_matches("r#"));
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

fn described(schema: &FunctionSchema, params: &[Param]) -> Vec<String> {
    let mut lines = docs::of(schema.description_text());
    let described: Vec<&Param> = params
        .iter()
        .filter(|param| !param.docs.trim().is_empty())
        .collect();
    if !described.is_empty() {
        lines.extend(["", " # Arguments", ""].map(str::to_owned));
    }
    for param in described {
        lines.push(format!(
            " * `{}` - {}",
            param.ident,
            docs::phrase(&param.docs)
        ));
    }
    lines
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
