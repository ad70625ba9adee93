//! Services that are checked against their types, by clients of every language: feature A10.07.

use hypha_client::{Client, Map, Service, ServiceSchema, ServiceTypeInfo, TypeCheckError, Value};
use hypha_tests::{Language, Peer};
use serde_json::json;

use super::schema;
use crate::fixture::{connect, membership, server};

/// Registers the type `weather`, whose services have a method `forecast`.
async fn register_type(client: &Client) {
    let definition = ServiceSchema::new().function(&schema());
    let mut definition: Map = match hypha_client::to_value(&definition) {
        Ok(Value::Map(definition)) => definition,
        other => panic!("{other:?}"),
    };
    // Python wants everything there that a service has, its id included.
    definition.insert("id", Map::from([("type", "string")]));
    let weather = ServiceTypeInfo::new("weather", "Weather", definition);
    client.register_service_type(&weather).await.unwrap();
}

#[tokio::test]
async fn a10_07_a_service_of_a_type_has_what_the_type_asks_for() {
    let client = connect().await;
    register_type(&client).await;
    let plain = || Service::new("w").kind("weather");
    let missing = client.register_service_of_type(plain()).await.unwrap_err();
    assert!(matches!(missing, TypeCheckError::Mismatch(_)), "{missing}");
    assert!(missing.to_string().contains("`forecast`"), "{missing}");
    let fits = plain().method("forecast", |_: Value| async { "rain" });
    let info = client.register_service_of_type(fits).await.unwrap();
    let listed: ServiceSchema = hypha_client::from_value(Value::Map(info.service_schema)).unwrap();
    assert_eq!(listed.find("forecast"), Some(schema()));
    let unknown = Service::new("x").kind("no-such-type");
    let unknown = client.register_service_of_type(unknown).await.unwrap_err();
    assert!(matches!(unknown, TypeCheckError::Client(_)), "{unknown}");
}

/// The type is ours, the services that are checked are Python's. (JavaScript's check never finds the type.)
#[tokio::test]
async fn a10_07_python_checks_its_services_against_a_type_of_ours() {
    let client = connect().await;
    register_type(&client).await;
    let membership = membership(&client).await;
    let peer = Peer::of(Language::Python, server().await).member(&membership);
    let peer = peer.start().await.unwrap();
    let register = async |methods: &[&str]| {
        let service = json!({ "type": "weather", "methods": methods });
        peer.command("register_of_type", service).await
    };
    let missing = register(&["other"]).await.unwrap_err();
    assert!(missing.message().contains("forecast"), "{missing}");
    let id = register(&["forecast"]).await.unwrap();
    let info = client.get_service_info(id.as_str().unwrap(), None).await;
    let listed = hypha_client::from_value(Value::Map(info.unwrap().service_schema));
    let listed: ServiceSchema = listed.unwrap();
    let forecast = listed.find("forecast").unwrap();
    assert_eq!(forecast.description_text(), "Forecasts the weather.");
}
