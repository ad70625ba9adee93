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
fn a_schema_that_is_none() {
    assert!(ServiceSchema::from_value(json!([])).is_err());
    let odd =
        read(json!({ "f": { "type": "function", "function": {} }, "list": [1, [2]], "n": null }));
    assert_eq!(odd.functions(), []);
}
