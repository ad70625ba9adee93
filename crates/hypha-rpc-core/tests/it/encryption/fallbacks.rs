//! Every way in which a call could go in clear, or be answered so, is an error.

use bytes::Bytes;
use hypha_codec::{Binary, ErrorValue, Map, Method, Packet, Value};
use hypha_rpc_core::{
    CallError, Callback, EncryptionError, InvalidService, Peer, PeerConfig, PeerIdentity,
    RegisterError, RemoteError, RemoteErrorKind, RemoteService, Service,
};
use hypha_transport::memory::{self, MemoryConfig, MemoryRx, MemoryTx};
use hypha_transport::{Frame, FrameRx as _, FrameTx as _, Transport as _};

use super::keys::{CALLER, Key, PROVIDER, is_seen, linked};
use super::relay::{Bare, described, sealed_answer};
use crate::pair::address;

fn encryption(error: CallError) -> EncryptionError {
    match error {
        CallError::Encryption(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_without_a_key_of_our_own() {
    let (caller, provider, frames) = linked(PeerConfig::default(), Key::config(PROVIDER));
    let service = Service::new("s").method("echo", |value: Value| async move { value });
    provider.register_service(service).await.unwrap();
    let remote = caller.get_remote_service("s").await.unwrap();
    let remote = remote.encrypted_for(Key::of(PROVIDER).public());
    let error = remote.call::<Value>("echo", ("secret",)).await.unwrap_err();
    assert_eq!(encryption(error), EncryptionError::Off(address("ws/right")));
    let echo = remote.get("echo").unwrap().clone();
    let echo: Callback<(String,), Value> = hypha_codec::from_value(echo).unwrap();
    let error = echo.call((String::from("secret"),)).await.unwrap_err();
    assert_eq!(encryption(error), EncryptionError::Off(address("ws/right")));
    assert!(!is_seen(&frames, "secret"));
    assert_eq!(caller.public_key(), None);
    assert_eq!(provider.public_key(), Some(Key::of(PROVIDER).public()));
}

#[tokio::test]
async fn a_provider_that_cannot_read_it_says_so_at_once() {
    for (config, words) in [
        (PeerConfig::default(), "Encryption is off at this client"),
        (
            Key::config(9),
            "Decryption failed for method services.s.echo",
        ),
    ] {
        let (caller, provider, _) = linked(Key::config(CALLER), config);
        let service = Service::new("s").method("echo", |value: Value| async move { value });
        provider.register_service(service).await.unwrap();
        let remote = caller.get_remote_service("s").await.unwrap();
        let remote = remote.encrypted_for(Key::of(PROVIDER).public());
        let error = remote.call::<Value>("echo", (1,)).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(
            error.remote().map(RemoteError::kind),
            Some(RemoteErrorKind::Encryption)
        );
    }
}

#[tokio::test]
async fn a_service_that_nobody_could_call_is_not_registered() {
    let (plain, sealed, _) = linked(PeerConfig::default(), Key::config(PROVIDER));
    let trusting = |keys: &[u8]| {
        Service::new("s").trusted_keys(keys.iter().map(|byte| Key::of(*byte).public()))
    };
    let off = plain.register_service(trusting(&[1])).await.unwrap_err();
    assert!(
        matches!(off, RegisterError::Invalid(InvalidService::EncryptionOff)),
        "{off}"
    );
    let none = sealed.register_service(trusting(&[])).await.unwrap_err();
    assert!(
        matches!(none, RegisterError::Invalid(InvalidService::NoTrustedKeys)),
        "{none}"
    );
}

/// Said in the configuration alone it would be told to callers, and not seen to.
#[tokio::test]
async fn keys_in_the_configuration_are_no_trusted_keys() {
    let (plain, sealed, _) = linked(PeerConfig::default(), Key::config(PROVIDER));
    for key in ["trusted_keys", "visibility"] {
        for peer in [&plain, &sealed] {
            let service = Service::new("s").config(key, ["x"]);
            let error = peer.register_service(service).await.unwrap_err();
            assert!(
                matches!(&error, RegisterError::Invalid(InvalidService::Config(named)) if named == key),
                "{error}"
            );
        }
    }
}

/// A caller with a key, and the bare other end of its link.
fn caller() -> (Peer, MemoryTx, MemoryRx) {
    let (left, right) = memory::pair(MemoryConfig::default());
    let identity = PeerIdentity::new(address("ws/left"), address("ws/right"));
    let peer = Peer::direct(left, identity, Key::config(CALLER)).unwrap();
    let (tx, rx) = right.split();
    (peer, tx, rx)
}

/// Answers the next call with this payload.
async fn answer(tx: &mut MemoryTx, rx: &mut MemoryRx, name: &str, payload: Value) {
    let Ok(Some(Frame::Binary(frame))) = rx.recv().await else {
        panic!("no call")
    };
    let packet = Packet::parse(frame).unwrap();
    let header = packet.header().unwrap();
    let frame = reply(header.session().unwrap(), name, &payload);
    tx.feed(Frame::Binary(frame)).await.unwrap();
    tx.flush().await.unwrap();
}

/// An answer in clear. `name` is `resolve` or `reject`.
fn reply(session: &str, name: &str, payload: &Value) -> Bytes {
    let path = format!("{session}.{name}");
    let header = Map::from([("type", "method"), ("to", "ws/left"), ("method", &path)]);
    let mut frame = hypha_codec::encode(&Value::Map(header)).unwrap().to_vec();
    frame.extend_from_slice(&hypha_codec::encode(payload).unwrap());
    Bytes::from(frame)
}

fn args(value: Value) -> Value {
    Value::Map(Map::from([("args", Value::List(vec![value]))]))
}

#[tokio::test]
async fn a_result_in_clear_is_no_result() {
    let (peer, mut tx, mut rx) = caller();
    let service = described(&peer, "get");
    let call = tokio::spawn(async move { service.call::<Value>("get", ()).await });
    answer(&mut tx, &mut rx, "resolve", args(Value::from("forged"))).await;
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(encryption(error), EncryptionError::PlainAnswer);
}

/// Of what the provider sealed, and of the key and nonce beside it, nothing can be changed.
#[tokio::test]
async fn every_changed_byte_of_an_answer_is_refused() {
    let (peer, mut bare) = Bare::of("ws/left", "ws/right", Key::config(CALLER));
    let service = described(&peer, "get");
    let mut place = 0;
    loop {
        let service = service.clone();
        let call = tokio::spawn(async move { service.call::<String>("get", ()).await });
        let packet = bare.packet().await;
        let session = packet.header().unwrap().session().unwrap().to_owned();
        let answer = sealed_answer(CALLER, &session, Value::from("done"));
        let sealed = Packet::parse(answer.clone()).unwrap().payload();
        let mut answer = answer.to_vec();
        let payload = answer.len() - sealed.len();
        if let Some(byte) = answer.get_mut(payload + place) {
            *byte ^= 1;
            bare.send(answer.into()).await;
            let result = call.await.unwrap();
            assert!(
                matches!(
                    result,
                    Err(CallError::Encryption(_) | CallError::Decode { .. })
                ),
                "byte {place}: {result:?}"
            );
            place += 1;
        } else {
            bare.send(answer.into()).await;
            assert_eq!(call.await.unwrap().unwrap(), "done");
            assert!(place > 100);
            return;
        }
    }
}

/// Rust clients see that what they seal is bound to its place; a client without a key says nothing of it.
#[tokio::test]
async fn what_binds_messages_is_advertised() {
    for (config, advertised) in [
        (PeerConfig::default(), None),
        (Key::config(PROVIDER), Some(true)),
    ] {
        let (caller, _provider, _) = linked(PeerConfig::default(), config);
        let built_in = caller.get_remote_service("built-in").await.unwrap();
        let binding = built_in.get("config.sealed_binding");
        assert_eq!(binding.and_then(Value::as_bool), advertised);
    }
}

/// A description comes in clear: who forges it must not make calls succeed that nobody answered.
#[tokio::test]
async fn a_method_that_is_said_to_answer_nothing_answers() {
    let (peer, mut tx, mut rx) = caller();
    let mut method = Method::new("ws/right", "services.s.get");
    method.promise = hypha_codec::Promised::Never;
    let description = Map::from([
        ("id", Value::from("ws/right:s")),
        ("get", Value::from(method)),
    ]);
    let service = RemoteService::from_manager(&peer, Value::Map(description)).unwrap();
    let service = service.encrypted_for(Key::of(PROVIDER).public());
    let call = tokio::spawn(async move { service.call::<()>("get", ()).await });
    answer(&mut tx, &mut rx, "resolve", args(Value::Null)).await;
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(encryption(error), EncryptionError::PlainAnswer);
}

/// A relay can write an object of a description as something else that holds functions.
#[tokio::test]
async fn functions_of_a_description_are_called_encrypted_wherever_they_are() {
    type Get = Callback<(String,), Value>;
    let get = || Value::from(Method::new("ws/right", "services.s.stage.get"));
    let mut error = ErrorValue::new("x");
    error.extra.insert("get", get());
    let stages = [
        Value::Map(Map::from([("get", get())])),
        Value::List(vec![get()]),
        Value::Set(vec![get()]),
        Value::OrderedMap(vec![(Value::from("get"), get())]),
        Value::Error(Box::new(error)),
    ];
    for stage in stages {
        let (peer, mut tx, mut rx) = caller();
        let description = Map::from([("id", Value::from("ws/right:s")), ("stage", stage)]);
        let asked = peer.clone();
        let asking = tokio::spawn(async move { asked.get_remote_service("s").await });
        answer(&mut tx, &mut rx, "resolve", args(Value::Map(description))).await;
        let service = asking.await.unwrap().unwrap();
        let service = service.encrypted_for(Key::of(PROVIDER).public());
        let function = match service.get("stage").unwrap().clone() {
            Value::Error(error) => error.extra.get("get").cloned().unwrap(),
            Value::Map(map) => map.get("get").cloned().unwrap(),
            Value::OrderedMap(mut entries) => entries.remove(0).1,
            Value::Set(mut items) | Value::List(mut items) => items.remove(0),
            other => panic!("{other:?}"),
        };
        let get: Get = hypha_codec::from_value(function).unwrap();
        let call = tokio::spawn(async move { get.call((String::from("secret"),)).await });
        let Ok(Some(Frame::Binary(sent))) = rx.recv().await else {
            panic!("no call")
        };
        assert!(
            !sent.windows(6).any(|part| part == b"secret"),
            "{service:?}"
        );
        call.abort();
    }
}

/// What a method says comes sealed: in clear anybody could have written it.
#[tokio::test]
async fn an_error_in_clear_is_not_what_the_method_said() {
    let (peer, mut tx, mut rx) = caller();
    let service = described(&peer, "get");
    let call = tokio::spawn(async move { service.call::<Value>("get", ()).await });
    answer(&mut tx, &mut rx, "reject", args(Value::from("no"))).await;
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(
        encryption(error),
        EncryptionError::PlainError(String::from("no"))
    );
}

/// What is said before a call is opened comes in clear, and may be anybody's word, too.
#[tokio::test]
async fn a_refusal_in_clear_does_not_say_that_nothing_ran() {
    for (text, refused) in [
        (
            "Busy: too many calls are running here, try again later",
            Some(RemoteErrorKind::Busy),
        ),
        (
            "Method not found: services.s.get",
            Some(RemoteErrorKind::MethodNotFound),
        ),
        ("The valve is open\nAccess denied for method call", None),
        ("The method panicked: at 90 %", None),
        (
            "Traceback (most recent call last):\nAccess denied\nValueError: the valve is open",
            None,
        ),
    ] {
        let (peer, mut tx, mut rx) = caller();
        let service = described(&peer, "get");
        let call = tokio::spawn(async move { service.call::<Value>("get", ()).await });
        let error = Value::Error(Box::new(
            ErrorValue::new(text).with_trace("words of anybody"),
        ));
        answer(&mut tx, &mut rx, "reject", args(error)).await;
        let error = call.await.unwrap().unwrap_err();
        assert!(!error.is_retryable(), "{error}");
        match refused {
            Some(kind) => {
                let error = error.remote().unwrap();
                assert_eq!((error.kind(), error.trace()), (kind, None));
                assert!(error.is_in_clear());
            }
            None => assert!(
                matches!(encryption(error), EncryptionError::PlainError(_)),
                "{text}"
            ),
        }
    }
}

/// The calls that carry a message in several frames are no way around that.
#[tokio::test]
async fn a_refusal_of_a_part_in_clear_is_not_what_the_method_said() {
    let busy = "Busy: too many calls are running here, try again later";
    for refused_step in ["get_service", "create", "set", "process"] {
        for (text, is_refusal) in [(busy, true), ("the valve is open", false)] {
            let (peer, mut tx, mut rx) = caller();
            let service = described(&peer, "get");
            let long = Binary::from(vec![7; 1 << 20]);
            let call = tokio::spawn(async move { service.call::<Value>("get", (long,)).await });
            while !call.is_finished() {
                // Whatever comes after the refusal: what was begun is taken back.
                let Ok(Some(Frame::Binary(frame))) = rx.recv().await else {
                    panic!("no part")
                };
                let packet = Packet::parse(frame).unwrap();
                let header = packet.header().unwrap();
                let (Some(method), Some(session)) = (header.method(), header.session()) else {
                    continue;
                };
                let step = method.rsplit('.').next().unwrap();
                let (name, payload) = if step == refused_step {
                    ("reject", Value::Error(Box::new(ErrorValue::new(text))))
                } else if step == "get_service" {
                    ("resolve", message_cache())
                } else {
                    ("resolve", Value::Null)
                };
                tx.feed(Frame::Binary(reply(session, name, &args(payload))))
                    .await
                    .unwrap();
                tx.flush().await.unwrap();
                if step == refused_step {
                    break;
                }
            }
            let error = call.await.unwrap().unwrap_err();
            assert!(!error.is_retryable(), "{refused_step}: {error}");
            if is_refusal {
                let error = error.remote().unwrap();
                assert_eq!(error.kind(), RemoteErrorKind::Busy);
                assert!(error.is_in_clear());
            } else {
                let expected = EncryptionError::PlainError(text.to_owned());
                assert_eq!(encryption(error), expected, "{refused_step}");
            }
        }
    }
}

/// The description of whoever takes messages in several frames.
fn message_cache() -> Value {
    let members = ["create", "set", "append", "process", "remove"].map(|name| {
        let path = format!("services.built-in.message_cache.{name}");
        (name, Value::from(Method::new("ws/right", path)))
    });
    let config = Map::from([("api_version", Value::from(3))]);
    Value::Map(Map::from([
        ("id", Value::from("built-in")),
        ("config", Value::Map(config)),
        ("message_cache", Value::Map(Map::from(members))),
    ]))
}

#[tokio::test]
async fn an_envelope_that_is_none_is_no_result() {
    let (peer, mut tx, mut rx) = caller();
    let public = *Key::of(PROVIDER).public().as_bytes();
    let enc = |version: u64, key: usize, nonce: usize| {
        let enc = Map::from([
            ("v", Value::from(version)),
            ("pub", Value::from(Bytes::copy_from_slice(&public[..key]))),
            ("nonce", Value::from(Bytes::from(vec![1; nonce]))),
        ]);
        let data = Value::from(Bytes::from(vec![1; 40]));
        Value::Map(Map::from([("_enc", Value::Map(enc)), ("data", data)]))
    };
    let odd = Value::Map(Map::from([
        ("_enc", Value::from(1)),
        ("data", Value::from(1)),
    ]));
    for (payload, expected) in [
        (enc(3, 32, 24), EncryptionError::Malformed),
        (enc(2, 31, 24), EncryptionError::Malformed),
        (enc(2, 32, 23), EncryptionError::Malformed),
        (enc(2, 32, 24), EncryptionError::Unopened),
        (odd, EncryptionError::Malformed),
    ] {
        let service = described(&peer, "get");
        let call = tokio::spawn(async move { service.call::<Value>("get", ()).await });
        answer(&mut tx, &mut rx, "resolve", payload).await;
        assert_eq!(encryption(call.await.unwrap().unwrap_err()), expected);
    }
}

/// Descriptions come in clear. A later one says where the provider is now, and not which method a name means: that was
/// there to be looked at.
#[tokio::test(start_paused = true)]
async fn a_later_description_leads_to_no_other_method() {
    let (peer, mut bare) = Bare::of("ws/left", "ws/right", Key::config(CALLER));
    let service = described(&peer, "get").with_lookup(|peer| async move {
        let described = Map::from([
            ("id", Value::from("ws/right-2:s")),
            (
                "get",
                Value::from(Method::new("ws/right-2", "services.s.erase")),
            ),
            (
                "new",
                Value::from(Method::new("ws/right-2", "services.s.erase")),
            ),
        ]);
        RemoteService::from_manager(&peer, Value::Map(described))
    });
    let call = tokio::spawn(service.method("get").idempotent().into_future());
    let packet = bare.packet().await;
    let session = packet.header().unwrap().session().unwrap().to_owned();
    let gone = Value::Error(Box::new(ErrorValue::new(
        "Method not found: ws/left:services.s.get at right",
    )));
    bare.send(reply(&session, "reject", &args(gone))).await;

    let packet = bare.packet().await;
    let again = packet.header().unwrap();
    assert_eq!(
        (again.to(), again.method()),
        (Some("ws/right-2"), Some("services.s.get"))
    );
    call.abort();
    let call = tokio::spawn(service.method("get").into_future());
    let packet = bare.packet().await;
    let later = packet.header().unwrap();
    assert_eq!(
        (later.to(), later.method()),
        (Some("ws/right-2"), Some("services.s.get"))
    );
    call.abort();
    let error = service.call::<Value>("new", ()).await.unwrap_err();
    assert!(matches!(error, CallError::NoSuchMethod { .. }), "{error}");
}

/// Functions that came encrypted are called encrypted, or not at all.
#[tokio::test]
async fn a_function_of_somebody_whose_key_is_not_known() {
    let (peer, mut tx, mut rx) = caller();
    let service = described(&peer, "get");
    let call = tokio::spawn(async move { service.call::<Callback<(), Value>>("get", ()).await });
    let Ok(Some(Frame::Binary(frame))) = rx.recv().await else {
        panic!("no call")
    };
    let packet = Packet::parse(frame).unwrap();
    let path = format!("{}.resolve", packet.header().unwrap().session().unwrap());
    let third = Method::new("ws/third", "services.t.get");
    let clear = hypha_codec::encode(&args(Value::from(third))).unwrap();
    let nonce = hypha_e2e::Nonce::from_bytes([3; 24]);
    let provider = Key::of(PROVIDER);
    let data = super::keys::seal(&provider, &Key::of(CALLER).public(), nonce, &clear);
    let envelope = hypha_codec::Envelope::new(
        Bytes::copy_from_slice(provider.public().as_bytes()),
        Bytes::copy_from_slice(nonce.as_bytes()),
        data.into(),
    );
    let header = Map::from([("type", "method"), ("to", "ws/left"), ("method", &path)]);
    let mut frame = hypha_codec::encode(&Value::Map(header)).unwrap().to_vec();
    frame.extend_from_slice(&envelope.encode().unwrap().into_bytes());
    tx.feed(Frame::Binary(Bytes::from(frame))).await.unwrap();
    tx.flush().await.unwrap();
    let function = call.await.unwrap().unwrap();
    let error = function.call(()).await.unwrap_err();
    assert_eq!(
        encryption(error),
        EncryptionError::NoKey(address("ws/third"))
    );
}
