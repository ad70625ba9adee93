//! `hypha codegen`: what it writes is compiled here, and called.

#[path = "generated/odd.rs"]
#[rustfmt::skip]
#[deny(warnings)]
mod odd;
#[path = "generated/weather.rs"]
#[rustfmt::skip]
mod weather;

use std::fs;
use std::path::Path;

use hypha_client::{
    Client, Described as _, FunctionSchema, Method, Rest, Service, Value, Visibility,
};
use hypha_server::HyphaServer;
use serde_json::json;

use self::weather::{ForecastMethod, Place, WeatherStationClient};
use crate::command::{hypha, text};

/// Has `hypha codegen` write a module. `HYPHA_OVERWRITE=1` keeps it.
async fn check(server: &HyphaServer, id: &str, generated: &str) {
    let mut command = hypha(&["codegen", id, "--server-url", server.url()]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let written = text(&output.stdout);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/generated");
    let file = file.join(generated);
    if std::env::var_os("HYPHA_OVERWRITE").is_some() {
        fs::write(&file, &written).unwrap();
    }
    assert_eq!(written, fs::read_to_string(&file).unwrap());
}

/// As Python and others describe functions.
fn forecast() -> FunctionSchema {
    let place = json!({
        "type": "object",
        "title": "Place",
        "description": "A place.",
        "properties": {
            "city": { "type": "string", "description": "name of the city" },
            "type": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
            "near": { "type": "array", "items": { "$ref": "#/$defs/Place" } },
            "inside": { "anyOf": [{ "$ref": "#/$defs/Place" }, { "type": "null" }], "default": null },
        },
        "required": ["city", "near"],
    });
    let schema = json!({
        "name": "forecast",
        "description": "Forecasts the weather.\n\n```\npanic!(\"docs are not run\")\n```",
        "parameters": {
            "type": "object",
            "properties": {
                "place": { "$ref": "#/$defs/Place", "description": "where" },
                "days": { "type": "integer", "minimum": 0, "default": 3, "description": "how many" },
                "method": { "enum": ["by-model", "by_feeling"], "type": "string", "default": "by-model" },
                "limits": { "type": "object", "additionalProperties": { "type": "number" } },
                "self": { "description": "anything" },
            },
            "required": ["place"],
            "$defs": { "Place": place },
        },
    });
    FunctionSchema::from_value(&schema).unwrap()
}

fn service() -> Service {
    let told = |place: Value,
                days: Value,
                method: Value,
                limits: Option<Value>,
                other: Option<Value>| async move {
        let or_null = Option::unwrap_or_default;
        vec![place, days, method, or_null(limits), or_null(other)]
    };
    let add = FunctionSchema::new("addAll")
        .description("Adds.")
        .param(hypha_client::Parameter::new("a").schema(json!({ "type": "number" })))
        .param(hypha_client::Parameter::new("b").schema(json!({ "type": ["number", "null"] })));
    let add =
        Method::new(|a: f64, b: Option<f64>| async move { a + b.unwrap_or(0.5) }).described(&add);
    Service::new("weather-station")
        .visibility(Visibility::Public)
        .description("Weather of everywhere.")
        .method("forecast", Method::new(told).described(&forecast()))
        .nested("tools", hypha_client::Members::new().method("addAll", add))
        .method("new", || async { "new" })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_module_of_a_live_service_compiles_and_calls_it() {
    let server = HyphaServer::builder().port(0).start().await.unwrap();
    let provider = Client::builder(server.url()).connect().await.unwrap();
    let id = provider.register_service(service()).await.unwrap().id;

    check(&server, &id, "weather.rs").await;

    let weather = WeatherStationClient::new(provider.get_service(&id).await.unwrap());
    let place = |near: Vec<Place>| Place {
        city: "Uppsala".to_owned(),
        r#type: Some("town".to_owned()),
        near,
        inside: None,
    };
    let around = place(vec![place(Vec::new())]);
    let forecast = |days, method| {
        let call = weather.forecast(around.clone(), days, method, None, None);
        call.returns::<(Place, Option<u64>, Option<ForecastMethod>, Value, Value)>()
    };
    let (told, days, method, ..) = forecast(Some(2), Some(ForecastMethod::ByFeeling))
        .await
        .unwrap();
    assert_eq!((told, days), (around.clone(), Some(2)));
    assert_eq!(method, Some(ForecastMethod::ByFeeling));
    let (_, days, method, ..) = forecast(None, Some(ForecastMethod::ByModel)).await.unwrap();
    assert_eq!((days, method), (Some(3), Some(ForecastMethod::ByModel)));
    let sum = weather.tools_add_all(1.0, None).returns::<f64>();
    assert!((sum.await.unwrap() - 1.5).abs() < f64::EPSILON);
    assert_eq!(weather.new2(()).returns::<String>().await.unwrap(), "new");
    assert_eq!(weather.service().id(), id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_there_is_an_error() {
    let server = HyphaServer::builder().port(0).start().await.unwrap();
    let mut command = hypha(&["codegen", "nowhere", "--server-url", server.url()]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("nowhere"),
        "{}",
        text(&output.stderr)
    );
}

/// What no one would write, and a peer may send nevertheless.
fn odd() -> Service {
    let def = |title: &str| {
        let next = json!({ "anyOf": [{ "$ref": "#/$defs/B" }, { "type": "null" }] });
        json!({ "type": "object", "title": title, "properties": { "next": next } })
    };
    let text = |title: &str| {
        let text = json!({ "type": "string" });
        json!({ "type": "object", "title": title, "properties": { "text": text } })
    };
    let chosen = json!({ "enum": ["self", "Self", "value", "value", "arguments"] });
    let schemas = [
        json!({
            "name": "gen",
            "description": "Runs.\n\n> ```\n> panic!()\n> ```\n<script>alert(1)</script>\r\u{202e}[x]",
            "parameters": {
                "properties": {
                    "a": { "$ref": "#/$defs/A", "description": "<b>`[x]`" },
                    "gen": chosen,
                    "\u{e9}A": { "type": "int" },
                    "self": { "type": "list", "items": { "type": "str" } },
                },
                "required": ["a", "gen", "\u{e9}A", "self"],
                "$defs": { "A": def("A"), "B": def("A") },
            },
        }),
        json!({
            "name": "string",
            "parameters": {
                "properties": {
                    "text": text("String"),
                    "list": text("Vec"),
                    "boxed": text("Box"),
                    "inside": {
                        "$ref": "#/$defs/Inside",
                        "$defs": { "Inside": { "type": "float" } },
                    },
                },
            },
        }),
        // The same to look at, and not the same.
        json!({
            "name": "first",
            "parameters": {
                "properties": { "held": held() },
                "required": ["held"],
                "$defs": { "Held": { "type": "integer" } },
            },
        }),
        json!({
            "name": "second",
            "parameters": {
                "properties": { "held": held() },
                "required": ["held"],
                "$defs": { "Held": { "type": "bool" } },
            },
        }),
        json!({ "name": "malformed", "parameters": { "properties": [] } }),
    ];
    let service = Service::new("odd").visibility(Visibility::Public);
    schemas.into_iter().fold(service, |service, schema| {
        let method = Method::new(|Rest(values): Rest| async move { values }).schema(&schema);
        service.method(schema["name"].as_str().unwrap().to_owned(), method)
    })
}

fn held() -> serde_json::Value {
    json!({ "type": "object", "title": "Holder", "properties": { "held": { "$ref": "#/$defs/Held" } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_service_says_of_itself_compiles_and_is_called() {
    let server = HyphaServer::builder().port(0).start().await.unwrap();
    let provider = Client::builder(server.url()).connect().await.unwrap();
    let id = provider.register_service(odd()).await.unwrap().id;
    check(&server, &id, "odd.rs").await;

    let odd = odd::OddClient::new(provider.get_service(&id).await.unwrap());
    let end = odd::A { next: None };
    let next = odd::A {
        next: Some(Box::new(end)),
    };
    let called = odd.r#gen(next, odd::GenGen::Value, -1, vec!["x".to_owned()]);
    let told = called.returns::<serde_json::Value>().await.unwrap();
    assert_eq!(told, json!([{ "next": {} }, "value", -1, ["x"]]));
    let held = odd::Holder { held: Some(1) };
    let told = odd.first(held).returns::<serde_json::Value>();
    assert_eq!(told.await.unwrap(), json!([{ "held": 1 }]));
    let held = odd::Holder2 { held: Some(true) };
    let told = odd.second(held).returns::<serde_json::Value>();
    assert_eq!(told.await.unwrap(), json!([{ "held": true }]));
    let told = odd.malformed((1, "a")).returns::<serde_json::Value>();
    assert_eq!(told.await.unwrap(), json!([1, "a"]));
}
