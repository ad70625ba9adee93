//! Clients that `hypha codegen` writes of live services of other languages: compiled here, and called.

#[rustfmt::skip]
mod of_javascript;
#[rustfmt::skip]
mod of_python;

use std::path::Path;

use hypha_client::Value;
use hypha_tests::Language;
use serde_json::json;

use self::of_javascript::StationClient;
use self::of_python::{Means, Options, Place, Stop, TypedClient, Unit};
use super::{Measured, registered};
use crate::fixture::{connect, server};

/// Writes the client of a service, and says that it is the one that is compiled here. `HYPHA_OVERWRITE=1` makes it that.
async fn is_what_is_written(file: &str, id: &str) {
    let url = server().await.url();
    let written = hypha_tests::hypha(&["codegen", id, "--server-url", &url]).await;
    let written = written.unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("it/typed/generated")
        .join(file);
    if std::env::var_os("HYPHA_OVERWRITE").is_some() {
        std::fs::write(&file, &written).unwrap();
    }
    assert_eq!(written, std::fs::read_to_string(&file).unwrap());
}

fn uppsala() -> Place {
    Place {
        city: "Uppsala".to_owned(),
        height: Some(2.5),
    }
}

#[tokio::test]
async fn a10_02_a_client_that_is_written_of_a_live_service_rust_to_python() {
    let (_peer, id) = registered("register_typed", Language::Python).await;
    is_what_is_written("of_python.rs", &id).await;
    let typed = TypedClient::new(connect().await.get_service(&id).await.unwrap());
    let options = Options {
        limits: None,
        places: vec![uppsala()],
        unit: Some(Unit::Kelvin),
    };
    let forecast = typed.forecast("Uppsala".to_owned(), options, Some(2), None, None, None);
    let told: String = forecast.returns().await.unwrap();
    assert!(told.starts_with("Uppsala kelvin 2"), "{told}");

    let stop = Stop {
        next: Some(Means::ByTrain),
        nights: None,
        place: uppsala(),
        tags: None,
    };
    let wishes = || vec!["rain".to_owned()];
    let plan = typed.plan(
        vec![stop],
        [("home".to_owned(), uppsala())].into(),
        vec![Value::from(1.0), Value::from(2.0)],
        Vec::new(),
        wishes(),
        None,
        Some(Means::OnFoot),
        None,
        Some(3),
    );
    let planned: Vec<String> = plan.returns().await.unwrap();
    assert_eq!(planned, wishes());
    assert!(typed.ready().returns::<bool>().await.unwrap());
}

/// JavaScript tells the names of its methods alone.
#[tokio::test]
async fn a10_02_a_client_that_is_written_of_a_live_service_rust_to_javascript() {
    let (_peer, id) = registered("register_station", Language::JavaScript).await;
    is_what_is_written("of_javascript.rs", &id).await;
    let station = StationClient::new(connect().await.get_service(&id).await.unwrap());
    let place = json!({ "name": "Uppsala", "height": 2.5 });
    let measured = station.measure((place, 2)).returns::<Measured>();
    assert_eq!(measured.await.unwrap().heights, [2.5, 2.5]);
}
