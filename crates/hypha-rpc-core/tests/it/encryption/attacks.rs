//! What a relay could do with sealed messages: change them, move them, send them again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hypha_codec::{Binding, Envelope, Map, Packet, Value};
use hypha_e2e::Nonce;
use hypha_rpc_core::{Interface, Members, Peer, PeerIdentity, Service};
use hypha_transport::memory::{self, MemoryConfig, MemoryRx, MemoryTx};
use hypha_transport::{Frame, FrameRx as _, FrameTx as _, Transport as _};

use super::keys::{CALLER, Key, PROVIDER, seal};
use super::relay::{Bare, described};
use crate::pair::address;

/// A provider, how often its methods ran, and the relay's end of its link.
struct Scene {
    _provider: Peer,
    runs: Arc<AtomicUsize>,
    /// What the method `store` gives.
    store: Interface,
    tx: MemoryTx,
    rx: MemoryRx,
}

impl Scene {
    async fn new() -> Self {
        Self::of(Key::of(PROVIDER)).await
    }

    async fn of(key: Key) -> Self {
        let (left, right) = memory::pair(MemoryConfig::default());
        let identity = PeerIdentity::new(address("ws/right"), address("ws/left"));
        let provider = Peer::direct(left, identity, key.into_config()).unwrap();
        let runs = Arc::new(AtomicUsize::new(0));
        let count = |runs: &Arc<AtomicUsize>| {
            let runs = Arc::clone(runs);
            move |_: Value| {
                runs.fetch_add(1, Ordering::Relaxed);
                async { "done" }
            }
        };
        let store = Members::new().value("name", "scan 7");
        let store = Interface::new(store.method("get", || async { "got" }));
        let given = store.clone();
        let service = Service::new("s")
            .method("open", count(&runs))
            .method("close", count(&runs))
            .method("store", move |_: Value| {
                let given = given.clone();
                async move { given }
            });
        provider.register_service(service).await.unwrap();
        let (tx, rx) = right.split();
        Self {
            _provider: provider,
            runs,
            store,
            tx,
            rx,
        }
    }

    /// Hands a call over, and gives its answer back.
    async fn send(&mut self, method: &str, payload: &[u8]) -> Bytes {
        let header = Map::from([
            ("type", "method"),
            ("to", "ws/right"),
            ("method", method),
            ("session", "T"),
        ]);
        let mut frame = hypha_codec::encode(&Value::Map(header)).unwrap().to_vec();
        frame.extend_from_slice(payload);
        self.tx
            .feed(Frame::Binary(Bytes::from(frame)))
            .await
            .unwrap();
        self.tx.flush().await.unwrap();
        let Ok(Some(Frame::Binary(frame))) = self.rx.recv().await else {
            panic!("no answer")
        };
        frame
    }

    /// Hands a call over, and gives the text of its reject back, if it is rejected.
    async fn call(&mut self, method: &str, payload: &[u8]) -> Option<String> {
        let packet = Packet::parse(self.send(method, payload).await).unwrap();
        if packet.header().unwrap().method() == Some("T.resolve") {
            assert!(Envelope::read(&packet.payload()).unwrap().is_some());
            return None;
        }
        let payload = hypha_codec::decode(packet.payload()).unwrap();
        match &payload.get("args").unwrap().as_list().unwrap()[0] {
            Value::Error(error) => Some(error.message.to_string()),
            other => panic!("{other:?}"),
        }
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.unwrap().as_millis()).unwrap()
}

/// What the caller seals; without a time as the Python client does it.
fn sealed(nonce: u8, to: &str, method: &str, sealed_at: Option<u64>) -> Vec<u8> {
    let mut clear = hypha_codec::encode(&Value::Map(Map::from([
        ("args", Value::from([1])),
        ("promise", Value::from("*")),
    ])))
    .unwrap()
    .to_vec();
    if let Some(sealed_at) = sealed_at {
        clear[0] += 4;
        let binding = Binding::new(to, method, sealed_at).answered_at(Some("T"));
        let binding = binding.entries().unwrap();
        clear.extend_from_slice(&binding.into_bytes());
    }
    let caller = Key::of(CALLER);
    let nonce = Nonce::from_bytes([nonce; 24]);
    let data = seal(&caller, &Key::of(PROVIDER).public(), nonce, &clear);
    let envelope = Envelope::new(
        Bytes::copy_from_slice(caller.public().as_bytes()),
        Bytes::copy_from_slice(nonce.as_bytes()),
        data.into(),
    );
    envelope.encode().unwrap().into_bytes().to_vec()
}

const OPEN: &str = "services.s.open";

#[tokio::test]
async fn a_replayed_call_is_refused() {
    let mut scene = Scene::new().await;
    let call = sealed(1, "ws/right", OPEN, Some(now_ms()));
    assert_eq!(scene.call(OPEN, &call).await, None);
    let refused = scene.call(OPEN, &call).await.unwrap();
    assert!(
        refused.contains("Encrypted call refused: it was there before"),
        "{refused}"
    );
    let another = sealed(2, "ws/right", OPEN, Some(now_ms()));
    assert_eq!(scene.call(OPEN, &another).await, None);
    assert_eq!(scene.runs(), 2);
}

#[tokio::test]
async fn a_redirected_call_is_refused() {
    let mut scene = Scene::new().await;
    let call = sealed(1, "ws/right", OPEN, Some(now_ms()));
    let refused = scene.call("services.s.close", &call).await.unwrap();
    assert!(refused.contains("for another place"), "{refused}");
    let elsewhere = sealed(2, "ws/else", OPEN, Some(now_ms()));
    let refused = scene.call(OPEN, &elsewhere).await.unwrap();
    assert!(refused.contains("for another place"), "{refused}");
    assert_eq!(scene.runs(), 0);
    // It was not spent by that.
    assert_eq!(scene.call(OPEN, &call).await, None);
}

#[tokio::test]
async fn an_old_call_and_one_of_the_future_are_refused() {
    let mut scene = Scene::new().await;
    let minute = u64::try_from(Duration::from_secs(60).as_millis()).unwrap();
    for (nonce, at) in [(1, now_ms() - minute - 1000), (2, now_ms() + minute + 5000)] {
        let call = sealed(nonce, "ws/right", OPEN, Some(at));
        let refused = scene.call(OPEN, &call).await.unwrap();
        assert!(refused.contains("older than 60s"), "{refused}");
    }
    let late = sealed(3, "ws/right", OPEN, Some(now_ms() - minute / 2));
    assert_eq!(scene.call(OPEN, &late).await, None);
    assert_eq!(scene.runs(), 1);
}

/// What Python and JavaScript seal says nothing of itself: it is taken, as by them.
#[tokio::test]
async fn a_call_without_a_place_is_taken() {
    let mut scene = Scene::new().await;
    let call = sealed(1, "", "", None);
    assert_eq!(scene.call(OPEN, &call).await, None);
    assert_eq!(scene.call("services.s.close", &call).await, None);
    assert_eq!(scene.runs(), 2);
}

#[tokio::test]
async fn every_changed_bit_is_refused() {
    let mut scene = Scene::new().await;
    let call = sealed(1, "ws/right", OPEN, Some(now_ms()));
    for place in 0..call.len() {
        for bit in [0x01, 0x20, 0x80] {
            let mut changed = call.clone();
            changed[place] ^= bit;
            let refused = scene.call(OPEN, &changed).await;
            assert!(refused.is_some(), "byte {place}, bit {bit:#x}");
        }
    }
    assert_eq!(scene.runs(), 0);
    assert_eq!(scene.call(OPEN, &call).await, None);
}

/// What a real caller seals, in the hands of a relay: it goes to its place, once.
#[tokio::test]
async fn a_captured_call_is_taken_once_and_nowhere_else() {
    let mut scene = Scene::new().await;
    let (caller, mut bare) = Bare::of("ws/left", "ws/right", Key::config(CALLER));
    let service = described(&caller, "open");
    let call = tokio::spawn(async move { service.call::<String>("open", (1,)).await });
    let captured = bare.packet().await;
    let session = captured.header().unwrap().session().unwrap().to_owned();
    let mut hand_over = async |method: &str| {
        let header = Map::from([
            ("type", "method"),
            ("to", "ws/right"),
            ("method", method),
            ("session", &session),
        ]);
        let mut frame = hypha_codec::encode(&Value::Map(header)).unwrap().to_vec();
        frame.extend_from_slice(&captured.payload());
        let frame = Frame::Binary(Bytes::from(frame));
        scene.tx.feed(frame).await.unwrap();
        scene.tx.flush().await.unwrap();
        let Ok(Some(Frame::Binary(answer))) = scene.rx.recv().await else {
            panic!("no answer")
        };
        answer
    };
    let told = |answer: &Bytes, words: &[u8]| answer.windows(words.len()).any(|part| part == words);
    let moved = hand_over("services.s.close").await;
    assert!(told(&moved, b"for another place"));
    let answer = hand_over(OPEN).await;
    let again = hand_over(OPEN).await;
    assert!(told(&again, b"it was there before"));
    assert_eq!(scene.runs(), 1);
    bare.send(answer).await;
    assert_eq!(call.await.unwrap().unwrap(), "done");
}

/// X25519 does not look at the highest bit of a key: the same secret belongs to both forms of it, and whoever counts
/// them as two callers takes a call twice.
#[tokio::test]
async fn another_form_of_the_callers_key_is_refused() {
    let mut scene = Scene::new().await;
    let call = sealed(1, "ws/right", OPEN, Some(now_ms()));
    let key = Key::of(CALLER).public();
    let place = call.windows(32).position(|part| part == key.as_bytes());
    let mut again = call.clone();
    again[place.unwrap() + 31] ^= 0x80;
    assert_eq!(scene.call(OPEN, &call).await, None);
    let refused = scene.call(OPEN, &again).await.unwrap_or_default();
    assert!(refused.contains("Decryption failed"), "{refused}");
    assert_eq!(scene.runs(), 1);
}

/// An object that went out encrypted is used and given back by whoever got it, and by nobody in clear.
#[tokio::test]
async fn an_object_that_went_out_encrypted_is_not_disposed_of_in_clear() {
    let mut scene = Scene::new().await;
    let path = "services.s.store";
    let call = sealed(1, "ws/right", path, Some(now_ms()));
    assert_eq!(scene.call(path, &call).await, None);
    let id = scene.store.service_ids().remove(0);
    let clear = Map::from([("promise", "*")]);
    let clear = hypha_codec::encode(&Value::Map(clear)).unwrap();
    for member in ["get", "_dispose"] {
        let path = format!("services.{id}.{member}");
        let refused = scene.call(&path, &clear).await.unwrap_or_default();
        assert!(
            refused.contains("Encryption required"),
            "{member}: {refused}"
        );
    }
    assert_eq!(scene.store.service_ids(), [id]);
}

/// What it holds is not told in clear either: it can be asked for like a service.
#[tokio::test]
async fn an_object_that_went_out_encrypted_is_not_described_in_clear() {
    let mut scene = Scene::new().await;
    let path = "services.s.store";
    let call = sealed(1, "ws/right", path, Some(now_ms()));
    assert_eq!(scene.call(path, &call).await, None);
    let id = scene.store.service_ids().remove(0);
    let ask = Map::from([
        ("args", Value::from([Value::from(id)])),
        ("promise", Value::from("*")),
    ]);
    let ask = hypha_codec::encode(&Value::Map(ask)).unwrap();
    let answer = scene.send("services.built-in.get_service", &ask).await;
    assert!(
        !answer.windows(6).any(|part| part == b"scan 7"),
        "{answer:?}"
    );
}

/// What came to a program with the same key before it was started anew does not come again.
#[tokio::test]
async fn a_call_is_not_replayed_after_a_restart() {
    let mut scene = Scene::new().await;
    let call = sealed(1, "ws/right", OPEN, Some(now_ms() - 1));
    assert_eq!(scene.call(OPEN, &call).await, None);
    let mut scene = Scene::of(Key::of(PROVIDER).restarted()).await;
    let refused = scene.call(OPEN, &call).await.unwrap();
    assert!(
        refused.contains("than the program that it came to"),
        "{refused}"
    );
    let later = sealed(2, "ws/right", OPEN, Some(now_ms()));
    assert_eq!(scene.call(OPEN, &later).await, None);
}

/// Nor does it come again over another connection with that key.
#[tokio::test]
async fn a_call_is_not_replayed_over_another_connection() {
    let key = Key::of(PROVIDER);
    let mut scene = Scene::of(key.clone()).await;
    let call = sealed(1, "ws/right", OPEN, Some(now_ms()));
    assert_eq!(scene.call(OPEN, &call).await, None);
    drop(scene);
    let mut scene = Scene::of(key).await;
    let refused = scene.call(OPEN, &call).await.unwrap();
    assert!(refused.contains("it was there before"), "{refused}");
}

/// Two calls of one service whose sessions the relay exchanges, so that each gets the answer of the other.
#[tokio::test]
async fn exchanged_sessions_are_refused() {
    let ((left, left_end), (right, right_end)) = (
        memory::pair(MemoryConfig::default()),
        memory::pair(MemoryConfig::default()),
    );
    let (left_address, right_address) = (address("ws/left"), address("ws/right"));
    let identity = PeerIdentity::new(left_address.clone(), right_address.clone());
    let caller = Peer::direct(left, identity, Key::config(CALLER)).unwrap();
    let identity = PeerIdentity::new(right_address, left_address);
    let provider = Peer::direct(right, identity, Key::config(PROVIDER)).unwrap();
    let service = Service::new("s").method("echo", |value: Value| async move { value });
    provider.register_service(service).await.unwrap();
    let service = described(&caller, "echo");
    let call = |text: &'static str| {
        let service = service.clone();
        tokio::spawn(async move { service.call::<String>("echo", (text,)).await })
    };
    let calls = [call("yes"), call("no")];
    let ((mut left_tx, mut left_rx), (mut right_tx, mut right_rx)) =
        (left_end.split(), right_end.split());
    let mut packets = Vec::new();
    for _ in 0..2 {
        let Ok(Some(Frame::Binary(frame))) = left_rx.recv().await else {
            panic!("no call")
        };
        packets.push(Packet::parse(frame).unwrap());
    }
    for (from, to) in [(0, 1), (1, 0)] {
        let header = packets[to].header().unwrap();
        let header = Map::from([
            ("type", "method"),
            ("to", "ws/right"),
            ("method", "services.s.echo"),
            ("session", header.session().unwrap()),
        ]);
        let mut frame = hypha_codec::encode(&Value::Map(header)).unwrap().to_vec();
        frame.extend_from_slice(&packets[from].payload());
        let frame = Frame::Binary(Bytes::from(frame));
        right_tx.feed(frame).await.unwrap();
    }
    right_tx.flush().await.unwrap();
    for _ in 0..2 {
        let Ok(Some(answer)) = right_rx.recv().await else {
            panic!("no answer")
        };
        left_tx.feed(answer).await.unwrap();
    }
    left_tx.flush().await.unwrap();
    for call in calls {
        let refused = call.await.unwrap().unwrap_err();
        assert!(
            refused.to_string().contains("for another place"),
            "{refused}"
        );
    }
}

/// With something beside it an envelope is none, and the call does not run without its arguments.
#[tokio::test]
async fn an_envelope_with_something_beside_it_is_refused() {
    let mut scene = Scene::new().await;
    let mut call = sealed(1, "ws/right", OPEN, Some(now_ms()));
    call[0] += 1;
    call.extend_from_slice(b"\xa4more\x01");
    let refused = scene.call(OPEN, &call).await.unwrap();
    assert!(refused.contains("envelope cannot be read"), "{refused}");
    assert_eq!(scene.runs(), 0);
}

/// Functions that went out encrypted are not called by anybody in clear.
#[tokio::test]
async fn what_went_out_encrypted_is_called_encrypted() {
    let (left, right) = memory::pair(MemoryConfig::default());
    let identity = PeerIdentity::new(address("ws/left"), address("ws/right"));
    let caller = Peer::direct(left, identity, Key::config(CALLER)).unwrap();
    let (mut tx, mut rx) = right.split();
    let report = hypha_rpc_core::Closure::new(|_: Value| async { "leaked" });
    let provider = address("ws/right");
    let service = described(&caller, "train");
    let call = tokio::spawn(async move { service.call::<Value>("train", (report,)).await });
    let Ok(Some(Frame::Binary(frame))) = rx.recv().await else {
        panic!("no call")
    };
    let packet = Packet::parse(frame).unwrap();
    let session = packet.header().unwrap().session().unwrap().to_owned();
    let header = Map::from([
        ("type", "method"),
        ("to", "ws/left"),
        ("method", &format!("{session}.0")),
        ("session", "T"),
    ]);
    let mut frame = hypha_codec::encode(&Value::Map(header)).unwrap().to_vec();
    let clear = Map::from([("args", Value::from([1])), ("promise", Value::from("*"))]);
    frame.extend_from_slice(&hypha_codec::encode(&Value::Map(clear)).unwrap());
    tx.feed(Frame::Binary(Bytes::from(frame))).await.unwrap();
    tx.flush().await.unwrap();
    let Ok(Some(Frame::Binary(answer))) = rx.recv().await else {
        panic!("no answer")
    };
    let answer = Packet::parse(answer).unwrap();
    assert_eq!(answer.header().unwrap().method(), Some("T.reject"));
    assert!(
        answer
            .payload()
            .windows(19)
            .any(|part| part == b"Encryption required")
    );
    call.abort();
    drop(provider);
}
