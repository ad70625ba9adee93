//! The end of a connection without async.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use hypha_sync::{
    Callback, CannotBlock, Client, Closure, ErrorKind, Service, State, Waiting as _, block_on,
};
use tokio::runtime::Builder;

use crate::place::Place;

/// A service whose method waits until the test lets it go.
fn slow(client: &Client) -> (mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (begun, began) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    let wait = move || {
        begun.send(()).ok();
        gone.lock().unwrap().recv().ok();
        true
    };
    client
        .register_service(Service::new("slow").blocking("wait", wait))
        .unwrap();
    (began, go)
}

/// Waits until the client is gone from the list of the server.
fn gone(observer: &Client, workspace: &str, id: &str) {
    for _ in 0..600 {
        let clients = observer.list_clients(Some(workspace));
        if clients.map_or(true, |clients| {
            clients.iter().all(|client| !client.id.contains(id))
        }) {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{id} is still there");
}

#[test]
fn the_last_handle_ends_the_connection() {
    let place = Place::new();
    let observer = place.connect();
    let client = place.member();
    let id = client.client_id().to_owned();
    let service = client.get_service("~").unwrap();
    drop(client);
    // A service is a handle, too.
    assert_eq!(service.call::<u32>("echo", (1,)).unwrap(), 1);
    drop(service);
    gone(&observer, observer.workspace(), &id);
}

#[test]
fn a_call_ends_when_another_thread_disconnects() {
    let place = Place::new();
    let provider = place.connect();
    let (began, go) = slow(&provider);
    let caller = place.member();
    let service = caller
        .get_service(&format!("{}:slow", provider.address()))
        .unwrap();
    let call = thread::spawn(move || service.call::<bool>("wait", ()));
    began.recv_timeout(Duration::from_secs(60)).unwrap();
    caller.disconnect().unwrap();
    let ended = call.join().unwrap().unwrap_err();
    assert_eq!(ended.kind(), Some(ErrorKind::Disconnected));
    assert!(matches!(caller.state(), State::Closed(_)));
    drop(go);
}

#[test]
fn dropping_in_the_middle_of_a_call_waits_for_nothing() {
    let place = Place::new();
    let observer = place.connect();
    for flavor in ["none", "one thread", "several"] {
        let client = place.member();
        let id = client.client_id().to_owned();
        let (began, go) = slow(&client);
        let service = client.get_service("slow").unwrap();
        // The handler still runs, and the caller waits for it.
        let call = thread::spawn(move || service.call::<bool>("wait", ()));
        began.recv_timeout(Duration::from_secs(60)).unwrap();
        let runtime = match flavor {
            "none" => None,
            "one thread" => Some(Builder::new_current_thread().build()),
            _ => Some(Builder::new_multi_thread().worker_threads(1).build()),
        };
        match runtime {
            Some(runtime) => runtime.unwrap().block_on(async move { drop(client) }),
            None => drop(client),
        }
        drop(go);
        assert!(call.join().unwrap().unwrap());
        gone(&observer, observer.workspace(), &id);
    }
}

/// The timer of a runtime that is gone would panic, and what nobody wakes would wait for ever.
#[test]
fn handlers_that_wait_when_the_connection_is_gone_get_an_error() {
    let place = Place::new();
    let observer = place.connect();
    let client = place.member();
    let (told, ended) = mpsc::channel();
    let (begun, began) = mpsc::channel();
    let wait = move |timer: bool| {
        begun.send(()).ok();
        let waited = block_on(async {
            if timer {
                tokio::time::sleep(Duration::from_secs(3600)).await;
            }
            std::future::pending::<()>().await;
        });
        let after = block_on(async { tokio::time::sleep(Duration::from_secs(3600)).await });
        told.send((waited, after)).ok();
    };
    let id = client
        .register_service(Service::new("s").blocking("wait", wait))
        .unwrap()
        .id;
    let service = observer.get_service(&id).unwrap();
    let calls = [true, false].map(|timer| {
        let service = service.clone();
        thread::spawn(move || service.call::<()>("wait", (timer,)))
    });
    for _ in 0..2 {
        began.recv_timeout(Duration::from_secs(60)).unwrap();
    }
    drop(client);
    for _ in 0..2 {
        let (waited, after) = ended.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(matches!(waited, Err(CannotBlock::Over)), "{waited:?}");
        assert!(matches!(after, Err(CannotBlock::Over)), "{after:?}");
    }
    // Their callers learn that the provider has gone.
    for call in calls {
        call.join().unwrap().unwrap_err();
    }
}

/// Where the last handle is dropped: on a thread for handlers, in a callback, on the thread that keeps the connection.
#[test]
fn the_last_handle_can_be_dropped_in_a_handler() {
    let place = Place::new();
    let observer = place.connect();
    for thread in ["handler", "async handler", "callback"] {
        let client = place.member();
        let id = client.client_id().to_owned();
        let full = format!("{}:s", client.address());
        let last = std::sync::Arc::new(std::sync::Mutex::new(None));
        let (blocking, own) = (last.clone(), last.clone());
        let service = Service::new("s")
            .blocking("drop", move || drop(blocking.lock().unwrap().take()))
            .method("drop_here", move || {
                let own = own.clone();
                async move { drop(own.lock().unwrap().take()) }
            })
            .blocking("call", |callback: Callback<(), ()>| callback.wait(()));
        client.register_service(service).unwrap();
        let service = observer.get_service(&full).unwrap();
        if thread == "callback" {
            // The callback of one client drops the other, whose handler waits for it.
            *last.lock().unwrap() = Some(client);
            let last = last.clone();
            let callback = Closure::blocking(move || drop(last.lock().unwrap().take()));
            service.call::<()>("call", (callback,)).ok();
        } else {
            *last.lock().unwrap() = Some(client);
            let method = if thread == "handler" {
                "drop"
            } else {
                "drop_here"
            };
            // The answer may be on its way or not when the connection ends.
            service.call::<()>(method, ()).ok();
        }
        gone(&observer, observer.workspace(), &id);
        assert!(last.lock().unwrap().is_none(), "{thread}");
    }
}
