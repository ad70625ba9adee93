//! Schemas of functions beside those of the Python client, and what they are good for: features A.10.

mod of_python;
mod of_types;

use hypha_client::{
    CallError, Described, FunctionSchema, Method, Parameter, RemoteService, Service, Value,
    Visibility,
};
use hypha_tests::{Call, Language, Peer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::fixture::{BOTH, connect, server};

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
enum Unit {
    #[default]
    Celsius,
    Kelvin,
}

/// A place.
#[derive(Deserialize, JsonSchema, Serialize)]
struct Place {
    /// name of the city
    city: String,
    height: Option<f64>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "it is read and described")]
struct Options {
    places: Vec<Place>,
    #[serde(default)]
    unit: Unit,
    #[serde(default)]
    limits: std::collections::HashMap<String, i64>,
}

const DOCS: &str = "Forecasts the weather.

# Arguments

* `location` - where
* `options` - what else
* `days` - how many
* `near` - a place
* `note` - anything
* `unit` - of the answer
* `title` - a title";

/// The function of `tests/peers/python/typed.py`.
fn schema() -> FunctionSchema {
    FunctionSchema::new("forecast")
        .docs(DOCS)
        .param(Parameter::of::<String>("location"))
        .param(Parameter::of::<Options>("options"))
        .param(Parameter::of::<i64>("days").default(3))
        .param(Parameter::of::<Option<Place>>("near"))
        .param(Parameter::of::<Option<String>>("note"))
        .param(Parameter::of::<Unit>("unit").default(Unit::Kelvin))
        .param(Parameter::of::<String>("title").default("t"))
}

fn service() -> Service {
    let forecast = |location: String,
                    options: Options,
                    days: i64,
                    _near: Option<Place>,
                    _note: Option<String>,
                    unit: Unit,
                    title: String| async move {
        format!("{location} {:?} {days} {unit:?} {title}", options.unit)
    };
    let validated = |location: Value, options: Value| async move { (location, options).0 };
    let bounded = FunctionSchema::new("validated")
        .param(Parameter::new("location").schema(json!({ "type": "string", "maxLength": 5 })))
        .param(Parameter::of::<Options>("options"));
    Service::new("typed")
        .visibility(Visibility::Public)
        .method("forecast", Method::new(forecast).described(&schema()))
        .method("validated", Method::new(validated).validated(bounded))
}

/// Without titles, formats and the bound of unsigned numbers, and with definitions where they are used.
fn plain(schema: &Json, defs: &Json) -> Json {
    let Json::Object(members) = schema else {
        return match schema {
            Json::Array(items) => items.iter().map(|item| plain(item, defs)).collect(),
            other => other.clone(),
        };
    };
    let mut resolved = match members.get("$ref").and_then(Json::as_str) {
        Some(target) => match plain(&defs[target.trim_start_matches("#/$defs/")], defs) {
            Json::Object(target) => target,
            other => panic!("{other}"),
        },
        None => serde_json::Map::new(),
    };
    for (key, value) in members {
        let said_by_one = match key.as_str() {
            "$ref" | "$defs" | "format" => true,
            // A parameter of that name is an object.
            "title" => value.is_string(),
            "minimum" => value.as_f64() == Some(0.0),
            _ => false,
        };
        if !said_by_one {
            resolved.insert(key.clone(), plain(value, defs));
        }
    }
    Json::Object(resolved)
}

#[tokio::test]
async fn a10_06_the_schema_of_a_service_that_was_found_rust_to_python_and_rust() {
    let client = connect().await;
    let ours = client.register_service(service()).await.unwrap().id;
    let python = Peer::of(Language::Python, server().await)
        .start()
        .await
        .unwrap();
    let theirs = python.command("register_typed", json!({})).await.unwrap();
    for id in [&*ours, theirs.as_str().unwrap()] {
        let found = client.get_service(id).await.unwrap();
        let schema = client.get_service_schema(&found);
        let forecast = schema.find("forecast").unwrap();
        assert_eq!(forecast.description_text(), "Forecasts the weather.");
        assert!(
            forecast.requires("options") && !forecast.requires("days"),
            "{id}"
        );
        assert!(!schema.members().contains_key("config"));
    }
}

#[tokio::test]
async fn a10_06_the_schema_of_a_service_that_was_found_rust_to_javascript() {
    let client = connect().await;
    let javascript = Peer::of(Language::JavaScript, server().await)
        .start()
        .await
        .unwrap();
    let services = javascript.register().await.unwrap();
    let found = client.get_service(&services["interop"]).await.unwrap();
    let schema = client.get_service_schema(&found);
    assert!(schema.find("echo").is_some() && schema.find("nested.double").is_some());
}

/// Arguments, and what is said of them if they do not fit.
fn misfits() -> Vec<(&'static str, Json, Json, &'static str)> {
    let options = json!({ "places": [{ "city": "Uppsala" }] });
    let odd = json!({ "places": [{ "city": "Uppsala" }, { "city": 7 }] });
    vec![
        (
            "forecast",
            json!(["a"]),
            json!({}),
            "argument `options` is missing",
        ),
        (
            "forecast",
            json!([1, options]),
            json!({}),
            "argument `location`",
        ),
        ("forecast", json!(["a", odd]), json!({}), "places[1].city"),
        (
            "forecast",
            json!([]),
            json!({ "location": "a", "options": odd }),
            "argument `options`",
        ),
        (
            "forecast",
            json!(["a", options]),
            json!({ "dyas": 1 }),
            "no parameter `dyas`",
        ),
        (
            "forecast",
            json!(["a", options, 1, null, null, "rankine"]),
            json!({}),
            "argument `unit`",
        ),
        (
            "validated",
            json!(["abcdef", options]),
            json!({}),
            "argument `location`: expected at most 5",
        ),
        (
            "validated",
            json!(["a", odd]),
            json!({}),
            "argument `options.places[1].city`: expected a string",
        ),
    ]
}

#[tokio::test]
async fn a10_08_arguments_that_do_not_fit_are_named_python_and_javascript_to_rust() {
    let client = connect().await;
    let id = client.register_service(service()).await.unwrap().id;
    for language in BOTH {
        let peer = Peer::of(language, server().await).start().await.unwrap();
        let options = json!({ "places": [{ "city": "Uppsala" }] });
        let fits = peer
            .call(&id, "forecast", json!(["a", options]))
            .await
            .unwrap();
        assert_eq!(fits, json!("a Celsius 3 Kelvin t"));
        for (method, args, kwargs, words) in misfits() {
            // The JavaScript client sends names or positions, not both.
            let mixed = kwargs != json!({}) && args != json!([]);
            if mixed && language == Language::JavaScript {
                continue;
            }
            let call = Call::new(&id, method).args(args).kwargs(kwargs);
            let error = peer.run(call).await.unwrap_err();
            assert!(
                error.message().contains(words),
                "{language:?} {words}: {error}"
            );
        }
    }
}

async fn call(
    service: &RemoteService,
    method: &str,
    args: Json,
    kwargs: Json,
) -> Result<Value, CallError> {
    let args: Vec<Value> = match hypha_client::to_value(&args) {
        Ok(Value::List(args)) => args,
        other => panic!("{other:?}"),
    };
    let mut call = service.method(method).args(args);
    for (name, value) in kwargs.as_object().unwrap() {
        call = call.kwarg(name.as_str(), value);
    }
    call.await
}

#[tokio::test]
async fn a10_08_arguments_that_do_not_fit_are_named_rust_to_rust() {
    let client = connect().await;
    let id = client.register_service(service()).await.unwrap().id;
    let service = connect().await.get_service(&id).await.unwrap();
    for (method, args, kwargs, words) in misfits() {
        let error = call(&service, method, args, kwargs).await.unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}

/// What the real server said when it was recorded, on both servers.
#[tokio::test]
async fn a10_05_the_manager_describes_its_methods_as_the_real_one_does() {
    let recorded = include_str!("../vectors/manager_schemas.json");
    let recorded: std::collections::BTreeMap<String, Json> =
        serde_json::from_str(recorded).unwrap();
    let client = connect().await;
    let manager = client.get_service("~").await.unwrap();
    let schema = client.get_service_schema(&manager);
    assert!(recorded.len() > 25);
    for (name, expected) in recorded {
        let found = schema
            .find(&name)
            .unwrap_or_else(|| panic!("{name} is not described"));
        let parameters = Json::Object(found.parameters().clone());
        let defs = parameters["$defs"].clone();
        assert_eq!(
            without_texts(&plain(&parameters, &defs)),
            expected,
            "{name}"
        );
    }
}

/// Without what is written for people, and patterns.
fn without_texts(schema: &Json) -> Json {
    match schema {
        Json::Object(members) => {
            let texts = |(key, value): &(&String, &Json)| {
                !(["description", "pattern"].contains(&key.as_str()) && value.is_string())
            };
            let kept = members.iter().filter(texts);
            Json::Object(
                kept.map(|(key, value)| (key.clone(), without_texts(value)))
                    .collect(),
            )
        }
        Json::Array(items) => items.iter().map(without_texts).collect(),
        other => other.clone(),
    }
}
