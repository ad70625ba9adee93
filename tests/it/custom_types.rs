//! Types of the user, known to one side: features A4.02 to A4.04.

use hypha_client::{Client, CodecRegistry, Custom, Map, Object, TypeCodec, Value};
use hypha_tests::notation;
use serde_json::Value as Json;

use crate::callbacks::Seen;
use crate::fixture::server;
use crate::sides::{FromRust, JAVASCRIPT, PYTHON, RUST, Who, from_client};

async fn with_codecs(registry: CodecRegistry, who: Who) -> FromRust {
    let client = Client::builder(server().await.url()).codec_registry(registry);
    from_client(client.connect().await.unwrap(), who).await
}

/// Known to Rust alone: it arrives as its fields, which can be called.
struct Alarm(Seen);

struct Step(Seen);

async fn fields_with_functions(who: Who) {
    let mut registry = CodecRegistry::new();
    let alarm = TypeCodec::<Alarm>::new("alarm").encode(|Alarm(seen)| {
        let step = Value::Object(Object::new(Step(seen.clone())));
        Ok(Map::from([("steps", Value::List(vec![step]))]))
    });
    let step = TypeCodec::<Step>::new("step")
        .encode(|Step(seen)| Ok(Map::from([("report", Value::from(seen.callback()))])));
    registry.register(alarm).unwrap();
    registry.register(step).unwrap();
    let side = with_codecs(registry, who).await;
    let seen = Seen::default();
    let alarm = Custom::new(Alarm(seen.clone()));
    let result: i64 = side.service.call("call_member", (alarm,)).await.unwrap();
    assert_eq!((result, seen.take()), (70, vec![7]));
    assert_eq!(side.sessions().await, 0);
}

#[tokio::test]
async fn a4_02_a4_03_a_type_that_holds_functions_rust_to_rust() {
    fields_with_functions(RUST).await;
}

#[tokio::test]
async fn a4_02_a4_03_a_type_that_holds_functions_rust_to_python() {
    fields_with_functions(PYTHON).await;
}

#[tokio::test]
async fn a4_02_a4_03_a_type_that_holds_functions_rust_to_javascript() {
    fields_with_functions(JAVASCRIPT).await;
}

/// A codec may say that its type is another one on the wire.
struct Tags(Vec<&'static str>);

async fn arrives_as(who: Who) -> Json {
    let mut registry = CodecRegistry::new();
    let tags = TypeCodec::<Tags>::new("tags").encode(|Tags(tags)| {
        let mut set = Map::from([("_rtype", "set")]);
        set.insert(
            "_rvalue",
            tags.iter().copied().map(Value::from).collect::<Vec<_>>(),
        );
        Ok(set)
    });
    registry.register(tags).unwrap();
    let side = with_codecs(registry, who).await;
    let tags = Custom::new(Tags(vec!["a", "b", "a"]));
    let told: Value = side.service.call("describe", (tags,)).await.unwrap();
    notation::of(&told)
}

#[tokio::test]
async fn a4_04_a_type_that_arrives_as_another_rust_to_python() {
    let told = arrives_as(PYTHON).await;
    assert_eq!((&told["type"], &told["length"]), (&"set".into(), &2.into()));
}

#[tokio::test]
async fn a4_04_a_type_that_arrives_as_another_rust_to_javascript() {
    let told = arrives_as(JAVASCRIPT).await;
    assert_eq!((&told["type"], &told["length"]), (&"Set".into(), &2.into()));
}
