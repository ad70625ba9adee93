//! The way between two peers, in the hands of the tests.

use bytes::Bytes;
use hypha_codec::{Envelope, Map, Method, Packet, Value};
use hypha_e2e::Nonce;
use hypha_rpc_core::{Peer, PeerConfig, PeerIdentity, RemoteService};
use hypha_transport::memory::{self, MemoryConfig, MemoryRx, MemoryTx};
use hypha_transport::{Frame, FrameRx as _, FrameTx as _, Transport as _};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::keys::{CALLER, Key, PROVIDER, seal};
use crate::pair::address;

/// Who sent a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Caller,
    Provider,
}

/// Frames of the tests' own making.
#[derive(Debug)]
pub(super) struct Forger {
    to_caller: UnboundedSender<Bytes>,
    to_provider: UnboundedSender<Bytes>,
}

impl Forger {
    /// Sends something in clear to one of the two, in the name of the other.
    pub(super) fn send(&self, to: Side, method: &str, payload: Map) {
        let (way, address) = match to {
            Side::Caller => (&self.to_caller, "ws/left"),
            Side::Provider => (&self.to_provider, "ws/right"),
        };
        let header = Map::from([("type", "method"), ("to", address), ("method", method)]);
        way.send(frame(header, payload)).unwrap();
    }
}

/// A frame of two segments.
pub(super) fn frame(header: Map, payload: Map) -> Bytes {
    let [header, payload] = [header, payload].map(|map| hypha_codec::encode(&Value::Map(map)));
    [header.unwrap(), payload.unwrap()].concat().into()
}

/// A caller and a provider, what they send, and who forges.
pub(super) fn tapped() -> (Peer, Peer, UnboundedReceiver<(Side, Packet)>, Forger) {
    let (tell, seen) = mpsc::unbounded_channel();
    let tell = move |side, frame: &Bytes| {
        drop(tell.send((side, Packet::parse(frame.clone()).unwrap())));
    };
    let (caller, provider, forger) = relayed(Key::config(CALLER), Key::config(PROVIDER), tell);
    (caller, provider, seen, forger)
}

/// A caller (`ws/left`) and a provider (`ws/right`), with `observe` between them.
pub(super) fn relayed(
    caller: PeerConfig,
    provider: PeerConfig,
    mut observe: impl FnMut(Side, &Bytes) + Send + 'static,
) -> (Peer, Peer, Forger) {
    let (caller, mut caller_end) = Bare::of("ws/left", "ws/right", caller);
    let (provider, mut provider_end) = Bare::of("ws/right", "ws/left", provider);
    let (to_caller, mut for_caller) = mpsc::unbounded_channel();
    let (to_provider, mut for_provider) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        // Forged frames go on for as long as their sender is there.
        loop {
            tokio::select! {
                Some(frame) = caller_end.receive() => {
                    observe(Side::Caller, &frame);
                    provider_end.send(frame).await;
                }
                Some(frame) = provider_end.receive() => {
                    observe(Side::Provider, &frame);
                    caller_end.send(frame).await;
                }
                Some(forged) = for_caller.recv() => caller_end.send(forged).await,
                Some(forged) = for_provider.recv() => provider_end.send(forged).await,
                else => return,
            }
        }
    });
    let forger = Forger {
        to_caller,
        to_provider,
    };
    (caller, provider, forger)
}

/// The other end of a peer's link.
#[derive(Debug)]
pub(super) struct Bare {
    tx: MemoryTx,
    rx: MemoryRx,
}

impl Bare {
    pub(super) fn of(local: &str, remote: &str, config: PeerConfig) -> (Peer, Self) {
        let (near, far) = memory::pair(MemoryConfig::default());
        let identity = PeerIdentity::new(address(local), address(remote));
        let peer = Peer::direct(near, identity, config).unwrap();
        let (tx, rx) = far.split();
        (peer, Self { tx, rx })
    }

    pub(super) async fn send(&mut self, frame: Bytes) {
        self.tx.feed(Frame::Binary(frame)).await.unwrap();
        self.tx.flush().await.unwrap();
    }

    /// The next frame; none if the link has ended.
    pub(super) async fn receive(&mut self) -> Option<Bytes> {
        loop {
            match self.rx.recv().await.ok()?? {
                Frame::Binary(frame) => return Some(frame),
                Frame::Text(_) => {}
            }
        }
    }

    /// The next frame, which has to come.
    pub(super) async fn packet(&mut self) -> Packet {
        let frame = self.receive().await.unwrap();
        Packet::parse(frame).unwrap()
    }
}

/// An answer as the Python client seals it, as [`PROVIDER`] for the owner of a key.
pub(super) fn sealed_answer(caller: u8, session: &str, value: Value) -> Bytes {
    let clear = Map::from([("args", Value::List(vec![value]))]);
    let clear = hypha_codec::encode(&Value::Map(clear)).unwrap();
    let (provider, nonce) = (Key::of(PROVIDER), Nonce::from_bytes([3; 24]));
    let data = seal(&provider, &Key::of(caller).public(), nonce, &clear);
    let envelope = Envelope::new(
        Bytes::copy_from_slice(provider.public().as_bytes()),
        Bytes::copy_from_slice(nonce.as_bytes()),
        data.into(),
    );
    let path = format!("{session}.resolve");
    let header = Map::from([("type", "method"), ("to", "ws/left"), ("method", &path)]);
    let header = hypha_codec::encode(&Value::Map(header)).unwrap();
    let answer = [header, envelope.encode().unwrap().into_bytes()].concat();
    Packet::parse(answer.clone().into()).unwrap();
    answer.into()
}

/// A service of the provider with one method, as a caller that knows its key sees it without asking.
pub(super) fn described(caller: &Peer, method: &str) -> RemoteService {
    let path = format!("services.s.{method}");
    let description = Map::from([
        ("id", Value::from("ws/right:s")),
        (method, Value::from(Method::new("ws/right", path))),
    ]);
    let service = RemoteService::from_manager(caller, Value::Map(description)).unwrap();
    service.encrypted_for(Key::of(PROVIDER).public())
}
