//! Frames that no honest peer sends. The sender gets an error where one can be sent; nothing hangs.

use bytes::Bytes;
use hypha_codec::{Map, Value};
use hypha_rpc_core::{Address, CallError, ClosedReason, Peer, PeerConfig, PeerIdentity, Service};
use hypha_transport::memory::{self, MemoryConfig, MemoryRx, MemoryTx};
use hypha_transport::{Frame, FrameRx, FrameTx, Limits, Transport, TransportErrorKind};

use crate::pair::peers_with;

/// A peer with a service, and the bare other end of its link.
async fn victim() -> (Peer, MemoryTx, MemoryRx) {
    let (left, right) = memory::pair(MemoryConfig::default());
    let (local, remote) = (
        Address::parse("ws/victim").unwrap(),
        Address::parse("ws/attacker").unwrap(),
    );
    let peer = Peer::direct(
        left,
        PeerIdentity::new(local, remote),
        PeerConfig::default(),
    )
    .unwrap();
    peer.register_service(Service::new("s").method("echo", |value: Value| async move { value }))
        .await
        .unwrap();
    let (tx, rx) = right.split();
    (peer, tx, rx)
}

fn header(method: &str, session: Option<&str>) -> Vec<u8> {
    let mut header = Map::from([("type", "method"), ("to", "ws/victim"), ("method", method)]);
    if let Some(session) = session {
        header.push("session", session);
    }
    hypha_codec::encode(&Value::Map(header)).unwrap().to_vec()
}

/// The text of the next reject.
async fn reject(rx: &mut MemoryRx) -> String {
    let Ok(Some(Frame::Binary(frame))) = rx.recv().await else {
        panic!("no answer")
    };
    let packet = hypha_codec::Packet::parse(frame).unwrap();
    assert_eq!(packet.header().unwrap().method(), Some("T.reject"));
    let payload = hypha_codec::decode(packet.payload()).unwrap();
    match &payload.get("args").unwrap().as_list().unwrap()[0] {
        Value::Error(error) => error.message.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn garbage_does_not_disturb_the_link() {
    let (peer, mut tx, mut rx) = victim().await;
    let garbage: [&[u8]; 8] = [
        b"",
        b"\xc1",
        b"\xff\xff\xff",
        b"no frame at all",
        b"\x81\x01\x02",
        b"\x90",
        b"\xdf\xff\xff\xff\xff",
        b"\x82\xa4type\xa6method",
    ];
    for bytes in garbage {
        tx.feed(Frame::Binary(Bytes::copy_from_slice(bytes)))
            .await
            .unwrap();
    }
    tx.feed(Frame::Binary(Bytes::from(vec![0x91; 1_000_000])))
        .await
        .unwrap();
    tx.feed(Frame::Text("neither is this".to_owned()))
        .await
        .unwrap();
    let mut ping = header("services.built-in.ping", Some("T"));
    ping.extend_from_slice(&hypha_codec::encode(&Value::Null).unwrap());
    tx.feed(Frame::Binary(
        header("services.built-in.ping", Some("T")).into(),
    ))
    .await
    .unwrap();
    tx.flush().await.unwrap();
    let Ok(Some(Frame::Binary(answer))) = rx.recv().await else {
        panic!("no answer")
    };
    assert_eq!(
        hypha_codec::Packet::parse(answer)
            .unwrap()
            .header()
            .unwrap()
            .method(),
        Some("T.resolve")
    );
    assert_eq!(peer.stats().await.unwrap().malformed_frames, 10);
}

#[tokio::test]
async fn payloads_that_cannot_be_read_are_rejected() {
    let (_peer, mut tx, mut rx) = victim().await;
    let text_key = |key: &str, value: Value| {
        hypha_codec::encode(&Value::Map(Map::from([(key, value)])))
            .unwrap()
            .to_vec()
    };
    let mut deep = b"\x81\xa4args".to_vec();
    deep.extend(std::iter::repeat_n(0x91, 200_000));
    let payloads: Vec<Vec<u8>> = vec![
        b"\x81\xa4args\x91\xc1".to_vec(),
        b"\x81\xa4args\xdd\xff\xff\xff\xff".to_vec(),
        b"\x81\xa4args\x91\xa3\xff\xff\xff".to_vec(),
        b"\x93\x01\x02\x03".to_vec(),
        deep,
        text_key("args", Value::from("no list")),
        text_key("with_kwargs", Value::from(true)),
        text_key("promise", Value::from(7)),
    ];
    for payload in payloads {
        let mut frame = header("services.s.echo", Some("T"));
        frame.extend_from_slice(&payload);
        tx.feed(Frame::Binary(frame.into())).await.unwrap();
        tx.flush().await.unwrap();
        let text = reject(&mut rx).await;
        assert!(text.starts_with("Malformed call: "), "{text}");
    }
}

#[tokio::test]
async fn integer_keys_in_arguments_are_understood() {
    let (_peer, mut tx, mut rx) = victim().await;
    let mut frame = header("services.s.echo", Some("T"));
    frame.extend_from_slice(b"\x81\xa4args\x91\x81\x01\x02");
    tx.feed(Frame::Binary(frame.into())).await.unwrap();
    tx.flush().await.unwrap();
    // The value is read; sending it back is refused, since peers would drop the frame.
    let text = reject(&mut rx).await;
    assert!(text.contains("key"), "{text}");
}

#[tokio::test]
async fn dead_sessions_and_unknown_methods_are_answered_when_an_answer_is_wanted() {
    let (peer, mut tx, mut rx) = victim().await;
    for name in ["resolve", "reject", "heartbeat"] {
        tx.feed(Frame::Binary(header(&format!("dead.{name}"), None).into()))
            .await
            .unwrap();
    }
    for (method, words) in [
        ("dead.callback", "Session not found: "),
        ("services.s.none", "Method expired or not found: "),
        ("nothing", "Method not found: "),
    ] {
        tx.feed(Frame::Binary(header(method, Some("T")).into()))
            .await
            .unwrap();
        tx.flush().await.unwrap();
        let text = reject(&mut rx).await;
        assert!(text.starts_with(words), "{text}");
    }
    assert_eq!(peer.stats().await.unwrap().malformed_frames, 0);
}

#[tokio::test]
async fn a_large_frame_is_handled_and_one_above_the_limit_closes_the_link_with_a_typed_error() {
    let config = || {
        let mut config = PeerConfig::default();
        config.chunk_size = 32 << 20;
        config
    };
    let (caller, provider) = peers_with(config(), config());
    provider
        .register_service(Service::new("s").method(
            "size",
            |bytes: hypha_codec::Binary| async move { bytes.len() },
        ))
        .await
        .unwrap();
    let s = caller.get_remote_service("s").await.unwrap();
    let bytes = hypha_codec::Binary::from(vec![1_u8; 20 << 20]);
    assert_eq!(s.call::<usize>("size", (bytes,)).await.unwrap(), 20 << 20);

    let limits = Limits::new().with_max_frame(1 << 20);
    let (left, right) =
        memory::pair_with(MemoryConfig::new().with_limits(limits), MemoryConfig::new());
    let (a, b) = (
        Address::parse("ws/a").unwrap(),
        Address::parse("ws/b").unwrap(),
    );
    let small = Peer::direct(left, PeerIdentity::new(a.clone(), b.clone()), config()).unwrap();
    let large = Peer::direct(right, PeerIdentity::new(b, a.clone()), config()).unwrap();
    let call = large
        .method_at(&a, "services.s.size")
        .args((hypha_codec::Binary::from(vec![0_u8; 2 << 20]),));
    let error = call.await.unwrap_err();
    assert!(matches!(error, CallError::Disconnected { .. }), "{error}");
    let ClosedReason::Transport(error) = small.closed().await else {
        panic!("{:?}", small.state())
    };
    assert_eq!(error.kind(), TransportErrorKind::TooLarge);
    assert!(
        matches!(large.closed().await, ClosedReason::Remote(reason) if reason.code() == 1009),
        "{:?}",
        large.state()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_peers_that_both_send_64_mib_before_they_read() {
    let config = || {
        let mut config = PeerConfig::default();
        config.chunk_size = 63 << 20;
        config
    };
    let (left, right) = peers_with(config(), config());
    let size = |bytes: hypha_codec::Binary| async move { bytes.len() };
    left.register_service(Service::new("s").method("size", size))
        .await
        .unwrap();
    right
        .register_service(Service::new("s").method("size", size))
        .await
        .unwrap();
    let bytes = hypha_codec::Binary::from(vec![5_u8; 16 << 20]);
    let call = |from: &Peer, to: &Peer| {
        let call = from
            .method_at(to.address(), "services.s.size")
            .args((bytes.clone(),))
            .returns::<usize>();
        tokio::spawn(async move { call.await })
    };
    let calls: Vec<_> = (0..4)
        .flat_map(|_| [call(&left, &right), call(&right, &left)])
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), 16 << 20);
    }
}

#[tokio::test]
async fn deep_values_pass_up_to_the_limit_and_are_refused_above_it() {
    let (_peer, mut tx, mut rx) = victim().await;
    for (depth, passes) in [(600, true), (1000, true), (10_000, false)] {
        let mut frame = header("services.s.echo", Some("T"));
        frame.extend_from_slice(b"\x81\xa4args\x91");
        frame.extend(std::iter::repeat_n(0x91, depth));
        frame.push(0xc0);
        tx.feed(Frame::Binary(frame.into())).await.unwrap();
        tx.flush().await.unwrap();
        if passes {
            let Ok(Some(Frame::Binary(frame))) = rx.recv().await else {
                panic!("no answer")
            };
            let packet = hypha_codec::Packet::parse(frame).unwrap();
            assert_eq!(
                packet.header().unwrap().method(),
                Some("T.resolve"),
                "{depth}"
            );
        } else {
            let text = reject(&mut rx).await;
            assert!(text.starts_with("Malformed call: "), "{text}");
        }
    }
}
