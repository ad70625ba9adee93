//! Rust types for JSON Schemas.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use serde_json::{Map, Value as Json};

use super::names;

/// Structs and enums of a module.
#[derive(Default)]
pub(super) struct Types {
    names: BTreeSet<String>,
    /// By what they describe, so that equal ones are one.
    known: BTreeMap<String, String>,
    items: Vec<TokenStream>,
    /// Definitions that are being read, to find those that hold themselves.
    open: Vec<String>,
}

/// What a schema is in Rust.
pub(super) struct RustType {
    pub(super) tokens: TokenStream,
    pub(super) nullable: bool,
    /// It is being described: a struct with it in a field needs a box around it.
    open: bool,
}

impl RustType {
    fn plain(tokens: TokenStream) -> Self {
        Self {
            tokens,
            nullable: false,
            open: false,
        }
    }

    fn anything() -> Self {
        Self::plain(quote!(Value))
    }

    /// As an item of a list or a map, which is a box already.
    fn inside(self) -> TokenStream {
        Self {
            open: false,
            ..self
        }
        .written(false)
    }

    /// As it is written; an `Option` if it may be null or left out.
    pub(super) fn written(&self, optional: bool) -> TokenStream {
        let tokens = match &self.tokens {
            tokens if self.open => quote!(Box<#tokens>),
            tokens => quote!(#tokens),
        };
        if optional || self.nullable {
            quote!(Option<#tokens>)
        } else {
            quote!(#tokens)
        }
    }
}

impl Types {
    /// With these names taken.
    pub(super) fn without(names: &[&str]) -> Self {
        Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Self::default()
        }
    }

    pub(super) fn into_items(self) -> Vec<TokenStream> {
        self.items
    }

    /// The type of a schema. `defs` is what it refers to, `hint` the name of a type that has none.
    pub(super) fn of(&mut self, schema: &Json, defs: &Map<String, Json>, hint: &str) -> RustType {
        if let Some(target) = schema.get("$ref").and_then(Json::as_str) {
            return self.referred(target, defs);
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            if let Some(Json::Array(options)) = schema.get(key) {
                return self.one_of(options, defs, hint);
            }
        }
        if let Some(Json::Array(values)) = schema.get("enum") {
            return self.enumeration(schema, values, hint);
        }
        let kind = match schema.get("type") {
            Some(Json::Array(kinds)) => {
                let others: Vec<&Json> = kinds.iter().filter(|kind| *kind != "null").collect();
                let [kind] = others[..] else {
                    return RustType::anything();
                };
                let mut single = schema.clone();
                if let Json::Object(single) = &mut single {
                    single.insert("type".to_owned(), kind.clone());
                }
                let nullable = others.len() < kinds.len();
                let found = self.of(&single, defs, hint);
                return RustType {
                    nullable: nullable || found.nullable,
                    ..found
                };
            }
            kind => kind.and_then(Json::as_str).unwrap_or_default(),
        };
        match kind {
            "string" => RustType::plain(quote!(String)),
            "integer" => {
                let natural = schema.get("minimum").and_then(Json::as_f64);
                let natural = natural.is_some_and(|minimum| minimum >= 0.0);
                RustType::plain(if natural { quote!(u64) } else { quote!(i64) })
            }
            "number" => RustType::plain(quote!(f64)),
            "boolean" => RustType::plain(quote!(bool)),
            "array" => {
                let items = schema.get("items").unwrap_or(&Json::Null);
                let items = self.of(items, defs, &format!("{hint} item")).inside();
                RustType::plain(quote!(Vec<#items>))
            }
            "object" => self.object(schema, defs, hint),
            _ => RustType::anything(),
        }
    }

    fn referred(&mut self, target: &str, defs: &Map<String, Json>) -> RustType {
        let name = target.rsplit('/').next().unwrap_or_default();
        let Some(schema) = defs.get(name) else {
            return RustType::anything();
        };
        if self.open.iter().any(|open| open == name) {
            // Only structs hold themselves; they were named before their fields were read.
            return match self.known.get(&key(schema)) {
                Some(known) => {
                    let known = Ident::new(known, Span::call_site());
                    RustType {
                        open: true,
                        ..RustType::plain(quote!(#known))
                    }
                }
                None => RustType::anything(),
            };
        }
        self.open.push(name.to_owned());
        let found = self.of(schema, defs, name);
        self.open.pop();
        found
    }

    /// One schema, or one and null. Other choices are not told apart.
    fn one_of(&mut self, options: &[Json], defs: &Map<String, Json>, hint: &str) -> RustType {
        let is_null = |option: &&Json| option.get("type").is_some_and(|kind| kind == "null");
        let others: Vec<&Json> = options.iter().filter(|option| !is_null(option)).collect();
        let nullable = others.len() < options.len();
        match others[..] {
            [single] => {
                let found = self.of(single, defs, hint);
                RustType {
                    nullable: nullable || found.nullable,
                    ..found
                }
            }
            _ => RustType::anything(),
        }
    }

    fn enumeration(&mut self, schema: &Json, values: &[Json], hint: &str) -> RustType {
        let texts: Option<Vec<&str>> = values.iter().map(Json::as_str).collect();
        let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
            return RustType::anything();
        };
        if let Some(known) = self.known(schema) {
            return known;
        }
        let name = self.name(schema, hint);
        let mut taken = BTreeSet::new();
        let variants = texts.iter().map(|text| {
            let variant = names::distinct(&names::type_name(text), &mut taken);
            let variant = Ident::new(&variant, Span::call_site());
            quote!(#[serde(rename = #text)] #variant)
        });
        let docs = docs(schema);
        self.items.push(quote! {
            #(#[doc = #docs])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
            pub enum #name {
                #(#variants,)*
            }
        });
        RustType::plain(quote!(#name))
    }

    fn object(&mut self, schema: &Json, defs: &Map<String, Json>, hint: &str) -> RustType {
        let fields = schema.get("properties").and_then(Json::as_object);
        let Some(fields) = fields.filter(|fields| !fields.is_empty()) else {
            return match schema.get("additionalProperties") {
                Some(values @ Json::Object(_)) => {
                    let values = self.of(values, defs, &format!("{hint} value")).inside();
                    RustType::plain(quote!(BTreeMap<String, #values>))
                }
                _ => RustType::anything(),
            };
        };
        if let Some(known) = self.known(schema) {
            return known;
        }
        let name = self.name(schema, hint);
        let required = schema.get("required").and_then(Json::as_array);
        let required = |field: &str| required.is_some_and(|all| all.iter().any(|one| one == field));
        let mut taken = BTreeSet::new();
        let fields: Vec<TokenStream> = fields
            .iter()
            .map(|(field, schema)| {
                let ty = self.of(schema, defs, &format!("{name} {field}"));
                let optional = !required(field);
                let written = ty.written(optional);
                let own = names::variable(field);
                let own = names::ident(&names::distinct(
                    &own.to_string().replace("r#", ""),
                    &mut taken,
                ));
                let docs = docs(schema);
                let rename = (own != field.as_str()).then(|| quote!(rename = #field,));
                let skip =
                    optional.then(|| quote!(default, skip_serializing_if = "Option::is_none"));
                let serde = (rename.is_some() || optional).then(|| quote!(#[serde(#rename #skip)]));
                quote! {
                    #(#[doc = #docs])*
                    #serde
                    pub #own: #written
                }
            })
            .collect();
        let docs = docs(schema);
        self.items.push(quote! {
            #(#[doc = #docs])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            pub struct #name {
                #(#fields,)*
            }
        });
        RustType::plain(quote!(#name))
    }

    /// The same type, if it was met before.
    fn known(&self, schema: &Json) -> Option<RustType> {
        let name = Ident::new(self.known.get(&key(schema))?, Span::call_site());
        Some(RustType::plain(quote!(#name)))
    }

    fn name(&mut self, schema: &Json, hint: &str) -> Ident {
        let title = schema.get("title").and_then(Json::as_str).unwrap_or(hint);
        let name = names::distinct(&names::type_name(title), &mut self.names);
        self.known.insert(key(schema), name.clone());
        Ident::new(&name, Span::call_site())
    }
}

fn key(schema: &Json) -> String {
    schema.to_string()
}

fn docs(schema: &Json) -> Vec<String> {
    let text = schema.get("description").and_then(Json::as_str);
    names::docs(text.unwrap_or_default())
}
