//! Where waiting is possible, and where it is an error.

use std::thread;

use hypha_sync::{CannotBlock, Error, Service, block_on, connect_to_server};
use tokio::runtime::Builder;

use crate::place::Place;

#[test]
fn a_hundred_threads_share_a_client() {
    let place = Place::new();
    let client = place.connect();
    let service = Service::new("s").blocking("twice", |x: u64| x * 2);
    client.register_service(service).unwrap();
    let shared = client.get_service("s").unwrap();
    let threads: Vec<_> = (0..100_u64)
        .map(|number| {
            let service = shared.clone();
            thread::spawn(move || {
                for round in 0..20 {
                    let x = number * 100 + round;
                    assert_eq!(service.call::<u64>("twice", (x,)).unwrap(), x * 2);
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

fn cannot<T>(result: Result<T, Error>) -> CannotBlock {
    match result {
        Err(Error::CannotBlock(problem)) => problem,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it waited"),
    }
}

/// An async handler runs on the thread that keeps the connection.
#[test]
fn the_own_thread_cannot_wait_for_itself() {
    let place = Place::new();
    let client = place.connect();
    let own = client.clone();
    let wait = move || {
        let own = own.clone();
        async move { matches!(cannot(own.echo(&1)), CannotBlock::OwnThread) }
    };
    client
        .register_service(Service::new("s").method("wait", wait))
        .unwrap();
    assert!(
        client
            .get_service("s")
            .unwrap()
            .call::<bool>("wait", ())
            .unwrap()
    );
}

#[test]
fn a_runtime_of_one_thread_is_not_stopped() {
    let place = Place::new();
    let client = place.connect();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert!(matches!(
            cannot(client.echo(&1)),
            CannotBlock::InsideRuntime
        ));
        assert!(matches!(
            cannot(connect_to_server(&place.url)),
            CannotBlock::InsideRuntime
        ));
        let client = client.clone();
        let thread = thread::spawn(move || client.echo(&2).unwrap());
        assert_eq!(thread.join().unwrap(), 2);
    });
}

#[test]
fn workers_and_blocking_threads_of_another_runtime_wait() {
    let place = Place::new();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let url = place.url;
    let connecting = runtime.spawn(async move { connect_to_server(&url).unwrap() });
    runtime.block_on(async move {
        let client = connecting.await.unwrap();
        let waiting = client.clone();
        let echoed = tokio::task::spawn_blocking(move || waiting.echo(&3).unwrap());
        assert_eq!(echoed.await.unwrap(), 3);
    });
}

#[test]
fn only_handlers_wait_without_a_client() {
    assert!(matches!(
        block_on(async { 1 }),
        Err(CannotBlock::OutsideHandler)
    ));
}
