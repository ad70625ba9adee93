//! Where waiting is possible, and where it is an error.

use std::thread;

use hypha_sync::{CannotBlock, Closure, Error, Service, block_on, connect_to_server};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

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

/// Nothing was done, so nothing is lost.
#[test]
fn iterators_go_on_after_they_could_not_wait() {
    let place = Place::new();
    let client = place.connect();
    let count = |n: u64| hypha_sync::from_iter(0..n);
    client
        .register_service(Service::new("counts").blocking("count", count))
        .unwrap();
    let counts = client.get_service("counts").unwrap();
    let mut items = counts.stream::<u64>("count", (3,)).unwrap();
    let mut events = client.on::<u64>("x");
    assert_eq!(items.next().unwrap().unwrap(), 0);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for _ in 0..2 {
            let refused = cannot(items.next().unwrap());
            assert!(matches!(refused, CannotBlock::InsideRuntime));
            let refused = cannot(events.next().unwrap());
            assert!(matches!(refused, CannotBlock::InsideRuntime));
        }
        let refused = items.next_timeout(std::time::Duration::from_secs(60));
        assert!(matches!(
            cannot(refused.unwrap()),
            CannotBlock::InsideRuntime
        ));
    });
    let rest: Vec<u64> = items.map(Result::unwrap).collect();
    assert_eq!(rest, [1, 2]);
    client.emit("x", client.address().clone(), &7_u64).unwrap();
    assert_eq!(events.next().unwrap().unwrap().data, 7);
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

/// Its other tasks go on meanwhile: only the thread that polls them must not wait.
#[test]
fn a_blocking_thread_of_a_runtime_of_one_thread_waits() {
    let place = Place::new();
    let client = place.connect();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let echoed = runtime
        .block_on(async { tokio::task::spawn_blocking(move || client.echo(&4).unwrap()).await });
    assert_eq!(echoed.unwrap(), 4);
}

#[test]
fn a_thread_that_only_knows_of_a_runtime_waits() {
    let place = Place::new();
    let client = place.connect();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    assert_eq!(client.echo(&5).unwrap(), 5);
}

/// What waits for a runtime of several threads is on none of them, whatever it polls.
#[test]
fn a_local_set_of_a_runtime_of_several_threads_does_not_panic() {
    let place = Place::new();
    let client = place.connect();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let echoed = LocalSet::new().block_on(&runtime, async { client.echo(&6).unwrap() });
    assert_eq!(echoed, 6);
}

/// A runtime gives each task a budget between two of its awaits, and waiting is none: 300 waits are more than the budget.
#[test]
fn a_task_may_wait_more_often_than_its_budget_allows() {
    let place = Place::new();
    let client = place.connect();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let echoes = || (0..300).all(|number| client.echo(&number).unwrap() == number);
    assert!(runtime.block_on(async { echoes() }));
    assert!(runtime.handle().block_on(async { echoes() }));
    assert!(LocalSet::new().block_on(&runtime, async { echoes() }));
    assert!(client.block_on(async { echoes() }).unwrap());
    let count = |n: u64| hypha_sync::from_iter(0..n);
    client
        .register_service(Service::new("counts").blocking("count", count))
        .unwrap();
    let counts = client.get_service("counts").unwrap();
    let items = runtime.block_on(async { counts.stream::<u64>("count", (300,)).unwrap().count() });
    assert_eq!(items, 300);
}

/// As hooks do that a future calls: they may wait as well.
#[test]
fn waiting_may_be_nested() {
    let place = Place::new();
    let client = place.connect();
    let outer = client.block_on(async { client.echo(&7) });
    assert_eq!(outer.unwrap().unwrap(), 7);
    let again = client.clone();
    let nested = move || block_on(async { again.echo(&8) }).map_err(Error::from)?;
    client
        .register_service(Service::new("s").blocking("nested", nested))
        .unwrap();
    let service = client.get_service("s").unwrap();
    assert_eq!(service.call::<i32>("nested", ()).unwrap(), 8);
}

/// What wakes the inner of two waits does not wake it instead of the outer one.
#[test]
fn nested_waits_lose_no_wake_up() {
    let place = Place::new();
    let client = place.connect();
    let (wake, woken) = tokio::sync::oneshot::channel();
    let mut wake = Some(wake);
    let mut woken = Box::pin(woken);
    let inner = client.clone();
    let waited = client.block_on(std::future::poll_fn(move |cx| {
        let ended = woken.as_mut().poll(cx);
        if let Some(wake) = wake.take() {
            // The outer wait is woken while the inner one runs.
            wake.send(9).unwrap();
            inner.echo(&1).unwrap();
        }
        ended
    }));
    assert_eq!(waited.unwrap().unwrap(), 9);
}

/// A handler of each client calls the other one, and a callback that it was given.
#[test]
fn handlers_of_two_clients_call_each_other() {
    let place = Place::new();
    let (first, second) = (place.connect(), place.member());
    let there = second.clone();
    let ask = move |depth: u32, callback: hypha_sync::Callback<(u32,), u32>| {
        let answer = there.get_service("second")?.call::<u32>("ask", (depth,))?;
        hypha_sync::Waiting::wait(&callback, (answer,))
    };
    first
        .register_service(Service::new("first").blocking("ask", ask))
        .unwrap();
    let back = place.member();
    let ask = move |depth: u32| {
        if depth == 0 {
            return Ok(0);
        }
        let echo = back.clone();
        let callback = Closure::blocking(move |answer: u32| echo.echo(&(answer + 1)));
        let first = back.get_service("first")?;
        first.call::<u32>("ask", (depth - 1, callback))
    };
    second
        .register_service(Service::new("second").blocking("ask", ask))
        .unwrap();
    let service = place.member().get_service("second").unwrap();
    assert_eq!(service.call::<u32>("ask", (3,)).unwrap(), 3);
}

#[test]
fn panics_of_handlers_and_callbacks_end_their_calls_alone() {
    let place = Place::new();
    let client = place.connect();
    let call = |callback: hypha_sync::Callback<(), ()>| hypha_sync::Waiting::wait(&callback, ());
    let service = Service::new("s")
        .blocking("boom", || -> u32 { panic!("the handler burst") })
        .method("burst", || async {
            assert_eq!(1, 2, "the async handler burst")
        })
        .blocking("call", call);
    client.register_service(service).unwrap();
    let service = client.get_service("s").unwrap();
    let callback = Closure::blocking(|| -> () { panic!("the callback burst") });
    let errors = [
        service.call::<u32>("boom", ()).unwrap_err(),
        service.call::<()>("burst", ()).unwrap_err(),
        service.call::<()>("call", (callback,)).unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().contains("burst"), "{error}");
    }
    assert_eq!(client.echo(&1).unwrap(), 1);
}

/// Each of them takes a thread and waits for the next.
#[test]
fn many_handlers_may_wait_for_each_other() {
    let place = Place::new();
    let client = place.connect();
    let again = client.clone();
    let down = move |depth: u32| match depth {
        0 => Ok(0),
        _ => again
            .get_remote_service("deep", None)?
            .call::<u32>("down", (depth - 1,))
            .map(|deeper| deeper + 1),
    };
    client
        .register_service(Service::new("deep").blocking("down", down))
        .unwrap();
    let deep = client.get_service("deep").unwrap();
    // More than a runtime has threads for, if nothing else is said.
    let call = deep.method("down").args((600,)).returns::<u32>();
    let call = call.deadline(std::time::Duration::from_secs(120));
    assert_eq!(call.call().unwrap(), 600);
}
