//! Events without async.

use std::thread;
use std::time::Duration;

use hypha_sync::{ConnectionEvent, ErrorKind, EventTarget, State};

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

/// Threads that wait for what comes next when another one disconnects.
#[test]
fn iterators_that_wait_end_with_the_connection() {
    let place = Place::new();
    let client = place.connect();
    let mut events = client.on::<u32>("x");
    let mut happenings = client.connection_events();
    let mut states = client.watch_state();
    assert!(matches!(states.next(), Some(Ok(State::Connected))));
    let (ready, waits) = std::sync::mpsc::channel();
    let waiting = [ready.clone(), ready.clone(), ready];
    thread::scope(|scope| {
        let [first, second, third] = waiting;
        let heard = scope.spawn(move || {
            first.send(()).unwrap();
            events.next().is_none()
        });
        let happened = scope.spawn(move || {
            second.send(()).unwrap();
            happenings.by_ref().last()
        });
        let closed = scope.spawn(move || {
            third.send(()).unwrap();
            states.by_ref().last()
        });
        (0..3).for_each(|_| waits.recv().unwrap());
        client.disconnect().unwrap();
        assert!(heard.join().unwrap());
        let last = happened.join().unwrap();
        let ended = matches!(
            last,
            Some(Ok(ConnectionEvent::Disconnected {
                reconnecting: false,
                ..
            }))
        );
        assert!(ended, "{last:?}");
        let last = closed.join().unwrap();
        assert!(matches!(last, Some(Ok(State::Closed(_)))), "{last:?}");
    });
}

/// An iterator keeps its thread, and not the connection.
#[test]
fn iterators_of_events_do_not_keep_the_connection() {
    let place = Place::new();
    let client = place.connect();
    let events = client.on::<u32>("x");
    let states = client.watch_state();
    drop(client);
    assert_eq!(events.count(), 0);
    assert!(matches!(states.last(), Some(Ok(State::Closed(_)))));
}

#[test]
fn events_are_waited_for_with_a_limit() {
    let place = Place::new();
    let client = place.connect();
    let short = Duration::from_millis(20);
    let mut events = client.on::<u32>("x");
    let silence = events.next_timeout(short).unwrap().unwrap_err();
    assert_eq!(silence.kind(), Some(ErrorKind::Timeout));
    client.emit("x", client.address().clone(), &1).unwrap();
    let event = events.next_timeout(Duration::from_secs(60));
    assert_eq!(event.unwrap().unwrap().data, 1);
    let mut happenings = client.connection_events();
    let nothing = happenings.next_timeout(short).unwrap().unwrap_err();
    assert_eq!(nothing.kind(), Some(ErrorKind::Timeout));
    let mut states = client.watch_state();
    assert!(matches!(states.next(), Some(Ok(State::Connected))));
    let same = states.next_timeout(short).unwrap().unwrap_err();
    assert_eq!(same.kind(), Some(ErrorKind::Timeout));
    client.disconnect().unwrap();
    assert!(events.next_timeout(short).is_none());
}
