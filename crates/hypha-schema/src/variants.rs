//! One object in the place of several: those who take tools refuse `oneOf` and its like around the parameters.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json, json};

use crate::function::CONTEXT;
use crate::reference::{Target, follow};

/// What says that an object is one of several, or all of them.
const AROUND: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// What else is refused there, or depends on what was there.
const BESIDE: [&str; 5] = ["$ref", "not", "enum", "const", "unevaluatedProperties"];

/// Variants, members and parts of their schemas that are looked at or written. A schema that has more loses its variants:
/// what a function takes is checked by itself anyway.
const MAX_WORK: usize = 100_000;

/// The same for all functions of a service.
pub(crate) const MAX_WORK_OF_ALL: usize = 400_000;

/// Variants inside variants.
const MAX_LEVELS: usize = 16;

/// Puts the members of all variants side by side; one is required if every variant requires it.
///
/// The object takes what the variants take, and more. It is narrower in one thing: a member that one variant describes is
/// described so for all, also for those that would have passed over it, unless they say what other members may be.
///
/// `work` is what may be done for this schema and those that follow.
pub(crate) fn flatten(parameters: &mut Map<String, Json>, work: &mut usize) {
    let choices = AROUND.iter().chain(&BESIDE);
    if !choices.clone().any(|word| parameters.contains_key(*word)) {
        return;
    }
    let allowed = MAX_WORK.min(*work);
    let mut flattening = Flattening {
        root: parameters,
        left: allowed,
    };
    let flat = flattening.read(parameters, 0);
    let flat = flat.and_then(|members| {
        let properties = flattening.properties(&members)?;
        let required: Vec<Json> = members.required.into_iter().map(Json::from).collect();
        Some((properties, required))
    });
    *work -= allowed - flattening.left;
    for word in choices {
        parameters.shift_remove(*word);
    }
    if let Some((properties, required)) = flat {
        parameters.insert("properties".to_owned(), Json::Object(properties));
        parameters.shift_remove("required");
        if !required.is_empty() {
            parameters.insert("required".to_owned(), Json::Array(required));
        }
    }
    for (_, property) in parameters.iter_mut() {
        without_lost_references(property);
    }
}

/// The members of a schema, in order.
#[derive(Default)]
struct Members<'s> {
    names: Vec<&'s str>,
    schemas: HashMap<&'s str, Vec<&'s Json>>,
    required: Vec<&'s str>,
    /// What all other members may be, where it says so.
    others: Vec<&'s Json>,
}

impl<'s> Members<'s> {
    fn may_be(&mut self, name: &'s str, schemas: impl IntoIterator<Item = &'s Json>) {
        let known = self.schemas.entry(name).or_insert_with(|| {
            self.names.push(name);
            Vec::new()
        });
        known.extend(schemas);
    }
}

struct Flattening<'s> {
    root: &'s Map<String, Json>,
    left: usize,
}

impl<'s> Flattening<'s> {
    /// None if there is too much of it.
    fn read(&mut self, schema: &'s Map<String, Json>, level: usize) -> Option<Members<'s>> {
        if level > MAX_LEVELS {
            return None;
        }
        self.spend(1)?;
        let mut members = Members::default();
        if let Some(Json::Object(properties)) = schema.get("properties") {
            self.spend(properties.len())?;
            for (name, schema) in properties.iter().filter(|(name, _)| *name != CONTEXT) {
                members.may_be(name, [schema]);
            }
        }
        if let Some(Json::Array(required)) = schema.get("required") {
            self.spend(required.len())?;
            let names = required.iter().filter_map(Json::as_str);
            members.required = names.filter(|name| *name != CONTEXT).collect();
        }
        if let Some(others) = schema.get("additionalProperties")
            && *others != Json::Bool(false)
        {
            members.others.push(others);
        }
        if schema.contains_key("patternProperties") {
            members.others.push(&Json::Bool(true));
        }
        if let Some(target) = schema.get("$ref").and_then(Json::as_str)
            && let Target::Part(Json::Object(part)) = follow(self.root, target)
        {
            let part = self.read(part, level + 1)?;
            self.add(&mut members, part)?;
        }
        for around in AROUND {
            let Some(Json::Array(branches)) = schema.get(around) else {
                continue;
            };
            let mut one: Option<Members<'_>> = None;
            for branch in branches {
                let branch = match branch {
                    Json::Object(branch) => self.read(branch, level + 1)?,
                    // It takes anything.
                    Json::Bool(true) => Members {
                        others: vec![branch],
                        ..Members::default()
                    },
                    _ => continue,
                };
                match &mut one {
                    None => one = Some(branch),
                    Some(one) if around == "allOf" => self.add(one, branch)?,
                    Some(one) => self.join(one, branch)?,
                }
            }
            self.add(&mut members, one.unwrap_or_default())?;
        }
        Some(members)
    }

    /// What has to fit as well: the first that is said of a member stays.
    fn add(&mut self, members: &mut Members<'s>, others: Members<'s>) -> Option<()> {
        self.spend(others.names.len() + members.required.len() + others.required.len())?;
        let mut schemas = others.schemas;
        for name in others.names {
            let said = schemas.remove(name).unwrap_or_default();
            if !members.schemas.contains_key(name) {
                members.may_be(name, said);
            }
        }
        let known: HashSet<&str> = members.required.iter().copied().collect();
        let more = others.required.into_iter();
        let more: Vec<&str> = more.filter(|name| !known.contains(name)).collect();
        members.required.extend(more);
        members.others.extend(others.others);
        Some(())
    }

    /// What may fit instead.
    fn join(&mut self, members: &mut Members<'s>, others: Members<'s>) -> Option<()> {
        if !others.others.is_empty() {
            self.spend(members.names.len())?;
            for name in &members.names {
                if !others.schemas.contains_key(name)
                    && let Some(schemas) = members.schemas.get_mut(name)
                {
                    self.spend(others.others.len())?;
                    schemas.extend(&others.others);
                }
            }
        }
        let mut schemas = others.schemas;
        for name in others.names {
            let said = schemas.remove(name).unwrap_or_default();
            self.spend(1 + said.len())?;
            if !members.schemas.contains_key(name) {
                self.spend(members.others.len())?;
                let known = members.others.clone();
                members.may_be(name, known);
            }
            members.may_be(name, said);
        }
        self.spend(members.required.len() + others.required.len())?;
        let required: HashSet<&str> = others.required.into_iter().collect();
        members.required.retain(|name| required.contains(name));
        members.others.extend(others.others);
        Some(())
    }

    fn properties(&mut self, members: &Members<'s>) -> Option<Map<String, Json>> {
        let mut properties = Map::new();
        for name in &members.names {
            let schemas = members.schemas.get(name).into_iter().flatten();
            let mut seen = HashSet::new();
            let different = schemas.filter(|schema| seen.insert(std::ptr::from_ref(**schema)));
            let different: Vec<&Json> = different.copied().collect();
            properties.insert((*name).to_owned(), self.choice(&different)?);
        }
        Some(properties)
    }

    /// A member that is one of these.
    fn choice(&mut self, schemas: &[&Json]) -> Option<Json> {
        let mut different: Vec<&Json> = Vec::new();
        let mut seen = HashSet::new();
        for schema in schemas {
            // Before it is written.
            self.charge(schema)?;
            if seen.insert(schema.to_string()) {
                different.push(schema);
            }
        }
        let is_anything = |schema: &&Json| match schema {
            Json::Object(schema) => schema.is_empty(),
            other => **other == Json::Bool(true),
        };
        match &*different {
            [Json::Object(only)] => return Some(Json::Object(only.clone())),
            [] | [_] => return Some(json!({})),
            several if several.iter().any(is_anything) => return Some(json!({})),
            _ => {}
        }
        let lists: Option<Vec<&[Json]>> = different.iter().map(|schema| listed(schema)).collect();
        let Some(lists) = lists else {
            return Some(json!({ "anyOf": different }));
        };
        let mut seen = HashSet::new();
        let values = lists.into_iter().flatten();
        let values: Vec<&Json> = values
            .filter(|value| seen.insert(value.to_string()))
            .collect();
        let mut list = json!({ "enum": values });
        let kinds: HashSet<Option<&str>> = different
            .iter()
            .map(|schema| schema.get("type").and_then(Json::as_str))
            .collect();
        if let (1, Some(Some(kind))) = (kinds.len(), kinds.into_iter().next()) {
            list["type"] = Json::from(kind);
        }
        Some(list)
    }

    /// Spends the parts of a schema.
    fn charge(&mut self, schema: &Json) -> Option<()> {
        let mut unread = vec![schema];
        while let Some(next) = unread.pop() {
            let size = match next {
                Json::Object(members) => {
                    unread.extend(members.values());
                    members.keys().map(|name| 1 + name.len() / 64).sum()
                }
                Json::Array(items) => {
                    unread.extend(items);
                    items.len()
                }
                Json::String(text) => text.len() / 64,
                _ => 0,
            };
            self.spend(size)?;
        }
        self.spend(1)
    }

    fn spend(&mut self, work: usize) -> Option<()> {
        self.left = self.left.checked_sub(work)?;
        Some(())
    }
}

/// All that it can be, if it says so.
fn listed(schema: &Json) -> Option<&[Json]> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(only), _) => Some(std::slice::from_ref(only)),
        (None, Some(Json::Array(values))) => Some(values),
        _ => None,
    }
}

/// What leads to a variant that is not there any more can be anything.
fn without_lost_references(schema: &mut Json) {
    match schema {
        Json::Object(members) => {
            let target = members.get("$ref").and_then(Json::as_str);
            let is_lost = target.is_some_and(|target| {
                AROUND.iter().any(|around| {
                    let path = target.strip_prefix("#/");
                    path.and_then(|path| path.strip_prefix(around))
                        .is_some_and(|path| path.starts_with('/'))
                })
            });
            if is_lost {
                members.shift_remove("$ref");
            }
            members.values_mut().for_each(without_lost_references);
        }
        Json::Array(items) => items.iter_mut().for_each(without_lost_references),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn flat(schema: Json) -> Json {
        let Json::Object(mut schema) = schema else {
            panic!("it is an object")
        };
        flatten(&mut schema, &mut MAX_WORK.clone());
        Json::Object(schema)
    }

    #[test]
    fn work_is_done_for_all_together() {
        let one =
            json!({ "oneOf": [{ "properties": { "a": {} } }, { "properties": { "b": {} } }] });
        let mut left = 200;
        let mut flat = || {
            let mut schema = one.as_object().cloned().unwrap_or_default();
            flatten(&mut schema, &mut left);
            schema.contains_key("properties")
        };
        assert!(flat());
        assert!(!(0..100).all(|_| flat()));
    }

    #[test]
    fn variants_become_one_object() {
        let schema = json!({
            "type": "object",
            "properties": { "id": { "type": "integer" } },
            "required": ["id"],
            "oneOf": [
                {
                    "properties": {
                        "kind": { "const": "point", "type": "string" },
                        "x": { "type": "number" },
                        "at": { "type": "number" },
                    },
                    "required": ["kind", "x"],
                },
                { "$ref": "#/$defs/named" },
            ],
            "$defs": {
                "named": {
                    "properties": {
                        "kind": { "const": "named", "type": "string" },
                        "at": { "type": "string" },
                    },
                    "required": ["kind"],
                    "allOf": [{ "properties": { "note": {} }, "required": ["note"] }],
                },
            },
        });
        let flat = flat(schema.clone());
        assert_eq!(
            flat["properties"],
            json!({
                "id": { "type": "integer" },
                "kind": { "enum": ["point", "named"], "type": "string" },
                "x": { "type": "number" },
                "at": { "anyOf": [{ "type": "number" }, { "type": "string" }] },
                "note": {},
            })
        );
        assert_eq!(flat["required"], json!(["id", "kind"]));
        for fits in [
            json!({ "id": 1, "kind": "point", "x": 1 }),
            json!({ "id": 1, "kind": "named", "at": "home", "note": 1 }),
        ] {
            for schema in [&schema, &flat] {
                crate::validate(schema, &fits).unwrap();
            }
        }
    }

    #[test]
    fn what_is_too_much_is_left_out() {
        let again = json!({ "$ref": "#/$defs/a" });
        let endless = json!({
            "type": "object",
            "properties": { "id": {} },
            "anyOf": [again, again],
            "$defs": { "a": { "anyOf": [again, again] } },
        });
        let large = json!({ "default": vec![0; 10_000] });
        let branch =
            |at: usize| json!({ "anyOf": [again, { "properties": { "x": { "const": at } } }] });
        let copied = json!({
            "type": "object",
            "properties": { "id": {} },
            "anyOf": (0..1600).map(branch).collect::<Vec<_>>(),
            "$defs": { "a": { "properties": { "x": large, "y": large } } },
        });
        for (schema, properties) in [(endless, 1), (copied, 3)] {
            let flat = flat(schema);
            assert_eq!(flat["properties"].as_object().unwrap().len(), properties);
            assert_eq!(flat.get("anyOf"), None);
        }
    }

    #[test]
    fn many_variants_keep_their_members() {
        let variant = |at: usize| {
            let kind = json!({ "const": format!("k{at}"), "type": "string" });
            json!({ "properties": { "kind": kind, format!("m{at}"): {} }, "required": ["kind"] })
        };
        let variants: Vec<Json> = (0..2000).map(variant).collect();
        let flat = flat(json!({ "type": "object", "oneOf": variants }));
        assert_eq!(flat["properties"].as_object().unwrap().len(), 2001);
        let kinds = flat["properties"]["kind"]["enum"].as_array();
        assert_eq!(kinds.unwrap().len(), 2000);
        assert_eq!(flat["required"], json!(["kind"]));
    }

    /// What the function takes, its tool takes.
    #[test]
    fn nothing_is_refused_that_was_taken() {
        for (schema, value) in [
            (
                json!({ "anyOf": [{ "properties": { "a": { "type": "integer" } }, "required": ["a"] }, true] }),
                json!({ "a": "x" }),
            ),
            (
                json!({ "anyOf": [{ "properties": { "a": {} }, "required": ["a"] }, true] }),
                json!({}),
            ),
            (
                json!({ "anyOf": [
                    { "properties": { "x": { "type": "number" } }, "required": ["x"] },
                    { "additionalProperties": { "type": "string" } },
                ] }),
                json!({ "x": "home" }),
            ),
            (
                json!({ "oneOf": [
                    { "additionalProperties": { "type": "string" } },
                    { "properties": { "x": { "type": "number" } }, "required": ["x"] },
                ] }),
                json!({ "x": "home" }),
            ),
            (
                json!({ "oneOf": [
                    { "properties": { "x": { "type": "string", "anyOf": [{ "minLength": 3 }, { "maxLength": 1 }] } } },
                    { "properties": { "x": { "type": "integer" } } },
                ] }),
                json!({ "x": 5 }),
            ),
            (
                json!({
                    "oneOf": [{ "properties": { "x": {} } }],
                    "unevaluatedProperties": false,
                }),
                json!({ "x": 5 }),
            ),
            (
                json!({ "oneOf": [{ "properties": {
                    "a": { "type": "integer" },
                    "b": { "$ref": "#/oneOf/0/properties/a" },
                } }] }),
                json!({ "a": 1, "b": 1 }),
            ),
            (
                json!({ "properties": { "a": {} }, "not": { "required": ["b"] } }),
                json!({ "a": 1 }),
            ),
            (
                json!({
                    "properties": { "a": {} },
                    "$ref": "#/$defs/b",
                    "$defs": { "b": { "oneOf": [{ "properties": { "b": { "type": "null" } } }] } },
                }),
                json!({ "a": 1, "b": null }),
            ),
        ] {
            crate::validate(&schema, &value).unwrap();
            let flat = flat(schema);
            crate::validate(&flat, &value).unwrap();
            let words = AROUND.iter().chain(&BESIDE);
            assert!(
                !words.clone().any(|word| flat.get(*word).is_some()),
                "{flat}"
            );
        }
    }

    #[test]
    fn what_callers_do_not_give_is_not_asked_for() {
        let variant = json!({ "properties": { "context": {}, "a": {} }, "required": ["context"] });
        let flat = flat(json!({ "type": "object", "properties": {}, "oneOf": [variant] }));
        assert_eq!(flat["properties"], json!({ "a": {} }));
        assert_eq!(flat.get("required"), None);
    }
}
