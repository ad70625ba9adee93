//! What the parameters of the manager's methods take, as JSON Schema: what the reference server tells of its own, which
//! language models and generators of clients read.
#![expect(
    clippy::needless_pass_by_value,
    reason = "schemas are put together from parts that are made for them"
)]

use hypha_schema::Parameter;
use serde_json::{Value as Json, json};

fn taking(name: &str, schema: Json) -> Parameter {
    Parameter::new(name).schema(schema)
}

/// What may be null too.
fn nullable(schema: Json) -> Json {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

/// A field that is null unless it is given.
fn field(schema: Json) -> Json {
    field_with(schema, Json::Null)
}

/// A field that may be null, and is this unless it is given.
fn field_with(schema: Json, default: Json) -> Json {
    json!({ "anyOf": [schema, { "type": "null" }], "default": default })
}

fn plain(kind: &str) -> Json {
    json!({ "type": kind })
}

fn list_of(kind: &str) -> Json {
    json!({ "type": "array", "items": { "type": kind } })
}

fn open_object() -> Json {
    json!({ "type": "object", "additionalProperties": true })
}

pub(super) fn any(name: &str) -> Parameter {
    Parameter::new(name)
}

pub(super) fn text(name: &str) -> Parameter {
    taking(name, plain("string"))
}

pub(super) fn optional_text(name: &str) -> Parameter {
    taking(name, nullable(plain("string")))
}

pub(super) fn time(name: &str) -> Parameter {
    let time = json!({ "type": "string", "format": "date-time" });
    taking(name, nullable(time))
}

pub(super) fn texts(name: &str) -> Parameter {
    let either = json!({ "anyOf": [plain("string"), list_of("string")] });
    taking(name, either)
}

pub(super) fn optional_texts(name: &str) -> Parameter {
    taking(name, nullable(list_of("string")))
}

pub(super) fn integer(name: &str) -> Parameter {
    taking(name, plain("integer"))
}

pub(super) fn optional_integer(name: &str) -> Parameter {
    taking(name, nullable(plain("integer")))
}

pub(super) fn number(name: &str) -> Parameter {
    taking(name, plain("number"))
}

pub(super) fn flag(name: &str) -> Parameter {
    taking(name, plain("boolean"))
}

pub(super) fn optional_flag(name: &str) -> Parameter {
    taking(name, nullable(plain("boolean")))
}

pub(super) fn object(name: &str) -> Parameter {
    taking(name, open_object())
}

pub(super) fn optional_object(name: &str) -> Parameter {
    taking(name, nullable(open_object()))
}

/// Which services: a text, or an object of conditions.
pub(super) fn query(name: &str) -> Parameter {
    let query = json!({ "anyOf": [open_object(), plain("string"), plain("null")] });
    taking(name, query)
}

/// Words, or the vector that stands for them.
pub(super) fn words(name: &str) -> Parameter {
    taking(
        name,
        json!({ "anyOf": [plain("string"), {}, plain("null")] }),
    )
}

pub(super) fn selection(name: &str) -> Parameter {
    let selection = json!({
        "type": "object",
        "properties": {
            "mode": field(plain("string")),
            "timeout": field_with(plain("number"), json!(10.0)),
            "case_conversion": field(plain("string")),
            "select_timeout": field_with(plain("number"), json!(2.0)),
        },
    });
    taking(name, nullable(selection))
}

pub(super) fn token(name: &str) -> Parameter {
    let token = json!({
        "type": "object",
        "properties": {
            "expires_in": field(plain("integer")),
            "workspace": field(plain("string")),
            "permission": field_with(plain("string"), json!("read_write")),
            "extra_scopes": field(list_of("string")),
            "client_id": field(plain("string")),
            "email": field(plain("string")),
        },
    });
    taking(name, nullable(token))
}

fn service_type() -> Json {
    json!({
        "type": "object",
        "properties": {
            "id": plain("string"),
            "name": plain("string"),
            "definition": open_object(),
            "description": field(plain("string")),
            "config": field_with(open_object(), json!({})),
            "docs": field(plain("string")),
        },
        "required": ["id", "name", "definition"],
    })
}

pub(super) fn type_info(name: &str) -> Parameter {
    taking(name, service_type())
}

pub(super) fn workspace(name: &str) -> Parameter {
    let types = json!({ "type": "object", "additionalProperties": service_type() });
    let info = json!({
        "type": "object",
        "properties": {
            "type": { "type": "string", "default": "workspace" },
            "id": field(plain("string")),
            "name": plain("string"),
            "description": field(plain("string")),
            "persistent": field_with(plain("boolean"), json!(false)),
            "owners": field_with(list_of("string"), json!([])),
            "read_only": field_with(plain("boolean"), json!(false)),
            "icon": field(plain("string")),
            "covers": field(list_of("string")),
            "docs": field(plain("string")),
            "service_types": field_with(types, json!({})),
            "config": field_with(open_object(), json!({})),
            "status": field(open_object()),
        },
        "required": ["name"],
    });
    taking(name, json!({ "anyOf": [open_object(), info] }))
}

pub(super) fn service(name: &str) -> Parameter {
    let one_text = json!({
        "type": "array",
        "prefixItems": [{ "type": "string" }],
        "minItems": 1,
        "maxItems": 1,
    });
    let config = json!({
        "type": "object",
        "properties": {
            "visibility": {
                "type": "string",
                "enum": ["public", "protected", "unlisted"],
                "default": "protected",
            },
            "require_context": {
                "anyOf": [one_text, list_of("string"), plain("boolean")],
                "default": false,
            },
            "workspace": field(plain("string")),
            "flags": { "type": "array", "items": { "type": "string" }, "default": [] },
            "singleton": field_with(plain("boolean"), json!(false)),
            "created_by": field(open_object()),
            "service_embedding": field(json!({})),
            "authorized_workspaces": field(list_of("string")),
        },
        "additionalProperties": true,
    });
    let info = json!({
        "type": "object",
        "properties": {
            "config": field(config),
            "id": plain("string"),
            "name": field(plain("string")),
            "type": field_with(plain("string"), json!("generic")),
            "description": field(json!({ "type": "string", "maxLength": 1024 })),
            "docs": field(plain("string")),
            "app_id": field(plain("string")),
            "service_schema": field(open_object()),
        },
        "required": ["id"],
        "additionalProperties": true,
    });
    taking(name, info)
}
