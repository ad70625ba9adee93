//! Codecs of the user that panic on what a peer sends.

use std::time::Duration;

use hypha_codec::{CodecRegistry, DecodeError, Map, TypeCodec, Value};
use hypha_rpc_core::{PeerConfig, Service};
use hypha_transport::memory::MemoryConfig;
use hypha_transport::{Frame, FrameRx, FrameTx};

use super::{call_frame, victim};

#[derive(Debug)]
struct Temperature;

fn panicking_codec() -> PeerConfig {
    let mut registry = CodecRegistry::default();
    let codec = TypeCodec::<Temperature>::new("temperature").decode(
        |fields: Map| -> Result<Temperature, DecodeError> {
            let _: &Value = fields.get("celsius").expect("every temperature has it");
            Ok(Temperature)
        },
    );
    registry.register(codec).unwrap();
    let mut config = PeerConfig::default();
    config.registry = registry;
    config
}

async fn after_a_codec_panic(padding: usize) {
    let (peer, mut tx, mut rx) = victim(panicking_codec(), MemoryConfig::default());
    peer.register_service(Service::new("s").method("f", |_: Value, _: Value| async { 1 }))
        .await
        .unwrap();
    let bad = Value::Map(Map::from([("_rtype", "temperature")]));
    let pad = Value::from("x".repeat(padding));
    let payload = Value::Map(Map::from([("args", Value::List(vec![bad, pad]))]));
    let good = Value::Map(Map::from([(
        "args",
        Value::List(vec![Value::from(1), Value::from(2)]),
    )]));
    for (session, payload) in [("bad", payload), ("good", good)] {
        tx.feed(Frame::Binary(call_frame(
            "services.s.f",
            Some(session),
            payload,
        )))
        .await
        .unwrap();
    }
    tx.flush().await.unwrap();
    let mut answers = Vec::new();
    while answers.len() < 2 {
        let received = tokio::time::timeout(Duration::from_secs(5), rx.recv()).await;
        let Ok(Ok(Some(Frame::Binary(frame)))) = received else {
            panic!("only these answers came: {answers:?}")
        };
        let packet = hypha_codec::Packet::parse(frame).unwrap();
        answers.push(packet.header().unwrap().method().unwrap().to_owned());
    }
    answers.sort();
    assert_eq!(answers, ["bad.reject", "good.resolve"]);
    assert_eq!(peer.stats().await.unwrap().running_calls, 0);
}

/// a panic in a user's codec (fed by the peer) kills the dispatch task: no call is ever served again.
#[tokio::test(start_paused = true)]
async fn a_codec_that_panics_on_small_arguments_rejects_its_own_call_only() {
    after_a_codec_panic(0).await;
}

/// above 16 KiB it kills the call's task: no answer, and its place in `max_running` is lost for ever.
#[tokio::test(start_paused = true)]
async fn a_codec_that_panics_on_large_arguments_rejects_its_own_call_only() {
    after_a_codec_panic(20_000).await;
}
