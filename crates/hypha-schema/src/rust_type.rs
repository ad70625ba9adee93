//! Schemas of Rust types, in the words that pydantic has for the same: who reads schemas of both should find no
//! difference.

use std::borrow::Cow;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json};

use crate::function::DEFS;
use crate::reference::{definition, to_definition};

/// The schema of a type, and of the types in it that refer to themselves. All others stand where they are used.
pub(crate) fn schema_of<T: JsonSchema>() -> (Map<String, Json>, Map<String, Json>) {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let Json::Object(mut schema) = schema.to_value() else {
        return (Map::new(), Map::new());
    };
    let mut defs = match schema.remove(DEFS) {
        Some(Json::Object(defs)) => defs,
        _ => Map::new(),
    };
    normalize(&mut schema);
    for def in defs.values_mut().filter_map(Json::as_object_mut) {
        normalize(def);
    }
    // A root that refers to itself as `#` is a definition like any other.
    let root = Json::String("#".to_owned());
    if refers_to(&schema, &root) {
        // Another type in it may be called as it is.
        let mut name = T::schema_name().into_owned();
        while defs.contains_key(&name) {
            name.push('_');
        }
        redirect(&mut schema, &root, &name);
        defs.values_mut()
            .filter_map(Json::as_object_mut)
            .for_each(|def| redirect(def, &root, &name));
        defs.insert(name.clone(), Json::Object(schema));
        schema = Map::from_iter([("$ref".to_owned(), Json::String(to_definition(&name)))]);
    }
    let endless: Vec<String> = defs
        .keys()
        .filter(|name| reaches(name, name, &defs, &mut Vec::new()))
        .cloned()
        .collect();
    resolve(&mut schema, &defs, &endless);
    let mut kept = Map::new();
    for name in endless.clone() {
        if let Some(Json::Object(def)) = defs.get(&name) {
            let mut def = def.clone();
            resolve(&mut def, &defs, &endless);
            kept.insert(name, Json::Object(def));
        }
    }
    if kept.is_empty() || !refers(&schema) {
        kept.clear();
    }
    (schema, kept)
}

/// The definition that a schema refers to, if it does.
fn target(schema: &Map<String, Json>) -> Option<Cow<'_, str>> {
    definition(schema.get("$ref")?.as_str()?)
}

/// Calls for every schema in a schema, itself included.
fn visit<'a>(schema: &'a Map<String, Json>, see: &mut dyn FnMut(&'a Map<String, Json>)) {
    see(schema);
    for value in schema.values() {
        match value {
            Json::Object(inner) => visit(inner, see),
            Json::Array(items) => items
                .iter()
                .filter_map(Json::as_object)
                .for_each(|inner| visit(inner, see)),
            _ => {}
        }
    }
}

fn refers(schema: &Map<String, Json>) -> bool {
    let mut found = false;
    visit(schema, &mut |schema| found |= target(schema).is_some());
    found
}

/// Whether a definition leads to this one, however far.
fn reaches(from: &str, to: &str, defs: &Map<String, Json>, seen: &mut Vec<String>) -> bool {
    let Some(Json::Object(def)) = defs.get(from) else {
        return false;
    };
    let mut next = Vec::new();
    visit(def, &mut |schema| next.extend(target(schema)));
    next.into_iter().any(|name| {
        if name == to {
            return true;
        }
        if seen.iter().any(|known| *known == name) {
            return false;
        }
        seen.push(name.clone().into_owned());
        reaches(&name, to, defs, seen)
    })
}

/// Puts definitions in the place of what refers to them, but for those that would never end.
fn resolve(schema: &mut Map<String, Json>, defs: &Map<String, Json>, endless: &[String]) {
    while let Some(name) = target(schema).map(Cow::into_owned) {
        let Some(Json::Object(def)) = defs.get(&name).filter(|_| !endless.contains(&name)) else {
            break;
        };
        schema.shift_remove("$ref");
        let beside = std::mem::replace(schema, def.clone());
        add_beside(schema, beside);
    }
    for value in schema.values_mut() {
        match value {
            Json::Object(inner) => resolve(inner, defs, endless),
            Json::Array(items) => items
                .iter_mut()
                .filter_map(Json::as_object_mut)
                .for_each(|inner| resolve(inner, defs, endless)),
            _ => {}
        }
    }
}

/// Adds what stood beside a reference. It says more of this one place, and wins; the tag of an enum stands there, beside
/// the fields of its variant.
fn add_beside(schema: &mut Map<String, Json>, beside: Map<String, Json>) {
    for (key, mut value) in beside {
        match (key.as_str(), &mut value, schema.get_mut(&key)) {
            ("properties", Json::Object(more), Some(Json::Object(known))) => {
                for (name, property) in std::mem::take(known) {
                    more.entry(name).or_insert(property);
                }
            }
            ("required", Json::Array(more), Some(Json::Array(known))) => {
                for name in std::mem::take(known) {
                    if !more.contains(&name) {
                        more.push(name);
                    }
                }
            }
            _ => {}
        }
        schema.insert(key, value);
    }
}

/// Says it as pydantic does.
fn normalize(schema: &mut Map<String, Json>) {
    schema.remove("title");
    for key in ["properties", "patternProperties"] {
        if let Some(Json::Object(properties)) = schema.get_mut(key) {
            for property in properties.values_mut().filter_map(Json::as_object_mut) {
                normalize(property);
            }
        }
    }
    for key in [
        "items",
        "additionalProperties",
        "not",
        "contains",
        "propertyNames",
    ] {
        if let Some(Json::Object(inner)) = schema.get_mut(key) {
            normalize(inner);
        }
    }
    for key in ["anyOf", "oneOf", "allOf", "prefixItems"] {
        if let Some(Json::Array(branches)) = schema.get_mut(key) {
            for branch in branches.iter_mut().filter_map(Json::as_object_mut) {
                normalize(branch);
            }
        }
    }
    // `true` is no restriction, and neither is nothing.
    if schema.get("items") == Some(&Json::Bool(true)) {
        schema.insert("items".to_owned(), Json::Object(Map::new()));
    }
    variants(schema);
    fields(schema);
    nullable(schema);
}

/// `{"type": ["string", "null"], ..}` is `anyOf` of the two.
fn nullable(schema: &mut Map<String, Json>) {
    let Some(Json::Array(kinds)) = schema.get("type") else {
        return;
    };
    let mut branches = Vec::new();
    for kind in kinds.clone() {
        let mut branch = Map::from_iter([("type".to_owned(), kind.clone())]);
        if kind != "null" {
            let apart = ["type", "description", "default"];
            let inner = schema
                .iter()
                .filter(|(key, _)| !apart.contains(&key.as_str()));
            branch.extend(inner.map(|(key, value)| (key.clone(), value.clone())));
            if let Some(Json::Array(values)) = branch.get_mut("enum") {
                values.retain(|value| !value.is_null());
            }
        }
        branches.push(Json::Object(branch));
    }
    schema.retain(|key, _| key == "description" || key == "default");
    schema.insert("anyOf".to_owned(), Json::Array(branches));
}

/// Plain variants, each with docs of its own, are one `enum`; their docs move to its description.
fn variants(schema: &mut Map<String, Json>) {
    let Some(Json::Array(branches)) = schema.get("oneOf") else {
        return;
    };
    let (mut values, mut docs) = (Vec::new(), Vec::new());
    for branch in branches {
        let allowed = match (branch.get("const"), branch.get("enum")) {
            (Some(value), _) => vec![value.clone()],
            (None, Some(Json::Array(values))) => values.clone(),
            _ => return,
        };
        if !allowed.iter().all(Json::is_string) {
            return;
        }
        if let (Some(text), [Json::String(value)]) =
            (branch.get("description").and_then(Json::as_str), &*allowed)
        {
            docs.push(format!("- `{value}`: {text}"));
        }
        values.extend(allowed);
    }
    schema.remove("oneOf");
    schema.insert("type".to_owned(), Json::String("string".to_owned()));
    schema.insert("enum".to_owned(), Json::Array(values));
    if !docs.is_empty() {
        let mut text = schema
            .get("description")
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned();
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&docs.join("\n"));
        schema.insert("description".to_owned(), Json::String(text));
    }
}

/// A field that may be left out and be null is null then.
fn fields(schema: &mut Map<String, Json>) {
    let required: Vec<String> = schema
        .get("required")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let Some(Json::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for (name, property) in properties.iter_mut() {
        let Json::Object(property) = property else {
            // `true`, for what can be anything.
            *property = Json::Object(Map::new());
            continue;
        };
        if !required.contains(name) && !property.contains_key("default") && takes_null(property) {
            property.insert("default".to_owned(), Json::Null);
        }
    }
}

fn refers_to(schema: &Map<String, Json>, target: &Json) -> bool {
    schema.iter().any(|(key, value)| match value {
        _ if key == "$ref" && value == target => true,
        Json::Object(inner) => refers_to(inner, target),
        Json::Array(items) => items
            .iter()
            .filter_map(Json::as_object)
            .any(|inner| refers_to(inner, target)),
        _ => false,
    })
}

fn redirect(schema: &mut Map<String, Json>, target: &Json, name: &str) {
    for (key, value) in schema.iter_mut() {
        match value {
            _ if key == "$ref" && value == target => {
                *value = Json::String(to_definition(name));
            }
            Json::Object(inner) => redirect(inner, target, name),
            Json::Array(items) => items
                .iter_mut()
                .filter_map(Json::as_object_mut)
                .for_each(|inner| redirect(inner, target, name)),
            _ => {}
        }
    }
}

/// Whether null is among what a schema takes.
pub(crate) fn takes_null(schema: &Map<String, Json>) -> bool {
    let is_null = |kind: &Json| kind.as_str() == Some("null");
    match schema.get("type") {
        Some(Json::Array(kinds)) if kinds.iter().any(is_null) => return true,
        Some(kind) if is_null(kind) => return true,
        _ => {}
    }
    let branches = ["anyOf", "oneOf"]
        .iter()
        .filter_map(|key| schema.get(*key)?.as_array());
    branches
        .flatten()
        .any(|branch| branch.as_object().is_some_and(takes_null))
}
