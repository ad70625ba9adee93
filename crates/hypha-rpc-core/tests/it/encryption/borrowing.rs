//! Nobody has our key by making us call: who trusts it could not tell that from a call of ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use hypha_codec::{Envelope, Generator, Map, Method as Descriptor, Packet, Value};
use hypha_e2e::Nonce;
use hypha_rpc_core::{
    CallError, Callback, EncryptionError, Method, Peer, RemoteService, RemoteStream, Service,
};
use tokio::sync::mpsc;

use super::keys::{CALLER, Key, PROVIDER, seal};
use super::relay::{Bare, frame};
use crate::pair::address;

const MOTOR: u8 = 7;

/// Somebody whose motor trusts the key [`CALLER`] alone, and how often it moved.
async fn motor() -> (Peer, Bare, Arc<AtomicUsize>) {
    let (peer, bare) = Bare::of("ws/motor", "ws/left", Key::config(MOTOR));
    let moves = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&moves);
    let motor = Service::new("motor")
        .trusted_keys([Key::of(CALLER).public()])
        .method("move", move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async {}
        });
    peer.register_service(motor).await.unwrap();
    (peer, bare, moves)
}

fn key_of(byte: u8) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(Key::of(byte).public().as_bytes()))
}

/// A function that leads to the motor, with its key.
fn to_the_motor() -> Descriptor {
    let mut function = Descriptor::new("ws/motor", "services.motor.move");
    function.enc_pub = key_of(MOTOR);
    function
}

fn call(method: &str, args: Vec<Value>) -> Bytes {
    let header = Map::from([
        ("type", "method"),
        ("to", "ws/left"),
        ("method", method),
        ("session", "T"),
    ]);
    let payload = Map::from([("args", Value::List(args)), ("promise", Value::from("*"))]);
    frame(header, payload)
}

/// A client with a key, whose service calls whatever it is given.
async fn caller_of_callbacks(
    method: impl FnOnce(Method) -> Method,
) -> (
    Peer,
    Bare,
    mpsc::UnboundedReceiver<Result<Value, CallError>>,
) {
    let (peer, bare) = Bare::of("ws/left", "ws/right", Key::config(CALLER));
    let (tell, told) = mpsc::unbounded_channel();
    let run = Method::new(move |callback: Callback<(), Value>| {
        let tell = tell.clone();
        async move { drop(tell.send(callback.call(()).await)) }
    });
    let service = Service::new("plain").method("run", method(run));
    peer.register_service(service).await.unwrap();
    (peer, bare, told)
}

#[tokio::test]
async fn a_callback_that_came_in_clear_does_not_lead_to_a_service() {
    // From whom it is said to come does not matter: only the server says so.
    for target in ["ws/motor", "ws/right"] {
        let (_peer, mut bare, mut told) = caller_of_callbacks(|method| method).await;
        let mut function = to_the_motor();
        function.target = target.into();
        bare.send(call("services.plain.run", vec![Value::from(function)]))
            .await;
        let error = told.recv().await.unwrap().unwrap_err();
        let expected = EncryptionError::Borrowed(address(target));
        assert!(
            matches!(&error, CallError::Encryption(error) if *error == expected),
            "{error}"
        );
    }
}

/// A function in a message in clear may have the key of whoever sent it: the references write it.
#[tokio::test]
async fn a_callback_that_came_in_clear_is_called_encrypted() {
    let (_peer, mut bare, _told) = caller_of_callbacks(|method| method).await;
    for path in ["S.0", "services._rintf_1.get"] {
        let mut function = Descriptor::new("ws/right", path);
        function.enc_pub = key_of(PROVIDER);
        bare.send(call("services.plain.run", vec![Value::from(function)]))
            .await;
        let mut packet = bare.packet().await;
        while packet.header().unwrap().method() != Some(path) {
            packet = bare.packet().await;
        }
        assert!(Envelope::read(&packet.payload()).unwrap().is_some());
    }
}

/// A service that says so calls for others.
#[tokio::test]
async fn who_calls_for_others_says_so() {
    let (_motor, mut motor_end, moves) = motor().await;
    let (_peer, mut bare, _told) = caller_of_callbacks(Method::accept_foreign_functions).await;
    bare.send(call(
        "services.plain.run",
        vec![Value::from(to_the_motor())],
    ))
    .await;
    motor_end.send(bare.receive().await.unwrap()).await;
    // It has moved once it answers.
    motor_end.packet().await;
    assert_eq!(moves.load(Ordering::Relaxed), 1);
}

/// What comes sealed speaks for its sender alone.
#[tokio::test]
async fn a_generator_in_a_sealed_answer_does_not_lead_to_others() {
    let (left, mut bare) = Bare::of("ws/left", "ws/right", Key::config(CALLER));
    let count = Descriptor::new("ws/right", "services.s.count");
    let description = Map::from([
        ("id", Value::from("ws/right:s")),
        ("count", Value::from(count)),
    ]);
    let service = RemoteService::from_manager(&left, Value::Map(description)).unwrap();
    let service = service.encrypted_for(Key::of(PROVIDER).public());
    let reader = tokio::spawn(async move {
        let items: RemoteStream<Value> = service.stream("count", ()).await.unwrap();
        futures_util::TryStreamExt::try_collect::<Vec<_>>(items).await
    });
    let asked = bare.packet().await;
    let session = asked.header().unwrap().session().unwrap().to_owned();
    let mut generator = Generator::new("ws/motor", "services.motor.move", "S.1");
    generator.enc_pub = key_of(MOTOR);
    bare.send(sealed_answer(&session, Value::from(generator)))
        .await;
    let error = reader.await.unwrap().unwrap_err();
    let expected = EncryptionError::Borrowed(address("ws/motor"));
    assert!(
        matches!(&error, CallError::Encryption(error) if *error == expected),
        "{error}"
    );
}

/// An answer as the Python client seals it.
fn sealed_answer(session: &str, value: Value) -> Bytes {
    let clear = Map::from([("args", Value::List(vec![value]))]);
    let clear = hypha_codec::encode(&Value::Map(clear)).unwrap();
    let (provider, nonce) = (Key::of(PROVIDER), Nonce::from_bytes([3; 24]));
    let data = seal(&provider, &Key::of(CALLER).public(), nonce, &clear);
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
