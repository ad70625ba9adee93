//! The end of a connection without async.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use hypha_sync::{Client, ErrorKind, Service, State};
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

fn member(place: &Place, client: &Client) -> Client {
    let token = client
        .generate_token(hypha_sync::TokenOptions::new())
        .unwrap();
    let options = Client::builder(&place.url)
        .workspace(client.workspace())
        .token(token);
    hypha_sync::connect_to_server(options).unwrap()
}

#[test]
fn the_last_handle_ends_the_connection() {
    let place = Place::new();
    let observer = place.connect();
    let client = member(&place, &observer);
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
    let caller = member(&place, &provider);
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
fn dropping_inside_a_runtime_waits_for_nothing() {
    let place = Place::new();
    let observer = place.connect();
    for flavor in ["one thread", "several"] {
        let client = member(&place, &observer);
        let id = client.client_id().to_owned();
        let (began, go) = slow(&client);
        let service = client.get_service("slow").unwrap();
        // The handler still runs, and the caller waits for it.
        let call = thread::spawn(move || service.call::<bool>("wait", ()));
        began.recv_timeout(Duration::from_secs(60)).unwrap();
        let runtime = match flavor {
            "one thread" => Builder::new_current_thread().build(),
            _ => Builder::new_multi_thread().worker_threads(1).build(),
        };
        runtime.unwrap().block_on(async move { drop(client) });
        drop(go);
        assert!(call.join().unwrap().unwrap());
        gone(&observer, observer.workspace(), &id);
    }
}
