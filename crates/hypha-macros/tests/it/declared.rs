//! Traits: dispatchers and clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use hypha_client::{
    CallError, Callback, Closure, ErrorKind, FromCall, Kwargs, NdArray, RemoteError, Rest, Service,
    Value, service,
};
use serde_json::{Value as Json, json};

use crate::place::Place;

/// An extractor of our own.
pub(crate) struct From(String);

impl FromCall for From {
    fn from_call(arguments: &mut hypha_client::CallArguments) -> Result<Self, RemoteError> {
        Ok(Self(arguments.context().from().to_string()))
    }
}

/// Counts things.
///
/// It starts at zero.
#[service(
    id = "tally",
    name = "The counter",
    kind = "counting",
    visibility = unlisted,
    rename_all = "camelCase",
    dispatcher = Dispatcher,
    client = Tally
)]
pub(crate) trait Counter {
    /// Adds something.
    async fn add_more(&self, #[arg(rename = "by", default = 1)] more: u64) -> u64;

    #[method(rename = "zero")]
    async fn reset(&self) {
        // A method with a body of its own.
        self.add_more(0).await;
    }

    /// Everything up to now.
    fn all(&self) -> impl Stream<Item = Result<u64, String>>;

    async fn who(&self, #[arg(extract)] from: From) -> String;

    /// Named and unnamed.
    async fn others(&self, first: u32, kwargs: Kwargs) -> usize;

    async fn array(&self, array: Option<NdArray>) -> Option<NdArray>;

    async fn doubler(&self) -> Closure;

    #[method(returns = Callback<(u64,), u64>)]
    async fn tripler(&self) -> Closure;

    #[expect(clippy::too_many_arguments, reason = "as many as there can be")]
    async fn twelve(
        &self,
        a: u8,
        b: u8,
        c: u8,
        d: u8,
        e: u8,
        f: u8,
        g: u8,
        h: u8,
        i: u8,
        j: u8,
        k: u8,
        r#type: u8,
    ) -> u32;

    #[cfg(any())]
    async fn not_there(&self, other: NoSuchType);
}

#[derive(Default)]
struct Shared {
    count: AtomicU64,
}

impl Counter for Shared {
    async fn add_more(&self, more: u64) -> u64 {
        self.count.fetch_add(more, Ordering::Relaxed) + more
    }

    fn all(&self) -> impl Stream<Item = Result<u64, String>> {
        let upto = self.count.load(Ordering::Relaxed);
        stream::iter(0..upto)
            .map(Ok)
            .chain(stream::iter([Err("no more".to_owned())]))
    }

    async fn who(&self, from: From) -> String {
        from.0
    }

    async fn others(&self, first: u32, kwargs: Kwargs) -> usize {
        kwargs.0.len() + usize::try_from(first).unwrap()
    }

    async fn array(&self, array: Option<NdArray>) -> Option<NdArray> {
        array
    }

    async fn doubler(&self) -> Closure {
        Closure::new(|x: u64| async move { x * 2 })
    }

    async fn tripler(&self) -> Closure {
        Closure::new(|x: u64| async move { x * 3 })
    }

    async fn twelve(
        &self,
        a: u8,
        b: u8,
        c: u8,
        d: u8,
        e: u8,
        f: u8,
        g: u8,
        h: u8,
        i: u8,
        j: u8,
        k: u8,
        r#type: u8,
    ) -> u32 {
        [a, b, c, d, e, f, g, h, i, j, k, r#type]
            .map(u32::from)
            .iter()
            .sum()
    }
}

#[tokio::test]
async fn the_settings_are_those_of_the_service() {
    let service = Service::from(Dispatcher::new(Shared::default()));
    assert_eq!((service.id(), Dispatcher::ID), ("tally", "tally"));
    assert_eq!(service.type_id(), "counting");
    let place = Place::new().await;
    let (found, _provider) = place.offer(service.with_id("other")).await;
    assert!(found.id().ends_with(":other"), "{}", found.id());
    assert_eq!(found.name(), "The counter");
    let text = |key: &str| found.get(key).and_then(Value::as_str).unwrap().to_owned();
    assert_eq!(text("description"), "Counts things.");
    assert_eq!(text("docs"), "Counts things.\n\nIt starts at zero.");
    assert_eq!(text("config.visibility"), "unlisted");
}

#[tokio::test]
async fn every_kind_of_method_is_called_by_the_client() {
    let place = Place::new().await;
    let shared = Arc::new(Shared::default());
    let (found, provider) = place.offer(Dispatcher::shared(Arc::clone(&shared))).await;
    let tally = Tally::from(found);
    assert_eq!(tally.add_more(None).await.unwrap(), 1);
    assert_eq!(tally.add_more(Some(2)).await.unwrap(), 3);
    tally.reset().await.unwrap();
    assert_eq!(shared.count.load(Ordering::Relaxed), 3);

    let all = tally.all().await.unwrap();
    let (items, errors): (Vec<_>, Vec<_>) = all
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .partition(Result::is_ok);
    assert_eq!(
        items.into_iter().map(Result::unwrap).collect::<Vec<u64>>(),
        [0, 1, 2]
    );
    let [Err(error)] = &errors[..] else {
        panic!("{errors:?}")
    };
    assert!(error.to_string().contains("no more"), "{error}");

    assert_eq!(tally.who().await.unwrap(), provider.address().as_str());
    let kwargs = Kwargs([("a", 1), ("b", 2)].into_iter().collect());
    assert_eq!(tally.others(3, kwargs).await.unwrap(), 5);
    assert!(tally.array(None).await.unwrap().is_none());
    let twelve = tally.twelve(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2);
    assert_eq!(twelve.await.unwrap(), 13);

    let doubler = tally.doubler().await.unwrap();
    let doubled = doubler.call(vec![Value::from(4)]).await.unwrap();
    assert_eq!(doubled.as_i64(), Some(8));
    assert_eq!(tally.tripler().await.unwrap().call((4,)).await.unwrap(), 12);

    let options = tally
        .add_more(Some(1))
        .timeout(std::time::Duration::from_secs(9));
    assert_eq!(options.await.unwrap(), 4);
}

#[test]
fn schemas_are_of_types_and_docs() {
    let schema = Dispatcher::schema();
    assert_eq!(schema.functions().len(), 9);
    let add = schema.find("addMore").unwrap();
    assert_eq!(add.description_text(), "Adds something.");
    let by = json!({ "type": "integer", "format": "uint64", "minimum": 0, "default": 1 });
    assert_eq!(add.parameter("by"), Some(&by));
    assert!(!add.requires("by"));
    let names = |name: &str| -> Vec<String> {
        let function = schema.find(name).unwrap();
        function.positional().map(ToOwned::to_owned).collect()
    };
    assert!(names("who").is_empty());
    assert_eq!(names("others"), ["first"]);
    assert_eq!(names("twelve").last().unwrap(), "type");
    assert_eq!(
        schema.find("array").unwrap().parameter("array"),
        Some(&json!({ "default": null }))
    );
    assert!(schema.find("zero").is_some() && schema.find("reset").is_none());
}

/// Without a client it takes whatever comes.
#[service(client = false)]
trait Greedy {
    async fn rest(&self, rest: Rest) -> usize;
}

#[service(client = false)]
trait Odd {
    async fn odd(&self, #[arg(default = "many")] times: u32) -> u32;
}

struct Anything;

impl Greedy for Anything {
    async fn rest(&self, rest: Rest) -> usize {
        rest.0.len()
    }
}

impl Odd for Anything {
    async fn odd(&self, times: u32) -> u32 {
        times
    }
}

#[tokio::test]
async fn a_service_without_a_client() {
    let place = Place::new().await;
    let (found, _provider) = place.offer(GreedyService::new(Anything)).await;
    assert_eq!(found.call::<usize>("rest", (1, "a", ())).await.unwrap(), 3);
}

#[tokio::test]
async fn a_default_that_is_none_of_its_type_is_found_when_registering() {
    let client = Place::new().await.connect().await;
    let error = client
        .register_service(OddService::new(Anything))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidService, "{error}");
    assert!(error.to_string().contains("`times`"), "{error}");
}

#[tokio::test]
async fn the_stream_ends_with_its_reader() {
    struct Guarded(tokio::sync::mpsc::UnboundedSender<()>);
    #[service]
    trait Endless {
        fn forever(&self) -> impl Stream<Item = u32>;
    }
    impl Endless for Guarded {
        fn forever(&self) -> impl Stream<Item = u32> {
            let told = self.0.clone();
            stream::unfold(0, |n| async move { Some((n, n + 1)) }).inspect(move |_| {
                let _alive = &told;
            })
        }
    }
    let place = Place::new().await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let guarded = Arc::new(Guarded(tell));
    let (found, provider) = place
        .offer(EndlessService::shared(Arc::clone(&guarded)))
        .await;
    let endless = EndlessClient::new(found);
    let items = endless.forever().await.unwrap();
    let first: Vec<u32> = items.take(3).try_collect::<Vec<u32>>().await.unwrap();
    assert_eq!(first, [0, 1, 2]);
    drop(endless);
    provider
        .unregister_service(EndlessService::ID)
        .await
        .unwrap();
    drop(guarded);
    // Nobody holds the implementation or its stream any more.
    assert_eq!(told.recv().await, None);
}

#[tokio::test]
async fn errors_keep_their_kind() {
    let place = Place::new().await;
    let (found, _provider) = place.offer(Dispatcher::new(Shared::default())).await;
    let error = found.call::<Json>("addMore", ("x",)).await.unwrap_err();
    assert!(matches!(error, CallError::Remote(_)), "{error:?}");
    assert!(error.to_string().contains("argument `by`"), "{error}");
}

/// What an `async fn` with this body would give.
#[service(client = false)]
trait Ready {
    async fn home(&self, blocked: bool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if blocked {
            return Err("it is blocked".into());
        }
        Err(Box::new(std::fmt::Error))
    }
}

struct IsReady;

impl Ready for IsReady {}

#[tokio::test]
async fn bodies_become_what_the_method_gives() {
    let place = Place::new().await;
    let (ready, _provider) = place.offer(ReadyService::new(IsReady)).await;
    for (blocked, said) in [(true, "it is blocked"), (false, "an error occurred")] {
        let error = ready.call::<()>("home", (blocked,)).await.unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}
