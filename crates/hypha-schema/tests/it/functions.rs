//! Schemas of functions.

use hypha_schema::{FunctionSchema, Parameter, SchemaError};
use schemars::JsonSchema;
use serde_json::json;

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
