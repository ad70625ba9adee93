//! Services of a type without async.

use hypha_sync::{
    Described as _, FunctionSchema, Method, Parameter, Service, ServiceTypeInfo, TypeCheckError,
};

use crate::place::Place;

fn words(kind: &str) -> Service {
    let schema = FunctionSchema::new("repeat")
        .param(Parameter::of::<String>("word"))
        .param(Parameter::of::<u32>("times"));
    let repeat = Method::blocking(|word: String, times: u32| word.repeat(times as usize));
    Service::new("words")
        .kind(kind)
        .method("repeat", repeat.described(&schema))
}

#[test]
fn services_are_checked_and_described() {
    let place = Place::new();
    let client = place.connect();
    let definition = words("words").schema().unwrap();
    let kind = ServiceTypeInfo::new("words", "Words", definition);
    client.register_service_type(&kind).unwrap();
    let empty = client.register_service_of_type(Service::new("words").kind("words"));
    assert!(matches!(
        empty,
        Err(TypeCheckError::Check(
            hypha_client::TypeCheckError::Mismatch(_)
        ))
    ));
    client.register_service_of_type(words("words")).unwrap();
    let service = client.get_service("words").unwrap();
    let word: String = service.call("repeat", ("ab", 2)).unwrap();
    assert_eq!(word, "abab");
    let schema = format!("{:?}", client.get_service_schema(&service));
    assert!(
        schema.contains("repeat") && schema.contains("times"),
        "{schema}"
    );
}
