//! Streams as results and arguments.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use hypha_codec::Value;
use hypha_rpc_core::{CallError, Peer, RemoteStream, Service, Streamed};
use tokio::sync::Notify;

use crate::pair::serve;

/// Counts the streams that are alive, and says when one ends.
#[derive(Clone, Default)]
struct Alive {
    count: Arc<AtomicUsize>,
    ended: Arc<Notify>,
}

struct Token(Alive);

impl Alive {
    fn token(&self) -> Token {
        self.count.fetch_add(1, Ordering::SeqCst);
        Token(self.clone())
    }

    fn numbers(&self) -> impl Stream<Item = u64> + Send + use<> {
        let token = self.token();
        stream::iter(0..).map(move |n| {
            let _ = &token;
            n
        })
    }

    async fn none_left(&self) {
        while self.count.load(Ordering::SeqCst) > 0 {
            self.ended.notified().await;
        }
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::SeqCst);
        self.0.ended.notify_one();
    }
}

async fn sessions(peer: &Peer) -> usize {
    peer.stats().await.unwrap().sessions
}

#[tokio::test]
async fn items_arrive_in_order_and_the_end_is_the_end() {
    let service = Service::new("s")
        .stream("count", |n: u64| stream::iter(0..n))
        .stream("lines", |text: String| {
            async_stream::stream! {
                for line in text.lines() {
                    yield line.to_owned();
                }
            }
        });
    let (remote, _caller, provider) = serve(service).await;
    let items: Vec<u64> = remote
        .stream::<u64>("count", (5,))
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(items, [0, 1, 2, 3, 4]);
    let none: Vec<u64> = remote
        .stream::<u64>("count", (0,))
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert!(none.is_empty());
    let lines: Vec<String> = remote
        .stream::<String>("lines", ("a\nb",))
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(lines, ["a", "b"]);
    assert_eq!(sessions(&provider).await, 0);
}

#[tokio::test]
async fn an_error_comes_after_the_items_before_it_and_ends_the_stream() {
    let service = Service::new("s").stream("half", || {
        stream::iter([Ok(1), Ok(2), Err("broken"), Ok(4)])
    });
    let (remote, _caller, provider) = serve(service).await;
    let mut items = remote.stream::<u32>("half", ()).await.unwrap();
    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    assert_eq!(items.next().await.unwrap().unwrap(), 2);
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "broken");
    assert!(items.next().await.is_none());
    assert_eq!(sessions(&provider).await, 0);
}

#[tokio::test]
async fn stopping_early_closes_the_source_at_once_also_if_it_never_began() {
    let alive = Alive::default();
    let counted = alive.clone();
    let service = Service::new("s").stream("count", move || counted.numbers());
    let (remote, caller, provider) = serve(service).await;

    let mut begun = remote.stream::<u64>("count", ()).await.unwrap();
    assert_eq!(begun.next().await.unwrap().unwrap(), 0);
    let unread = remote.stream::<u64>("count", ()).await.unwrap();
    let untyped: Value = remote.call("count", ()).await.unwrap();
    let closed = remote.stream::<u64>("count", ()).await.unwrap();
    assert_eq!(sessions(&provider).await, 4);
    closed.close().await.unwrap();
    drop((begun, unread, untyped));
    alive.none_left().await;
    caller.ping(provider.address()).await.unwrap();
    assert_eq!(sessions(&provider).await, 0);
}

#[tokio::test]
async fn closing_ends_a_source_that_is_waiting_for_its_next_item() {
    let alive = Alive::default();
    let counted = alive.clone();
    let service = Service::new("s").stream("never", move || {
        let token = counted.token();
        stream::pending::<u8>().inspect(move |_| {
            let _ = &token;
        })
    });
    let (remote, _caller, provider) = serve(service).await;
    let mut items = remote.stream::<u8>("never", ()).await.unwrap();
    let waiting = tokio::time::timeout(std::time::Duration::ZERO, items.next());
    assert!(waiting.await.is_err());
    provider.ping(_caller.address()).await.unwrap();
    drop(items);
    alive.none_left().await;
}

#[tokio::test]
async fn a_stream_as_argument_is_read_by_the_method_and_ends_with_the_call() {
    let alive = Alive::default();
    let service = Service::new("s")
        .method("sum", |items: RemoteStream<u64>, n: usize| async move {
            let taken: Vec<u64> = items.take(n).try_collect().await?;
            Ok::<_, CallError>(taken.into_iter().sum::<u64>())
        })
        .method("ignore", |_: RemoteStream| async {});
    let (remote, caller, _provider) = serve(service).await;
    let sum: u64 = remote
        .call("sum", (Streamed::new(alive.numbers()), 4))
        .await
        .unwrap();
    assert_eq!(sum, 6);
    let sum: u64 = remote
        .call("sum", (Streamed::new(stream::iter([1, 2])), 4))
        .await
        .unwrap();
    assert_eq!(sum, 3);
    remote
        .call::<()>("ignore", (Streamed::new(alive.numbers()),))
        .await
        .unwrap();
    alive.none_left().await;
    assert_eq!(sessions(&caller).await, 0);
}

#[tokio::test]
async fn a_generator_of_generators() {
    let service = Service::new("s").stream("rows", |n: u64| {
        stream::iter(0..n).map(|row| Streamed::new(stream::iter(0..row)))
    });
    let (remote, caller, provider) = serve(service).await;
    let mut rows = remote
        .stream::<RemoteStream<u64>>("rows", (4,))
        .await
        .unwrap();
    let mut read = Vec::new();
    while let Some(row) = rows.try_next().await.unwrap() {
        read.push(row.try_collect::<Vec<u64>>().await.unwrap());
    }
    assert_eq!(read, [vec![], vec![0], vec![0, 1], vec![0, 1, 2]]);
    caller.ping(provider.address()).await.unwrap();
    assert_eq!(sessions(&provider).await, 0);
}

#[tokio::test]
async fn a_stream_that_is_passed_on_is_pulled_through() {
    let service = Service::new("s").method("echo", |value: Value| async move { value });
    let (remote, caller, provider) = serve(service).await;
    let alive = Alive::default();
    let returned = remote
        .call::<RemoteStream<u64>>("echo", (Streamed::new(alive.numbers()),))
        .await
        .unwrap();
    // The argument ended with its call, and the stream through which it was passed on says so.
    let error = returned.take(3).try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.remote().is_some(), "{error}");
    alive.none_left().await;
    caller.ping(provider.address()).await.unwrap();
    assert_eq!(sessions(&provider).await, 0);
}

#[tokio::test]
async fn items_of_another_type_are_an_error_and_close_the_source() {
    let alive = Alive::default();
    let counted = alive.clone();
    let service = Service::new("s").stream("count", move || counted.numbers());
    let (remote, _caller, _provider) = serve(service).await;
    let mut items = remote.stream::<String>("count", ()).await.unwrap();
    assert!(matches!(
        items.next().await,
        Some(Err(CallError::Result { .. }))
    ));
    assert!(items.next().await.is_none());
    alive.none_left().await;
}

#[tokio::test]
async fn a_stream_travels_once() {
    let service = Service::new("s").method("ignore", |_: RemoteStream| async {});
    let (remote, _caller, _provider) = serve(service).await;
    let items = Streamed::new(stream::iter([1]));
    remote.call::<()>("ignore", (items.clone(),)).await.unwrap();
    let error = remote.call::<()>("ignore", (items,)).await.unwrap_err();
    assert!(matches!(error, CallError::Encode(_)), "{error}");
}

/// Both ends of what two have in hand are told that it failed: what came is not all.
#[tokio::test]
async fn a_second_reader_of_a_generator_that_failed_hears_of_it() {
    let service = Service::new("s").stream("fail", || stream::iter([Err::<u64, _>("no more")]));
    let (s, _caller, _provider) = serve(service).await;
    let generator: Value = s.call("fail", ()).await.unwrap();
    let [mut one, mut other]: [RemoteStream<u64>; 2] =
        [(); 2].map(|()| hypha_codec::from_value(generator.clone()).unwrap());
    for stream in [&mut one, &mut other] {
        let error = stream.next().await.unwrap().unwrap_err();
        assert!(error.to_string().contains("no more"), "{error}");
        assert!(stream.next().await.is_none());
    }
}
