//! Typed services and typed clients, with each language on the other side: features A10.02.

mod blocking;
mod generated;

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use hypha_client::{
    CallError, Callback, Client, Closure, Context, RemoteErrorKind, RemoteStream, Streamed, service,
};
use hypha_tests::{Call, Language, Peer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use crate::fixture::{BOTH, connect, server};

#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub(crate) struct Place {
    name: String,
    height: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    #[default]
    Metre,
    Foot,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Measured {
    place: String,
    heights: Vec<f64>,
    unit: Unit,
}

/// A station that measures.
#[service(visibility = public)]
pub(crate) trait Station {
    /// Measures the height of a place.
    ///
    /// # Arguments
    ///
    /// * `place` - what is measured
    /// * `times` - how often
    async fn measure(
        &self,
        place: Place,
        #[arg(default = 1)] times: u32,
        #[arg(default = "metre")] unit: Unit,
    ) -> Result<Measured, String>;

    /// Counts.
    fn count(&self, n: u64) -> impl Stream<Item = u64>;

    /// Reports numbers below this one.
    async fn report(&self, upto: u32, callback: Callback<(u32,), ()>) -> Result<u32, CallError>;

    /// Adds up.
    async fn total(&self, numbers: RemoteStream<u64>) -> Result<u64, CallError>;

    /// Adds up, and takes its time.
    fn heavy(&self, values: Vec<f64>) -> f64;

    /// Who calls.
    async fn whoami(&self, context: Context) -> String;
}

pub(crate) struct Rust {
    heights: Vec<f64>,
}

impl Station for Rust {
    async fn measure(&self, place: Place, times: u32, unit: Unit) -> Result<Measured, String> {
        if place.name == "Atlantis" {
            return Err("no such place: Atlantis".to_owned());
        }
        let height = place.height.unwrap_or(self.heights[0]);
        Ok(Measured {
            place: place.name,
            heights: vec![height; times.try_into().unwrap()],
            unit,
        })
    }

    // It borrows from the station.
    fn count(&self, n: u64) -> impl Stream<Item = u64> {
        let first = self.heights.iter().map(|_| 0).take(1);
        stream::iter(first.chain(1..n)).take(n.try_into().unwrap())
    }

    async fn report(&self, upto: u32, callback: Callback<(u32,), ()>) -> Result<u32, CallError> {
        for i in 0..upto {
            callback.call((i,)).await?;
        }
        Ok(upto)
    }

    async fn total(&self, numbers: RemoteStream<u64>) -> Result<u64, CallError> {
        numbers
            .try_fold(0, |sum, number| async move { Ok(sum + number) })
            .await
    }

    fn heavy(&self, values: Vec<f64>) -> f64 {
        values.iter().sum()
    }

    async fn whoami(&self, context: Context) -> String {
        context.from().to_string()
    }
}

pub(crate) fn station() -> StationService {
    StationService::new(Rust { heights: vec![0.5] })
}

fn uppsala(height: Option<f64>) -> Place {
    Place {
        name: "Uppsala".to_owned(),
        height,
    }
}

/// Everything that the typed client can do, on a service of any language.
async fn call_all(client: &Client, id: &str) {
    let station = StationClient::new(client.get_service(id).await.unwrap());
    let measured = |heights: &[f64], unit| Measured {
        place: "Uppsala".to_owned(),
        heights: heights.to_vec(),
        unit,
    };
    let all = station.measure(uppsala(Some(2.5)), Some(2), Some(Unit::Foot));
    assert_eq!(all.await.unwrap(), measured(&[2.5, 2.5], Unit::Foot));
    let fewer = station.measure(uppsala(None), Some(2), None);
    assert_eq!(fewer.await.unwrap(), measured(&[0.5, 0.5], Unit::Metre));
    let gap = station.measure(uppsala(None), None, Some(Unit::Foot));
    assert_eq!(gap.await.unwrap(), measured(&[0.5], Unit::Foot));
    let least = station.measure(uppsala(None), None, None);
    assert_eq!(least.await.unwrap(), measured(&[0.5], Unit::Metre));

    let nowhere = Place {
        name: "Atlantis".to_owned(),
        height: None,
    };
    let error = station.measure(nowhere, None, None).await.unwrap_err();
    assert!(
        error.to_string().contains("no such place: Atlantis"),
        "{error}"
    );

    let counted: Vec<u64> = station.count(4).await.unwrap().try_collect().await.unwrap();
    assert_eq!(counted, [0, 1, 2, 3]);

    let (tell, mut told) = mpsc::unbounded_channel();
    let callback = Closure::new(move |i: u32| {
        let sent = tell.send(i).is_ok();
        async move { sent }
    });
    assert_eq!(station.report(3, callback).await.unwrap(), 3);
    for expected in 0..3 {
        assert_eq!(told.recv().await, Some(expected));
    }

    let numbers = Streamed::new(stream::iter([1_u64, 2, 3]));
    assert_eq!(station.total(numbers).await.unwrap(), 6);
    let sum = station.heavy(vec![1.0, 2.0, 0.5]).await.unwrap();
    assert!((sum - 3.5).abs() < f64::EPSILON);
    let whoami = station.whoami().await.unwrap();
    assert_eq!(whoami, client.address().as_str());
}

#[tokio::test]
async fn a10_02_a_typed_client_of_a_typed_service_rust_to_rust() {
    let provider = connect().await;
    let id = provider.register_service(station()).await.unwrap().id;
    call_all(&connect().await, &id).await;
}

async fn registered(command: &str, language: Language) -> (Peer, String) {
    let peer = Peer::of(language, server().await).start().await.unwrap();
    let id = peer.command(command, json!({})).await.unwrap();
    (peer, id.as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a10_02_a_typed_client_rust_to_python() {
    let (_peer, id) = registered("register_station", Language::Python).await;
    call_all(&connect().await, &id).await;
}

#[tokio::test]
async fn a10_02_a_typed_client_rust_to_javascript() {
    let (_peer, id) = registered("register_station", Language::JavaScript).await;
    call_all(&connect().await, &id).await;
}

/// A trait that asks for what the others do not have.
#[service(dispatcher = OtherService)]
#[expect(dead_code, reason = "its client is used")]
trait Other {
    /// Takes a number for a place, and gives one.
    async fn measure(&self, place: u32) -> u32;
    /// Gives a text for a number.
    async fn heavy(&self, values: Vec<f64>) -> String;
    async fn no_such_method(&self);
}

/// The wrong client: arguments that do not fit, results that do not, methods that are not there.
async fn call_wrongly(id: &str, said: &str) {
    let client = connect().await;
    let other = OtherClient::from(client.get_service(id).await.unwrap());
    let error = other.measure(3).await.unwrap_err();
    assert!(error.to_string().contains(said), "{error}");
    let error = other.heavy(vec![1.5]).await.unwrap_err();
    assert!(matches!(error, CallError::Result { .. }), "{error}");
    let error = other.no_such_method().await.unwrap_err();
    assert!(matches!(error, CallError::NoSuchMethod { .. }), "{error}");
}

#[tokio::test]
async fn a10_08_the_wrong_client_gets_errors_rust_to_rust() {
    let provider = connect().await;
    let id = provider.register_service(station()).await.unwrap().id;
    call_wrongly(&id, "argument `place`").await;
    let service = connect().await.get_service(&id).await.unwrap();
    for (args, kwargs, words) in misfits() {
        let Ok(hypha_client::Value::List(args)) = hypha_client::to_value(&args) else {
            panic!("{args}")
        };
        let mut call = service.method("measure").args(args);
        for (name, value) in kwargs.as_object().unwrap() {
            call = call.kwarg(name.as_str(), value);
        }
        let error = call.await.unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error}");
        let CallError::Remote(source) = &error else {
            panic!("{error:?}")
        };
        assert_eq!(source.kind(), RemoteErrorKind::InvalidArguments);
    }
}

#[tokio::test]
async fn a10_08_the_wrong_client_gets_errors_rust_to_python() {
    let (_peer, id) = registered("register_station", Language::Python).await;
    call_wrongly(&id, "subscriptable").await;
    let service = connect().await.get_service(&id).await.unwrap();
    let place = json!({ "name": "Uppsala" });
    for (call, said) in [
        (service.method("measure"), "'place'"),
        (
            service
                .method("measure")
                .kwarg("place", &place)
                .kwarg("often", 2),
            "'often'",
        ),
        (
            service.method("measure").args((&place, 1, "foot", 7)),
            "4 were given",
        ),
    ] {
        let error = call.await.unwrap_err();
        assert!(matches!(error, CallError::Remote(_)), "{error:?}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[tokio::test]
async fn a10_08_the_wrong_client_gets_errors_rust_to_javascript() {
    let (_peer, id) = registered("register_station", Language::JavaScript).await;
    call_wrongly(&id, "not what was asked for").await;
    // It takes whatever comes, and more of it; what is not there it says in its own words.
    let service = connect().await.get_service(&id).await.unwrap();
    let error = service.method("measure").await.unwrap_err();
    assert!(matches!(error, CallError::Remote(_)), "{error:?}");
    assert!(error.to_string().contains("undefined"), "{error}");
}

/// Arguments of `measure` that do not fit, and what is said of them.
fn misfits() -> [(Json, Json, &'static str); 6] {
    let place = json!({ "name": "Uppsala" });
    [
        (json!([]), json!({}), "argument `place` is missing"),
        (
            json!([]),
            json!({ "times": 2 }),
            "argument `place` is missing",
        ),
        (json!([{ "nme": "Uppsala" }]), json!({}), "argument `place`"),
        (json!([place, "often"]), json!({}), "argument `times`"),
        (
            json!([]),
            json!({ "place": place, "unit": "cubit" }),
            "argument `unit`",
        ),
        (
            json!([place, 1, "foot", 7]),
            json!({}),
            "takes 3 arguments, 4 were given",
        ),
    ]
}

#[tokio::test]
async fn a10_02_a10_08_a_typed_service_python_and_javascript_to_rust() {
    let provider = connect().await;
    let id = provider.register_service(station()).await.unwrap().id;
    for language in BOTH {
        let peer = Peer::of(language, server().await).start().await.unwrap();
        let place = json!({ "name": "Uppsala", "height": 2.5 });
        let measured = |times: usize, unit: &str| json!({ "place": "Uppsala", "heights": vec![json!({ "$f": 2.5 }); times], "unit": unit });
        let call = |args: Json| peer.call(&id, "measure", args);
        assert_eq!(call(json!([place])).await.unwrap(), measured(1, "metre"));
        let all = call(json!([place, 2, "foot"])).await.unwrap();
        assert_eq!(all, measured(2, "foot"));
        // JavaScript has no other way to leave out an argument in front of another.
        let skipped = call(json!([place, null, "foot"])).await.unwrap();
        assert_eq!(skipped, measured(1, "foot"));
        let named = Call::new(&id, "measure").kwargs(json!({ "place": place, "unit": "foot" }));
        assert_eq!(peer.run(named).await.unwrap(), measured(1, "foot"));
        let counted = Call::new(&id, "count").args(json!([3])).reduce("items");
        assert_eq!(peer.run(counted).await.unwrap(), json!([0, 1, 2]));
        let heavy = peer.call(&id, "heavy", json!([[1.0, 2.5]])).await.unwrap();
        assert_eq!(heavy, json!({ "$f": 3.5 }));
        let whoami = peer.call(&id, "whoami", json!([])).await.unwrap();
        let address = format!("{}/{}", peer.workspace(), peer.client_id());
        assert_eq!(whoami, json!(address));

        let failed = call(json!([{ "name": "Atlantis" }])).await.unwrap_err();
        assert!(
            failed.message().contains("no such place: Atlantis"),
            "{failed}"
        );
        for (args, kwargs, words) in misfits() {
            let call = Call::new(&id, "measure").args(args).kwargs(kwargs);
            let error = peer.run(call).await.unwrap_err();
            assert!(
                error.message().contains(words),
                "{language:?} {words}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn a10_02_what_callers_are_told_is_in_the_list_of_services() {
    let provider = connect().await;
    let info = provider.register_service(station()).await.unwrap();
    let listed = provider.get_service_info(&info.id, None).await.unwrap();
    let listed: Json =
        hypha_client::from_value(hypha_client::Value::Map(listed.service_schema)).unwrap();
    assert_eq!(listed, json!(StationService::schema()));
    let parameters = &listed["measure"]["function"]["parameters"];
    assert_eq!(parameters["required"], json!(["place"]));
    assert_eq!(parameters["properties"]["unit"]["default"], json!("metre"));
    assert_eq!(
        parameters["properties"]["times"]["description"],
        json!("how often")
    );
    assert_eq!(
        listed["whoami"]["function"]["parameters"]["properties"],
        json!({})
    );
}
