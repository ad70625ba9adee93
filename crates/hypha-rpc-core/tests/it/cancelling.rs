//! Futures that are dropped after every number of polls: nothing is left behind at either end.

use std::io::Cursor;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use hypha_codec::{Binary, Value};
use hypha_rpc_core::{
    Callback, Closure, FileObject, Interface, Members, Peer, PeerConfig, RemoteFile, RemoteObject,
    RemoteStream, Service, Streamed,
};

use crate::pair::peers_with;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is done, by a caller with a provider.
type Named = (&'static str, fn(Peer, Peer) -> Work);

const LARGE: usize = 30_000;

fn service() -> Service {
    Service::new("s")
        .method("size", |bytes: Binary| async move { bytes.len() })
        .method(
            "make",
            |len: usize| async move { Binary::from(vec![1_u8; len]) },
        )
        .method("twice", |f: Callback<(u32,), u32>| async move {
            let once = f.call((1,)).await?;
            f.call((once,)).await
        })
        .method("large_back", |f: Callback<(Binary,), Binary>| async move {
            Ok::<_, hypha_rpc_core::CallError>(f.call((Binary::from(vec![2; LARGE]),)).await?.len())
        })
        .method("sum", |items: RemoteStream<u32>| async move {
            let items: Vec<_> = items.collect().await;
            items.into_iter().filter_map(Result::ok).sum::<u32>()
        })
        .method("read", |mut file: RemoteFile| async move {
            Ok::<_, std::io::Error>(file.read_all().await?.len())
        })
        .method("use", |object: RemoteObject| async move {
            let got = object.call::<u32>("get", ()).await;
            object.dispose().await?;
            got
        })
        .method("open", || async {
            FileObject::new(Cursor::new(vec![3_u8; 100]))
        })
        .method("object", || async {
            Interface::new(Members::new().method("get", || async { 5_u32 }))
        })
        .stream("count", |n: u32| stream::iter(0..n))
        .stream("blobs", |n: usize| {
            stream::iter((0..n).map(|_| Binary::from(vec![4_u8; LARGE])))
        })
}

/// What can be dropped half way, by name.
fn works() -> Vec<Named> {
    fn method(peer: &Peer, provider: &Peer, name: &str) -> hypha_rpc_core::MethodCall {
        peer.method_at(provider.address(), format!("services.s.{name}"))
    }
    vec![
        ("a call", |peer, provider| {
            Box::pin(async move { peer.ping(provider.address()).await.unwrap() })
        }),
        ("a lookup", |peer, _| {
            Box::pin(async move { drop(peer.get_remote_service("s").await.unwrap()) })
        }),
        ("callbacks", |peer, provider| {
            Box::pin(async move {
                let add = Closure::new(|n: u32| async move { n + 1 });
                let call = method(&peer, &provider, "twice").args((add,));
                assert_eq!(call.await.unwrap(), Value::from(3));
            })
        }),
        ("large callbacks", |peer, provider| {
            Box::pin(async move {
                let back = Closure::new(|bytes: Binary| async move { bytes });
                let call = method(&peer, &provider, "large_back").args((back,));
                assert_eq!(call.await.unwrap(), Value::from(LARGE as u64));
            })
        }),
        ("a large argument", |peer, provider| {
            Box::pin(async move {
                let bytes = Binary::from(vec![0_u8; LARGE]);
                drop(
                    method(&peer, &provider, "size")
                        .args((bytes,))
                        .await
                        .unwrap(),
                );
            })
        }),
        ("a large argument with callbacks", |peer, provider| {
            Box::pin(async move {
                let bytes = Binary::from(vec![0_u8; LARGE]);
                let add = Closure::new(|n: u32| async move { n + 1 });
                let call = method(&peer, &provider, "twice").args((add, bytes));
                drop(call.await);
            })
        }),
        ("a large result", |peer, provider| {
            Box::pin(async move {
                drop(
                    method(&peer, &provider, "make")
                        .args((LARGE,))
                        .await
                        .unwrap(),
                );
            })
        }),
        ("an argument that is a stream", |peer, provider| {
            Box::pin(async move {
                let items = Streamed::new(stream::iter(0..4_u32));
                let call = method(&peer, &provider, "sum").args((items,));
                assert_eq!(call.await.unwrap(), Value::from(6));
            })
        }),
        ("a stream of items", |peer, provider| {
            Box::pin(async move {
                let call = method(&peer, &provider, "count").args((3,));
                let items: RemoteStream<u32> = call.decode().await.unwrap();
                assert_eq!(items.count().await, 3);
            })
        }),
        ("a stream of large items", |peer, provider| {
            Box::pin(async move {
                let call = method(&peer, &provider, "blobs").args((2,));
                let items: RemoteStream<Binary> = call.decode().await.unwrap();
                assert_eq!(items.count().await, 2);
            })
        }),
        ("a file as an argument", |peer, provider| {
            Box::pin(async move {
                let file = FileObject::new(Cursor::new(vec![3_u8; 100]));
                let call = method(&peer, &provider, "read").args((file,));
                assert_eq!(call.await.unwrap(), Value::from(100));
            })
        }),
        ("an object as an argument", |peer, provider| {
            Box::pin(async move {
                let object = Interface::new(Members::new().method("get", || async { 5_u32 }));
                let call = method(&peer, &provider, "use").args((object,));
                assert_eq!(call.await.unwrap(), Value::from(5));
            })
        }),
        ("a service", |peer, _| {
            Box::pin(async move {
                let service = Service::new("mine").method("f", || async { 1 });
                peer.replace_service(service).await.unwrap();
                peer.unregister_service("mine").await.unwrap();
            })
        }),
    ]
}

fn config() -> PeerConfig {
    let mut config = PeerConfig::default();
    config.chunk_size = 4096;
    // What is not given back is missed soon.
    config.max_queued_bytes = 16 * 1024;
    config
}

/// Polls so often, with time for everybody else between; says whether it was done before.
async fn polled(times: usize, mut work: Work) -> bool {
    for _ in 0..times {
        if (&mut work).now_or_never().is_some() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

async fn become_idle(what: &str, times: usize, peers: [&Peer; 2]) {
    let idle = async {
        for peer in peers {
            loop {
                let stats = peer.stats().await.unwrap();
                let busy = [
                    stats.pending_calls,
                    stats.running_calls,
                    stats.sessions,
                    stats.assemblies,
                    stats.transfers,
                ];
                if busy == [0; 5] {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
    };
    let mut idle = Box::pin(idle);
    for _ in 0..20_000 {
        if (&mut idle).now_or_never().is_some() {
            return;
        }
        tokio::task::yield_now().await;
    }
    drop(idle);
    let [left, right] = [peers[0].stats().await, peers[1].stats().await];
    panic!("{what}, dropped after {times} polls, left something behind: {left:?} {right:?}");
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_anywhere_leaves_nothing_behind() {
    for (what, work) in works() {
        let (caller, provider) = peers_with(config(), config());
        provider.register_service(service()).await.unwrap();
        let mut times = 0;
        loop {
            let done = polled(times, work(caller.clone(), provider.clone())).await;
            become_idle(what, times, [&caller, &provider]).await;
            if done {
                break;
            }
            times += 1;
        }
        assert!(times > 0, "{what} was done at once");
        // The whole budget is there.
        let all = method_with_all_of_the_budget(&caller, &provider);
        let size = tokio::time::timeout(Duration::from_secs(1), all).await;
        assert_eq!(size.unwrap(), 100_000, "{what}");
    }
}

async fn method_with_all_of_the_budget(caller: &Peer, provider: &Peer) -> usize {
    let bytes = Binary::from(vec![0_u8; 100_000]);
    let call = caller.method_at(provider.address(), "services.s.size");
    call.args((bytes,)).decode().await.unwrap()
}
