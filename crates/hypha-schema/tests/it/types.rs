//! Rust types beside what pydantic writes for the same in Python.

use std::collections::HashMap;

use hypha_schema::{FunctionSchema, Parameter};
use schemars::JsonSchema;
use serde_json::{Value as Json, json};

/// A point.
#[derive(JsonSchema)]
struct Point {
    /// across
    x: f64,
    #[serde(default)]
    y: f64,
    label: Option<String>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Color {
    Red,
    Green,
}

#[derive(JsonSchema)]
enum Mode {
    /// As fast as it goes.
    Fast,
    /// As well as it goes.
    Fine,
}

#[derive(JsonSchema)]
struct Shape {
    points: Vec<Point>,
    color: Color,
    #[serde(default)]
    tags: HashMap<String, i64>,
}

/// A tree.
#[derive(JsonSchema)]
struct Tree {
    children: Vec<Self>,
}

mod other {
    #[derive(schemars::JsonSchema)]
    pub(super) struct Tree {
        left: Option<Box<Self>>,
    }
}

fn schema<T: JsonSchema>() -> Json {
    let function = FunctionSchema::new("f").param(Parameter::of::<T>("p"));
    stripped(function.parameter("p").unwrap())
}

/// Without what only one of the two writes.
fn stripped(schema: &Json) -> Json {
    match schema {
        Json::Object(members) => {
            let kept = members.iter().filter(|(key, value)| {
                *key != "format" && !(*key == "minimum" && value.as_f64() == Some(0.0))
            });
            Json::Object(
                kept.map(|(key, value)| (key.clone(), stripped(value)))
                    .collect(),
            )
        }
        Json::Array(items) => items.iter().map(stripped).collect(),
        other => other.clone(),
    }
}

#[test]
fn plain_types() {
    for (found, expected) in [
        (schema::<String>(), json!({ "type": "string" })),
        (schema::<i64>(), json!({ "type": "integer" })),
        (schema::<u32>(), json!({ "type": "integer" })),
        (schema::<f64>(), json!({ "type": "number" })),
        (schema::<bool>(), json!({ "type": "boolean" })),
        (schema::<Json>(), json!({})),
        (
            schema::<Vec<i64>>(),
            json!({ "type": "array", "items": { "type": "integer" } }),
        ),
        (
            schema::<HashMap<String, f64>>(),
            json!({ "type": "object", "additionalProperties": { "type": "number" } }),
        ),
        (
            schema::<Color>(),
            json!({ "type": "string", "enum": ["red", "green"] }),
        ),
        (
            schema::<(i64, String)>(),
            json!({
                "type": "array",
                "prefixItems": [{ "type": "integer" }, { "type": "string" }],
                "minItems": 2,
                "maxItems": 2,
            }),
        ),
        (
            schema::<Option<String>>(),
            json!({ "anyOf": [{ "type": "string" }, { "type": "null" }], "default": null }),
        ),
        (
            schema::<Option<Color>>(),
            json!({
                "anyOf": [{ "type": "string", "enum": ["red", "green"] }, { "type": "null" }],
                "default": null,
            }),
        ),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn documented_variants_are_one_enum() {
    assert_eq!(
        schema::<Mode>(),
        json!({
            "type": "string",
            "enum": ["Fast", "Fine"],
            "description": "- `Fast`: As fast as it goes.\n- `Fine`: As well as it goes.",
        })
    );
}

#[test]
fn nested_structs_stand_where_they_are_used() {
    let point = json!({
        "type": "object",
        "description": "A point.",
        "properties": {
            "x": { "type": "number", "description": "across" },
            "y": { "type": "number", "default": 0.0 },
            "label": { "anyOf": [{ "type": "string" }, { "type": "null" }], "default": null },
        },
        "required": ["x"],
    });
    assert_eq!(schema::<Point>(), point);
    assert_eq!(
        schema::<Shape>(),
        json!({
            "type": "object",
            "properties": {
                "points": { "type": "array", "items": point },
                "color": { "type": "string", "enum": ["red", "green"] },
                "tags": {
                    "type": "object",
                    "additionalProperties": { "type": "integer" },
                    "default": {},
                },
            },
            "required": ["points", "color"],
        })
    );
    let optional = schema::<Option<Point>>();
    assert_eq!(optional["anyOf"][0], point);
    assert_eq!(optional["anyOf"][1], json!({ "type": "null" }));
}

/// Its tag stands beside the fields.
#[test]
fn a_variant_that_is_a_struct_keeps_its_fields() {
    #[derive(JsonSchema)]
    struct Circle {
        radius: f64,
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind")]
    enum Figure {
        Circle(Circle),
        Nothing,
    }

    let circle = &schema::<Figure>()["oneOf"][0];
    assert_eq!(circle["required"], json!(["kind", "radius"]));
    assert_eq!(circle["properties"]["kind"]["const"], "Circle");
    assert_eq!(circle["properties"]["radius"]["type"], "number");
    let function = FunctionSchema::new("f").param(Parameter::of::<Figure>("p"));
    for (figure, is_one) in [
        (json!({ "kind": "Circle", "radius": 1.5 }), true),
        (json!({ "kind": "Nothing" }), true),
        (json!({ "kind": "Circle" }), false),
        (json!({ "kind": "Circle", "radius": "wide" }), false),
    ] {
        assert_eq!(
            function.validate(&[&figure], &[]).is_ok(),
            is_one,
            "{figure}"
        );
    }
    let of_all = FunctionSchema::of::<Figure>();
    let (kind, radius) = (json!("Circle"), json!(1.5));
    of_all
        .validate(&[], &[("kind", &kind), ("radius", &radius)])
        .unwrap();
}

#[test]
fn types_that_refer_to_themselves_are_definitions_and_keep_apart() {
    let function = FunctionSchema::new("f")
        .param(Parameter::of::<Tree>("one"))
        .param(Parameter::of::<other::Tree>("two"))
        .param(Parameter::of::<Tree>("three"));
    let defs = function.parameters()["$defs"].as_object().unwrap();
    assert_eq!(defs.len(), 2, "{defs:?}");
    let tree = json!({ "children": [{ "children": [] }] });
    let left = json!({ "left": { "left": null } });
    function.validate(&[&tree, &left, &tree], &[]).unwrap();
    assert!(function.validate(&[&left, &left, &tree], &[]).is_err());
    let wrong = json!({ "left": { "left": 1 } });
    let error = function.validate(&[&tree, &wrong, &tree], &[]).unwrap_err();
    assert!(
        error.to_string().contains("argument `two.left.left`"),
        "{error}"
    );
}

mod forest {
    #[derive(schemars::JsonSchema)]
    pub(super) struct Tree {
        children: Vec<Self>,
        leaf: super::leaves::Tree,
    }
}

mod leaves {
    #[derive(schemars::JsonSchema)]
    pub(super) struct Tree {
        size: u32,
    }
}

#[derive(JsonSchema)]
#[schemars(rename = "a/b~c")]
struct Odd {
    größe: Option<Box<Größe>>,
}

#[derive(JsonSchema)]
struct Größe {
    odd: Option<Box<Odd>>,
    own: Option<Box<Self>>,
}

#[test]
fn types_of_one_name_keep_apart_when_one_is_inside_the_other() {
    let function = FunctionSchema::new("f").param(Parameter::of::<forest::Tree>("tree"));
    let tree =
        json!({ "children": [{ "children": [], "leaf": { "size": 2 } }], "leaf": { "size": 1 } });
    function.validate(&[&tree], &[]).unwrap();
    let wrong = json!({ "children": [], "leaf": { "children": [] } });
    let error = function.validate(&[&wrong], &[]).unwrap_err();
    assert_eq!(error.to_string(), "argument `tree.leaf.size` is missing");
}

#[test]
fn names_that_need_escaping_lead_to_their_types() {
    let function = FunctionSchema::new("f")
        .param(Parameter::of::<Odd>("odd"))
        .param(Parameter::of::<Größe>("size"));
    let schema = Json::Object(function.parameters().clone());
    for (value, fits) in [
        (
            json!({ "größe": { "odd": {}, "own": { "own": {} } } }),
            true,
        ),
        (json!({ "größe": { "odd": { "größe": 1 } } }), false),
    ] {
        let arguments = json!({ "odd": value, "size": value["größe"] });
        assert_eq!(jsonschema::is_valid(&schema, &arguments), fits, "{schema}");
        let own = function.validate(&[&value, &value["größe"]], &[]);
        assert_eq!(own.is_ok(), fits, "{own:?}");
    }
}
