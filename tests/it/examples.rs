//! The examples that have a half in another language, both halves as they stand in the repository.

#[expect(dead_code, reason = "its `main` is for the terminal")]
#[path = "../../crates/hypha-client/examples/labelled.rs"]
mod labelled;
#[expect(dead_code, reason = "its `main` is for the terminal")]
#[path = "../../crates/hypha-server/examples/quickstart.rs"]
pub(crate) mod quickstart;
#[expect(dead_code, reason = "its `main` is for the terminal")]
#[path = "../../crates/hypha-client/examples/store.rs"]
mod store;
#[expect(dead_code, reason = "its `main` is for the terminal")]
#[path = "../../crates/hypha-macros/examples/weather.rs"]
mod weather;
#[expect(dead_code, reason = "its `main` is for the terminal")]
#[path = "../../crates/hypha-sync/examples/sync.rs"]
mod without_async;

use hypha_client::{Client, Custom, NdArray, RemoteService, Value};
use hypha_tests::{Language, Peer};
use ndarray::{ArrayD, arr1};
use serde_json::json;

use self::labelled::Labelled;
use self::store::ChunkStore;
use crate::fixture::{connect, server};

/// The half of an example in another language, found by a client. It ends with the peer.
async fn other_half(client: &Client, language: Language, name: &str) -> (Peer, RemoteService) {
    let peer = Peer::of(language, server().await).start().await.unwrap();
    let id = peer.command("example", json!({ "name": name })).await;
    let id = id.unwrap();
    let service = client.get_service(id.as_str().unwrap()).await.unwrap();
    (peer, service)
}

async fn client_with_labelled() -> Client {
    Client::builder(server().await.url())
        .codec_registry(labelled::registry().unwrap())
        .connect()
        .await
        .unwrap()
}

/// What the first command shows on a server inside itself, on the server of these tests.
#[tokio::test]
async fn the_quickstart_runs_on_any_server() {
    let (provider, caller) = (connect().await, connect().await);
    let service = quickstart::statistics();
    let id = provider.register_service(service).await.unwrap().id;
    let lines = quickstart::tour(&caller, &id).await.unwrap();
    assert_eq!(
        lines,
        [
            "scalars     add(1.5, 2) is 3.5",
            "an array    column_means([[1, 10], [2, 20], [6, 60]]) is [3, 30]",
            "a callback  fit(3, report) is \"done\", and reported 1: 1.00, 2: 0.50, 3: 0.33",
            "a generator squares(5) gives [1, 4, 9, 16, 25]",
        ]
    );
}

/// There and back: an `xarray.DataArray` in Python, the same type again here.
#[tokio::test]
async fn a4_01_a_type_of_the_user_rust_to_python() {
    let client = client_with_labelled().await;
    let (_peer, climate) = other_half(&client, Language::Python, "labelled").await;
    let made = labelled::temperatures().unwrap();
    let sent = Custom::new(made.clone());
    let anomaly: Custom<Labelled> = climate.call("anomaly", (sent,)).await.unwrap();
    let data = ArrayD::from_shape_vec(vec![2, 3], vec![-1.0, -1.0, -0.5, 1.0, 1.0, 0.5]);
    let expected = Labelled {
        data: data.unwrap(),
        ..made
    };
    assert_eq!(*anomaly, expected);
}

#[tokio::test]
async fn a4_01_a_type_of_the_user_python_to_rust() {
    let client = client_with_labelled().await;
    let (_peer, climate) = other_half(&client, Language::Python, "labelled").await;
    let ours = client.register_service(labelled::service()).await.unwrap();
    // Python compares what it got with what it sent.
    let doubled: Custom<Labelled> = climate.call("double_there", (&ours.id,)).await.unwrap();
    assert_eq!(doubled.dims, ["station", "side"]);
    let data = vec![0.0, 2.0, 4.0, 6.0, 8.0, 10.0];
    let data = ArrayD::from_shape_vec(vec![3, 2], data).unwrap();
    assert_eq!(doubled.data, data);
    let stations = NdArray::from(arr1(&[10_i64, 20, 30]));
    assert_eq!(doubled.coords["station"], stations);
    assert_eq!(doubled.coords["side"].dtype().as_str(), "<U5");
}

/// A client without the codec gets the fields and the tag.
#[tokio::test]
async fn a4_02_whoever_knows_no_codec_gets_the_fields_rust_to_rust() {
    let (with, without) = (client_with_labelled().await, connect().await);
    let ours = with.register_service(labelled::service()).await.unwrap();
    let grids = without.get_service(&ours.id).await.unwrap();
    let registry = labelled::registry().unwrap();
    let array = Custom::new(labelled::temperatures().unwrap());
    let fields = hypha_codec::Encoder::new(&registry)
        .value(&hypha_client::to_value(&array).unwrap())
        .unwrap();
    let fields = hypha_codec::decode(fields.into_bytes()).unwrap();
    let scaled: Value = grids.call("scale", (fields, 2.0)).await.unwrap();
    assert_eq!(scaled.get("_rtype").and_then(Value::as_str), Some("xarray"));
    let Some(Value::NdArray(data)) = scaled.get("data") else {
        panic!("{scaled:?}")
    };
    let scaled = ArrayD::<f64>::try_from(data).unwrap();
    assert_eq!(scaled, labelled::temperatures().unwrap().scaled(2.0).data);
}

/// Only what is looked at is fetched, also long after the call in which the store was lent.
async fn lent_store(language: Language) {
    let client = connect().await;
    let (_peer, viewer) = other_half(&client, language, "store").await;
    let picture = store::gradient(1_000, 950);
    let store = ChunkStore::new(picture.clone(), [100, 100]);
    let shape: Vec<usize> = viewer.call("open", (store.interface(),)).await.unwrap();
    assert_eq!(shape, [1_000, 950]);
    let fetched = |store: &ChunkStore| -> Vec<String> {
        let pieces = store.fetched().into_iter();
        pieces.filter(|key| !key.starts_with('.')).collect()
    };
    assert!(fetched(&store).is_empty(), "{:?}", store.fetched());

    for ([top, bottom, left, right], pieces) in [
        ([150, 250, 0, 50], &["1.0", "2.0"][..]),
        ([0, 1, 899, 950], &["0.8", "0.9"]),
        ([999, 1_000, 0, 1], &["9.0"]),
    ] {
        let before = fetched(&store).len();
        let mean: f64 = viewer
            .call("mean", (top, bottom, left, right))
            .await
            .unwrap();
        let looked_at: Vec<f64> = picture
            .indexed_iter()
            .filter(|((y, x), _)| (top..bottom).contains(y) && (left..right).contains(x))
            .map(|(_, pixel)| f64::from(*pixel))
            .collect();
        let expected = looked_at.iter().sum::<f64>() / looked_at.len() as f64;
        assert!((mean - expected).abs() < 1e-6, "{mean} is not {expected}");
        let mut touched = fetched(&store).split_off(before);
        touched.sort();
        assert_eq!(touched, pieces);
    }
    assert_eq!(client.peer().stats().await.unwrap().interfaces, 1);
    viewer.call::<()>("close", ()).await.unwrap();
    let stats = client.peer().stats().await.unwrap();
    assert_eq!((stats.interfaces, stats.sessions), (0, 0));
}

#[tokio::test]
async fn a8_01_a_chunked_store_is_read_in_parts_rust_to_python() {
    lent_store(Language::Python).await;
}

#[tokio::test]
async fn a8_01_a_chunked_store_is_read_in_parts_rust_to_javascript() {
    lent_store(Language::JavaScript).await;
}

#[tokio::test]
async fn a_service_of_a_trait_is_called_by_its_client() {
    let server = connect().await;
    weather::register(&server).await.unwrap();
    let kelvin = weather::ask(&server).await.unwrap();
    assert!((kelvin - 294.65).abs() < 1e-9, "{kelvin}");
}

#[tokio::test]
async fn a_program_without_async_serves_and_calls() {
    let url = server().await.url();
    let trained = tokio::task::spawn_blocking(move || without_async::train(&url));
    trained.await.unwrap().unwrap();
}
