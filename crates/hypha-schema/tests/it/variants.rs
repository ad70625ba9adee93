//! Values of several kinds, and which of them an error is about.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};

use hypha_schema::{FunctionSchema, Parameter, validate};
use schemars::JsonSchema;
use serde_json::{Value as Json, json};

#[derive(JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Square { side: f64 },
    Circle { radius: f64, label: Option<String> },
}

#[derive(JsonSchema)]
enum Command {
    Stop,
    /// It takes its time.
    Wait,
    Move(f64),
    Turn {
        by: f64,
    },
}

#[derive(JsonSchema)]
#[serde(untagged)]
enum Place {
    Named { name: String },
    At { x: f64, y: f64 },
    Row(u32),
}

fn told<T: JsonSchema>(value: &Json) -> String {
    let function = FunctionSchema::new("f").param(Parameter::of::<T>("p"));
    match function.validate(&[value], &[]) {
        Ok(()) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

fn problem(schema: &Json, value: &Json) -> String {
    match validate(schema, value) {
        Ok(()) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn errors_are_about_the_variant_that_was_meant() {
    for (value, expected) in [
        (json!({ "kind": "circle", "radius": 1, "label": "a" }), ""),
        (
            json!({ "kind": "circle", "radius": "x" }),
            "argument `p.radius`: expected a number, found a string",
        ),
        (
            json!({ "radius": 1, "label": 2, "kind": "circle" }),
            "argument `p.label`: expected a string or null, found an integer",
        ),
        (
            json!({ "kind": "circle" }),
            "argument `p.radius` is missing",
        ),
        (
            json!({ "kind": "line" }),
            "argument `p.kind`: expected one of \"square\", \"circle\"",
        ),
        (json!({ "radius": 1 }), "argument `p.kind` is missing"),
        (
            json!(1),
            "argument `p`: expected an object, found an integer",
        ),
    ] {
        assert_eq!(told::<Shape>(&value), expected, "{value}");
    }
    for (value, expected) in [
        (json!("Wait"), ""),
        (
            json!("Go"),
            "argument `p`: expected one of \"Stop\", \"Wait\"",
        ),
        (
            json!({ "Turn": { "by": "x" } }),
            "argument `p.Turn.by`: expected a number, found a string",
        ),
        (
            json!({ "Move": null }),
            "argument `p.Move`: expected a number, found null",
        ),
        (
            json!({ "Jump": 1 }),
            "argument `p`: expected one of the members Move, Turn, found Jump",
        ),
    ] {
        assert_eq!(told::<Command>(&value), expected, "{value}");
    }
    for (value, expected) in [
        (json!({ "x": 1, "y": 2 }), ""),
        (
            json!({ "x": 1, "y": "a" }),
            "argument `p.y`: expected a number, found a string",
        ),
        (
            json!({ "name": 1 }),
            "argument `p.name`: expected a string, found an integer",
        ),
        (json!(-1), "argument `p`: expected at least 0"),
    ] {
        assert_eq!(told::<Place>(&value), expected, "{value}");
    }
    let wrong = json!([{ "kind": "square" }]);
    assert_eq!(
        told::<Option<Vec<Shape>>>(&wrong),
        "argument `p[0].side` is missing"
    );
    let consts = json!({ "oneOf": [{ "const": 1 }, { "const": true }] });
    assert_eq!(
        problem(&consts, &json!("a")),
        "expected 1 or true, found a string"
    );
    let silent = json!({ "oneOf": [{ "not": {} }] });
    assert_eq!(
        problem(&silent, &json!("a")),
        "a string fits nothing of what it may be"
    );
}

#[test]
fn integers_are_keys_as_json_writes_them() {
    for (value, expected) in [
        (json!({ "1": "a", "20": "b" }), ""),
        (json!({ "x": "a" }), "argument `p.x` is not known"),
        (json!({ "-1": "a" }), "argument `p.-1` is not known"),
        (
            json!({ "1": 2 }),
            "argument `p.1`: expected a string, found an integer",
        ),
    ] {
        assert_eq!(told::<HashMap<u32, String>>(&value), expected, "{value}");
    }
    assert_eq!(told::<BTreeMap<i64, u8>>(&json!({ "-1": 1, "2": 2 })), "");
    assert_eq!(
        told::<BTreeMap<i64, u8>>(&json!({ "-": 1 })),
        "argument `p.-` is not known"
    );
    let odd = json!({ "patternProperties": { "^x": {} }, "additionalProperties": false });
    assert_eq!(problem(&odd, &json!({ "x1": 1, "y": 2 })), "");
}

/// What is passed over may be what tells two branches apart.
#[test]
fn more_than_one_branch_fits_where_not_all_is_understood() {
    for address in ["127.0.0.1", "::1"] {
        assert_eq!(told::<IpAddr>(&json!(address)), "");
    }
    assert_eq!(told::<SocketAddr>(&json!("127.0.0.1:80")), "");
    let patterns = json!({ "oneOf": [
        { "properties": { "a": { "type": "string", "pattern": "^a" } } },
        { "properties": { "a": { "type": "string", "pattern": "^b" } } },
    ] });
    assert_eq!(problem(&patterns, &json!({ "a": "abc" })), "");
    assert!(problem(&patterns, &json!({ "a": 1 })).contains("expected a string"));
    let plain = json!({ "oneOf": [{ "type": "string" }, { "pattern": "^a" }, { "minLength": 1 }] });
    assert_eq!(
        problem(&plain, &json!("a")),
        "is more than one of what it may be"
    );
    let steps = json!({ "oneOf": [{ "multipleOf": 5 }, { "multipleOf": 3 }] });
    assert_eq!(problem(&steps, &json!(9)), "");
    assert_eq!(
        problem(&steps, &json!(15)),
        "is more than one of what it may be"
    );
    assert_eq!(problem(&json!({ "multipleOf": 0.1 }), &json!(0.3)), "");
    assert_eq!(
        problem(&json!({ "multipleOf": 0.1 }), &json!(0.35)),
        "expected a multiple of 0.1"
    );
    let not = json!({ "oneOf": [{ "type": "integer", "not": { "const": 1 } }, { "const": 1 }] });
    assert_eq!(problem(&not, &json!(1)), "");
    let not = json!({ "not": { "const": 1 } });
    assert_eq!(problem(&not, &json!(1.0)), "is what it must not be");
    let not = json!({ "not": { "pattern": "^a" } });
    assert_eq!(problem(&not, &json!("b")), "");
}

#[test]
fn references_lead_to_any_part() {
    let text = json!({ "type": "string" });
    for schema in [
        json!({ "$defs": { "A": { "properties": { "x": text } } }, "$ref": "#/$defs/A/properties/x" }),
        json!({ "definitions": { "A": text }, "$ref": "#/definitions/A" }),
        json!({ "$defs": { "A/B": text }, "$ref": "#/$defs/A~1B" }),
        json!({ "$defs": { "Größe": text }, "$ref": "#/$defs/Gr%C3%B6%C3%9Fe" }),
    ] {
        assert_eq!(problem(&schema, &json!("s")), "", "{schema}");
        assert!(!problem(&schema, &json!(1)).is_empty(), "{schema}");
    }
    let endless =
        json!({ "properties": { "next": { "$ref": "#" } }, "additionalProperties": false });
    assert_eq!(problem(&endless, &json!({ "next": { "next": {} } })), "");
    assert_eq!(
        problem(&endless, &json!({ "next": { "text": {} } })),
        "`next.text` is not known"
    );
    let elsewhere = json!({ "$ref": "https://example.org/schema.json" });
    assert_eq!(problem(&elsewhere, &json!(1)), "");
    let nowhere = json!({ "$ref": "#/$defs/A" });
    assert_eq!(
        problem(&nowhere, &json!(1)),
        "is described by something that is not there"
    );
}

#[test]
fn names_of_others_are_shown_and_do_nothing() {
    let schema = json!({ "additionalProperties": { "type": "string" } });
    let told = problem(&schema, &json!({ "new\nline\u{1b}[31m\u{202e}ü\"": 1 }));
    assert_eq!(
        told,
        "`new\\nline\\u{1b}[31m\\u{202e}ü\"`: expected a string, found an integer"
    );
    let function = FunctionSchema::new("f").param(Parameter::new("a\u{7}").optional());
    let long = "x\n".repeat(1000);
    let told = function.validate::<&Json>(&[], &[(&long, &json!(1))]);
    let told = told.unwrap_err().to_string();
    assert!(
        told.len() < 250 && !told.contains(char::is_control),
        "{told}"
    );
    let nested = (0..100).fold(json!(1), |inner, _| json!({ "x".repeat(64): inner }));
    let schema = json!({ "type": "object", "additionalProperties": { "$ref": "#" } });
    let told = problem(&schema, &nested);
    assert!(told.len() < 600 && told.ends_with("x`: expected an object, found an integer"));
    let none = FunctionSchema::new("f").validate::<&Json>(&[], &[("a", &json!(1))]);
    assert_eq!(
        none.unwrap_err().to_string(),
        "the function has no parameter `a`; it takes no arguments"
    );
}
