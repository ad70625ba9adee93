//! Calls, callbacks and generators without async.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use hypha_sync::{
    Call, Callback, Client, Closure, Connection, ErrorKind, Interface, Kwargs, Members,
    RemoteObject, RemoteStream, Service, TokenOptions, Value, Visibility, Waiting as _, from_iter,
};

use crate::place::Place;

#[test]
fn a_service_answers_between_calls() {
    let place = Place::new();
    let provider = place.connect();
    let service = Service::new("calculator")
        .visibility(Visibility::Public)
        .blocking("add", |a: f64, b: f64| a + b)
        .method("multiply", |a: f64, b: f64| async move { a * b });
    let id = provider.register_service(service).unwrap().id;
    let caller = place.connect();
    let calculator = caller.get_service(&id).unwrap();
    assert_eq!(calculator.call::<f64>("add", (1.0, 2.0)).unwrap(), 3.0);
    let product = calculator.method("multiply").args((2.0, 3.0));
    let product = product.deadline(Duration::from_secs(60)).returns::<f64>();
    assert_eq!(product.call().unwrap(), 6.0);
    let missing = calculator.call::<f64>("divide", ()).unwrap_err();
    assert_eq!(missing.kind(), Some(ErrorKind::NotFound));
    let unfit = calculator.call::<f64>("add", ("x", 1)).unwrap_err();
    assert_eq!(unfit.kind(), Some(ErrorKind::InvalidArguments));
    provider.unregister_service("calculator").unwrap();
    let gone = caller.get_service(&id).unwrap_err();
    assert_eq!(gone.kind(), Some(ErrorKind::NotFound));
}

/// A callback that calls the server, in a call that a method made of it, three deep.
#[test]
fn callbacks_call_the_server_again() {
    let place = Place::new();
    let client = place.connect();
    let down = {
        let client = client.clone();
        move |depth: u32, report: Callback<(u32,), u32>| {
            let told = report.wait((depth,))?;
            if depth == 0 {
                return Ok(told);
            }
            let next = Closure::blocking(move |depth: u32| report.wait((depth,)));
            let again = client.get_service("nest")?;
            Ok::<u32, hypha_sync::Error>(told + again.call::<u32>("down", (depth - 1, next))?)
        }
    };
    client
        .register_service(Service::new("nest").blocking("down", down))
        .unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (record, caller) = (Arc::clone(&seen), client.clone());
    let report = Closure::blocking(move |depth: u32| {
        record.lock().unwrap().push(depth);
        // A callback may call the server, too.
        caller.echo(&depth)
    });
    let nest = client.get_service("nest").unwrap();
    assert_eq!(nest.call::<u32>("down", (2, report)).unwrap(), 3);
    assert_eq!(*seen.lock().unwrap(), [2, 1, 0]);
}

/// Calls of what came inside messages that have more to say than positional arguments.
#[test]
fn callbacks_and_objects_take_named_arguments() {
    let place = Place::new();
    let client = place.connect();
    let service = Service::new("trainer")
        .blocking("train", |report: Callback| {
            let report = Connection::here()?.invoke(&report);
            report.kwarg("step", 3).returns::<u32>().call()
        })
        .blocking("stage", || {
            let steps = |Kwargs(named): Kwargs| named.get("by").cloned().unwrap_or_default();
            Interface::new(
                Members::new().method("move", move |named: Kwargs| async move { steps(named) }),
            )
        });
    client.register_service(service).unwrap();
    let trainer = client.get_service("trainer").unwrap();
    let report = Closure::blocking(|Kwargs(named): Kwargs| {
        named
            .get("step")
            .and_then(Value::as_u64)
            .map(|step| step + 1)
    });
    assert_eq!(trainer.call::<u32>("train", (report,)).unwrap(), 4);

    let stage: RemoteObject = trainer.call("stage", ()).unwrap();
    let connection = Connection::from(&client);
    let moved = connection.method(&stage, "move").kwarg("by", 7);
    assert_eq!(moved.returns::<u64>().call().unwrap(), 7);
    connection.dispose(stage.clone()).unwrap();
    let gone = connection.method(&stage, "move").call().unwrap_err();
    assert_eq!(gone.kind(), Some(ErrorKind::NotFound));
    let own = client.local_services().unwrap();
    let ids = own
        .iter()
        .map(|service| service.get("id").and_then(Value::as_str));
    assert!(
        ids.flatten()
            .any(|id| id == "trainer" || id.ends_with(":trainer"))
    );
    assert_eq!(client.stats().unwrap().running_calls, 0);

    let at = client.method_at(client.address(), "services.trainer.train");
    let report = Closure::blocking(|_: Kwargs| 1);
    assert_eq!(at.args((report,)).returns::<u32>().call().unwrap(), 1);
}

#[test]
fn generators_are_iterators_both_ways() {
    let place = Place::new();
    let client = place.connect();
    let service = Service::new("numbers")
        .blocking("squares", |n: u64| from_iter((0..n).map(|i| i * i)))
        .blocking("sum", |items: RemoteStream<u64>| {
            let mut sum = 0;
            for item in items.wait(())? {
                sum += item?;
            }
            Ok::<u64, hypha_sync::Error>(sum)
        })
        .blocking("fail", || from_iter([Ok(1), Err("that was all")]));
    client.register_service(service).unwrap();
    let numbers = client.get_service("numbers").unwrap();
    let squares: Result<Vec<u64>, _> = numbers.stream("squares", (4,)).unwrap().collect();
    assert_eq!(squares.unwrap(), [0, 1, 4, 9]);
    assert_eq!(
        numbers
            .call::<u64>("sum", (from_iter(vec![1, 2, 3_u64]),))
            .unwrap(),
        6
    );
    let mut failing = numbers.stream::<u64>("fail", ()).unwrap();
    assert_eq!(failing.next().unwrap().unwrap(), 1);
    assert!(
        failing
            .next()
            .unwrap()
            .unwrap_err()
            .to_string()
            .contains("that was all")
    );
    assert!(failing.next().is_none());
}

#[test]
fn an_iterator_that_is_dropped_closes_its_generator() {
    struct Told(std::sync::mpsc::Sender<()>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.send(()).ok();
        }
    }
    let place = Place::new();
    let client = place.connect();
    let (sender, closed) = std::sync::mpsc::channel();
    let endless = move || {
        let told = Told(sender.clone());
        from_iter((0_u64..).inspect(move |_| {
            let _kept = &told;
        }))
    };
    client
        .register_service(Service::new("endless").blocking("count", endless))
        .unwrap();
    let service = client.get_service("endless").unwrap();
    let mut items = service.stream::<u64>("count", ()).unwrap();
    assert_eq!(items.next().unwrap().unwrap(), 0);
    drop(items);
    closed.recv_timeout(Duration::from_secs(60)).unwrap();
}

#[test]
fn the_manager_is_there() {
    let place = Place::new();
    let client = place.connect();
    assert_eq!(client.echo(&7).unwrap(), 7);
    assert!(client.list_clients(None).unwrap().len() == 1);
    let token = client.generate_token(TokenOptions::new()).unwrap();
    let user = client.parse_token(&token).unwrap();
    assert!(!user.id.is_empty());
    let again: String = client.manager().call("echo", ("x",)).unwrap();
    assert_eq!(again, "x");
    client.ping(client.client_id(), None).unwrap();
}

#[test]
fn an_iterator_that_panics_is_an_error_and_no_end() {
    let place = Place::new();
    let client = place.connect();
    let burst = |n: u32| {
        assert!(n < 2, "the iterator burst");
        n
    };
    let service = Service::new("numbers")
        .blocking("count", move || from_iter((0..5).map(burst)))
        .blocking("sum", |items: RemoteStream<u32>| {
            items.wait(())?.sum::<Result<u32, _>>()
        });
    client.register_service(service).unwrap();
    let numbers = client.get_service("numbers").unwrap();
    let mut items = numbers.stream::<u32>("count", ()).unwrap();
    assert_eq!(items.next().unwrap().unwrap(), 0);
    assert_eq!(items.next().unwrap().unwrap(), 1);
    let error = items.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("the iterator burst"), "{error}");
    assert!(items.next().is_none());
    let argument = from_iter((0..5_u32).map(burst));
    let error = numbers.call::<u32>("sum", (argument,)).unwrap_err();
    assert!(error.to_string().contains("the iterator burst"), "{error}");
}

/// What an iterator holds may take its time to go, and must not hold up the connection.
#[test]
fn an_iterator_is_dropped_where_it_may_wait() {
    struct Last(Client, std::sync::mpsc::Sender<bool>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.1.send(self.0.echo(&1).is_ok()).ok();
        }
    }
    let place = Place::new();
    let client = place.connect();
    let (sender, dropped) = std::sync::mpsc::channel();
    let again = client.clone();
    let count = move |n: u32| {
        let last = Last(again.clone(), sender.clone());
        from_iter((0..n).inspect(move |_| {
            let _kept = &last;
        }))
    };
    client
        .register_service(Service::new("numbers").blocking("count", count))
        .unwrap();
    let numbers = client.get_service("numbers").unwrap();
    // To its end, in its midst, and before its start.
    for taken in [5, 1, 0] {
        let items = numbers.stream::<u32>("count", (3,)).unwrap();
        assert_eq!(items.take(taken).count(), taken.min(3));
        assert!(dropped.recv_timeout(Duration::from_secs(60)).unwrap());
    }
}

/// An item that comes too late is not lost.
#[test]
fn items_are_waited_for_with_a_limit() {
    let place = Place::new();
    let client = place.connect();
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let gate = Mutex::new(Some(gate));
    let gated = move || {
        let gate = gate.lock().unwrap().take();
        from_iter((0..2_u32).inspect(move |_| {
            gate.as_ref().map(std::sync::mpsc::Receiver::recv);
        }))
    };
    let service = Service::new("numbers").blocking("gated", gated);
    client.register_service(service).unwrap();
    let numbers = client.get_service("numbers").unwrap();
    let mut items = numbers.stream::<u32>("gated", ()).unwrap();
    let late = items.next_timeout(Duration::from_millis(20));
    let late = late.unwrap().unwrap_err();
    assert_eq!(late.kind(), Some(ErrorKind::Timeout));
    go.send(()).unwrap();
    assert_eq!(items.next().unwrap().unwrap(), 0);
    drop(go);
    assert_eq!(items.next().unwrap().unwrap(), 1);
    items.close().unwrap();
}

/// A loop over the items that came must not go on for ever where nothing can come.
#[test]
fn items_end_after_an_error() {
    let place = Place::new();
    let client = place.connect();
    let service = Service::new("numbers").blocking("count", || from_iter(0..3_u32));
    client.register_service(service).unwrap();
    let numbers = client.get_service("numbers").unwrap();
    let mut items = numbers.stream::<String>("count", ()).unwrap();
    assert!(items.next().unwrap().is_err());
    assert!(items.next().is_none());
}

/// Counts the calls that go through it.
#[derive(Clone)]
struct Counting<S>(S, Arc<AtomicUsize>);

impl<S: tower_service::Service<Call>> tower_service::Service<Call> for Counting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> S::Future {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.call(call)
    }
}

#[test]
fn layers_see_the_calls() {
    let place = Place::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let layer = tower_layer::layer_fn(move |inner| Counting(inner, Arc::clone(&counted)));
    let client = place.connect().layer(layer);
    for expected in 1..=2 {
        assert_eq!(client.echo(&1).unwrap(), 1);
        assert_eq!(calls.load(Ordering::Relaxed), expected);
    }
}
