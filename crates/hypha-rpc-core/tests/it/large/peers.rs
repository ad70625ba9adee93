//! Messages in several frames with a peer that the test plays: an old one, a silent one, a hostile one.

use std::time::Duration;

use hypha_codec::{Binary, Map, OutgoingHeader, Packet, Rope, Value};
use hypha_rpc_core::{CallError, Peer, PeerConfig, PeerIdentity, RemoteErrorKind};
use hypha_transport::memory::{self, MemoryConfig, MemoryRx, MemoryTx};
use hypha_transport::{Frame, FrameRx, FrameTx, Transport};

use crate::pair::{address, peers};

use super::{MIB, pattern};

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
