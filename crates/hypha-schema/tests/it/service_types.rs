//! Services beside the types that they claim to be of.

use hypha_schema::{FunctionSchema, Parameter, ServiceSchema};
use serde_json::{Value as Json, json};

fn definition() -> ServiceSchema {
    let predict = FunctionSchema::new("predict").param(Parameter::of::<String>("image"));
    let start = FunctionSchema::new("start").description("Starts.");
    ServiceSchema::new()
        .function(&predict)
        .nested("stage", ServiceSchema::new().function(&start))
}

fn read(members: Json) -> ServiceSchema {
    ServiceSchema::from_value(members).unwrap()
}

#[test]
fn a_service_of_the_type_is_described_as_the_type_does() {
    let plain = |name: &str| FunctionSchema::new(name);
    let service = ServiceSchema::new()
        .function(&plain("predict"))
        .function(&plain("more"))
        .nested("stage", ServiceSchema::new().function(&plain("start")));
    let checked = service.check_type(&definition()).unwrap();
    assert_eq!(checked.find("predict"), definition().find("predict"));
    assert_eq!(
        checked.find("stage.start").unwrap().description_text(),
        "Starts."
    );
    assert_eq!(checked.find("more"), Some(plain("more")));
}

#[test]
fn what_is_missing_is_named_with_its_path() {
    let empty = ServiceSchema::new().check_type(&definition()).unwrap_err();
    let paths: Vec<&str> = empty.iter().map(hypha_schema::TypeMismatch::path).collect();
    assert_eq!(paths, ["predict", "stage"]);
    let predict = FunctionSchema::new("predict").to_openai();
    let service = read(json!({ "predict": predict, "stage": {} }));
    let error = service.check_type(&definition()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the service has no `stage.start`, which its type asks for"
    );
    let service = read(json!({ "predict": { "type": "string" }, "stage": predict }));
    let error = service.check_type(&definition()).unwrap_err().to_string();
    assert!(
        error.contains("`predict` of the service is no function"),
        "{error}"
    );
    assert!(
        error.contains("`stage` of the service is a function"),
        "{error}"
    );
}

#[test]
fn members_are_of_the_kind_that_the_type_asks_for() {
    let start = FunctionSchema::new("start")
        .description("Starts.")
        .to_openai();
    let definition = read(json!({
        "stage": { "start": start },
        "steps": [start, { "type": "string" }],
        "size": { "type": "number" },
        "label": { "type": "string" },
        "anything": {},
    }));
    let plain = FunctionSchema::new("start").to_openai();
    let fits = json!({
        "stage": { "start": plain, "more": { "type": "null" } },
        "steps": [plain, { "type": "string" }, { "type": "number" }],
        "size": { "type": "integer" },
        "label": { "type": "string" },
        "anything": [1],
    });
    let checked = read(fits.clone()).check_type(&definition).unwrap();
    assert_eq!(checked.members()["steps"][0], start);
    assert_eq!(checked.members()["steps"][2], json!({ "type": "number" }));
    for (member, found, expected) in [
        ("stage", json!([1]), "`stage` of the service is an array"),
        (
            "stage",
            json!({ "type": "array" }),
            "`stage` of the service is an array",
        ),
        (
            "steps",
            json!({ "a": plain }),
            "`steps` of the service is an object",
        ),
        ("steps", json!([plain]), "the service has no `steps.1`"),
        (
            "steps",
            json!([{ "type": "string" }, { "type": "string" }]),
            "`steps.0` of the service is no function",
        ),
        (
            "size",
            json!({ "type": "string" }),
            "`size` of the service is a string",
        ),
        ("size", json!([]), "`size` of the service is an array"),
        (
            "label",
            plain.clone(),
            "`label` of the service is a function",
        ),
        ("anything", plain, "`anything` of the service is a function"),
    ] {
        let mut members = fits.clone();
        members[member] = found;
        let error = read(members).check_type(&definition).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

/// Python says only this of a function of which it knows nothing, and `number` of a truth value.
#[test]
fn what_python_says_of_members_fits() {
    let definition = read(json!({
        "f": { "type": "function" },
        "ready": { "type": "number" },
        "count": { "type": "number" },
        "config": { "type": "object" },
    }));
    let described = FunctionSchema::new("f").description("Does.");
    let service = read(json!({
        "f": described.to_openai(),
        "ready": { "type": "boolean" },
        "count": { "type": "integer" },
        "config": { "size": { "type": "number" } },
    }));
    let checked = service.check_type(&definition).unwrap();
    assert_eq!(checked.find("f"), Some(described));
}

#[test]
fn a_schema_that_is_none() {
    assert!(ServiceSchema::from_value(json!([])).is_err());
    let odd =
        read(json!({ "f": { "type": "function", "function": {} }, "list": [1, [2]], "n": null }));
    assert_eq!(odd.functions(), []);
}
