//! What parameters are that a call leaves out.

use std::collections::HashMap;

use hypha_client::{Binary, Service, service};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::place::Place;

#[service]
trait Printer {
    async fn print(
        &self,
        #[arg(default = 1)] copies: u32,
        pages: Option<String>,
        #[arg(default)] colour: bool,
    ) -> String;
}

struct Prints;

impl Printer for Prints {
    async fn print(&self, copies: u32, pages: Option<String>, colour: bool) -> String {
        format!("{copies} {pages:?} {colour}")
    }
}

#[tokio::test]
async fn an_option_behind_a_default_is_none_if_it_is_left_out() {
    let schema = PrinterService::schema().find("print").unwrap();
    let pages = json!({ "anyOf": [{ "type": "string" }, { "type": "null" }], "default": null });
    assert_eq!(schema.parameter("pages"), Some(&pages));
    let place = Place::new().await;
    let (found, _provider) = place.offer(PrinterService::new(Prints)).await;
    let printer = PrinterClient::new(found);
    let print = printer.print(Some(2), None, Some(true)).await.unwrap();
    assert_eq!(print, "2 None true");
    let print = printer.print(None, Some("7-9".to_owned()), None);
    assert_eq!(print.await.unwrap(), "1 Some(\"7-9\") false");
    assert_eq!(
        printer.print(None, None, None).await.unwrap(),
        "1 None false"
    );
}

/// What JSON does not have.
#[service]
trait Scanner {
    async fn scan(
        &self,
        #[arg(default = f64::INFINITY)] limit: f64,
        #[arg(default = Binary::from(vec![7, 8]))] mask: Binary,
    ) -> String;
}

struct Scans;

impl Scanner for Scans {
    async fn scan(&self, limit: f64, mask: Binary) -> String {
        format!("{limit} {:?}", &mask[..])
    }
}

#[tokio::test]
async fn defaults_need_no_json() {
    let place = Place::new().await;
    let (found, _provider) = place.offer(ScannerService::new(Scans)).await;
    let scanner = ScannerClient::new(found);
    assert_eq!(scanner.scan(None, None).await.unwrap(), "inf [7, 8]");
    let scan = scanner.scan(Some(1.5), Some(Binary::from(vec![])));
    assert_eq!(scan.await.unwrap(), "1.5 []");
}

/// It does not serialize.
#[derive(Deserialize, JsonSchema)]
struct Wanted {}

#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    #[default]
    Metre,
}

type Large = u64;

struct Defaults;

#[service]
impl Defaults {
    const STEP: u8 = 3;

    /// Values as they are written in Rust.
    #[method]
    #[expect(
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        reason = "one of each"
    )]
    fn typed(
        &self,
        #[arg(default = 5_000_000_000)] large: u64,
        #[arg(default = -5_000_000_000)] negative: Option<i64>,
        #[arg(default = None)] none: Option<u32>,
        #[arg(default = None)] wanted: Option<Wanted>,
        #[arg(default = vec![])] empty: Vec<u32>,
        #[arg(default = [])] none_of_them: Vec<String>,
        #[arg(default = Vec::new())] new: Vec<u8>,
        #[arg(default = HashMap::new())] map: HashMap<String, u8>,
        #[arg(default = Default::default())] unit: Unit,
        #[arg(default = Self::STEP)] step: u8,
        #[arg(default = Some(6_000_000_000))] some: Option<u64>,
        left_out: Option<Wanted>,
    ) -> Value {
        json!([
            large,
            negative,
            none,
            wanted.is_some(),
            empty,
            none_of_them,
            new,
            map,
            unit,
            step,
            some,
            left_out.is_some()
        ])
    }

    /// Values as they travel.
    #[method]
    #[expect(
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        reason = "one of each"
    )]
    fn travelling(
        &self,
        #[arg(default = "metre")] unit: Unit,
        #[arg(default = "a")] text: String,
        #[arg(default = ["sun", "rain"])] weather: Vec<String>,
        #[arg(default = 1)] option: Option<u8>,
        #[arg(default = Some("b"))] some: Option<String>,
        #[arg(default = 7_000_000_000)] large: Large,
        #[arg(default = vec![8_000_000_000, 1])] larger: Vec<u64>,
        #[arg(default = 1)] float: f64,
        #[arg(default = -1)] negative: i8,
        #[arg(default = 'c')] letter: char,
    ) -> Value {
        json!([
            unit, text, weather, option, some, large, larger, float, negative, letter
        ])
    }
}

#[tokio::test]
async fn defaults_are_written_as_values_or_as_what_travels() {
    let place = Place::new().await;
    let (found, _provider) = place.offer(Service::from(Defaults)).await;
    let typed: Value = found.call("typed", ()).await.unwrap();
    let expected = json!([
        5_000_000_000_u64,
        -5_000_000_000_i64,
        null,
        false,
        [],
        [],
        [],
        {},
        "metre",
        3,
        6_000_000_000_u64,
        false
    ]);
    assert_eq!(typed, expected);
    let travelling: Value = found.call("travelling", ()).await.unwrap();
    let expected = json!([
        "metre",
        "a",
        ["sun", "rain"],
        1,
        "b",
        7_000_000_000_u64,
        [8_000_000_000_u64, 1],
        1.0,
        -1,
        "c"
    ]);
    assert_eq!(travelling, expected);
}
