//! One object in the place of several: those who take tools refuse `oneOf` and its like around the parameters.

use serde_json::{Map, Value as Json};

use crate::reference::{Target, follow};

/// What says that an object is one of several, or all of them.
const AROUND: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Variants, members and values that are looked at. A schema that has more loses its variants: what it takes is checked
/// by its function anyway.
const MAX_WORK: usize = 10_000;

/// Variants inside variants.
const MAX_LEVELS: usize = 16;

/// Puts the members of all variants side by side; one is required if every variant requires it. It takes whatever the
/// variants take, and more.
pub(crate) fn flatten(parameters: &mut Map<String, Json>) {
    if !AROUND.iter().any(|around| parameters.contains_key(*around)) {
        return;
    }
    let flat = Flattening {
        root: parameters,
        left: MAX_WORK,
    }
    .read(parameters, 0);
    for around in AROUND {
        parameters.shift_remove(around);
    }
    let Some(Members {
        properties,
        required,
    }) = flat
    else {
        return;
    };
    parameters.insert("properties".to_owned(), Json::Object(properties));
    parameters.shift_remove("required");
    if !required.is_empty() {
        parameters.insert("required".to_owned(), Json::from(required));
    }
}

#[derive(Default)]
struct Members {
    properties: Map<String, Json>,
    required: Vec<String>,
}

struct Flattening<'s> {
    root: &'s Map<String, Json>,
    left: usize,
}

impl Flattening<'_> {
    /// None if there is too much of it.
    fn read(&mut self, schema: &Map<String, Json>, level: usize) -> Option<Members> {
        if level > MAX_LEVELS {
            return None;
        }
        self.spend(1)?;
        let mut members = Members::default();
        if let Some(Json::Object(properties)) = schema.get("properties") {
            self.spend(properties.len())?;
            members.properties.clone_from(properties);
        }
        if let Some(Json::Array(required)) = schema.get("required") {
            self.spend(required.len())?;
            let names = required.iter().filter_map(Json::as_str);
            members.required = names.map(str::to_owned).collect();
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
            let mut one: Option<Members> = None;
            for branch in branches.iter().filter_map(Json::as_object) {
                let branch = self.read(branch, level + 1)?;
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

    /// What has to fit as well.
    fn add(&mut self, members: &mut Members, others: Members) -> Option<()> {
        for (name, schema) in others.properties {
            members.properties.entry(name).or_insert(schema);
        }
        for name in others.required {
            self.spend(members.required.len())?;
            if !members.required.contains(&name) {
                members.required.push(name);
            }
        }
        Some(())
    }

    /// What may fit instead.
    fn join(&mut self, members: &mut Members, others: Members) -> Option<()> {
        for (name, schema) in others.properties {
            match members.properties.get_mut(&name) {
                Some(known) => self.choose(known, schema)?,
                None => {
                    members.properties.insert(name, schema);
                }
            }
        }
        let sizes = members.required.len().checked_mul(others.required.len());
        self.spend(sizes?)?;
        members
            .required
            .retain(|name| others.required.contains(name));
        Some(())
    }

    /// A member that is something else in another variant.
    fn choose(&mut self, known: &mut Json, other: Json) -> Option<()> {
        if *known == other {
            return Some(());
        }
        if let (Some(mut values), Some(others)) = (listed(known), listed(&other)) {
            self.spend(values.len() + others.len())?;
            for value in others {
                self.spend(values.len())?;
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            let kind = known
                .get("type")
                .filter(|kind| other.get("type") == Some(*kind));
            let mut list = Map::new();
            list.insert("enum".to_owned(), Json::from(values));
            if let Some(kind) = kind {
                list.insert("type".to_owned(), kind.clone());
            }
            *known = Json::Object(list);
            return Some(());
        }
        match known.get_mut("anyOf").and_then(Json::as_array_mut) {
            Some(several) if several.contains(&other) => {}
            Some(several) => several.push(other),
            None => *known = serde_json::json!({ "anyOf": [known.take(), other] }),
        }
        Some(())
    }

    fn spend(&mut self, work: usize) -> Option<()> {
        self.left = self.left.checked_sub(work)?;
        Some(())
    }
}

/// All that it can be, if it says so.
fn listed(schema: &Json) -> Option<Vec<Json>> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(only), _) => Some(vec![only.clone()]),
        (None, Some(Json::Array(values))) => Some(values.clone()),
        _ => None,
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
        flatten(&mut schema);
        Json::Object(schema)
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
        let flat = flat(endless);
        assert_eq!(flat["properties"], json!({ "id": {} }));
        assert_eq!(flat.get("anyOf"), None);
    }
}
