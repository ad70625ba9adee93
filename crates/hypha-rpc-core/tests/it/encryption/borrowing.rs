//! Nobody has our key by making us call: who trusts it could not tell that from a call of ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{TryStreamExt as _, stream};
use hypha_codec::{Envelope, Generator, Map, Method as Descriptor, Packet, Value};
use hypha_e2e::{Nonce, PublicKey};
use hypha_rpc_core::{
    CallError, Callback, Closure, Context, EncryptionError, FileObject, Interface, Members, Method,
    Peer, PeerConfig, RemoteFile, RemoteObject, RemoteService, RemoteStream, Sealer, Service,
    Streamed,
};
use tokio::sync::mpsc;

use super::keys::{CALLER, Key, PROVIDER, is_seen, linked, other};
use super::relay::{Bare, frame, sealed_answer};

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

/// How calls ended.
type Told = mpsc::UnboundedReceiver<Result<Value, CallError>>;

/// A client with a key, whose service calls whatever it is given.
async fn caller_of_callbacks(method: impl FnOnce(Method) -> Method) -> (Peer, Bare, Told) {
    runner(Key::config(CALLER), method).await
}

async fn runner(config: PeerConfig, method: impl FnOnce(Method) -> Method) -> (Peer, Bare, Told) {
    let (peer, bare) = Bare::of("ws/left", "ws/right", config);
    let (tell, told) = mpsc::unbounded_channel();
    let run = Method::new(move |callback: Callback<(), Value>| {
        let tell = tell.clone();
        async move { drop(tell.send(callback.call(()).await)) }
    });
    let service = Service::new("plain").method("run", method(run));
    peer.register_service(service).await.unwrap();
    (peer, bare, told)
}

/// Who sealed what is in a packet.
fn sealed_by(packet: &Packet) -> Option<Bytes> {
    let envelope = Envelope::read(&packet.payload()).unwrap();
    envelope.map(|envelope| envelope.public_key)
}

/// The next call of this path.
async fn call_of(bare: &mut Bare, path: &str) -> Packet {
    loop {
        let packet = bare.packet().await;
        if packet.header().unwrap().method() == Some(path) {
            return packet;
        }
    }
}

/// Anybody can write a key into a message in clear: that of somebody who trusts ours, to whom what we seal could be handed
/// on. From whom the message is said to come does not matter, only the server says so.
#[tokio::test]
async fn what_came_in_clear_is_called_with_a_key_that_nobody_trusts() {
    for (target, path) in [
        ("ws/motor", "services.motor.move"),
        ("ws/right", "services.motor.move"),
        ("ws/right", "S.0"),
        ("ws/right", "services._rintf_1.get"),
    ] {
        let (_peer, mut bare, _told) = caller_of_callbacks(|method| method).await;
        let mut function = Descriptor::new(target, path);
        function.enc_pub = key_of(MOTOR);
        bare.send(call("services.plain.run", vec![Value::from(function)]))
            .await;
        let packet = call_of(&mut bare, path).await;
        assert_eq!(sealed_by(&packet), key_of(other(CALLER)), "{target} {path}");
    }
}

#[tokio::test]
async fn a_service_that_trusts_us_is_not_moved_by_others() {
    let (_motor, mut motor_end, moves) = motor().await;
    let (_peer, mut bare, _told) = caller_of_callbacks(|method| method).await;
    bare.send(call(
        "services.plain.run",
        vec![Value::from(to_the_motor())],
    ))
    .await;
    motor_end.send(bare.receive().await.unwrap()).await;
    // It has answered, and not moved.
    motor_end.packet().await;
    assert_eq!(moves.load(Ordering::Relaxed), 0);
}

/// The references write keys into functions of messages in clear, too: their calls and answers are encrypted.
#[tokio::test]
async fn a_callback_that_came_in_clear_is_answered() {
    let (caller, provider, frames) = linked(Key::config(CALLER), Key::config(PROVIDER));
    let ask = |callback: Callback<(String,), String>| async move {
        callback.call((String::from("question"),)).await
    };
    let service = Service::new("plain").method("ask", ask);
    provider.register_service(service).await.unwrap();
    let service = caller.get_remote_service("plain").await.unwrap();
    let callback = Closure::new(|cx: Context, question: String| async move {
        assert_eq!(question, "question");
        assert_eq!(
            cx.caller_public_key(),
            Some(Key::of(other(PROVIDER)).public())
        );
        "secret".to_owned()
    });
    frames.lock().unwrap().clear();
    let answer: String = service.call("ask", (callback,)).await.unwrap();
    assert_eq!(answer, "secret");
    assert!(!is_seen(&frames, "question"));
}

/// Whoever knows us by our second key knows us by that one in all that comes of it.
#[tokio::test]
async fn what_an_object_that_came_in_clear_brings_along_is_called_with_the_same_key() {
    let (caller, provider, frames) = linked(Key::config(CALLER), Key::config(PROVIDER));
    provider.register_service(shop()).await.unwrap();
    let shop = caller.get_remote_service("shop").await.unwrap();
    let shop: RemoteObject = shop.call("open", ()).await.unwrap();
    frames.lock().unwrap().clear();

    let items: RemoteStream<String> = shop.call("list", ()).await.unwrap();
    let items: Vec<String> = items.try_collect().await.unwrap();
    assert_eq!(items, [SECRET; 2]);
    let mut file: RemoteFile = shop.call("file", ()).await.unwrap();
    assert_eq!(&*file.read_all().await.unwrap(), SECRET.as_bytes());
    let inner: RemoteObject = shop.call("inside", ()).await.unwrap();
    let echoed: String = inner.call("echo", (SECRET,)).await.unwrap();
    assert_eq!(echoed, SECRET);
    inner.dispose().await.unwrap();

    // What goes along with a call is called by its provider, and what comes along with that again by us.
    let ask = Closure::new(
        |cx: Context, again: Callback<(String,), String>| async move {
            assert_eq!(cx.caller_public_key(), Some(Key::of(PROVIDER).public()));
            again.call((SECRET.to_owned(),)).await
        },
    );
    let told: String = shop.call("ask", (ask,)).await.unwrap();
    assert_eq!(told, SECRET);
    let given = Streamed::new(stream::iter([SECRET.to_owned()]));
    let taken: Vec<String> = shop.call("take", (given,)).await.unwrap();
    assert_eq!(taken, [SECRET]);
    shop.dispose().await.unwrap();
    assert!(!is_seen(&frames, SECRET));
    // Nor is our own key in anything that says who we are.
    let key = key_of(CALLER).unwrap();
    let shows = |frame: &Bytes| frame.windows(key.len()).any(|part| part == key);
    assert!(!frames.lock().unwrap().iter().any(shows));
    assert_eq!(provider.local_services().await.unwrap().len(), 2);
}

const SECRET: &str = "a very secret text";

/// A service whose object leads to more of everything.
fn shop() -> Service {
    let known = |cx: &Context| {
        assert_eq!(
            cx.caller_public_key(),
            Some(Key::of(other(CALLER)).public())
        );
    };
    let members = move || {
        Members::new()
            .method("list", move |cx: Context| async move {
                known(&cx);
                Streamed::new(stream::iter([SECRET; 2]))
            })
            .method("file", || async {
                FileObject::new(std::io::Cursor::new(SECRET.as_bytes()))
            })
            .method("inside", || async {
                Interface::new(Members::new().method("echo", |text: String| async move { text }))
            })
            .method(
                "ask",
                move |cx: Context, ask: Callback<(Closure,), String>| async move {
                    known(&cx);
                    let again = move |cx: Context, text: String| async move {
                        known(&cx);
                        text
                    };
                    ask.call((Closure::new(again),)).await
                },
            )
            .method("take", |items: RemoteStream<String>| async move {
                items.try_collect::<Vec<_>>().await
            })
    };
    Service::new("shop").method("open", move || async move { Interface::new(members()) })
}

/// A generator in an answer that nobody waits for any more is closed, whichever key it came for.
#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_back() {
    let (caller, mut bare) = Bare::of("ws/left", "ws/right", Key::config(CALLER));
    let service = Service::new("plain").method("run", |callback: Callback<(), Value>| async move {
        let call = callback.call(());
        drop(tokio::time::timeout(Duration::ZERO, call).await);
    });
    caller.register_service(service).await.unwrap();
    let mut function = Descriptor::new("ws/right", "S.0");
    function.enc_pub = key_of(PROVIDER);
    bare.send(call("services.plain.run", vec![Value::from(function)]))
        .await;
    let asked = call_of(&mut bare, "S.0").await;
    assert_eq!(sealed_by(&asked), key_of(other(CALLER)));
    let session = asked.header().unwrap().session().unwrap().to_owned();
    let generator = Generator::new("ws/right", "S.1", "S.1-close");
    let answer = sealed_answer(other(CALLER), &session, Value::from(generator));
    bare.send(answer).await;
    call_of(&mut bare, "S.1-close").await;
}

/// A sealer that has but one key.
#[derive(Debug)]
struct Single(Key);

impl Sealer for Single {
    fn public_key(&self) -> PublicKey {
        self.0.public()
    }

    fn seal(&self, to: &PublicKey, buffer: &mut [u8]) -> Result<Nonce, EncryptionError> {
        self.0.seal(to, buffer)
    }

    fn open(
        &self,
        from: &PublicKey,
        nonce: &Nonce,
        buffer: &mut [u8],
    ) -> Result<(), EncryptionError> {
        self.0.open(from, nonce, buffer)
    }
}

#[tokio::test]
async fn without_another_key_it_is_not_called() {
    let mut config = PeerConfig::default();
    config.sealer = Some(Arc::new(Single(Key::of(CALLER))));
    let (_peer, mut bare, mut told) = runner(config, |method| method).await;
    bare.send(call(
        "services.plain.run",
        vec![Value::from(to_the_motor())],
    ))
    .await;
    let error = told.recv().await.unwrap().unwrap_err();
    assert!(
        matches!(error, CallError::Encryption(EncryptionError::NoOtherKey)),
        "{error}"
    );
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
async fn a_generator_in_a_sealed_answer_does_not_borrow_our_key() {
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
        items.try_collect::<Vec<_>>().await
    });
    let asked = bare.packet().await;
    let session = asked.header().unwrap().session().unwrap().to_owned();
    let mut generator = Generator::new("ws/motor", "services.motor.move", "S.1");
    generator.enc_pub = key_of(MOTOR);
    bare.send(sealed_answer(CALLER, &session, Value::from(generator)))
        .await;
    let pull = call_of(&mut bare, "services.motor.move").await;
    assert_eq!(sealed_by(&pull), key_of(other(CALLER)));
    reader.abort();
}
