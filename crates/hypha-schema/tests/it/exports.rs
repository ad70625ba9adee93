//! Tools and documents, beside the shapes that those who take them publish.

use hypha_schema::{FunctionSchema, Parameter, ServiceSchema};
use schemars::JsonSchema;
use serde_json::{Value as Json, json};

#[derive(JsonSchema)]
struct Tree {
    children: Vec<Self>,
}

fn service() -> ServiceSchema {
    let add = FunctionSchema::new("add")
        .description("Adds.")
        .param(Parameter::of::<f64>("a"))
        .param(Parameter::of::<Option<f64>>("b"));
    let moves = FunctionSchema::new("move").param(Parameter::of::<Tree>("to"));
    ServiceSchema::new()
        .function(&add)
        .nested("stage", ServiceSchema::new().function(&moves))
}

/// The parts of a tool that all three have.
fn tool(parameters: &str) -> Json {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "pattern": "^[a-zA-Z0-9_-]{1,64}$" },
            "description": { "type": "string" },
            parameters: {
                "type": "object",
                "properties": {
                    "type": { "const": "object" },
                    "properties": { "type": "object", "additionalProperties": { "type": "object" } },
                    "required": { "type": "array", "items": { "type": "string" }, "uniqueItems": true },
                },
                "required": ["type"],
            },
        },
        "required": ["name", parameters],
        "additionalProperties": false,
    })
}

#[test]
fn tools_have_the_published_shapes() {
    let openai = json!({
        "type": "object",
        "properties": { "type": { "const": "function" }, "function": tool("parameters") },
        "required": ["type", "function"],
        "additionalProperties": false,
    });
    let tools = service().tools();
    let names: Vec<&str> = tools.iter().map(FunctionSchema::name).collect();
    assert_eq!(names, ["add", "stage_move"]);
    for function in &tools {
        for (shape, written) in [
            (&openai, function.to_openai()),
            (&tool("input_schema"), function.to_anthropic()),
            (&tool("inputSchema"), function.to_mcp()),
        ] {
            jsonschema::validate(shape, &written).unwrap();
        }
        let parameters = Json::Object(function.parameters().clone());
        jsonschema::meta::validate(&parameters).unwrap();
    }
    let odd = FunctionSchema::new("f").with_tool_name(&format!("größe.{}", "x".repeat(100)));
    assert_eq!(odd.name().len(), 64);
    assert!(odd.name().starts_with("gr__e_x"));
}

#[test]
fn an_openapi_document() {
    let document = service().to_openapi("Microscope", "1", "/lab/services/microscope");
    let shape = json!({
        "type": "object",
        "properties": {
            "openapi": { "type": "string", "pattern": "^3\\.1\\.\\d+$" },
            "info": {
                "type": "object",
                "properties": { "title": { "type": "string" }, "version": { "type": "string" } },
                "required": ["title", "version"],
            },
            "paths": {
                "type": "object",
                "patternProperties": {
                    "^/": {
                        "type": "object",
                        "properties": {
                            "post": {
                                "type": "object",
                                "properties": {
                                    "operationId": { "type": "string" },
                                    "requestBody": {
                                        "type": "object",
                                        "properties": { "content": { "type": "object" } },
                                        "required": ["content"],
                                    },
                                    "responses": {
                                        "type": "object",
                                        "patternProperties": {
                                            "^[1-5](?:\\d{2}|XX)$": {
                                                "type": "object",
                                                "required": ["description"],
                                            },
                                        },
                                        "minProperties": 1,
                                    },
                                },
                                "required": ["responses"],
                            },
                        },
                        "additionalProperties": false,
                    },
                },
                "additionalProperties": false,
            },
        },
        "required": ["openapi", "info", "paths"],
        "additionalProperties": false,
    });
    jsonschema::validate(&shape, &document).unwrap();
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(
        paths,
        [
            "/lab/services/microscope/add",
            "/lab/services/microscope/stage.move"
        ]
    );
    let body = &document["paths"]["/lab/services/microscope/stage.move"]["post"]["requestBody"];
    let schema = &body["content"]["application/json"]["schema"];
    assert!(jsonschema::is_valid(
        schema,
        &json!({ "to": { "children": [{ "children": [] }] } })
    ));
    assert!(!jsonschema::is_valid(
        schema,
        &json!({ "to": { "children": [1] } })
    ));
}
