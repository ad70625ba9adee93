//! `hypha codegen`: what it writes is compiled here, and called.

#[path = "generated/weather.rs"]
#[rustfmt::skip]
mod weather;

use std::fs;
use std::path::Path;

use hypha_client::{Client, Described as _, FunctionSchema, Method, Service, Value, Visibility};
use hypha_server::HyphaServer;
use serde_json::json;

use self::weather::{ForecastMethod, Place, WeatherStationClient};
use crate::command::{hypha, text};

const GENERATED: &str = "tests/it/generated/weather.rs";

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

/// `HYPHA_OVERWRITE=1` writes the module anew.
#[tokio::test(flavor = "multi_thread")]
async fn the_module_of_a_live_service_compiles_and_calls_it() {
    let server = HyphaServer::builder().port(0).start().await.unwrap();
    let provider = Client::builder(server.url()).connect().await.unwrap();
    let id = provider.register_service(service()).await.unwrap().id;

    let mut command = hypha(&["codegen", &id, "--server-url", server.url()]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let written = text(&output.stdout);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(GENERATED);
    if std::env::var_os("HYPHA_OVERWRITE").is_some() {
        fs::write(&file, &written).unwrap();
    }
    assert_eq!(written, fs::read_to_string(&file).unwrap());

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
