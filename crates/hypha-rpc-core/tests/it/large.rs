//! Messages in several frames, over the in-memory link.

mod peers;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hypha_codec::{Binary, NdArray, Value};
use hypha_rpc_core::{Direction, Peer, PeerConfig, PeerIdentity, Progress, Service};
use hypha_transport::Limits;
use hypha_transport::memory::{self, MemoryConfig};
use tokio::sync::Semaphore;

use crate::pair::{address, peers, peers_with, serve};

const MIB: usize = 1 << 20;

/// Bytes that are different in every chunk.
fn pattern(len: usize) -> Bytes {
    let mut bytes = vec![0; len];
    for (at, word) in bytes.chunks_exact_mut(1000).enumerate() {
        word[..8].copy_from_slice(&(at as u64 ^ 0x5bd1_e995).to_le_bytes());
    }
    bytes.into()
}

fn echo() -> Service {
    Service::new("s")
        .method("echo", |value: Value| async move { value })
        .method("size", |bytes: Binary| async move { bytes.len() })
        .method("make", |len: usize| async move { pattern(len) })
}

async fn assert_idle(peers: [&Peer; 2]) {
    for peer in peers {
        let stats = peer.stats().await.unwrap();
        let busy = (
            stats.pending_calls,
            stats.running_calls,
            stats.assemblies,
            stats.transfers,
        );
        assert_eq!(busy, (0, 0, 0, 0), "{}", peer.address());
    }
}

/// Waits until both ends have forgotten all.
async fn become_idle(peers: [&Peer; 2]) {
    for peer in peers {
        loop {
            let stats = peer.stats().await.unwrap();
            if (stats.running_calls, stats.assemblies, stats.transfers) == (0, 0, 0) {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    assert_idle(peers).await;
}

#[tokio::test]
async fn a5_16_64_mib_go_both_ways_and_come_out_the_same() {
    let (s, caller, provider) = serve(echo()).await;
    let bytes = pattern(64 * MIB);
    let array = NdArray::new("float64", vec![1024, 8192], bytes.clone()).unwrap();
    let back: NdArray = s.call("echo", (array,)).await.unwrap();
    assert_eq!(back.shape(), [1024, 8192]);
    assert!(*back.data() == bytes);
    let back: Value = s
        .call("echo", (Binary::from(bytes.clone()),))
        .await
        .unwrap();
    assert!(back.as_bytes() == Some(&bytes));
    let made: Value = s.call("make", (64 * MIB + 1,)).await.unwrap();
    assert!(made.as_bytes() == Some(&pattern(64 * MIB + 1)));
    become_idle([&caller, &provider]).await;
}

#[tokio::test]
async fn sizes_around_the_chunk_size_arrive_whole() {
    let (s, caller, provider) = serve(echo()).await;
    for len in [
        262_000, 262_100, 262_143, 262_144, 262_145, 263_000, 263_168, 263_300, 524_288, 600_001,
    ] {
        let back: Value = s.call("echo", (Binary::from(pattern(len)),)).await.unwrap();
        assert!(back.as_bytes() == Some(&pattern(len)), "{len}");
    }
    become_idle([&caller, &provider]).await;
}

/// The references use the session that they belong to as the key of all of them.
#[tokio::test]
async fn a5_16_several_large_messages_at_once_do_not_meet() {
    let (caller, provider) = peers();
    provider.register_service(echo()).await.unwrap();
    caller.register_service(echo()).await.unwrap();
    let call = |from: &Peer, to: &Peer, at: usize| {
        let call = from
            .method_at(to.address(), "services.s.echo")
            .args((Binary::from(pattern(MIB + at)),));
        tokio::spawn(async move { call.await })
    };
    let calls: Vec<_> = (0..20)
        .flat_map(|at| {
            [
                (call(&caller, &provider, at), at),
                (call(&provider, &caller, at), at),
            ]
        })
        .collect();
    for (call, at) in calls {
        let back: Value = call.await.unwrap().unwrap();
        assert!(back.as_bytes() == Some(&pattern(MIB + at)), "{at}");
    }
    become_idle([&caller, &provider]).await;
}

#[tokio::test]
async fn a_small_transport_makes_small_chunks() {
    let limits = Limits::new().with_max_frame(16_384);
    let memory = MemoryConfig::new().with_limits(limits);
    let (left, right) = memory::pair(memory);
    let (a, b) = (address("ws/a"), address("ws/b"));
    let config = PeerConfig::default;
    let caller = Peer::direct(left, PeerIdentity::new(a.clone(), b.clone()), config()).unwrap();
    let provider = Peer::direct(right, PeerIdentity::new(b, a), config()).unwrap();
    provider.register_service(echo()).await.unwrap();
    let s = caller.get_remote_service("s").await.unwrap();
    let back: Value = s.call("echo", (Binary::from(pattern(MIB)),)).await.unwrap();
    assert!(back.as_bytes() == Some(&pattern(MIB)));
    become_idle([&caller, &provider]).await;
}

#[tokio::test]
async fn a_chunk_size_that_would_never_end_is_raised() {
    let mut config = PeerConfig::default();
    config.chunk_size = 1;
    let (caller, provider) = peers_with(config.clone(), config);
    provider.register_service(echo()).await.unwrap();
    let s = caller.get_remote_service("s").await.unwrap();
    let back: Value = s
        .call("echo", (Binary::from(pattern(50_000)),))
        .await
        .unwrap();
    assert!(back.as_bytes() == Some(&pattern(50_000)));
}

#[tokio::test]
async fn small_calls_and_a_small_budget_go_on_beside_large_messages() {
    let mut config = PeerConfig::default();
    config.max_queued_bytes = 1;
    let (caller, provider) = peers_with(config.clone(), config);
    provider.register_service(echo()).await.unwrap();
    let s = caller.get_remote_service("s").await.unwrap();
    let large = tokio::spawn({
        let s = s.clone();
        async move {
            s.call::<usize>("size", (Binary::from(pattern(16 * MIB)),))
                .await
        }
    });
    let mut small = 0;
    while !large.is_finished() {
        assert_eq!(s.call::<u32>("echo", (7,)).await.unwrap(), 7);
        small += 1;
    }
    assert_eq!(large.await.unwrap().unwrap(), 16 * MIB);
    assert!(small > 0, "no small call came through");
}

#[tokio::test]
async fn progress_is_told_in_both_directions() {
    let (s, _caller, _provider) = serve(echo()).await;
    let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let hook = {
        let seen = Arc::clone(&seen);
        move |progress| seen.lock().unwrap().push(progress)
    };
    let bytes = Binary::from(pattern(2 * MIB));
    let back: Value = s
        .method("echo")
        .args((bytes,))
        .progress(hook)
        .await
        .unwrap();
    assert_eq!(back.as_bytes().unwrap().len(), 2 * MIB);
    let seen = seen.lock().unwrap();
    let of = |direction| seen.iter().filter(move |seen| seen.direction == direction);
    for direction in [Direction::Sending, Direction::Receiving] {
        let done: Vec<u64> = of(direction).map(|seen| seen.done).collect();
        assert!(
            done.windows(2).all(|pair| pair[0] < pair[1]),
            "{direction:?} {done:?}"
        );
        assert!(
            *done.last().unwrap() > 2 * MIB as u64,
            "{direction:?} {done:?}"
        );
        assert!(!done.is_empty());
    }
    let total = of(Direction::Sending)
        .map(|seen| seen.total)
        .next()
        .unwrap();
    assert_eq!(
        total,
        of(Direction::Sending)
            .map(|seen| Some(seen.done))
            .next_back()
            .unwrap()
    );
    assert!(of(Direction::Sending).count() == 9, "one for each chunk");
    assert!(of(Direction::Receiving).all(|seen| seen.total.is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_frees_both_ends() {
    // The way holds one frame: the transfer stops in its middle by itself when the caller waits.
    let (caller, provider) = peers();
    provider.register_service(echo()).await.unwrap();
    for chunks in [0_usize, 1, 5, 30, 60] {
        let done = Arc::new(AtomicUsize::new(0));
        let (counted, enough) = (Arc::clone(&done), Arc::new(Semaphore::new(0)));
        let told = Arc::clone(&enough);
        let call = caller
            .method_at(provider.address(), "services.s.size")
            .args((Binary::from(pattern(16 * MIB)),))
            .progress(move |_| {
                if counted.fetch_add(1, Ordering::Relaxed) + 1 == chunks {
                    told.add_permits(1);
                }
            });
        let mut call = Box::pin(async move { call.returns::<usize>().await });
        if chunks > 0 {
            tokio::select! {
                biased;
                _ = enough.acquire() => {}
                result = &mut call => panic!("it was done: {result:?}"),
            }
        } else {
            // Only begun.
            tokio::select! {
                biased;
                result = &mut call => panic!("it was done: {result:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
        drop(call);
        become_idle([&caller, &provider]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_that_nobody_waits_for_any_more_frees_both_ends() {
    let (caller, provider) = peers();
    provider.register_service(echo()).await.unwrap();
    let seen = Arc::new(Semaphore::new(0));
    let told = Arc::clone(&seen);
    let call = caller
        .method_at(provider.address(), "services.s.make")
        .args((16 * MIB,))
        .progress(move |_| told.add_permits(1));
    let mut call = Box::pin(async move { call.await });
    tokio::select! {
        biased;
        _ = seen.acquire() => {}
        result = &mut call => panic!("it was done: {result:?}"),
    }
    drop(call);
    become_idle([&caller, &provider]).await;
}

#[tokio::test]
async fn a_message_above_the_limit_of_its_receiver_fails_with_its_words() {
    let mut config = PeerConfig::default();
    config.max_message_bytes = MIB;
    let (caller, provider) = peers_with(config.clone(), config);
    provider.register_service(echo()).await.unwrap();
    let s = caller.get_remote_service("s").await.unwrap();
    let fits = s
        .call::<usize>("size", (Binary::from(pattern(MIB - 1000)),))
        .await;
    assert_eq!(fits.unwrap(), MIB - 1000);
    let large = Binary::from(pattern(3 * MIB));
    let error = s.call::<usize>("size", (large,)).await.unwrap_err();
    let text = error.remote().unwrap().message().to_owned();
    assert!(text.contains("larger than the 1048576 bytes"), "{text}");
    let error = s.call::<Value>("make", (3 * MIB,)).await.unwrap_err();
    let text = error.remote().unwrap().message().to_owned();
    assert!(text.contains("could not be sent"), "{text}");
    become_idle([&caller, &provider]).await;
}
