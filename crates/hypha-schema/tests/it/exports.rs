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

/// The variants of an enum are no object that those who take tools accept.
#[derive(JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[expect(dead_code, reason = "it is described")]
enum Shape {
    Point { x: f64 },
    Tree(Tree),
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is described")]
struct Drawing {
    title: Option<String>,
    #[serde(flatten)]
    shape: Shape,
}

/// Checks a tool against the shapes in `shapes`, which say where they are from.
fn check(function: &FunctionSchema) {
    for (shape, written) in [
        (include_str!("../shapes/openai.json"), function.to_openai()),
        (
            include_str!("../shapes/anthropic.json"),
            function.to_anthropic(),
        ),
        (include_str!("../shapes/mcp.json"), function.to_mcp()),
    ] {
        let shape: Json = serde_json::from_str(shape).unwrap();
        jsonschema::meta::validate(&shape).unwrap();
        if let Err(error) = jsonschema::validate(&shape, &written) {
            panic!("{error} at {}: {written}", error.instance_path());
        }
    }
    let parameters = Json::Object(function.parameters().clone());
    jsonschema::meta::validate(&parameters).unwrap();
}

#[test]
fn tools_have_the_published_shapes() {
    let tools = service().tools();
    let names: Vec<&str> = tools.iter().map(FunctionSchema::name).collect();
    assert_eq!(names, ["add", "stage_move"]);
    tools.iter().for_each(check);
    let odd = FunctionSchema::new("f").with_tool_name(&format!("größe.{}", "x".repeat(100)));
    assert_eq!(odd.name().len(), 64);
    assert!(odd.name().starts_with("gr__e_x"));
}

#[test]
fn variants_are_side_by_side_in_tools() {
    let service = ServiceSchema::new()
        .function(&FunctionSchema::of::<Shape>())
        .function(&FunctionSchema::of::<Drawing>());
    let tools = service.tools();
    for tool in &tools {
        check(tool);
        let (_, found) = service.find_tool(tool.name()).unwrap();
        assert_eq!(found, *tool);
        // What the function takes, the tool takes.
        let function = service.find(tool.name()).unwrap();
        assert!(function.parameters().contains_key("oneOf"), "{function:?}");
        for shape in [
            json!({ "kind": "point", "x": 1.5 }),
            json!({ "kind": "tree", "children": [{ "children": [] }] }),
        ] {
            for schema in [&function, tool] {
                let parameters = Json::Object(schema.parameters().clone());
                jsonschema::validate(&parameters, &shape).unwrap();
            }
        }
    }
    let drawing = tools[1].parameters();
    assert_eq!(drawing["required"], json!(["kind"]));
    assert_eq!(
        drawing["properties"]["kind"]["enum"],
        json!(["point", "tree"])
    );
}

/// What refers to its own parts is a document of its own.
#[test]
fn references_of_an_openapi_document_lead_somewhere() {
    let list = json!({ "type": "object", "properties": { "next": { "$ref": "#" } } });
    let service = ServiceSchema::new()
        .function(&FunctionSchema::new("f").param(Parameter::new("node").schema(list)))
        .function(&FunctionSchema::new("g").param(Parameter::of::<f64>("x")));
    let document = service.to_openapi("Lists", "1", "/lists");
    let body = |path: &str| {
        let operation = &document["paths"][path]["post"];
        operation["requestBody"]["content"]["application/json"]["schema"].clone()
    };
    let node = &body("/lists/f")["properties"]["node"];
    assert_eq!(node["properties"]["next"]["$ref"], "#/properties/node");
    assert_eq!(body("/lists/f")["$id"], "urn:hypha:f");
    assert_eq!(body("/lists/g")["$id"], Json::Null);
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
