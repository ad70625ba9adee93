//! Events without async.

use std::time::Duration;

use hypha_sync::{ErrorKind, EventTarget};

use crate::place::Place;

#[test]
fn events_are_iterators() {
    let place = Place::new();
    let client = place.connect();
    client.subscribe(["news"]).unwrap();
    let news = client.on::<u32>("news");
    for number in 0..3_u32 {
        client
            .emit("news", EventTarget::Broadcast, &number)
            .unwrap();
    }
    let heard: Vec<u32> = news.take(3).map(|event| event.unwrap().data).collect();
    assert_eq!(heard, [0, 1, 2]);
    client.unsubscribe(["news"]).unwrap();
    let silence = client.wait_for::<u32>("silence", Duration::from_millis(50));
    assert_eq!(silence.unwrap_err().kind(), Some(ErrorKind::Timeout));
    let waiting = client.clone();
    let once = client.on::<u32>("once");
    let address = waiting.address().clone();
    waiting.event("once").to(address).data(&7).send().unwrap();
    let mut once = once;
    assert_eq!(once.next().unwrap().unwrap().data, 7);
    drop(waiting);
}

#[test]
fn the_iterators_end_with_the_connection() {
    let place = Place::new();
    let client = place.connect();
    let events = client.on::<u32>("x");
    client.disconnect().unwrap();
    assert_eq!(events.count(), 0);
    assert!(client.connection_events().all(|event| event.is_ok()));
}
