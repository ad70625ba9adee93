//! What is encrypted: everything but the headers.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hypha_codec::{Envelope, Map, Method as Descriptor, Value};
use hypha_e2e::PublicKey;
use hypha_rpc_core::{
    CallError, Callback, Closure, Context, Interface, Members, Method, RemoteError,
    RemoteErrorKind, RemoteObject, RemoteService, RemoteStream, Service, Streamed,
};

use super::keys::{CALLER, Key, PROVIDER, is_seen, linked, serve};
use super::relay::{Bare, frame};

const SECRET: &str = "a very secret text";

#[tokio::test]
async fn arguments_results_and_errors_are_encrypted_and_the_caller_is_known() {
    let service = Service::new("s")
        .method("echo", |text: String| async move { text })
        .method("who", |cx: Context| async move {
            (
                cx.is_encrypted(),
                cx.caller_public_key().map(|key| key.to_string()),
            )
        })
        .method("fail", |text: String| async move {
            Err::<(), _>(RemoteError::new(text))
        })
        .method("unfit", |number: u32| async move { number });
    let (remote, _peers, frames) = serve(service).await;
    let echoed: String = remote.call("echo", (SECRET,)).await.unwrap();
    assert_eq!(echoed, SECRET);
    let who: (bool, Option<String>) = remote.call("who", ()).await.unwrap();
    assert_eq!(who, (true, Some(Key::of(CALLER).public().to_string())));
    let error = remote.call::<Value>("fail", (SECRET,)).await.unwrap_err();
    assert!(error.to_string().contains(SECRET), "{error}");
    let error = remote.call::<Value>("unfit", (SECRET,)).await.unwrap_err();
    let kind = error.remote().map(RemoteError::kind);
    assert_eq!(kind, Some(RemoteErrorKind::InvalidArguments), "{error}");
    let reply = remote.method("echo").args((SECRET,)).send().await.unwrap();
    assert!(reply.is_encrypted());
    assert!(!is_seen(&frames, SECRET));
    assert!(is_seen(&frames, "services.s.echo"), "headers are clear");
}

#[tokio::test]
async fn functions_generators_and_objects_inside_are_encrypted_both_ways() {
    let service = Service::new("s")
        .method("train", |report: Callback<(String,), String>| async move {
            report.call((SECRET.to_owned(),)).await
        })
        .method("sum", |items: RemoteStream<String>| async move {
            items.try_collect::<Vec<_>>().await
        })
        .stream("count", |n: usize| {
            stream::iter((0..n).map(|i| format!("{SECRET} {i}")))
        })
        .method("store", || async {
            Interface::new(Members::new().method("get", |key: String| async move { key }))
        });
    let (remote, (caller, _provider), frames) = serve(service).await;
    let report = Closure::new(|text: String| async move { text });
    let echoed: String = remote.call("train", (report,)).await.unwrap();
    assert_eq!(echoed, SECRET);
    let given = Streamed::new(stream::iter(vec![SECRET.to_owned(); 3]));
    let taken: Vec<String> = remote.call("sum", (given,)).await.unwrap();
    assert_eq!(taken, [SECRET; 3]);
    let items: RemoteStream<String> = remote.stream("count", (3,)).await.unwrap();
    let items: Vec<String> = items.try_collect().await.unwrap();
    assert_eq!(items[2], format!("{SECRET} 2"));
    // One that is not read to its end is closed.
    let mut items: RemoteStream<String> = remote.stream("count", (3,)).await.unwrap();
    items.next().await.unwrap().unwrap();
    items.close().await.unwrap();
    let store: RemoteObject = remote.call("store", ()).await.unwrap();
    let got: String = store.call("get", (SECRET,)).await.unwrap();
    assert_eq!(got, SECRET);
    store.dispose().await.unwrap();
    assert!(!is_seen(&frames, SECRET));
    assert_eq!(caller.stats().await.unwrap().sessions, 0);
}

/// The functions in the description of a service are encrypted too, however they are called.
#[tokio::test]
async fn what_is_taken_out_of_the_description_is_encrypted() {
    let echo = || Method::new(|text: String| async move { text });
    let stage = Members::new().method("echo", echo());
    let service = Service::new("s")
        .method("echo", echo())
        .nested("stage", stage);
    let (remote, (caller, _provider), frames) = serve(service).await;
    let member = |remote: &RemoteService, path| remote.get(path).unwrap().clone();
    let echo: Callback<(String,), String> =
        hypha_codec::from_value(member(&remote, "echo")).unwrap();
    let stage: RemoteObject = hypha_codec::from_value(member(&remote, "stage")).unwrap();
    assert_eq!(echo.call((SECRET.to_owned(),)).await.unwrap(), SECRET);
    let echoed: String = stage.call("echo", (SECRET,)).await.unwrap();
    assert_eq!(echoed, SECRET);
    assert!(!is_seen(&frames, SECRET));
    // The service as it was found knows nothing of a key.
    let plain = caller.get_remote_service("s").await.unwrap();
    drop(plain.encrypted_for(Key::of(PROVIDER).public()));
    let echo: Callback<(String,), String> =
        hypha_codec::from_value(member(&plain, "echo")).unwrap();
    echo.call((SECRET.to_owned(),)).await.unwrap();
    assert!(is_seen(&frames, SECRET));
}

/// A manager hands a description on, which its provider wrote: its functions can be called like its methods.
#[tokio::test]
async fn what_is_taken_out_of_a_description_that_a_manager_handed_on() {
    let (caller, mut manager) = Bare::of("ws/left", "*/manager", Key::config(CALLER));
    let echo = Descriptor::new("other/provider", "services.s.echo");
    let description = Map::from([
        ("id", Value::from("other/provider:s")),
        ("echo", Value::from(echo)),
    ]);
    let lookup = Descriptor::new("*/manager", "services.default.get_service");
    let lookup = Map::from([
        ("id", Value::from("*/manager:default")),
        ("get_service", Value::from(lookup)),
    ]);
    let lookup = RemoteService::from_manager(&caller, Value::Map(lookup)).unwrap();
    let asked = tokio::spawn(async move { lookup.call::<Value>("get_service", ("s",)).await });
    let packet = manager.packet().await;
    let path = format!("{}.resolve", packet.header().unwrap().session().unwrap());
    let header = Map::from([("type", "method"), ("to", "ws/left"), ("method", &path)]);
    let args = Map::from([("args", Value::List(vec![Value::Map(description)]))]);
    manager.send(frame(header, args)).await;
    let found = RemoteService::from_manager(&caller, asked.await.unwrap().unwrap()).unwrap();
    for service in [
        found.clone(),
        found.encrypted_for(Key::of(PROVIDER).public()),
    ] {
        let echo = service.get("echo").unwrap().clone();
        let echo: Callback<(String,), String> = hypha_codec::from_value(echo).unwrap();
        assert_eq!(echo.target().unwrap().as_str(), "other/provider");
        let call = tokio::spawn(async move { echo.call((SECRET.to_owned(),)).await });
        let packet = manager.packet().await;
        assert_eq!(packet.header().unwrap().to(), Some("other/provider"));
        let envelope = Envelope::read(&packet.payload()).unwrap();
        let key = service
            .encryption_public_key()
            .map(|_| Key::of(CALLER).public());
        let sealed_by =
            envelope.map(|envelope| PublicKey::try_from(&*envelope.public_key).unwrap());
        assert_eq!(sealed_by, key);
        call.abort();
    }
}

/// It goes in many frames each way, and is sealed and opened aside.
#[tokio::test]
async fn large_data_is_encrypted() {
    let service = Service::new("s").method("twice", |text: String| async move { text.repeat(2) });
    let (remote, _peers, frames) = serve(service).await;
    let text = SECRET.repeat(100_000);
    let twice: String = remote.call("twice", (&text,)).await.unwrap();
    assert!(twice == text.repeat(2));
    assert!(frames.lock().unwrap().len() > 15);
    assert!(!is_seen(&frames, SECRET));
}

#[tokio::test]
async fn only_trusted_keys_may_call() {
    let (caller, provider, _) = linked(Key::config(CALLER), Key::config(PROVIDER));
    let trusting = |id: &str, byte: u8| {
        Service::new(id)
            .trusted_keys([Key::of(byte).public()])
            .method("get", || async { 7 })
    };
    provider
        .register_service(trusting("ours", CALLER))
        .await
        .unwrap();
    provider
        .register_service(trusting("theirs", 9))
        .await
        .unwrap();
    let ours = caller.get_remote_service("ours").await.unwrap();
    let kind = |error: CallError| error.remote().map(RemoteError::kind);
    let plain = ours.call::<u32>("get", ()).await.unwrap_err();
    assert!(
        plain
            .to_string()
            .contains("Encryption required for method services.ours.get")
    );
    assert_eq!(kind(plain), Some(RemoteErrorKind::Encryption));
    let key = Key::of(PROVIDER).public();
    let seven: u32 = ours.encrypted_for(key).call("get", ()).await.unwrap();
    assert_eq!(seven, 7);
    let theirs = caller.get_remote_service("theirs").await.unwrap();
    let theirs = theirs.encrypted_for(key);
    let refused = theirs.call::<u32>("get", ()).await.unwrap_err();
    assert!(
        refused.to_string().contains("not in the trusted keys list"),
        "{refused}"
    );
    assert_eq!(kind(refused), Some(RemoteErrorKind::Encryption));
    // Others read there whom it trusts, as with the Python client.
    let listed = ours.get("config.trusted_keys").unwrap().as_list().unwrap();
    assert_eq!(listed, [Value::from(Key::of(CALLER).public().to_string())]);
}

#[tokio::test]
async fn plain_callers_may_call_what_does_not_demand_more() {
    let (caller, provider, _) =
        linked(hypha_rpc_core::PeerConfig::default(), Key::config(PROVIDER));
    let service = Service::new("s").method("who", |cx: Context| async move { cx.is_encrypted() });
    provider.register_service(service).await.unwrap();
    let remote = caller.get_remote_service("s").await.unwrap();
    assert!(!remote.call::<bool>("who", ()).await.unwrap());
}
