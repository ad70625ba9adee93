//! Rust types for JSON Schemas.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use serde_json::{Map, Value as Json};

use super::names::Names;
use super::{docs, names};

/// Where a schema keeps types that others refer to.
const DEFS: &str = "$defs";

/// Types inside types; what is deeper can be anything.
const MAX_DEPTH: usize = 64;

/// Bytes of schemas that are copied and compared to find equal types. All types after that can be anything: those of a
/// service that means well are far from it.
const MAX_WORK: usize = 16 << 20;

/// What one of several alternatives costs.
const PER_ITEM: usize = 64;

/// Structs and enums of a module.
#[derive(Default)]
pub(super) struct Types {
    names: Names,
    /// By what they describe, so that equal ones are one.
    known: BTreeMap<String, String>,
    items: Vec<TokenStream>,
    /// Definitions that are being read, to find those that hold themselves.
    open: Vec<String>,
    /// Structs whose fields are being read: they can hold themselves in a box only.
    unfinished: Vec<String>,
    needs: Needs,
    /// How many types are being described, each inside the one before.
    depth: usize,
    work: usize,
}

/// What the types name, beside what every module has.
#[derive(Clone, Copy, Default)]
pub(super) struct Needs {
    pub(super) maps: bool,
    pub(super) values: bool,
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
            names: Names::without(names),
            ..Self::default()
        }
    }

    pub(super) fn needs(&self) -> Needs {
        self.needs
    }

    pub(super) fn has_items(&self) -> bool {
        !self.items.is_empty()
    }

    pub(super) fn into_items(self) -> Vec<TokenStream> {
        self.items
    }

    /// The type of a schema. `defs` is what it refers to, `hint` the name of a type that has none.
    pub(super) fn of(&mut self, schema: &Json, defs: &Map<String, Json>, hint: &str) -> RustType {
        if self.depth >= MAX_DEPTH || self.work >= MAX_WORK {
            return self.anything();
        }
        self.depth += 1;
        let found = self.describe(schema, defs, hint);
        self.depth -= 1;
        found
    }

    fn describe(&mut self, schema: &Json, defs: &Map<String, Json>, hint: &str) -> RustType {
        if let Some(Json::Object(own)) = schema.get(DEFS) {
            self.work += weight(defs) + weight(own);
            let mut all = defs.clone();
            all.extend(own.clone());
            let mut schema = schema.clone();
            if let Json::Object(schema) = &mut schema {
                schema.remove(DEFS);
            }
            return self.of(&schema, &all, hint);
        }
        if let Some(target) = schema.get("$ref").and_then(Json::as_str) {
            return self.referred(target, defs);
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            if let Some(Json::Array(options)) = schema.get(key) {
                return self.one_of(options, defs, hint);
            }
        }
        if let Some(Json::Array(values)) = schema.get("enum") {
            return self.enumeration(schema, values, defs, hint);
        }
        let kind = match schema.get("type") {
            Some(Json::Array(kinds)) => {
                let others: Vec<&Json> = kinds.iter().filter(|kind| *kind != "null").collect();
                let [kind] = others[..] else {
                    return self.anything();
                };
                self.work += schema.to_string().len();
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
            // The short ones are what Python's client calls its own types.
            "string" | "str" => RustType::plain(quote!(String)),
            "integer" | "int" => {
                let natural = schema.get("minimum").and_then(Json::as_f64);
                let natural = natural.is_some_and(|minimum| minimum >= 0.0);
                RustType::plain(if natural { quote!(u64) } else { quote!(i64) })
            }
            "number" | "float" => RustType::plain(quote!(f64)),
            "boolean" | "bool" => RustType::plain(quote!(bool)),
            "array" | "list" => {
                let items = schema.get("items").unwrap_or(&Json::Null);
                let items = self.of(items, defs, &format!("{hint} item")).inside();
                RustType::plain(quote!(Vec<#items>))
            }
            "object" | "dict" => self.object(schema, defs, hint),
            _ => self.anything(),
        }
    }

    fn anything(&mut self) -> RustType {
        self.needs.values = true;
        RustType::plain(quote!(Value))
    }

    fn referred(&mut self, target: &str, defs: &Map<String, Json>) -> RustType {
        let name = definition(target);
        let Some(schema) = defs.get(name) else {
            return self.anything();
        };
        if self.open.iter().any(|open| open == name) {
            // Only structs hold themselves; they were named before their fields were read.
            let key = self.key(schema, defs);
            return match self.known(&key) {
                Some(known) => known,
                None => self.anything(),
            };
        }
        self.open.push(name.to_owned());
        let found = self.of(schema, defs, name);
        self.open.pop();
        found
    }

    /// One schema, or one and null. Other choices are not told apart.
    fn one_of(&mut self, options: &[Json], defs: &Map<String, Json>, hint: &str) -> RustType {
        self.work += options.len() * PER_ITEM;
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
            _ => self.anything(),
        }
    }

    fn enumeration(
        &mut self,
        schema: &Json,
        values: &[Json],
        defs: &Map<String, Json>,
        hint: &str,
    ) -> RustType {
        self.work += values.len() * PER_ITEM;
        let texts: Option<Vec<&str>> = values.iter().map(Json::as_str).collect();
        let Some(mut texts) = texts.filter(|texts| !texts.is_empty()) else {
            return self.anything();
        };
        let key = self.key(schema, defs);
        if let Some(known) = self.known(&key) {
            return known;
        }
        let mut seen = BTreeSet::new();
        texts.retain(|text| seen.insert(*text));
        let name = self.name(schema, key, hint);
        let mut taken = Names::default();
        let variants = texts.iter().map(|text| {
            let variant = taken.distinct(&names::type_name(text));
            let variant = Ident::new(&variant, Span::call_site());
            quote!(#[serde(rename = #text)] #variant)
        });
        let docs = described(schema);
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
                    self.needs.maps = true;
                    RustType::plain(quote!(BTreeMap<String, #values>))
                }
                _ => self.anything(),
            };
        };
        let key = self.key(schema, defs);
        if let Some(known) = self.known(&key) {
            return known;
        }
        let name = self.name(schema, key, hint);
        self.unfinished.push(name.to_string());
        let required = schema.get("required").and_then(Json::as_array);
        let required = required.into_iter().flatten().filter_map(Json::as_str);
        let required: HashSet<&str> = required.collect();
        let mut taken = Names::default();
        let fields: Vec<TokenStream> = fields
            .iter()
            .map(|(field, schema)| {
                let ty = self.of(schema, defs, &format!("{name} {field}"));
                let optional = !required.contains(&**field);
                let written = ty.written(optional);
                let own = names::variable(field);
                let own = names::ident(&taken.distinct(&own.to_string().replace("r#", "")));
                let docs = described(schema);
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
        self.unfinished.pop();
        let docs = described(schema);
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
    fn known(&self, key: &str) -> Option<RustType> {
        let name = self.known.get(key)?;
        let ident = Ident::new(name, Span::call_site());
        Some(RustType {
            open: self.unfinished.contains(name),
            ..RustType::plain(quote!(#ident))
        })
    }

    fn name(&mut self, schema: &Json, key: String, hint: &str) -> Ident {
        let title = schema.get("title").and_then(Json::as_str).unwrap_or(hint);
        let name = self.names.distinct(&names::type_name(title));
        let ident = Ident::new(&name, Span::call_site());
        self.known.insert(key, name);
        ident
    }

    /// What a schema says, with all that it refers to, however far.
    fn key(&mut self, schema: &Json, defs: &Map<String, Json>) -> String {
        let referred = referred(schema, defs);
        let referred = referred
            .into_iter()
            .map(|(name, def)| format!("\n{name}: {def}"));
        let key: String = std::iter::once(schema.to_string())
            .chain(referred)
            .collect();
        self.work += key.len();
        key
    }
}

/// Bytes of schemas by name.
fn weight(schemas: &Map<String, Json>) -> usize {
    let texts = schemas
        .iter()
        .map(|(name, schema)| name.len() + schema.to_string().len());
    texts.sum()
}

/// All definitions that a schema refers to. They can refer to each other in a chain of any length.
fn referred<'a>(schema: &'a Json, defs: &'a Map<String, Json>) -> BTreeMap<&'a str, &'a Json> {
    let mut found = BTreeMap::new();
    let mut unread = vec![schema];
    while let Some(next) = unread.pop() {
        match next {
            Json::Object(schema) => {
                let target = schema.get("$ref").and_then(Json::as_str).map(definition);
                if let Some(name) = target
                    && let Some(def) = defs.get(name)
                    && found.insert(name, def).is_none()
                {
                    unread.push(def);
                }
                unread.extend(schema.values());
            }
            Json::Array(items) => unread.extend(items),
            _ => {}
        }
    }
    found
}

/// The name of the definition that a `$ref` leads to.
fn definition(target: &str) -> &str {
    target.rsplit('/').next().unwrap_or_default()
}

fn described(schema: &Json) -> Vec<String> {
    let text = schema.get("description").and_then(Json::as_str);
    docs::of(text.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A chain of definitions of any length, each a struct with the next.
    fn chain(length: usize) -> Map<String, Json> {
        let link = |at: usize| {
            let next = json!({ "$ref": format!("#/$defs/D{}", at + 1) });
            json!({ "type": "object", "properties": { "next": next } })
        };
        (0..length).map(|at| (format!("D{at}"), link(at))).collect()
    }

    #[test]
    fn long_chains_of_types_end_in_anything() {
        let mut types = Types::default();
        let found = types.of(&json!({ "$ref": "#/$defs/D0" }), &chain(10_000), "x");
        assert_eq!(found.tokens.to_string(), "D0");
        let items = types.into_items();
        assert!((10..=MAX_DEPTH).contains(&items.len()), "{}", items.len());
        let lists = (0..500).fold(
            json!({ "type": "string" }),
            |inner, _| json!({ "type": "array", "items": inner }),
        );
        let mut types = Types::default();
        let found = types.of(&lists, &Map::new(), "x").tokens.to_string();
        assert_eq!(found.matches("Vec").count(), MAX_DEPTH);
        assert!(found.contains("Value"), "{found}");
    }

    /// Each of them is compared by all that it leads to.
    #[test]
    fn many_types_that_lead_to_many_others_end_too() {
        let defs = chain(5000);
        let fields = (0..5000).map(|at| {
            let field = json!({ "$ref": format!("#/$defs/D{at}") });
            (format!("f{at}"), field)
        });
        let fields: Map<String, Json> = fields.collect();
        let mut types = Types::default();
        let all = json!({ "type": "object", "title": "All", "properties": fields });
        let found = types.of(&all, &defs, "x");
        assert_eq!(found.tokens.to_string(), "All");
        assert!(types.needs().values);
    }

    #[test]
    fn many_values_of_one_name_are_named_apart() {
        // Letters that no name here has.
        let values = ('\u{4e00}'..='\u{9fff}').map(String::from);
        let values: Vec<String> = values.take(20_000).collect();
        let mut types = Types::default();
        let found = types.of(&json!({ "enum": values, "title": "All" }), &Map::new(), "x");
        assert_eq!(found.tokens.to_string(), "All");
        assert!(types.into_items()[0].to_string().contains("Unnamed20000"));
    }

    /// All that is copied on the way is paid for.
    #[test]
    fn large_definitions_are_not_copied_for_ever() {
        let large = json!({ "type": ["string", "null"], "examples": vec![0; 100_000] });
        let mut defs = Map::new();
        defs.insert("Large".to_owned(), large);
        let own = json!({ "$defs": {}, "type": "string" });
        let again = json!({ "$ref": "#/$defs/Large" });
        for schema in [own, again] {
            let fields = (0..10_000).map(|at| (format!("f{at}"), schema.clone()));
            let fields: Map<String, Json> = fields.collect();
            let mut types = Types::default();
            types.of(
                &json!({ "type": "object", "properties": fields }),
                &defs,
                "x",
            );
            assert!(types.needs().values);
        }
    }
}
