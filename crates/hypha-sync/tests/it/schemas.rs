//! Services of a type without async.

use std::sync::mpsc;
use std::thread;

use hypha_sync::{
    Described as _, FunctionSchema, Method, Parameter, RemoteError, Service, ServiceTypeInfo,
    TypeCheckError,
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

/// The thread that keeps the connection does not look through large arguments of methods that have threads of their own.
#[test]
fn arguments_are_checked_where_the_method_runs() {
    let place = Place::new();
    let client = place.connect();
    let (checked, threads) = mpsc::channel();
    let ran = checked.clone();
    let wait = move |text: String| {
        ran.send(("ran", thread::current().id())).unwrap();
        text
    };
    let schema = FunctionSchema::new("wait").param(Parameter::of::<String>("text"));
    let wait = Method::blocking(wait).validated(schema).check(move |_, _| {
        checked.send(("checked", thread::current().id())).unwrap();
        Ok::<_, RemoteError>(())
    });
    let service = Service::new("waits").method("wait", wait);
    client.register_service(service).unwrap();
    let waits = client.get_service("waits").unwrap();
    assert_eq!(waits.call::<String>("wait", ("a",)).unwrap(), "a");
    let (first, second) = (threads.recv().unwrap(), threads.recv().unwrap());
    assert_eq!((first.0, second.0), ("checked", "ran"));
    assert_eq!(first.1, second.1);
    let wrong = waits.call::<String>("wait", (1,)).unwrap_err();
    assert!(wrong.to_string().contains("expected a string"), "{wrong}");
    assert_eq!(threads.recv().unwrap().0, "checked");
    assert!(threads.try_recv().is_err());
}
