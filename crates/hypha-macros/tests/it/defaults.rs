//! What parameters are that a call leaves out.

use hypha_client::service;
use serde_json::json;

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
