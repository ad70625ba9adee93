//! Schemas of a service that is written in Rust and in Python, from types and docs: the same.

use std::collections::{BTreeSet, HashMap};

use hypha_client::{Client, Context, FunctionSchema, Value, service};
use hypha_tests::{Language, Peer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Options, Place, Unit, plain};
use crate::fixture::{connect, server};

/// How a trip is made.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
enum Means {
    #[serde(rename = "on foot")]
    Foot,
    #[serde(rename = "by train")]
    Train,
}

/// Where a trip stops.
#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "it is read and described")]
struct Stop {
    /// the place itself
    place: Place,
    /// what it is known for
    #[serde(default)]
    tags: Vec<String>,
    nights: Option<u32>,
    next: Option<Means>,
}

/// The service of `tests/peers/python/typed.py`.
#[service(id = "typed", client = false, visibility = public)]
trait Typed {
    /// Forecasts the weather.
    ///
    /// # Arguments
    ///
    /// * `location` - where
    /// * `options` - what else
    /// * `days` - how many
    /// * `near` - a place
    /// * `note` - anything
    /// * `unit` - of the answer
    /// * `title` - a title
    #[expect(clippy::too_many_arguments, reason = "one of each kind")]
    async fn forecast(
        &self,
        location: String,
        options: Options,
        #[arg(default = 3)] days: i64,
        near: Option<Place>,
        note: Option<String>,
        #[arg(default = Unit::Kelvin)] unit: Unit,
        #[arg(default = "t")] title: String,
        context: Context,
    ) -> String;

    /// Plans a trip.
    ///
    /// # Arguments
    ///
    /// * `stops` - where it goes
    /// * `by_name` - places that are met on the way
    /// * `within` - first and last day
    /// * `wishes` - what else
    /// * `means` - how
    #[expect(clippy::too_many_arguments, reason = "one of each kind")]
    async fn plan(
        &self,
        stops: Vec<Stop>,
        by_name: HashMap<String, Place>,
        within: (f64, f64),
        avoid: BTreeSet<String>,
        wishes: Vec<String>,
        #[arg(default = false)] dry: bool,
        means: Option<Means>,
        lengths: Option<Vec<Option<f64>>>,
        #[arg(default = 2)] people: u32,
    ) -> Vec<String>;

    /// Takes nothing.
    async fn ready(&self) -> bool;
}

struct Anything;

impl Typed for Anything {
    async fn forecast(
        &self,
        location: String,
        options: Options,
        days: i64,
        _near: Option<Place>,
        _note: Option<String>,
        unit: Unit,
        title: String,
        _context: Context,
    ) -> String {
        format!("{location} {:?} {days} {unit:?} {title}", options.unit)
    }

    async fn plan(
        &self,
        _stops: Vec<Stop>,
        _by_name: HashMap<String, Place>,
        _within: (f64, f64),
        _avoid: BTreeSet<String>,
        wishes: Vec<String>,
        _dry: bool,
        _means: Option<Means>,
        _lengths: Option<Vec<Option<f64>>>,
        _people: u32,
    ) -> Vec<String> {
        wishes
    }

    async fn ready(&self) -> bool {
        true
    }
}

/// The listed schema of a function, as far as both clients say the same.
async fn listed(client: &Client, id: &str, function: &str) -> Json {
    let info = client.get_service_info(id, None).await.unwrap();
    let schema: Json = hypha_client::from_value(Value::Map(info.service_schema)).unwrap();
    let function = &schema[function];
    assert_eq!(function["type"], "function");
    let defs = function["function"]["parameters"]["$defs"].clone();
    plain(&function["function"], &defs)
}

#[tokio::test]
async fn a10_01_a10_05_a10_09_schemas_are_those_of_python() {
    let client = connect().await;
    let ours = client.register_service(TypedService::new(Anything)).await;
    let ours = ours.unwrap().id;
    let python = Peer::of(Language::Python, server().await);
    let python = python.start().await.unwrap();
    let theirs = python.command("register_typed", json!({})).await.unwrap();
    let theirs = theirs.as_str().unwrap();
    for name in ["forecast", "plan", "ready"] {
        let mut ours = listed(&client, &ours, name).await;
        let theirs = listed(&client, theirs, name).await;
        let properties = ours["parameters"]["properties"].as_object_mut().unwrap();
        // Python takes a parameter of this name for a title of its schema.
        assert_eq!(
            properties.shift_remove("title").is_some(),
            name == "forecast"
        );
        assert_eq!(theirs["parameters"]["properties"].get("title"), None);
        assert_eq!(theirs["parameters"]["properties"].get("context"), None);
        assert_eq!(ours, theirs, "{name}");
    }
}

/// The schema that is written parameter by parameter is that of the trait.
#[test]
fn described_by_hand_and_by_the_trait() {
    assert_eq!(
        TypedService::schema().find("forecast"),
        Some(super::schema())
    );
}

/// The tools that language models are given, of both, have the shapes that those who take tools publish.
#[tokio::test]
async fn a10_09_tools_of_both_have_the_published_shapes() {
    let client = connect().await;
    let ours = client.register_service(TypedService::new(Anything)).await;
    let python = Peer::of(Language::Python, server().await);
    let python = python.start().await.unwrap();
    let theirs = python.command("register_typed", json!({})).await.unwrap();
    for id in [&*ours.unwrap().id, theirs.as_str().unwrap()] {
        let service = client.get_service(id).await.unwrap();
        let tools = client.get_service_schema(&service).tools();
        let names: BTreeSet<&str> = tools.iter().map(FunctionSchema::name).collect();
        assert_eq!(names, BTreeSet::from(["forecast", "plan", "ready"]));
        for tool in &tools {
            let written = [tool.to_openai(), tool.to_anthropic(), tool.to_mcp()];
            for (shape, written) in SHAPES.iter().zip(written) {
                let shape: Json = serde_json::from_str(shape).unwrap();
                if let Err(error) = jsonschema::validate(&shape, &written) {
                    panic!("{error} at {}: {written}", error.instance_path());
                }
            }
        }
    }
}

/// Of OpenAI, Anthropic and MCP.
const SHAPES: [&str; 3] = [
    include_str!("../../../crates/hypha-schema/tests/shapes/openai.json"),
    include_str!("../../../crates/hypha-schema/tests/shapes/anthropic.json"),
    include_str!("../../../crates/hypha-schema/tests/shapes/mcp.json"),
];
