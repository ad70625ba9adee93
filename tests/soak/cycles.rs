//! A thousand connections in one process, one after the other.

use futures_util::{StreamExt, TryStreamExt, stream};
use hypha_client::{
    Binary, Callback, Client, Closure, RemoteStream, Service, Streamed, Visibility,
};
use hypha_tests::HyphaServer;

use crate::gauges::{ALONE, Gauges, resident};

const CYCLES: usize = 1000;
const WARM: usize = 100;

/// How much more may be resident after the last cycle than after the hundredth.
const ALLOWED: usize = 2 << 20;

/// Uses a bit of everything, and drops it in the middle of more.
async fn cycle(url: &str, provider: &str) {
    let client = Client::builder(url).connect().await.unwrap();
    let own = Service::new("own").method("double", |n: u64| async move { n * 2 });
    let own = client.register_service(own).await.unwrap().id;
    let service = client.get_service(provider).await.unwrap();

    let bytes = Binary::from(vec![7; 50_000]);
    assert_eq!(
        service
            .call::<Binary>("echo", (bytes.clone(),))
            .await
            .unwrap(),
        bytes
    );
    let double = Closure::new(|n: u64| async move { n * 2 });
    assert_eq!(service.call::<u64>("apply", (double, 4)).await.unwrap(), 8);
    let numbers = Streamed::new(stream::iter(1..=10_u64));
    assert_eq!(service.call::<u64>("sum", (numbers,)).await.unwrap(), 55);
    let counted: RemoteStream<u64> = service.stream("count", (5,)).await.unwrap();
    assert_eq!(
        counted.try_collect::<Vec<_>>().await.unwrap(),
        [0, 1, 2, 3, 4]
    );
    let own = client.get_service(&own).await.unwrap();
    assert_eq!(own.call::<u64>("double", (21,)).await.unwrap(), 42);

    let mut begun: RemoteStream<u64> = service.stream("count", (1_000_000,)).await.unwrap();
    assert_eq!(begun.next().await.unwrap().unwrap(), 0);
    let waiting = service.call::<u64>("hang", ());
    let waited = tokio::time::timeout(std::time::Duration::from_millis(1), waiting).await;
    assert!(waited.is_err());
}

async fn provider(url: &str) -> (Client, String) {
    let service = Service::new("used")
        .visibility(Visibility::Public)
        .method("echo", |bytes: Binary| async move { bytes })
        .method("apply", |f: Callback<(u64,), u64>, n: u64| async move {
            f.call((n,)).await
        })
        .method("sum", |items: RemoteStream<u64>| async move {
            items.try_fold(0, |sum, n| async move { Ok(sum + n) }).await
        })
        .method("hang", std::future::pending::<u64>)
        .stream("count", |n: u64| stream::iter(0..n));
    let client = Client::builder(url).connect().await.unwrap();
    let id = client.register_service(service).await.unwrap().id;
    (client, id)
}

#[test]
fn a_thousand_connections_leave_nothing_behind() {
    let _alone = ALONE.blocking_lock();
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let server = runtime().block_on(HyphaServer::shared()).unwrap();
    let url = server.url();

    // The provider has a process of its own in life, here a runtime.
    let (tell, told) = std::sync::mpsc::channel();
    let (_stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let provider_url = url.clone();
    let provider_runtime = runtime();
    std::thread::spawn(move || {
        provider_runtime.block_on(async {
            let (_client, id) = provider(&provider_url).await;
            tell.send(id).unwrap();
            drop(stopped.await);
        });
    });
    let id = told.recv().unwrap();

    runtime().block_on(async {
        let start = Gauges::now();
        let mut warm = 0;
        for count in 1..=CYCLES {
            cycle(&url, &id).await;
            if count == WARM {
                warm = resident();
            }
        }
        let grown = resident().saturating_sub(warm);
        eprintln!("after {WARM} cycles {warm} bytes, after {CYCLES} {grown} more");
        assert!(
            grown <= ALLOWED,
            "{grown} bytes more than after {WARM} cycles"
        );
        start.settle().await;
    });
}
