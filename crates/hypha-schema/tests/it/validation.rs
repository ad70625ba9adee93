//! Arguments that do not fit, and what is said of them.

use hypha_schema::{FunctionSchema, Instance, Kind, Parameter, validate};
use schemars::JsonSchema;
use serde_json::{Value as Json, json};

#[derive(JsonSchema)]
struct Options {
    size: Vec<u32>,
    #[serde(default)]
    unit: Unit,
}

#[derive(JsonSchema, Default)]
#[serde(rename_all = "lowercase")]
enum Unit {
    #[default]
    Celsius,
    Kelvin,
}

impl serde::Serialize for Unit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Celsius => "celsius",
            Self::Kelvin => "kelvin",
        })
    }
}

fn function() -> FunctionSchema {
    FunctionSchema::new("f")
        .param(Parameter::of::<String>("name"))
        .param(Parameter::of::<Options>("options"))
        .param(Parameter::of::<Option<i64>>("times"))
        .param(Parameter::of::<f64>("scale").default(1.0))
}

fn error(positional: &[Json], named: &[(&str, Json)]) -> String {
    let positional: Vec<&Json> = positional.iter().collect();
    let named: Vec<(&str, &Json)> = named.iter().map(|(name, value)| (*name, value)).collect();
    match function().validate(&positional, &named) {
        Ok(()) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn what_fits() {
    let options = json!({ "size": [1, 2] });
    for (positional, named) in [
        (vec![json!("a"), options.clone()], vec![]),
        (
            vec![json!("a"), options.clone(), json!(null), json!(2)],
            vec![],
        ),
        (
            vec![json!("a")],
            vec![("options", options.clone()), ("times", json!(3.0))],
        ),
        // JavaScript pads, Python may send the context along.
        (
            vec![json!("a"), options, json!(1), json!(null), json!(null)],
            vec![("context", json!(1))],
        ),
    ] {
        assert_eq!(error(&positional, &named), "");
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let options = || json!({ "size": [1, 2] });
    for (positional, named, expected) in [
        (
            vec![],
            vec![],
            "argument `name` is missing; argument `options` is missing",
        ),
        (
            vec![json!(1), options()],
            vec![],
            "argument `name`: expected a string, found an integer",
        ),
        (
            vec![json!("a"), json!({ "size": [1, -2, "x"], "unit": "m" })],
            vec![],
            "argument `options.size[1]`: expected at least 0; \
             argument `options.size[2]`: expected an integer, found a string; \
             argument `options.unit`: expected one of \"celsius\", \"kelvin\"",
        ),
        (
            vec![json!("a"), json!({})],
            vec![],
            "argument `options.size` is missing",
        ),
        (
            vec![json!("a"), json!(7)],
            vec![],
            "argument `options`: expected an object, found an integer",
        ),
        (
            vec![json!("a"), options(), json!("x")],
            vec![],
            "argument `times`: expected an integer or null, found a string",
        ),
        (
            vec![json!("a"), options()],
            vec![("name", json!("b"))],
            "argument `name` was given twice",
        ),
        (
            vec![json!("a"), options()],
            vec![("nmae", json!("b"))],
            "the function has no parameter `nmae`; it has name, options, times, scale",
        ),
        (
            vec![json!("a"), options(), json!(1), json!(2), json!(3)],
            vec![],
            "the function takes 4 arguments, 5 were given",
        ),
        (
            vec![json!("a"), options(), json!(1.5)],
            vec![],
            "argument `times`: expected an integer or null, found a number",
        ),
    ] {
        assert_eq!(error(&positional, &named), expected);
    }
}

#[test]
fn hostile_values_and_schemas_end() {
    let mut deep = json!(1);
    for _ in 0..10_000 {
        deep = Json::Array(vec![deep]);
    }
    let any =
        json!({ "$ref": "#/$defs/a", "$defs": { "a": { "items": { "$ref": "#/$defs/a" } } } });
    let told = validate(&any, &deep).unwrap_err().to_string();
    assert!(told.contains("nested too deeply"), "{told}");
    assert!(told.len() < 2000, "{}", told.len());
    std::mem::forget(deep); // dropping it would overflow the stack
    let endless = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/a" } } });
    assert!(validate(&endless, &json!(1)).is_err());
    let missing = json!({ "$ref": "#/$defs/b" });
    assert!(validate(&missing, &json!(1)).is_err());
    let branch = json!({ "anyOf": [{ "$ref": "#/$defs/a" }, { "$ref": "#/$defs/a" }] });
    let branches = json!({ "$ref": "#/$defs/a", "$defs": { "a": branch } });
    assert!(validate(&branches, &json!(1)).is_err());
    let many = json!({ "items": { "type": "string" } });
    let numbers: Json = (0..100_000).collect();
    assert_eq!(validate(&many, &numbers).unwrap_err().iter().count(), 16);
    let name = "x".repeat(1_000_000);
    let odd = json!({ name: 1 });
    let told = validate(&json!({ "additionalProperties": false }), &odd).unwrap_err();
    assert!(told.to_string().len() < 200);
}

/// Bytes, arrays and functions fit where a schema says nothing of kinds.
#[test]
fn what_json_does_not_have() {
    #[derive(Clone, Copy)]
    struct Bytes;

    impl Instance for Bytes {
        fn kind(&self) -> Kind<'_> {
            Kind::Other("bytes")
        }
        fn item(&self, _: usize) -> Option<Self> {
            None
        }
        fn member(&self, _: &str) -> Option<Self> {
            None
        }
        fn for_each_member(&self, _: &mut dyn FnMut(&str, Self)) {}
    }

    let function = FunctionSchema::new("f").param(Parameter::new("image"));
    function.validate(&[Bytes], &[]).unwrap();
    let function = FunctionSchema::new("f").param(Parameter::of::<String>("image"));
    let error = function.validate(&[Bytes], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "argument `image`: expected a string, found bytes"
    );
}
