//! Schemas of functions.

use hypha_schema::{FunctionSchema, Parameter, SchemaError};
use schemars::JsonSchema;
use serde_json::{Value as Json, json};

/// Moves the stage.
#[derive(JsonSchema)]
struct MoveStage {
    /// across
    x: f64,
    speed: Option<u32>,
    context: Option<String>,
    title: String,
}

#[test]
fn the_fields_of_a_struct() {
    let function = FunctionSchema::of::<MoveStage>();
    assert_eq!(function.name(), "move_stage");
    assert_eq!(function.description_text(), "Moves the stage.");
    assert_eq!(
        function.positional().collect::<Vec<_>>(),
        ["x", "speed", "title"]
    );
    assert!(function.requires("x") && function.requires("title"));
    assert!(!function.requires("speed") && !function.requires("context"));
    assert_eq!(
        function.parameter("title"),
        Some(&json!({ "type": "string" }))
    );
    assert_eq!(function.parameter("context"), None);
}

#[test]
fn by_hand_with_docs() {
    let function = FunctionSchema::new("greet")
        .docs("Greets.\n\n# Arguments\n\n* `name` - whom\n* `times`: how often\n* `context` - nobody\n")
        .param(Parameter::of::<String>("name"))
        .param(Parameter::of::<u32>("times").default(1))
        .param(Parameter::new("context"))
        .param(Parameter::new("image").description("any image"))
        .param(Parameter::new("mask").optional());
    assert_eq!(
        function.to_openai(),
        json!({
            "type": "function",
            "function": {
                "name": "greet",
                "description": "Greets.",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string", "description": "whom" },
                        "times": {
                            "type": "integer", "format": "uint32", "minimum": 0, "default": 1,
                            "description": "how often",
                        },
                        "image": { "description": "any image" },
                        "mask": { "default": null },
                    },
                    "required": ["name", "image"],
                },
            },
        })
    );
    assert_eq!(
        function.positional().collect::<Vec<_>>(),
        ["name", "times", "image", "mask"]
    );
}

#[test]
fn docs_make_no_parameters() {
    let docs =
        "Greets.\n\n# Arguments\n\n* `name` - whom\n* `nmae` - a slip\n* `times` - how often";
    let greet = FunctionSchema::new("greet").param(Parameter::of::<String>("name"));
    let greet = greet.docs(docs);
    assert_eq!(greet.positional().collect::<Vec<_>>(), ["name"]);
    let whom = json!({ "type": "string", "description": "whom" });
    assert_eq!(greet.parameter("name"), Some(&whom));
    let greet = greet.param(Parameter::new("times").optional());
    assert_eq!(greet.positional().collect::<Vec<_>>(), ["name", "times"]);
    let times = json!({ "default": null, "description": "how often" });
    assert_eq!(greet.parameter("times"), Some(&times));
    let text = serde_json::to_string(&greet).unwrap();
    assert_eq!(
        serde_json::from_str::<FunctionSchema>(&text).unwrap(),
        greet
    );

    let renamed = FunctionSchema::new("greet").docs_of(docs, &[("name", "whom"), ("x", "times")]);
    let renamed = ["name", "whom", "times"]
        .into_iter()
        .fold(renamed, |schema, name| schema.param(Parameter::new(name)));
    assert_eq!(
        json!(renamed.parameters()["properties"]),
        json!({
            "name": {},
            "whom": { "description": "whom" },
            "times": { "description": "how often" },
        })
    );
}

#[test]
fn read_and_written() {
    let function = FunctionSchema::new("f").param(Parameter::of::<String>("a"));
    let text = serde_json::to_string(&function).unwrap();
    assert_eq!(
        serde_json::from_str::<FunctionSchema>(&text).unwrap(),
        function
    );
    let bare = function.to_openai()["function"].clone();
    assert_eq!(FunctionSchema::from_value(&bare).unwrap(), function);
    // What Python writes for a function that says nothing of itself.
    let nothing = FunctionSchema::from_value(&json!({ "name": "f", "description": null })).unwrap();
    assert_eq!(nothing.positional().count(), 0);
    let seen = json!({
        "name": "f",
        "parameters": { "properties": { "context": {}, "a": {} }, "required": ["context", "a"] },
    });
    let seen = FunctionSchema::from_value(&seen).unwrap();
    assert_eq!(seen.positional().collect::<Vec<_>>(), ["a"]);
    assert!(!seen.requires("context"));
    for (wrong, field) in [
        (json!(null), "name"),
        (json!({}), "name"),
        (json!({ "name": 1 }), "name"),
        (json!({ "name": "f", "description": 1 }), "description"),
        (json!({ "name": "f", "parameters": [] }), "parameters"),
        (
            json!({ "name": "f", "parameters": { "properties": 1 } }),
            "properties",
        ),
    ] {
        assert_eq!(
            FunctionSchema::from_value(&wrong),
            Err(SchemaError::Field(field)),
            "{wrong}"
        );
    }
}

/// A node.
#[derive(JsonSchema)]
struct Node {
    value: u32,
    children: Vec<Self>,
}

/// A shape.
#[derive(JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Square { side: f64 },
    Circle { radius: f64 },
}

#[derive(JsonSchema)]
struct Draw {
    color: String,
    #[serde(flatten)]
    shape: Shape,
}

#[derive(JsonSchema)]
struct Tagged {
    name: String,
    #[serde(flatten)]
    tags: std::collections::HashMap<String, u32>,
}

fn told(function: &FunctionSchema, named: &Json) -> String {
    let named: Vec<(&str, &Json)> = named
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .collect();
    match function.validate(&[], &named) {
        Ok(()) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn a_struct_that_refers_to_itself_has_parameters() {
    let function = FunctionSchema::of::<Node>();
    assert_eq!(function.description_text(), "A node.");
    assert_eq!(
        function.positional().collect::<Vec<_>>(),
        ["value", "children"]
    );
    let leaf = json!({ "value": 2, "children": [] });
    let named = json!({ "value": 1, "children": [leaf] });
    assert_eq!(told(&function, &named), "");
    let parameters = Json::Object(function.parameters().clone());
    assert!(jsonschema::is_valid(&parameters, &named));
    assert_eq!(
        told(
            &function,
            &json!({ "value": 1, "children": [{ "value": "x" }] })
        ),
        "argument `children[0].children` is missing; \
         argument `children[0].value`: expected an integer, found a string"
    );
    let written = function.to_openai();
    assert_eq!(FunctionSchema::from_value(&written).unwrap(), function);
    let bare = json!({ "name": "f", "parameters": {
        "$ref": "#/$defs/Node", "$defs": written["function"]["parameters"]["$defs"],
    } });
    let read = FunctionSchema::from_value(&bare).unwrap();
    assert_eq!(read.positional().count(), 2);
    let mut beside = bare;
    beside["parameters"]["properties"] = json!({ "more": {} });
    let read = FunctionSchema::from_value(&beside).unwrap();
    assert_eq!(read.positional().collect::<Vec<_>>(), ["more"]);
    assert_eq!(
        told(&read, &json!({ "value": 1, "children": [], "more": 1 })),
        ""
    );
    assert_eq!(
        told(&read, &json!({ "value": 1 })),
        "argument `children` is missing"
    );
}

#[test]
fn fields_of_variants_are_given_by_name_and_checked() {
    for (function, others) in [
        (FunctionSchema::of::<Shape>(), json!({})),
        (FunctionSchema::of::<Draw>(), json!({ "color": "red" })),
    ] {
        let call = |more: Json| {
            let mut named = others.clone();
            named
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            told(&function, &named)
        };
        assert_eq!(call(json!({ "kind": "circle", "radius": 1 })), "");
        assert_eq!(
            call(json!({ "kind": "circle", "side": 1 })),
            "argument `radius` is missing"
        );
        assert_eq!(call(json!({})), "argument `kind` is missing");
        let unknown = call(json!({ "kind": "circle", "radius": 1, "colour": 1 }));
        assert!(
            unknown.starts_with("the function has no parameter `colour`; it has"),
            "{unknown}"
        );
        assert!(unknown.contains("kind, side, radius"), "{unknown}");
    }
    let tagged = FunctionSchema::of::<Tagged>();
    assert_eq!(told(&tagged, &json!({ "name": "a", "b": 1 })), "");
    assert_eq!(
        told(&tagged, &json!({ "name": "a", "b": "c" })),
        "argument `b`: expected an integer, found a string"
    );
}

#[test]
fn what_is_no_object_is_one_parameter() {
    let function = FunctionSchema::of::<Vec<u32>>();
    assert_eq!(function.positional().collect::<Vec<_>>(), ["value"]);
    assert!(function.requires("value"));
    function.validate(&[&json!([1, 2])], &[]).unwrap();
    assert!(function.validate(&[&json!([-1])], &[]).is_err());
    let function = FunctionSchema::of::<Option<Draw>>();
    assert!(!function.requires("value"));
    let function = FunctionSchema::of::<Json>();
    assert_eq!(function.positional().collect::<Vec<_>>(), ["value"]);
    assert_eq!(FunctionSchema::of::<()>().positional().count(), 0);
}

#[test]
fn parameters_are_what_was_said_last() {
    let function = FunctionSchema::new("f")
        .param(Parameter::new("a"))
        .param(
            Parameter::new("b")
                .default(3)
                .description("how many")
                .schema(json!({ "type": "integer" })),
        )
        .param(Parameter::new("a").optional());
    // Nothing is said of what is needed where nothing is.
    assert_eq!(function.parameters().get("required"), None);
    let b = json!({ "type": "integer", "default": 3, "description": "how many" });
    assert_eq!(function.parameter("b"), Some(&b));
    let twice = function
        .param(Parameter::new("a"))
        .param(Parameter::new("a"));
    assert_eq!(twice.parameters()["required"], json!(["a"]));
    // JSON has no infinity.
    let endless = Parameter::new("limit").default(f64::INFINITY);
    let function = FunctionSchema::new("f").param(endless);
    assert_eq!(
        function.parameter("limit"),
        Some(&json!({ "default": null }))
    );
}

#[test]
fn references_of_a_parameter_stay_inside_it() {
    let list = json!({
        "properties": {
            "next": { "$ref": "#" },
            "size": { "$ref": "#/definitions/size" },
            "default": { "$ref": "#" },
        },
        "default": { "$ref": "#" },
        "definitions": { "size": { "type": "integer" } },
        "additionalProperties": { "$ref": "#/$defs/other" },
        "$defs": { "other": { "items": { "$ref": "#" } } },
    });
    let function = FunctionSchema::new("f").param(Parameter::new("a list").schema(list));
    let schema = function.parameter("a list").unwrap();
    assert_eq!(schema["default"], json!({ "$ref": "#" }));
    let fits = json!({ "next": { "size": 1 }, "default": { "size": 3 }, "more": [{ "size": 2 }] });
    function.validate(&[&fits], &[]).unwrap();
    let parameters = Json::Object(function.parameters().clone());
    for wrong in [
        json!({ "next": { "size": "x" } }),
        json!({ "default": { "size": "x" } }),
        json!({ "more": [{ "size": "x" }] }),
    ] {
        assert!(function.validate(&[&wrong], &[]).is_err(), "{wrong}");
        assert!(!jsonschema::is_valid(
            &parameters,
            &json!({ "a list": wrong })
        ));
    }
}

#[test]
fn what_is_required_and_not_described_is_missing_all_the_same() {
    let function =
        json!({ "name": "f", "parameters": { "required": ["a"], "additionalProperties": true } });
    let function = FunctionSchema::from_value(&function).unwrap();
    assert_eq!(told(&function, &json!({})), "argument `a` is missing");
    assert_eq!(told(&function, &json!({ "a": 1 })), "");
    let function = json!({ "name": "f", "parameters": { "required": ["a"] } });
    let function = FunctionSchema::from_value(&function).unwrap();
    assert_eq!(told(&function, &json!({})), "argument `a` is missing");
    assert_eq!(told(&function, &json!({ "a": 1 })), "");
    let function =
        json!({ "name": "f", "parameters": { "additionalProperties": { "type": "integer" } } });
    let function = FunctionSchema::from_value(&function).unwrap();
    assert_eq!(
        told(&function, &json!({ "a": "x" })),
        "argument `a`: expected an integer, found a string"
    );
}
