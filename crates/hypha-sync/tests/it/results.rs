//! What came in a result, used on an ordinary thread.

use hypha_sync::{
    Callback, CannotBlock, Closure, Connection, Error, Interface, Members, RemoteObject,
    RemoteStream, Service, Value, Waiting as _, from_iter,
};

use crate::place::Place;

#[test]
fn results_are_waited_for_with_their_connection() {
    let place = Place::new();
    let client = place.connect();
    let stage = || {
        let add = |x: i64, y: i64| async move { x + y };
        Interface::new(Members::new().method("add", add))
    };
    let service = Service::new("makes")
        .blocking("counter", || Closure::blocking(|n: u32| n + 1))
        .blocking("stage", stage)
        .blocking("numbers", || from_iter(0..3_u32));
    client.register_service(service).unwrap();
    let makes = client.get_service("makes").unwrap();
    let counter: Callback<(u32,), u32> = makes.call("counter", ()).unwrap();
    let elsewhere = counter.wait((1,));
    assert!(matches!(
        elsewhere,
        Err(Error::CannotBlock(CannotBlock::OutsideHandler))
    ));
    assert_eq!(counter.wait_on(&client, (1,)).unwrap(), 2);
    assert_eq!(counter.wait_on(Connection::from(&makes), (2,)).unwrap(), 3);
    let stage: RemoteObject = makes.call("stage", ()).unwrap();
    let sum = stage.wait_on(&client, ("add", (2, 3))).unwrap();
    assert_eq!(sum, Value::from(5));
    let sum = stage.method("add").args((3, 4)).returns::<i64>();
    assert_eq!(client.block_on(sum.decode::<i64>()).unwrap().unwrap(), 7);
    client.block_on(stage.dispose()).unwrap().unwrap();
    let numbers: RemoteStream<u32> = makes.call("numbers", ()).unwrap();
    let numbers: Result<Vec<_>, _> = numbers.wait_on(&client, ()).unwrap().collect();
    assert_eq!(numbers.unwrap(), [0, 1, 2]);
}
