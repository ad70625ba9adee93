//! Messages in several frames, over the in-memory link.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hypha_codec::{Binary, Map, NdArray, OutgoingHeader, Packet, Rope, Value};
use hypha_rpc_core::{
    CallError, Direction, Peer, PeerConfig, PeerIdentity, Progress, RemoteErrorKind, Service,
};
use hypha_transport::memory::{self, MemoryConfig, MemoryRx, MemoryTx};
use hypha_transport::{Frame, FrameRx, FrameTx, Limits, Transport};
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

/// A peer that is played by the test.
struct Played {
    tx: MemoryTx,
    rx: MemoryRx,
}

impl Played {
    fn new(config: PeerConfig) -> (Peer, Self) {
        let (left, right) = memory::pair(MemoryConfig::default());
        let identity = PeerIdentity::new(address("ws/me"), address("ws/played"));
        let peer = Peer::direct(left, identity, config).unwrap();
        let (tx, rx) = right.split();
        (peer, Self { tx, rx })
    }

    async fn send(&mut self, method: &str, session: Option<&str>, args: impl Into<Vec<Value>>) {
        let header = OutgoingHeader::call("ws/me", method).session(session);
        let payload = Map::from([("args", Value::from(args.into()))]);
        let payload = Rope::from(hypha_codec::encode(&Value::Map(payload)).unwrap());
        let frame = hypha_codec::encode_frame(&header, payload).into_bytes();
        self.tx.feed(Frame::Binary(frame)).await.unwrap();
        self.tx.flush().await.unwrap();
    }

    /// The next call or answer: method, session and arguments.
    async fn next(&mut self) -> (String, Option<String>, Vec<Value>) {
        let Ok(Some(Frame::Binary(frame))) = self.rx.recv().await else {
            panic!("the link ended")
        };
        let packet = Packet::parse(frame).unwrap();
        let header = packet.header().unwrap();
        let args = hypha_codec::decode(packet.payload()).unwrap();
        let args = args
            .get("args")
            .and_then(Value::as_list)
            .unwrap_or_default();
        (
            header.method().unwrap().to_owned(),
            header.session().map(str::to_owned),
            args.to_vec(),
        )
    }

    /// Answers calls of this peer's as the Python client does, until one is of another method.
    async fn serve(&mut self, version: u64) -> (Vec<String>, String) {
        let mut methods = Vec::new();
        loop {
            let (method, session, args) = self.next().await;
            let name = method.rsplit('.').next().unwrap().to_owned();
            methods.push(name.clone());
            let answer = match &*name {
                "get_service" => built_in(version),
                "process" => {
                    return (methods, session.unwrap());
                }
                "remove" => return (methods, args[0].as_str().unwrap().to_owned()),
                _ => Value::Null,
            };
            self.send(&format!("{}.resolve", session.unwrap()), None, [answer])
                .await;
        }
    }
}

/// The description of a built-in service of some version.
fn built_in(version: u64) -> Value {
    let method = |name: &str| {
        let path = format!("services.built-in.message_cache.{name}");
        (
            name.to_owned(),
            Value::from(hypha_codec::Method::new("ws/played", path)),
        )
    };
    let names = ["create", "append", "set", "process", "remove"];
    let cache: Map = names.into_iter().map(method).collect();
    let mut members = Map::from([(
        "config",
        Value::from(Map::from([("api_version", Value::from(version))])),
    )]);
    if version > 0 {
        members.insert("message_cache", cache);
    }
    members.into()
}

#[tokio::test]
async fn old_peers_get_their_chunks_in_turn_and_new_ones_many_at_once() {
    for (version, expected) in [(2, "append"), (3, "set")] {
        let (peer, mut played) = Played::new(PeerConfig::default());
        let call = peer
            .method_at(&address("ws/played"), "services.s.f")
            .args((Binary::from(pattern(MIB)),));
        let call = tokio::spawn(async move { call.await });
        let (methods, session) = played.serve(version).await;
        let mut wanted = vec!["get_service", "create"];
        wanted.extend([expected; 5]);
        wanted.push("process");
        assert_eq!(methods, wanted);
        played
            .send(&format!("{session}.resolve"), None, [Value::Null])
            .await;
        loop {
            let stats = peer.stats().await.unwrap();
            if (stats.pending_calls, stats.transfers) == (1, 0) {
                break;
            }
            tokio::task::yield_now().await;
        }
        call.abort();
    }
}

#[tokio::test]
async fn a_peer_that_takes_no_messages_in_several_frames_is_a_clear_error() {
    let (peer, mut played) = Played::new(PeerConfig::default());
    let call = peer
        .method_at(&address("ws/played"), "services.s.f")
        .args((Binary::from(pattern(MIB)),));
    let call = tokio::spawn(async move { call.await });
    let (method, session, _) = played.next().await;
    assert_eq!(method, "services.built-in.get_service");
    let answer = format!("{}.resolve", session.unwrap());
    played.send(&answer, None, [built_in(0)]).await;
    let error = call.await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::OneFrameOnly { .. }), "{error}");
    assert!(error.to_string().contains("ws/played"), "{error}");
}

/// Whoever describes its service may not have our message delivered to somebody else.
#[tokio::test]
async fn a_message_cache_of_a_third_client_is_not_used() {
    let (peer, mut played) = Played::new(PeerConfig::default());
    let call = peer
        .method_at(&address("ws/played"), "services.s.f")
        .args((Binary::from(pattern(MIB)),));
    let call = tokio::spawn(async move { call.await });
    let (_, session, _) = played.next().await;
    let mut service = built_in(3);
    if let Value::Map(service) = &mut service
        && let Some(Value::Map(cache)) = service.get_mut("message_cache")
    {
        cache.insert(
            "set",
            hypha_codec::Method::new("ws/third", "services.s.steal"),
        );
    }
    let answer = format!("{}.resolve", session.unwrap());
    played.send(&answer, None, [service]).await;
    let (methods, _) = played.serve(3).await;
    assert_eq!(methods[..2], ["create", "append"], "{methods:?}");
    assert!(
        !methods.iter().any(|method| method == "steal"),
        "{methods:?}"
    );
    call.abort();
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_falls_silent_ends_the_call_and_is_told_to_drop_the_message() {
    let (peer, mut played) = Played::new(PeerConfig::default());
    let call = peer
        .method_at(&address("ws/played"), "services.s.f")
        .args((Binary::from(pattern(MIB)),))
        .timeout(Duration::from_secs(5));
    let call = tokio::spawn(async move { call.await });
    for _ in 0..2 {
        let (method, session, _) = played.next().await;
        let answer = match method.ends_with("get_service") {
            true => built_in(3),
            false => Value::Null,
        };
        played
            .send(&format!("{}.resolve", session.unwrap()), None, [answer])
            .await;
    }
    let error = call.await.unwrap().unwrap_err();
    assert!(error.is_timeout(), "{error}");
    let (methods, key) = played.serve(3).await;
    assert_eq!(methods.last().map(String::as_str), Some("remove"));
    assert_eq!(key.len(), 22, "a key that nobody guesses");
    let stats = peer.stats().await.unwrap();
    assert_eq!((stats.pending_calls, stats.transfers), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn messages_that_never_end_take_bounded_memory_and_are_dropped_in_the_end() {
    let mut config = PeerConfig::default();
    config.max_assembly_bytes = 4 * MIB;
    let (peer, mut played) = Played::new(config);
    let mut refused = 0;
    for at in 0..40 {
        let key = Value::from(format!("k{at}"));
        let create = "services.built-in.message_cache.create";
        played.send(create, Some("T"), [key.clone()]).await;
        assert_eq!(played.next().await.0, "T.resolve");
        let chunk = Value::from(pattern(200_000));
        let set = "services.built-in.message_cache.set";
        played.send(set, Some("T"), [key, 1.into(), chunk]).await;
        if played.next().await.0 == "T.reject" {
            refused += 1;
        }
    }
    assert_eq!(refused, 20, "twenty of 200 kB fit into 4 MiB");
    assert_eq!(peer.stats().await.unwrap().assemblies, 40);
    tokio::time::sleep(Duration::from_secs(301)).await;
    assert_eq!(peer.stats().await.unwrap().assemblies, 0);
}

#[tokio::test]
async fn a_description_of_the_built_in_service_fits_the_smallest_chunk() {
    let (caller, _provider) = peers();
    let built_in = caller.get_remote_service("built-in").await.unwrap();
    let description = Value::Map(built_in.description().clone());
    let bytes = hypha_codec::encode(&description).unwrap().len();
    assert!(
        bytes < hypha_rpc_core::protocol::MIN_CHUNK_SIZE - 256,
        "{bytes}"
    );
    for name in ["create", "append", "set", "process", "remove"] {
        let path = format!("message_cache.{name}");
        assert!(
            matches!(built_in.get(&path), Some(Value::Method(_))),
            "{name}"
        );
    }
    let remove = built_in
        .call::<Value>("message_cache.remove", ("none",))
        .await;
    let error = remove.unwrap_err();
    assert_eq!(error.remote().unwrap().kind(), RemoteErrorKind::Application);
}
