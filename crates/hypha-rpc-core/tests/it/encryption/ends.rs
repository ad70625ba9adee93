//! A stream that came to its end, and one that was ended, are told apart.

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use hypha_codec::{Map, Packet, Value};
use hypha_rpc_core::{Peer, RemoteService, RemoteStream, Service, Streamed};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::keys::{Key, PROVIDER};
use super::relay::{Side, tapped};

/// One item, and no end.
fn endless() -> impl Stream<Item = &'static str> + Send + 'static {
    stream::iter(["a"]).chain(stream::pending())
}

async fn found(caller: &Peer, service: Service, provider: &Peer) -> RemoteService {
    provider.register_service(service).await.unwrap();
    let found = caller.get_remote_service("s").await.unwrap();
    found.encrypted_for(Key::of(PROVIDER).public())
}

/// Waits until a side calls the second time what ends so, and gives its path.
async fn second(seen: &mut UnboundedReceiver<(Side, Packet)>, of: Side, end: &str) -> String {
    let mut times = 0;
    loop {
        let (side, packet) = seen.recv().await.unwrap();
        let method = packet.header().unwrap().method().unwrap().to_owned();
        times += usize::from(side == of && method.ends_with(end));
        if times == 2 {
            return method;
        }
    }
}

/// The references close generators in clear, and so may whoever is on the way: that is no end of the items.
#[tokio::test]
async fn a_generator_that_is_closed_while_it_is_read_is_an_error() {
    let (caller, provider, mut seen, forger) = tapped();
    let service = Service::new("s").stream("count", |_: u32| endless());
    let remote = found(&caller, service, &provider).await;
    let items: RemoteStream<String> = remote.stream("count", (1,)).await.unwrap();
    let reader = tokio::spawn(items.try_collect::<Vec<String>>());
    let next = second(&mut seen, Side::Caller, ".0").await;
    forger.send(Side::Provider, &format!("{next}-close"), Map::new());
    let error = reader.await.unwrap().unwrap_err();
    assert!(
        error.to_string().contains("closed before its end"),
        "{error}"
    );
}

/// A service that takes a stream, and tells what became of it.
fn store() -> (Service, UnboundedReceiver<Result<Vec<String>, String>>) {
    let (tell, told) = mpsc::unbounded_channel();
    let service = Service::new("s").method("store", move |items: RemoteStream<String>| {
        let tell = tell.clone();
        async move {
            let items = items.try_collect::<Vec<String>>().await;
            drop(tell.send(items.map_err(|error| error.to_string())));
        }
    });
    (service, told)
}

#[tokio::test]
async fn a_stream_whose_sender_gives_up_is_an_error() {
    let (caller, provider, mut seen, _forger) = tapped();
    let (service, mut told) = store();
    let remote = found(&caller, service, &provider).await;
    let call = tokio::spawn(async move {
        let stream = Streamed::new(endless());
        remote.call::<Value>("store", (stream,)).await
    });
    second(&mut seen, Side::Provider, ".0").await;
    call.abort();
    let error = told.recv().await.unwrap().unwrap_err();
    assert!(error.contains("closed before its end"), "{error}");
}

/// Who makes its sender believe that the call is over ends the stream, too.
#[tokio::test]
async fn a_stream_whose_call_ends_by_a_forged_error_is_an_error() {
    let (caller, provider, mut seen, forger) = tapped();
    let (service, mut told) = store();
    let remote = found(&caller, service, &provider).await;
    let call = tokio::spawn(async move {
        let stream = Streamed::new(endless());
        remote.call::<Value>("store", (stream,)).await
    });
    let next = second(&mut seen, Side::Provider, ".0").await;
    let session = next.trim_end_matches(".0");
    let error = Map::from([("args", Value::from(["forged"]))]);
    forger.send(Side::Caller, &format!("{session}.reject"), error);
    let error = told.recv().await.unwrap().unwrap_err();
    assert!(error.contains("closed before its end"), "{error}");
    let error = call.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("anybody on its way"), "{error}");
    assert!(error.remote().is_none());
}
