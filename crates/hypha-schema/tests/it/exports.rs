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

#[test]
fn tools_have_names_of_their_own_that_lead_back() {
    let plain = |name: &str| FunctionSchema::new(name).to_openai();
    let members =
        json!({ "a": { "b": plain("b") }, "a_b": plain("a_b"), "a b{x}": plain("a b{x}") });
    let service = ServiceSchema::from_value(members).unwrap();
    let tools = service.tools();
    let names: Vec<&str> = tools.iter().map(FunctionSchema::name).collect();
    assert_eq!(names, ["a_b_2", "a_b", "a_b_x_"]);
    for (name, path) in names.iter().zip(["a.b", "a_b", "a b{x}"]) {
        let (found, tool) = service.find_tool(name).unwrap();
        assert_eq!((found.as_str(), tool.name()), (path, *name));
    }
    assert_eq!(service.find_tool("b"), None);
    let document = service.to_openapi("t", "1", "/x");
    let operations = document["paths"].as_object().unwrap().iter();
    let operations: Vec<(&str, &Json)> = operations
        .map(|(path, item)| (path.as_str(), &item["post"]["operationId"]))
        .collect();
    assert_eq!(
        operations,
        [
            ("/x/a.b", &json!("a_b_2")),
            ("/x/a_b", &json!("a_b")),
            ("/x/a%20b%7Bx%7D", &json!("a_b_x_")),
        ]
    );
}

#[test]
fn schemas_with_definitions_have_an_id_that_is_one() {
    let plant = FunctionSchema::new("plant it").param(Parameter::of::<Tree>("tree"));
    let document = ServiceSchema::new()
        .function(&plant)
        .to_openapi("t", "1", "/x");
    let body = &document["paths"]["/x/plant%20it"]["post"]["requestBody"]["content"];
    assert_eq!(
        body["application/json"]["schema"]["$id"],
        "urn:hypha:plant%20it"
    );
}
