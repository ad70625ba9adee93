//! Methods that take functions, generators and interfaces or give them: those of `tests/peers/python/objects.py`.

use std::fmt::Display;
use std::sync::{Arc, Mutex};

use futures_util::future::try_join_all;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use hypha_client::{
    CallError, Callback, Closure, Interface, Map, Members, Method, RemoteObject, RemoteStream,
    Service, Streamed, Value,
};
use serde::Deserialize;

use super::Events;

/// All of them.
pub(super) fn functions(service: Service, events: &Events) -> Service {
    holding(generators(callbacks(service), events), events)
}

#[derive(Deserialize)]
struct Member {
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    report: Callback<(i64,), Value>,
}

fn callbacks(service: Service) -> Service {
    service
        .method(
            "call_back",
            async |callback: Callback<(i64,), Value>, count: i64| {
                let mut results = Vec::new();
                for index in 0..count {
                    results.push(callback.call((index,)).await?);
                }
                Ok::<_, CallError>(results)
            },
        )
        .method(
            "call_back_at_once",
            async |callback: Callback<(i64,), Value>, count: i64| {
                try_join_all((0..count).map(|index| callback.call((index,)))).await
            },
        )
        .method(
            "call_back_with",
            async |callback: Callback, args: Vec<Value>, kwargs: Map| {
                let call =
                    kwargs
                        .into_iter()
                        .fold(
                            callback.invoke().args(args),
                            |call, (name, value)| match name.as_str() {
                                Some(name) => call.kwarg(name, value),
                                None => call,
                            },
                        );
                call.await
            },
        )
        .method("call_member", async |thing: Member| {
            thing.steps[0].report.call((7,)).await
        })
        .method("catch", async |callback: Callback<(), Value>| {
            outcome(callback.call(()).await)
        })
        .method(
            "nest",
            async |callback: Callback<(Closure,), Callback<(i64,), i64>>| {
                let inner = Closure::new(async |innermost: Callback<(i64,), Value>| {
                    innermost.call((10,)).await
                });
                let returned = callback.call((inner,)).await?;
                returned.call((5,)).await
            },
        )
        .method("adder", async |amount: i64| {
            Closure::new(move |x: i64| async move { x + amount })
        })
}

fn generators(service: Service, events: &Events) -> Service {
    let counted = ["count", "iterator", "iterator_async"];
    let service = counted.into_iter().fold(service, |service, name| {
        let events = events.clone();
        service.stream(name, move |n: u64| counter(n, &events))
    });
    let (waiting, rows) = (events.clone(), events.clone());
    service
        .stream("count_async", move |n: u64| {
            let mut items = Box::pin(counter(n, &waiting));
            async_stream::stream! {
                while let Some(item) = items.next().await {
                    tokio::task::yield_now().await;
                    yield item;
                }
            }
        })
        .stream("repeat", |text: String, n: usize| {
            stream::iter(std::iter::repeat_n(text, n))
        })
        .stream("fail_after", |n: u64| {
            stream::iter(0..n)
                .map(Ok)
                .chain(stream::iter([Err("generator boom")]))
        })
        .stream("rows", move |n: u64| {
            let events = rows.clone();
            stream::iter(0..n).map(move |row| Streamed::new(counter(row, &events)))
        })
        .method("take", async |items: RemoteStream, limit: usize| {
            items.take(limit).try_collect::<Vec<Value>>().await
        })
        .method("take_until_error", async |mut items: RemoteStream| {
            let mut found = Vec::new();
            let raised = loop {
                match items.next().await {
                    None => break None,
                    Some(Ok(item)) => found.push(item),
                    Some(Err(error)) => break Some(error.to_string()),
                }
            };
            Value::from(Map::from([
                ("items", Value::from(found)),
                ("raised", raised.into()),
            ]))
        })
        .method("flatten", async |rows: RemoteStream<RemoteStream>| {
            let rows = rows.and_then(|row| row.try_collect::<Vec<Value>>());
            rows.try_collect::<Vec<_>>().await
        })
}

fn holding(service: Service, events: &Events) -> Service {
    let held = Arc::new(Mutex::new(None::<Value>));
    let [hold, used, caught, dropped] = [(); 4].map(|()| Arc::clone(&held));
    let events = events.clone();
    service
        .method("hold", move |thing: Value| {
            *hold.lock().unwrap() = Some(thing);
            async {}
        })
        .method("use_held", move |path: String, args: Vec<Value>| {
            let held = used.lock().unwrap().clone();
            async move { use_held(held, &path, args).await }
        })
        .method("catch_held", move |path: String, args: Vec<Value>| {
            let held = caught.lock().unwrap().clone();
            async move { outcome(use_held(held, &path, args).await) }
        })
        .method("drop_held", move || {
            *dropped.lock().unwrap() = None;
            async {}
        })
        .method("open_store", move |name: String| {
            let store = store(&name);
            let events = events.clone();
            async move { store.on_dispose(move || events.tell("disposed", name.as_str())) }
        })
}

/// An interface: its functions outlive the call that it travels in.
pub(crate) fn store(name: &str) -> Interface {
    let told = name.to_owned();
    let get = move |key: String| {
        let found = format!("{told}: {key}");
        async move { found }
    };
    Interface::new(
        Members::new()
            .value("name", name)
            .method("get", Method::new(get).param("key")),
    )
}

async fn use_held(held: Option<Value>, path: &str, args: Vec<Value>) -> Result<Value, CallError> {
    match held {
        Some(Value::Method(function)) if path.is_empty() => {
            Callback::<Vec<Value>, Value>::try_from(*function)?
                .invoke()
                .args(args)
                .await
        }
        held => {
            let object: RemoteObject = hypha_codec::from_value(held.unwrap_or_default()).unwrap();
            object.method(path).args(args).await
        }
    }
}

fn outcome(outcome: Result<Value, impl Display>) -> Value {
    let map: Map = match outcome {
        Ok(value) => Map::from([("returned", value)]),
        Err(error) => Map::from([("raised", error.to_string())]),
    };
    map.into()
}

/// 0, 1, 2, ... up to `n`; its end is told.
fn counter(n: u64, events: &Events) -> impl Stream<Item = u64> + Send + use<> {
    let closed = Closed(n, events.clone());
    stream::iter(0..n).map(move |index| {
        let _until_the_stream_is_dropped = &closed;
        index
    })
}

struct Closed(u64, Events);

impl Drop for Closed {
    fn drop(&mut self) {
        self.1.tell("generator_closed", self.0);
    }
}
